/**
 * `kerbside claim`: a factory image becomes a named unit of a site. `show` says who this machine is, `make` (at the city)
 * signs a claim for it, `take` checks and applies one.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { type Command, InvalidArgumentError } from 'commander';
import { renderUnicodeCompact } from 'uqr';
import { parse } from 'yaml';
import * as z from 'zod';
import { type Claim, checkClaim, readClaim } from '../backup/claim.ts';
import { siteEntries } from '../backup/collect.ts';
import { commitPlan, finishRestore, give, syncFolders } from '../backup/plan.ts';
import { planOf } from '../backup/stage.ts';
import { IDENTITY_FILE } from '../compose/identity.ts';
import { loadSite } from '../config/load.ts';
import { readSource } from '../config/source.ts';
import { toPlain } from '../config/tree.ts';
import { parseDuration } from '../config/values.ts';
import { writeDurably } from '../core/durable-file.ts';
import { CLAIM_TYPE, sealEnvelope } from '../core/envelope.ts';
import { AgentError } from '../core/errors.ts';
import { hardwareIds } from '../store/identity.ts';
import { EXIT } from './exit.ts';
import { refuseWhileRunning } from './restore.ts';
import { load, PROFILES, problemLines, siteDeps } from './site.ts';

/** What a factory image brings: whose claims count, and where a code is exchanged for one. */
const trust = z.strictObject({
  keys: z.array(z.strictObject({ id: z.string().min(1), public: z.string().min(1) })).min(1),
  /** `{code}` and `{hardware}` are filled in. */
  url: z
    .string()
    .regex(/^(?:https:\/\/|http:\/\/(?:127\.0\.0\.1|\[::1\]|localhost)[:/])/)
    .optional(),
});
/** In the state folder: the claims that were taken. */
const TAKEN = 'claims.json';
const LARGEST_ANSWER = 1024 * 1024;
/** ms */
const DEADLINE = 30_000;

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
    .option(
      '--hardware <id>',
      'for this machine only; may be given more than once; default: any',
      collect,
      [],
    )
    .option('--valid <time>', 'how long it may be taken', duration, 30 * 86_400_000)
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
    .description('check a claim and become that unit; the agent must not run')
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
  const folder = dirname(siteFile);
  finishRestore(siteFile);
  const trusted = trustOf(options.trust ?? join(folder, 'claim.yaml'));
  const bytes = await claimBytes(what, trusted.url);
  // The unit as it is now, where it is one: its claims are remembered there.
  const now = existsSync(siteFile) ? await load(siteFile, 'skip') : undefined;
  const before = now?.ok === true ? takenIn(now.site.state) : [];
  const refuse = (reason: string, fix: string) => {
    if (options.json === true) process.stdout.write(`${JSON.stringify({ ok: false, reason, fix })}\n`);
    else process.stderr.write(`claim failed: ${reason}; ${fix}\n`);
    process.exitCode = EXIT.no;
  };
  const checked = checkClaim(bytes, {
    keys: trusted.keys,
    hardware: hardwareIds(),
    now: Date.now(),
    used: before,
  });
  if (!checked.ok) return refuse(checked.reason, checked.fix);
  if (before.length > 0 && options.again !== true)
    return refuse('this unit is claimed already', 'Give --again to make it another one.');
  const { claim, key } = checked;
  const staging = join(folder, '.restore-site', 'new');
  rmSync(staging, { recursive: true, force: true });
  for (const [path, text] of Object.entries(claim.files)) {
    mkdirSync(dirname(join(staging, path)), { recursive: true, mode: 0o750 });
    writeFileSync(join(staging, path), text, { mode: 0o640 });
  }
  try {
    const loaded = await load(join(staging, claim.siteFile), 'skip');
    if (!loaded.ok) {
      process.stderr.write(problemLines(loaded.problems));
      process.exitCode = EXIT.no;
      return;
    }
    const state = resolve(folder, relative(staging, loaded.site.state));
    await refuseWhileRunning(state);
    if (takenIn(state).includes(claim.id))
      return refuse('it was taken here before', 'A claim is taken once: ask the city for a new one.');
    const fresh = join(state, '.restore', 'new');
    rmSync(fresh, { recursive: true, force: true });
    mkdirSync(fresh, { recursive: true, mode: 0o700 });
    const hardware = hardwareIds()[0] ?? 'unknown';
    writeDurably(join(fresh, IDENTITY_FILE), `${JSON.stringify({ generation: 1, hardware })}\n`);
    writeDurably(join(fresh, TAKEN), `${JSON.stringify([...before, claim.id])}\n`);
    for (const [from, like] of [
      [staging, folder],
      [fresh, state],
    ] as const) {
      give(from, like);
      syncFolders(from);
    }
    const siteFiles = Object.keys(claim.files).map((path) => ({
      staged: path,
      path: path === claim.siteFile ? basename(siteFile) : path,
    }));
    commitPlan(
      siteFile,
      planOf({ siteStaging: staging, siteFolder: folder, siteFiles, state, ownLog: 'aside' }),
    );
    finishRestore(siteFile);
    const said = { ok: true, claim: claim.id, site: claim.site, agent: claim.agent, key, siteFile, state };
    process.stdout.write(
      options.json === true
        ? `${JSON.stringify(said)}\n`
        : `this unit is ${claim.agent} of ${claim.site} now, signed by ${key}; start it: sudo systemctl start kerbside\n`,
    );
  } finally {
    if (!existsSync(`${siteFile}.restore`))
      rmSync(join(folder, '.restore-site'), { recursive: true, force: true });
  }
}

