/**
 * `kerbside claim`: a factory image becomes a named unit of a site. `show` says who this machine is, `make` (at the city)
 * signs a claim for it, `take` checks and applies one.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { type Command, Option } from 'commander';
import { renderUnicodeCompact } from 'uqr';
import { type Claim, readClaim } from '../backup/claim.ts';
import { siteEntries } from '../backup/collect.ts';
import { finishRestore } from '../backup/plan.ts';
import { addressOf, type Fetched, fetchClaim } from '../compose/unclaimed/fetch.ts';
import { takeClaim } from '../compose/unclaimed/take.ts';
import { type ClaimImage, claimFileOf, loadClaimFile } from '../config/claim-file.ts';
import { loadSite } from '../config/load.ts';
import { readSource } from '../config/source.ts';
import { toPlain } from '../config/tree.ts';
import type { ClaimRefusal } from '../core/claim.ts';
import { CLAIM_TYPE, sealEnvelope } from '../core/envelope.ts';
import { AgentError } from '../core/errors.ts';
import { hardwareIds } from '../store/identity.ts';
import { durationLike } from './duration.ts';
import { EXIT } from './exit.ts';
import { refuseWhileRunning } from './restore.ts';
import { load, PROFILES, problemLines, siteDeps } from './site.ts';

const duration = durationLike('30d');

interface Take {
  readonly site: string;
  readonly trust?: string;
  readonly again?: true;
  readonly json?: true;
}
interface Make {
  readonly key: string;
  readonly id: string;
  readonly hardware: readonly string[];
  readonly valid: number;
  readonly out: string;
  readonly json?: true;
}

const ANY_HARDWARE =
  'warning: the claim is for any hardware: whoever offers it to an unclaimed unit makes that unit, and is at its first login, ' +
  'on the machine itself as administrator; name the machine by --hardware ("kerbside claim show" says its id)\n';

export function register(program: Command): void {
  const claim = program
    .command('claim')
    .description('make a factory image a named unit of a site')
    .addHelpText(
      'after',
      '\nExamples:\n  kerbside claim show\n  sudo kerbside claim take K7QX-29TD --site /etc/kerbside/site.yaml',
    );
  claim
    .command('show')
    .description('say who this machine is, as text and QR code, for whoever makes its claim')
    .option('--json', 'answer in JSON')
    .addHelpText('after', '\nExamples:\n  kerbside claim show --json')
    .action(show);
  claim
    .command('make')
    .description('at the city: sign a claim with the site file and what belongs to it')
    .argument(
      '<site>',
      'site file of the unit; its templates, profiles and what it names in its folder go along',
    )
    .requiredOption('--key <file>', 'private key, as "kerbside content keygen" makes it')
    .requiredOption('--id <id>', 'name of the key')
    .addOption(
      new Option('--hardware <id>', 'for this machine only; may be given more than once')
        .argParser(collect)
        .default([], 'any'),
    )
    .addOption(
      new Option('--valid <time>', 'how long it may be taken')
        .argParser(duration)
        .default(30 * 86_400_000, '30d'),
    )
    .requiredOption('--out <file>', 'where the claim goes')
    .option('--json', 'answer in JSON')
    .addHelpText(
      'after',
      `
Examples:
  kerbside claim make sites/pole-0817.yaml --key city-1.key --id city-1 --hardware cpu:10000000abcdef01 --out pole-0817.claim

Exit code 0: made. 1: the site file has problems.`,
    )
    .action(make);
  claim
    .command('take')
    .description('check a claim and become that unit; no named agent may run')
    .argument('<claim>', 'code, text of a QR code (an address), file, or - for standard input')
    .option('--site <file>', 'where the site file goes', 'site.yaml')
    .option(
      '--trust <file>',
      'keys of the city and the address for codes; default: claim.yaml beside the site file',
    )
    .option('--again', 'although this unit is claimed already')
    .option('--json', 'answer in JSON')
    .addHelpText(
      'after',
      `
Checked before anything is changed: signature, hardware, expiry, that it was not taken before, the site file itself. What was
here goes to before-restore/: log, key of the device and accounts begin anew.

Examples:
  sudo kerbside claim take K7QX-29TD --site /etc/kerbside/site.yaml
  kerbside claim take pole-0817.claim --trust claim.yaml --json

Exit code 0: claimed. 1: refused, nothing was changed. 3: the claim or its keys cannot be had.`,
    )
    .action(take);
}

function show({ json }: { readonly json?: true }): void {
  const hardware = hardwareIds();
  if (json === true) process.stdout.write(`${JSON.stringify({ hardware })}\n`);
  else if (hardware.length === 0)
    process.stdout.write('this machine has no id: its claim has to be for any hardware\n');
  else process.stdout.write(`${hardware.join('\n')}\n${renderUnicodeCompact(hardware[0] ?? '')}\n`);
}

async function make(file: string, { key, id, hardware, valid, out, json }: Make): Promise<void> {
  const read: string[] = [];
  const result = await loadSite(file, {
    ...siteDeps('skip'),
    read: async (one) => {
      const source = await readSource(one);
      if (source.ok && !one.startsWith(PROFILES)) read.push(one);
      return source;
    },
  });
  if (!result.ok) {
    process.stderr.write(problemLines(result.problems));
    process.exitCode = EXIT.no;
    return;
  }
  const { site, facts } = result;
  // Secrets do not travel in a document that many may read: the unit makes its key itself, passwords come by the environment.
  const { entries } = siteEntries(resolve(file), read, toPlain(facts.root), site.state, false);
  const now = Date.now();
  const made: Claim = {
    v: 1,
    id: crypto.randomUUID(),
    site: site.id,
    agent: site.agent.id,
    issued: new Date(now).toISOString(),
    expires: new Date(now + valid).toISOString(),
    hardware: hardware.length === 0 ? 'any' : [...hardware],
    siteFile: basename(file),
    files: Object.fromEntries(
      entries.map(({ path, bytes }) => [
        path,
        bytes instanceof Uint8Array ? Buffer.from(bytes).toString('utf8') : '',
      ]),
    ),
  };
  const payload = Buffer.from(JSON.stringify(made));
  const wrong = readClaim(payload);
  if (typeof wrong === 'string')
    throw new AgentError('config-invalid', `making of the claim failed: ${wrong}`, {
      fix: 'Keep large files out of the folder of the site file.',
    });
  let envelope: object;
  try {
    envelope = sealEnvelope(payload, id, readFileSync(key, 'utf8'), CLAIM_TYPE);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new AgentError('config-invalid', `signing with ${key} failed: ${why}`, {
      cause,
      fix: 'Name the file that "kerbside content keygen" wrote.',
    });
  }
  writeFileSync(out, `${JSON.stringify(envelope)}\n`);
  if (made.hardware === 'any') process.stderr.write(ANY_HARDWARE);
  const said = {
    file: out,
    claim: made.id,
    agent: made.agent,
    hardware: made.hardware,
    expires: made.expires,
  };
  process.stdout.write(
    json === true
      ? `${JSON.stringify(said)}\n`
      : `${out}: ${made.agent} of ${made.site}, until ${made.expires}\n`,
  );
}

async function take(what: string, options: Take): Promise<void> {
  process.umask(0o077);
  const siteFile = resolve(options.site);
  finishRestore(siteFile);
  const hardware = hardwareIds();
  const image = await imageOf(options.trust ?? claimFileOf(siteFile));
  if (image === undefined) return;
  const refuse = ({ code, reason, fix }: ClaimRefusal) => {
    if (options.json === true) process.stdout.write(`${JSON.stringify({ ok: false, code, reason, fix })}\n`);
    else process.stderr.write(`claim failed: ${reason}; ${fix}\n`);
    process.exitCode = EXIT.no;
  };
  const fetched = await claimBytes(what, image.url, hardware);
  if (!fetched.ok) {
    refuse(fetched);
    // What cannot be had is no answer.
    process.exitCode = EXIT.failed;
    return;
  }
  const taken = await takeClaim(fetched.bytes, {
    siteFile,
    keys: image.keys,
    hardware,
    now: Date.now(),
    again: options.again === true,
    load: (file) => load(file, 'skip'),
    refuseWhileRunning,
  });
  if (!taken.ok) {
    refuse(taken);
    if (taken.problems !== undefined && options.json !== true)
      process.stderr.write(problemLines(taken.problems));
    return;
  }
  const { agent, site, key } = taken;
  process.stdout.write(
    options.json === true
      ? `${JSON.stringify(taken)}\n`
      : `this unit is ${agent} of ${site} now, signed by ${key}; an agent that waits for it goes over by itself, else start it: sudo systemctl start kerbside\n`,
  );
}

/** Undefined where it is wrong, which is told then. */
async function imageOf(file: string): Promise<ClaimImage | undefined> {
  const read = await loadClaimFile(resolve(file), { name: 'unclaimed', env: process.env, secrets: 'skip' });
  if (read.ok) return read.image;
  process.stderr.write(problemLines(read.problems));
  process.exitCode = read.missing ? EXIT.failed : EXIT.no;
  return undefined;
}

/** A file, standard input, an address out of a QR code, or a code that the city's address takes. */
async function claimBytes(
  what: string,
  url: string | undefined,
  hardware: readonly string[],
): Promise<Fetched> {
  if (what === '-') return { ok: true, bytes: await buffer(process.stdin) };
  if (existsSync(what)) return { ok: true, bytes: readFileSync(what) };
  const address = addressOf(what, { url, hardware, anyHost: true });
  if (typeof address !== 'string') return address;
  return fetchClaim(address, { signal: new AbortController().signal });
}

function collect(one: string, all: readonly string[]): readonly string[] {
  return [...all, one];
}
