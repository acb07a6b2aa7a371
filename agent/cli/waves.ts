/**
 * `kerbside waves`: the city's side of updates. Sends a signed bundle (a release, a model, a configuration) to many agents in
 * waves, watches what becomes of it, and stops where more fail than may.
 */
import { readFile } from 'node:fs/promises';
import { type Command, InvalidArgumentError } from 'commander';
import { parseDuration } from '../config/values.ts';
import { readIfThere, replaceFile } from '../core/durable-file.ts';
import { EXIT } from './exit.ts';
import { fleetLink } from './waves/mqtt.ts';
import { nameOfTarget, planWaves, readTargets, type Target } from './waves/plan.ts';
import { type Fates, rollOut } from './waves/roll-out.ts';

interface Options {
  readonly agents: string;
  readonly bundle: string;
  readonly broker: string;
  readonly waves: string;
  readonly mayFail: number;
  readonly timeout: number;
  readonly atOnce: number;
  readonly state: string;
  readonly id: string;
  readonly issuer: string;
  readonly dryRun?: true;
  readonly json?: true;
  readonly username?: string;
  readonly passwordFile?: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

export function register(program: Command): void {
  program
    .command('waves')
    .description('send a signed bundle to many agents in waves, and stop where it fails')
    .requiredOption('--agents <file>', 'list of agents, one site/agent a line')
    .requiredOption('--bundle <source>', 'where agents find it; {site} and {agent} are filled in')
    .requiredOption('--broker <url>', 'broker of the agents: mqtt:// or mqtts://')
    .requiredOption(
      '--id <id>',
      'name of this roll-out, such as r-0-3-0; the same name goes on with it',
      rollOutId,
    )
    .option('--waves <sizes>', 'numbers, or shares of all', '1,5%,25%,100%')
    .option('--may-fail <share>', 'share of a wave that may fail, for example 2%', share, 0)
    .option('--timeout <time>', 'longest wait for one agent', duration, 30 * 60_000)
    .option('--at-once <n>', 'agents under way at once', count, 100)
    .option('--state <file>', 'what is known of each agent, to go on with', 'waves-state.json')
    .option('--issuer <name>', 'who wants it, for the audit trail', 'waves')
    .option('--dry-run', 'print the plan and send nothing')
    .option('--username <name>', 'user name at the broker')
    .option('--password-file <path>', 'file with the password')
    .option('--ca <path>', "certificate of the broker's authority, PEM")
    .option('--cert <path>', 'certificate of this client, PEM')
    .option('--key <path>', 'key of this client, PEM')
    .option('--json', 'the end in JSON')
    .addHelpText(
      'after',
      '\nExit code 0: all waves went through. 1: it was stopped. 3: the broker could not be reached.',
    )
    .action(waves);
}

async function waves(options: Options): Promise<void> {
  const targets = readTargets(await readFile(options.agents, 'utf8'));
  const plan = planWaves(targets, options.waves, options.mayFail);
  const say = (line: string) => process.stderr.write(`${line}\n`);
  for (const [i, wave] of plan.waves.entries()) {
    const names = wave.slice(0, 3).map(nameOfTarget).join(', ');
    say(`wave ${i + 1}: ${wave.length} agents (${names}${wave.length > 3 ? ' …' : ''})`);
  }
  const [first] = targets;
  if (first === undefined || options.dryRun === true) {
    say(first === undefined ? 'the list names no agent' : `would send ${sourceFor(options.bundle, first)}`);
    process.exitCode = first === undefined ? EXIT.no : EXIT.ok;
    return;
  }
  const known = await readState(options.state, options.id);
  const link = await fleetLink(await brokerOf(options), {
    point: 'update',
    value: (target) => JSON.stringify({ act: 'apply', source: sourceFor(options.bundle, target) }),
    ttl: options.timeout,
    issuer: options.issuer,
  });
  await using _ = link;
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort(new Error('interrupted; the same command goes on with it')));
  let saving: Promise<void> = Promise.resolve();
  const save = (fates: Fates) => {
    saving = saving.then(() =>
      replaceFile(options.state, JSON.stringify({ id: options.id, fates }, null, 1)),
    );
  };
  const end = await rollOut({
    timeout: options.timeout,
    atOnce: options.atOnce,
    plan,
    link,
    known,
    onFates: save,
    say,
    signal: stop.signal,
  }).finally(() => saving);
  const states = Object.values(end.fates).map(({ state }) => state);
  const summary = {
    complete: end.complete,
    done: states.filter((state) => state === 'done').length,
    failed: states.filter((state) => state === 'failed').length,
    of: targets.length,
    ...(end.stoppedAt === undefined ? {} : { stopped_at: end.stoppedAt }),
  };
  process.stdout.write(
    options.json === true
      ? `${JSON.stringify({ ...summary, agents: end.fates })}\n`
      : `${summary.done} of ${summary.of} done, ${summary.failed} failed\n`,
  );
  process.exitCode = end.complete ? EXIT.ok : EXIT.no;
}

function sourceFor(bundle: string, { site, agent }: Target): string {
  return bundle.replaceAll('{site}', site).replaceAll('{agent}', agent);
}

async function readState(file: string, id: string): Promise<Fates> {
  const bytes = await readIfThere(file);
  if (bytes === undefined) return {};
  const kept = JSON.parse(Buffer.from(bytes).toString('utf8')) as {
    readonly id: string;
    readonly fates: Fates;
  };
  if (kept.id === id) return kept.fates;
  throw new InvalidArgumentError(`${file} is of roll-out ${kept.id}; name another --state`);
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

function duration(value: string): number {
  const ms = parseDuration(value);
  if (ms !== undefined && ms > 0) return ms;
  throw new InvalidArgumentError('expected a time such as 30min');
}
