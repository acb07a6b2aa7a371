/**
 * A diagnostics bundle: what somebody far away needs to understand an agent, in one bounded archive, without a secret. It
 * says itself what is in it and what is not.
 */
import { createWriteStream } from 'node:fs';
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { create } from 'tar';
import type { DiagnosticsBundle, DiagnosticsContents } from '../../core/diagnostics.ts';
import { asAgentError } from '../../core/errors.ts';
import { redactedJson, redactor } from '../../core/redact.ts';

/** One file of a bundle. */
export interface Piece {
  readonly name: string;
  /** What it is, in a few words. */
  readonly what: string;
  /** A text, or anything as JSON; undefined: there is none. What it throws is told in its place. */
  read(): unknown;
}

/** Of one file, and of all files together, bytes before they are compressed. */
export const LARGEST_FILE = 1024 * 1024;
const LARGEST_ALL = 8 * 1024 * 1024;

/** What no bundle holds, whatever is asked. */
const NEVER: DiagnosticsContents['left_out'] = [
  { what: 'secrets of site file, environment and files', why: 'masked as *** wherever they would stand' },
  { what: 'keys and certificates of this unit', why: 'they are for this unit alone' },
  { what: 'accounts, tokens and sessions of the console', why: 'they let people in' },
  { what: 'flows of Node-RED and their credentials', why: 'kerbside backup holds them, sealed' },
  { what: 'readings', why: 'kerbside export writes them' },
  { what: 'pictures', why: 'none is ever kept' },
];

/** Writes `file` out of `pieces`, earlier ones first where not all have room. `secrets` are masked in every one. */
export async function writeBundle(
  file: string,
  pieces: readonly Piece[],
  secrets: readonly string[],
): Promise<DiagnosticsBundle> {
  const redact = redactor(secrets);
  const folder = `${file}.making`;
  const files: DiagnosticsContents['files'][number][] = [];
  const leftOut: DiagnosticsContents['left_out'][number][] = [];
  await rm(folder, { recursive: true, force: true });
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await mkdir(folder, { mode: 0o700 });
  try {
    let room = LARGEST_ALL;
    for (const { name, what, read } of pieces) {
      let whole: string;
      try {
        const value: unknown = await read();
        if (value === undefined) continue;
        whole = typeof value === 'string' ? redact(value) : redactedJson(value, redact);
      } catch (thrown) {
        leftOut.push({ what: `${name}: ${what}`, why: redact(asAgentError(thrown).message) });
        continue;
      }
      const content = newest(whole);
      const bytes = Buffer.byteLength(content);
      if (bytes > room) {
        leftOut.push({ what: `${name}: ${what}`, why: `the bundle has ${LARGEST_ALL} bytes already` });
        continue;
      }
      room -= bytes;
      await writeFile(join(folder, name), content, { mode: 0o600 });
      files.push({ name, what, bytes, ...(content === whole ? {} : { cut: true as const }) });
    }
    const contents: DiagnosticsContents = { files, left_out: [...leftOut, ...NEVER] };
    await writeFile(join(folder, 'contents.json'), JSON.stringify(contents, null, 1), { mode: 0o600 });
    const tar = create({ gzip: true, cwd: folder, portable: true }, (await readdir(folder)).sort());
    await pipeline(tar as unknown as NodeJS.ReadableStream, createWriteStream(file, { mode: 0o600 }));
    const { size } = await stat(file);
    return { file, bytes: size, ...contents };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The end of what is too long: the newest lines are the ones that are asked for. */
function newest(content: string): string {
  if (Buffer.byteLength(content) <= LARGEST_FILE) return content;
  const end = Buffer.from(content).subarray(-LARGEST_FILE).toString('utf8');
  return `…\n${end.slice(end.indexOf('\n') + 1)}`;
}
