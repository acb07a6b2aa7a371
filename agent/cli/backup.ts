/**
 * `kerbside backup`: everything that makes this agent this agent into one file, while it runs. Sealed wherever keys and
 * passwords are in it. Appears whole or not at all.
 */
import { createReadStream, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import { type Entry, type Listing, listed, pack } from '../backup/archive.ts';
import { siteEntries, stateEntries } from '../backup/collect.ts';
import { type Sealing, seal } from '../backup/seal.ts';
import { readIdentity } from '../compose/identity.ts';
import { loadSite, type SiteFacts } from '../config/load.ts';
import { readSource } from '../config/source.ts';
import { toPlain } from '../config/tree.ts';
import { renameDurably } from '../core/durable-file.ts';
import { AgentError } from '../core/errors.ts';
import type { Site } from '../core/site.ts';
import { VERSION } from '../core/version.ts';
import { earlierLogs, earlierName, logFile } from '../store/aside.ts';
import { copyLog, hasUnsent, type LogCopy, logFacts } from '../store/copy.ts';
import { hardwareId } from '../store/identity.ts';
import { UPLINKS } from '../uplink/index.ts';
import { EXIT } from './exit.ts';
import { progressBar } from './progress.ts';
import { PROFILES, problemLines, shownPath, siteDeps } from './site.ts';

interface Options {
  readonly site: string;
  readonly log?: true;
  readonly passphraseFile?: string;
  readonly recipient?: string;
  readonly withoutSecrets?: true;
  readonly json?: true;
}

export function register(program: Command): void {
  program
    .command('backup')
    .description('put everything a successor needs into one file, while the agent runs')
    .argument('[file]', 'where to; default: <agent>-<time>.kbak in this folder')
    .option('--site <file>', 'site file', 'site.yaml')
    .option('--log', 'take the whole log; without it: what has not been sent yet, and the rollups')
    .option('--passphrase-file <path>', 'seal with the passphrase in this file (- for standard input)')
    .option('--recipient <path>', 'seal for the owner of this X25519 public key, PEM')
    .option('--without-secrets', 'leave keys and passwords out; then nothing has to be sealed')
    .option('--json', 'answer in JSON')
    .addHelpText(
      'after',
      `
In it: site file with templates, profiles and secret files, log (readings not sent yet, alarms, counters, commands,
cursors, rollups), memories of devices, what the sign has learned, flows, accounts and tokens, signed content.
A passphrase must be kept elsewhere: without it nobody opens the file, we neither.

Examples:
  kerbside backup --site /etc/kerbside/site.yaml --passphrase-file pass.txt
  kerbside backup pole-0817.kbak --log --recipient backup.pub
  kerbside backup --without-secrets --json

Exit code 0: the file is there, whole. 1: the site file has problems. 3: it could not be made; nothing is left behind.`,
    )
    .action(run);
}

async function run(out: string | undefined, options: Options, command: Command): Promise<void> {
  process.umask(0o077);
  const ways = [options.passphraseFile, options.recipient, options.withoutSecrets].filter(
    (one) => one !== undefined,
  );
  if (ways.length !== 1)
    command.error(
      'error: a backup holds keys and passwords: give one of --passphrase-file, --recipient or --without-secrets',
      { exitCode: EXIT.usage },
    );
  const read: string[] = [];
  const result = await loadSite(options.site, {
    ...siteDeps('skip'),
    read: async (file) => {
      const source = await readSource(file);
      // Profiles that come with the agent are there wherever it is restored.
      if (source.ok && !file.startsWith(PROFILES)) read.push(file);
      return source;
    },
  });
  if (!result.ok) {
    process.stderr.write(problemLines(result.problems));
    process.exitCode = EXIT.no;
    return;
  }
  const sealing = await sealingOf(options);
  const made = await make(out, options, sealing, result.site, result.facts, read);
  const { listing, file, size } = made;
  if (options.json === true) {
    const { files, ...facts } = listing;
    process.stdout.write(
      `${JSON.stringify({ file, size, ...facts, files: files.length, sealed: sealing.kind })}\n`,
    );
    return;
  }
  const records =
    listing.log === null ? 'no log yet' : options.log ? 'the whole log' : 'what was not sent yet';
  process.stdout.write(
    `${shownPath(file)}: ${listing.agent} of ${listing.site}, ${listing.files.length} files, ${records}, ${(size / 1e6).toFixed(1)} MB\n`,
  );
  if (listing.environment.length > 0)
    process.stderr.write(`not in it: the values of ${listing.environment.join(', ')} (environment)\n`);
  if (listing.outside.length > 0)
    process.stderr.write(
      `not in it, for they lie outside the site's folder: ${listing.outside.join(', ')}\n`,
    );
}

async function make(
  wanted: string | undefined,
  options: Options,
  sealing: Sealing,
  site: Site,
  facts: SiteFacts,
  read: readonly string[],
): Promise<{ readonly listing: Listing; readonly file: string; readonly size: number }> {
  const created = new Date().toISOString();
  const stamp = created.replace(/[-:]|\.\d+/g, '');
  const file = resolve(wanted ?? `${site.agent.id}-${stamp}.kbak`);
  const part = `${file}.part`;
  const secrets = options.withoutSecrets !== true;
  let work: string | undefined;
  try {
    work = mkdtempSync(`${file}.log-`);
    using bar = progressBar('backup');
    const log = logsOf(site, options.log === true, work, (share) => bar.at(share / 2));
    const named = siteEntries(resolve(options.site), read, toPlain(facts.root), site.state, secrets);
    const entries = [
      ...named.entries,
      ...(existsSync(site.state) ? stateEntries(site.state, secrets) : []),
      ...log.entries,
    ];
    const files = await listed(entries);
    const listing: Listing = {
      v: 1,
      created,
      version: VERSION,
      site: site.id,
      agent: site.agent.id,
      hardware: log.copy?.hardware ?? hardwareId(),
      generation: readIdentity(site.state)?.generation ?? 1,
      siteFile: basename(options.site),
      log:
        log.copy === undefined
          ? null
          : {
              epoch: log.copy.epoch,
              heads: log.copy.heads,
              records: options.log === true ? 'all' : 'unsent',
              clean: log.copy.clean,
            },
      secrets,
      environment: [...named.environment],
      outside: [...named.outside],
      files,
    };
    const all = files.reduce((sum, { size }) => sum + size, 1);
    const content = pack(listing, entries, (bytes) => bar.at(0.5 + bytes / all / 2));
    const outside = { agent: listing.agent, site: listing.site, created, version: VERSION };
    const size = await write(part, seal(content, outside, sealing));
    renameDurably(part, file);
    return { listing, file, size };
  } catch (thrown) {
    rmSync(part, { force: true });
    if (thrown instanceof AgentError) throw thrown;
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    throw new AgentError('store-failed', `making of the backup ${file} failed: ${why}`, {
      cause: thrown,
      fix: 'Name a folder that can be written and has room for twice the log.',
    });
  } finally {
    if (work !== undefined) rmSync(work, { recursive: true, force: true });
  }
}

/** The log, and earlier ones that still have something to send, as copies in `folder`. */
function logsOf(
  site: Site,
  whole: boolean,
  folder: string,
  progress: (share: number) => void,
): { readonly entries: readonly Entry[]; readonly copy: LogCopy | undefined } {
  // Reports by period have numbers of their own; they are made of the rollups.
  const uplinks = site.uplinks.filter(({ kind }) => !('source' in UPLINKS[kind])).map(({ id }) => id);
  const present = logFile(site.state);
  const entries: Entry[] = [];
  const take = (from: string, settledBy: readonly string[] | undefined): LogCopy => {
    const facts = logFacts(from);
    const name = earlierName(facts?.epoch ?? 'unknown');
    const to = join(folder, name);
    const copy = copyLog(from, to, { ...(settledBy === undefined ? {} : { settledBy }), progress });
    entries.push({ area: 'state', path: earlierName(copy.epoch), bytes: () => createReadStream(to) });
    return copy;
  };
  const copy = existsSync(present) ? take(present, whole ? undefined : uplinks) : undefined;
  for (const earlier of existsSync(site.state) ? earlierLogs(site.state) : [])
    if (whole || hasUnsent(earlier, copy === undefined ? undefined : present, uplinks))
      take(earlier, undefined);
  return { entries, copy };
}

async function write(file: string, bytes: AsyncIterable<Uint8Array>): Promise<number> {
  await using handle = await open(file, 'w', 0o600);
  let size = 0;
  for await (const piece of bytes) {
    await handle.write(piece);
    size += piece.length;
  }
  await handle.sync();
  return size;
}

async function sealingOf({ passphraseFile, recipient }: Options): Promise<Sealing> {
  if (recipient !== undefined) return { kind: 'recipient', publicKey: readFileSync(recipient, 'utf8') };
  if (passphraseFile === undefined) return { kind: 'none' };
  return { kind: 'passphrase', passphrase: await passphraseOf(passphraseFile) };
}

/** Shorter ones are guessed. */
const SHORTEST_PASSPHRASE = 12;

/** The first line of a file, or of standard input. Rejects with `config-invalid` for one that is too short. */
export async function passphraseOf(file: string): Promise<string> {
  const raw = file === '-' ? await text(process.stdin) : readFileSync(file, 'utf8');
  const passphrase = raw.split(/\r?\n/)[0] ?? '';
  if (passphrase.length >= SHORTEST_PASSPHRASE) return passphrase;
  throw new AgentError(
    'config-invalid',
    `reading of the passphrase failed: it has ${passphrase.length} characters, at least ${SHORTEST_PASSPHRASE} are needed`,
    { fix: 'Make one: openssl rand -base64 24 > pass.txt; keep it away from this machine.' },
  );
}
