/**
 * `kerbside waves`: the city's side of updates. Sends a signed bundle (a release, a model, a configuration) to many agents in
 * waves, watches what becomes of it, and stops where more fail than may. Configurations are made of a folder of site files
 * or of a patch, and signed, on the way.
 */
import { readFile } from 'node:fs/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { AgentError } from '../core/errors.ts';
import { SystemClock } from '../core/time/system-clock.ts';
import { durationLike } from './duration.ts';
import { EXIT } from './exit.ts';
import { interruptible } from './interrupt.ts';
import {
  bundlePatch,
  bundleSiteFiles,
  type ConfigBundles,
  signingKey,
  siteFilesOf,
} from './waves/bundles.ts';
import type { Fates } from './waves/fate.ts';
import { fleetLink } from './waves/mqtt.ts';
import { nameOfTarget, planWaves, readTargets, type Target } from './waves/plan.ts';
import { rollOut } from './waves/roll-out.ts';
import { readSiteFiles } from './waves/site-files.ts';
import { openRollOut } from './waves/state.ts';

const duration = durationLike('30min');

interface Options {
  readonly agents?: string;
  readonly bundle: string;
  readonly broker: string;
  readonly waves: string;
  readonly mayFail: number;
  readonly maySilent: number;
  readonly pause: number;
  readonly catchUp: number;
  readonly timeout: number;
  readonly atOnce: number;
  readonly state: string;
  readonly id: string;
  readonly issuer: string;
  readonly siteFiles?: string;
  readonly patch?: string;
  readonly sign?: string;
  readonly out?: string;
  readonly why?: string;
  readonly watch?: number;
  readonly channel: string;
  readonly anyway?: true;
  readonly dryRun?: true;
  readonly json?: true;
  readonly username?: string;
  readonly passwordFile?: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** A bundle is fetched and checked, and devices are tried, before a watch begins; ms. */
const BESIDE_WATCH = 60_000;

export function register(program: Command): void {
  program
    .command('waves')
    .description('send a signed bundle or a configuration to many agents in waves, and stop where it fails')
    .option('--agents <file>', 'list of agents, one site/agent a line; default: those of --site-files')
    .requiredOption('--bundle <source>', 'where agents find it; {site} and {agent} are filled in')
    .requiredOption('--broker <url>', 'broker of the agents: mqtt:// or mqtts://')
    .requiredOption(
      '--id <id>',
      'name of this roll-out, such as r-0-3-0; the same name goes on with it',
      rollOutId,
    )
    .option('--waves <sizes>', 'numbers, or shares of all', '1,5%,25%,100%')
    .option('--pause <time>', 'between two waves', duration, 0)
    .option('--may-fail <share>', 'share of a wave that may fail, for example 2%', share, 0)
    .addOption(
      new Option('--may-silent <share>', 'share of a wave that may not be there, rounded up')
        .argParser(share)
        .default(0.2, '20%'),
    )
    .option('--catch-up <time>', 'how long those that were not there are waited for at the end', duration, 0)
    .option('--timeout <time>', 'longest wait for one agent', duration, 30 * 60_000)
    .option('--at-once <n>', 'agents under way at once', count, 100)
    .option('--state <file>', 'what is known of each agent, to go on with', 'waves-state.json')
    .option('--issuer <name>', 'who wants it, for the audit trail', 'waves')
    .option('--site-files <folder>', 'a configuration: the new site file of each agent')
    .option('--patch <file>', 'a configuration: a unified diff of the site file that runs at each agent')
    .option('--sign <id=file>', 'name and file of the private key that signs the configuration')
    .option('--out <folder>', 'where the signed configurations go: what --bundle names has to serve it')
    .option('--why <text>', 'the reason, for the history of each agent')
    .option(
      '--watch <time>',
      'how long each agent watches its health; default: as its site file says',
      duration,
    )
    .option('--channel <name>', 'channel of the configuration', 'stable')
    .option('--anyway', 'although a device does not answer when an agent tries it')
    .option('--dry-run', 'print the plan, make the configurations, and send nothing')
    .option('--username <name>', 'user name at the broker')
    .option('--password-file <path>', 'file with the password')
    .option('--ca <path>', "certificate of the broker's authority, PEM")
    .option('--cert <path>', 'certificate of this client, PEM')
    .option('--key <path>', 'key of this client, PEM')
    .option('--json', 'the end in JSON')
    .addHelpText(
      'after',
      '\nExit code 0: all waves went through; agents that were not there are named, and the same command asks them' +
        '\nagain. 1: it was stopped. 3: the broker could not be reached.',
    )
    .action(waves);
}

async function waves(options: Options): Promise<void> {
  const { timeout, watch = 0, mayFail, maySilent, bundle, dryRun, id } = options;
  if (timeout < watch + BESIDE_WATCH) {
    const least = Math.ceil((watch + BESIDE_WATCH) / 1000);
    throw new AgentError('config-invalid', `nothing can be known of an agent before ${least} s are over`, {
      fix: `give --timeout ${least}s or more`,
    });
  }
  const { targets, expected } = await whatAndWhom(options);
  const plan = planWaves(targets, options.waves, { mayFail, maySilent });
  const say = (line: string) => process.stderr.write(`${line}\n`);
  for (const [i, wave] of plan.waves.entries()) {
    const names = wave.slice(0, 3).map(nameOfTarget).join(', ');
    say(`wave ${i + 1}: ${wave.length} agents (${names}${wave.length > 3 ? ' …' : ''})`);
  }
  const [first] = targets;
  if (first === undefined || dryRun === true) {
    say(first === undefined ? 'the list names no agent' : `would send ${sourceFor(bundle, first)}`);
    process.exitCode = first === undefined ? EXIT.no : EXIT.ok;
    return;
  }
  const file = await openRollOut(options.state, id);
  await using link = await fleetLink(await brokerOf(options), {
    source: (target) => sourceFor(bundle, target),
    ...(expected === undefined ? {} : { expected }),
    ttl: timeout,
    issuer: options.issuer,
  });
  using stop = interruptible();
  const end = await rollOut({
    ...options,
    plan,
    link,
    clock: new SystemClock(),
    known: file.known,
    ...(expected === undefined ? {} : { expected }),
    onKnown: file.save,
    say,
    signal: stop.signal,
  }).finally(() => {
    if (stop.signal.aborted) say('interrupted; the same command goes on with it');
    return file.saved();
  });
  const named = (state: Fates[string]['state']) =>
    Object.entries(end.fates).flatMap(([name, fate]) => (fate.state === state ? [name] : []));
  const summary = {
    complete: end.complete,
    done: named('done').length,
    failed: named('failed').length,
    silent: named('silent'),
    of: targets.length,
    ...(end.stoppedAt === undefined ? {} : { stopped_at: end.stoppedAt }),
  };
  const { done, failed, silent, of } = summary;
  process.stdout.write(
    options.json === true
      ? `${JSON.stringify({ ...summary, agents: end.fates })}\n`
      : `${done} of ${of} done, ${failed} failed, ${silent.length} not there\n`,
  );
  process.exitCode = end.complete ? EXIT.ok : EXIT.no;
}

/** The agents, and the name of the configuration that was made for them; without it a bundle is there already. */
async function whatAndWhom(
  options: Options,
): Promise<{ readonly targets: readonly Target[]; readonly expected?: string }> {
  const { agents, siteFiles, patch, sign, out, why, watch, channel, anyway = false, id } = options;
  const named = agents === undefined ? undefined : readTargets(await readFile(agents, 'utf8'));
  const needed = (what: string) =>
    new AgentError('config-invalid', `${what} is missing`, {
      fix: 'kerbside waves --help tells which belong together',
    });
  if (siteFiles === undefined && patch === undefined) {
    if (named === undefined) throw needed('--agents');
    return { targets: named };
  }
  if (siteFiles !== undefined && patch !== undefined)
    throw new AgentError('config-invalid', 'give --site-files or --patch, not both');
  if (sign === undefined) throw needed('--sign');
  if (out === undefined) throw needed('--out');
  if (why === undefined) throw needed('--why');
  const bundles: ConfigBundles = {
    id,
    out,
    key: await signingKey(sign),
    channel,
    why,
    anyway,
    ...(watch === undefined ? {} : { watch }),
    now: Date.now(),
  };
  if (siteFiles !== undefined) {
    const files = await readSiteFiles(siteFiles);
    const targets = named ?? files.map(({ target }) => target);
    return { targets, expected: await bundleSiteFiles(siteFilesOf(targets, files), bundles) };
  }
  if (named === undefined) throw needed('--agents');
  return { targets: named, expected: await bundlePatch(await readFile(patch ?? '', 'utf8'), named, bundles) };
}

function sourceFor(bundle: string, { site, agent }: Target): string {
  return bundle.replaceAll('{site}', site).replaceAll('{agent}', agent);
}
async function brokerOf({ broker, username, passwordFile, ca, cert, key }: Options) {
  const read = async (path: string | undefined) =>
    path === undefined ? undefined : (await readFile(path, 'utf8')).trim();
  const all = {
    username,
    password: await read(passwordFile),
    ca: await read(ca),
    cert: await read(cert),
    key: await read(key),
  };
  const given = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return { broker, ...Object.fromEntries(given) };
}

function rollOutId(value: string): string {
  if (/^[A-Za-z0-9_-]{1,24}$/.test(value)) return value;
  throw new InvalidArgumentError('expected 1-24 letters, digits, - or _');
}

function share(value: string): number {
  const percent = Number(value.replace(/%$/, ''));
  if (percent >= 0 && percent < 100) return percent / 100;
  throw new InvalidArgumentError('expected a share such as 2%');
}

function count(value: string): number {
  if (/^[1-9]\d{0,4}$/.test(value)) return Number(value);
  throw new InvalidArgumentError('expected a number above 0');
}
