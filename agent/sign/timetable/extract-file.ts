/**
 * The extract on disk: written whole or not at all, read only if it is whole. What is damaged is refused with the fix;
 * the file before stays in place until the new one is durable.
 */
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { replaceFile } from '../../core/durable-file.ts';
import { AgentError } from '../../core/errors.ts';
import { STOP_EXTRACT_FORMAT, type StopExtract } from '../../core/sign/timetable.ts';

/** Bytes; the busiest interchange has some 10 MB. */
const LARGEST = 64 * 1024 ** 2;

/** SHA-256 over the JSON text of all but `hash`, hex. */
export function hashOfExtract({
  hash: _,
  ...body
}: Omit<StopExtract, 'hash'> & { readonly hash?: string }): string {
  return createHash('sha256').update(JSON.stringify(body)).digest('hex');
}

/** Resolves when `file` and its name are durable. */
export async function writeExtract(file: string, extract: StopExtract): Promise<void> {
  try {
    await replaceFile(file, JSON.stringify(extract), 0o644);
  } catch (cause) {
    throw new AgentError('store-failed', `writing ${file} failed: ${(cause as Error).message}`, {
      cause,
      fix: 'Check that the folder can be written to and has room; the file before is still there.',
    });
  }
}

/** Rejects with `not-found`, or with `source-failed` where the file is damaged, edited or of another format. */
export async function readExtract(file: string): Promise<StopExtract> {
  let text: string;
  try {
    const { size } = await stat(file);
    if (size > LARGEST) throw damaged(file, `${size} bytes, expected at most ${LARGEST}`);
    text = await readFile(file, 'utf8');
  } catch (cause) {
    if (cause instanceof AgentError) throw cause;
    throw new AgentError('not-found', `reading ${file} failed: ${(cause as Error).message}`, {
      cause,
      retryable: false,
      fix: 'Make it with: kerbside sign import <gtfs.zip> --stop <id>.',
    });
  }
  return parseExtract(text, file);
}

/** The same of its text; `file` names it in messages. */
export function parseExtract(text: string, file: string): StopExtract {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    throw damaged(file, 'it is no JSON');
  }
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw damaged(file, 'it is no object');
  const { format, hash } = given as Readonly<Record<string, unknown>>;
  if (format !== STOP_EXTRACT_FORMAT) {
    throw damaged(file, `format ${JSON.stringify(format)?.slice(0, 20)}, expected ${STOP_EXTRACT_FORMAT}`);
  }
  const extract = given as StopExtract;
  // What carries the hash of its content came out of an import as it is: its shape needs no further look.
  if (typeof hash !== 'string' || hashOfExtract(extract) !== hash)
    throw damaged(file, 'its hash does not fit');
  return extract;
}

function damaged(file: string, why: string): AgentError {
  return new AgentError('source-failed', `reading the timetable ${file} failed: ${why}`, {
    retryable: false,
    fix: 'Import the feed again: kerbside sign import <gtfs.zip> --stop <id>.',
  });
}
