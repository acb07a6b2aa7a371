/** Diagnostics of an agent that does not run, out of what lies there: files, journal of changes, log. Writes nothing but the bundle. */
import { execFile } from 'node:child_process';
import { open } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { LoadResult } from '../../config/load.ts';
import { readSource } from '../../config/source.ts';
import { readExtended } from '../../config/template.ts';
import type { DiagnosticsBundle } from '../../core/diagnostics.ts';
import { readIfThere } from '../../core/durable-file.ts';
import { EVENT_KINDS } from '../../core/record.ts';
import { eventsTold } from '../../store/events-told.ts';
import { LogReader } from '../../store/reader.ts';
import { openForReading } from '../../store/sqlite.ts';
import { readBootState } from '../../update/boot-state.ts';
import { LARGEST_FILE, type Piece, writeBundle } from './bundle.ts';
import { aboutPiece, doctorPiece, referencedSecrets, statePiece, textPieces, tracePieces } from './pieces.ts';

export interface StoppedOptions {
  /** Path of the site file, and what it loads to. */
  readonly file: string;
  readonly loaded: LoadResult;
  readonly state: string;
  /** Folder of releases and the boot state. */
  readonly releases: string;
  /** Where the log of the agent went; absent: the journal of its service. */
  readonly log: string | undefined;
  readonly out: string;
  readonly why: string;
  readonly version: string;
}

const MOST_EVENTS = 200;
/** Of the log, bytes and lines from its end. */
const LOG_BYTES = LARGEST_FILE / 2;
const LOG_LINES = 2000;

export async function stoppedDiagnostics(options: StoppedOptions): Promise<DiagnosticsBundle> {
  const { file, loaded, state, releases, out, why, version } = options;
  const path = resolve(file);
  const { files } = await readExtended(path, readSource);
  const texts = await textsOf(files.length === 0 ? [path] : files);
  const site = loaded.ok ? loaded.site : undefined;
  const pieces: Piece[] = [
    aboutPiece({
      why,
      made: Date.now(),
      version,
      site: site?.id ?? '?',
      agent: site?.agent.id ?? '?',
      running: false,
    }),
    doctorPiece(path, site),
    { name: 'log.jsonl', what: 'the newest lines of the log', read: () => lastLog(options.log) },
    {
      name: 'check.json',
      what: 'what is wrong with the site file',
      read: () => (loaded.ok ? undefined : loaded.problems),
    },
    ...textPieces(texts),
    { name: 'site-effective.json', what: 'the configuration it would run', read: () => site },
    {
      name: 'config-history.json',
      what: 'changes of the site file',
      read: () => kept(join(state, 'config', 'journal.json')),
    },
    {
      name: 'updates.json',
      what: 'releases, models, configurations',
      read: () => readBootState(releases).state,
    },
    {
      name: 'crashes.json',
      what: 'ends without a stop',
      read: () => kept(join(state, 'crashes.json')),
    },
    { name: 'events.json', what: `the newest ${MOST_EVENTS} events`, read: () => lastEvents(state) },
    statePiece(state),
    ...(await tracePieces(state)),
    {
      name: 'health.json',
      what: 'every part: state, sentence, fix',
      read: () => {
        throw new Error('the agent does not run');
      },
    },
  ];
  // What is referred to and is no secret (a name in the environment) is masked too, where only the text tells of it.
  const secrets = loaded.ok ? loaded.facts.secrets : await referencedSecrets(texts, process.env);
  return writeBundle(out, pieces, secrets);
}

async function textsOf(files: readonly string[]): Promise<readonly (readonly [string, string])[]> {
  const read = await Promise.all(files.map(async (name) => [name, await readSource(name)] as const));
  return read.flatMap(([name, source]) => (source.ok ? [[name, source.text] as const] : []));
}

/** A small file of the state folder; undefined where there is none. */
async function kept(file: string): Promise<string | undefined> {
  const bytes = await readIfThere(file);
  return bytes?.toString('utf8');
}

function lastEvents(state: string): unknown {
  const file = join(state, 'log.db');
  const db = openForReading(file);
  try {
    return eventsTold(new LogReader(db, file), EVENT_KINDS, MOST_EVENTS);
  } finally {
    db.close();
  }
}

/** The end of a file, or of what the journal has of the service. */
async function lastLog(file: string | undefined): Promise<string> {
  if (file === undefined) return journal();
  await using handle = await open(file, 'r');
  const { size } = await handle.stat();
  const bytes = Buffer.alloc(Math.min(size, LOG_BYTES));
  await handle.read(bytes, 0, bytes.length, size - bytes.length);
  return bytes.toString('utf8');
}

function journal(): Promise<string> {
  const args = ['-u', 'kerbside', '-o', 'cat', '--no-pager', '-n', `${LOG_LINES}`];
  return new Promise((done, fail) => {
    execFile('journalctl', args, { maxBuffer: 64 * LARGEST_FILE, timeout: 10_000 }, (error, out) => {
      if (error === null) done(out);
      else fail(new Error('there is no journal to be read; name the file of the log by --log'));
    });
  });
}