function trustOf(file: string): z.infer<typeof trust> {
  const fix =
    'Write keys: [{ id: …, public: … }] and url: https://…/{code} into it; the image of the city brings it.';
  try {
    return trust.parse(parse(readFileSync(file, 'utf8')));
  } catch (cause) {
    const why =
      cause instanceof z.ZodError ? `${cause.issues[0]?.path.join('.')} is wrong` : (cause as Error).message;
    throw new AgentError(
      'config-invalid',
      `reading of the keys that claims are signed with failed: ${file}: ${why}`,
      { cause, fix },
    );
  }
}

function takenIn(state: string): readonly string[] {
  try {
    return z.array(z.string()).parse(JSON.parse(readFileSync(join(state, TAKEN), 'utf8')));
  } catch {
    return [];
  }
}

/** A file, standard input, an address out of a QR code, or a code that the city's address takes. */
async function claimBytes(what: string, url: string | undefined): Promise<Uint8Array> {
  if (what === '-') return buffer(process.stdin);
  if (existsSync(what)) return readFileSync(what);
  const code = what.toUpperCase();
  const address = /^https?:\/\//.test(what)
    ? what
    : url
        ?.replace('{code}', encodeURIComponent(code))
        .replace('{hardware}', encodeURIComponent(hardwareIds()[0] ?? ''));
  if (address === undefined)
    throw new AgentError(
      'not-found',
      `claim ${what} cannot be had: there is no such file, and no address for codes`,
      {
        fix: 'Name the file, or write url: into claim.yaml.',
      },
    );
  // An address that somebody printed is believed no more than a file: what counts is the signature.
  if (!/^https:\/\/|^http:\/\/(?:127\.0\.0\.1|\[::1\]|localhost)[:/]/.test(address))
    throw new AgentError('unsupported', `claim ${what} cannot be had: the address is not https`, {
      fix: 'Use the https address.',
    });
  try {
    const answer = await fetch(address, { signal: AbortSignal.timeout(DEADLINE), redirect: 'error' });
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
    const bytes = new Uint8Array(await answer.arrayBuffer());
    if (bytes.length > LARGEST_ANSWER) throw new Error(`${bytes.length} bytes, at most ${LARGEST_ANSWER}`);
    return bytes;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new AgentError('source-failed', `claim from ${new URL(address).host} failed: ${why}`, {
      cause,
      fix: 'Check the code and the network (kerbside doctor), or bring the claim as a file.',
    });
  }
}

function collect(one: string, all: readonly string[]): readonly string[] {
  return [...all, one];
}

function duration(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms <= 0) throw new InvalidArgumentError('Expected a time such as 30d.');
  return ms;
}
