/** Reads files named by a site: text in UTF-8, of bounded size. Reading is all this folder does to the outside. */
import { open } from 'node:fs/promises';

/** A site of 1,000 devices has some 150 KB. */
export const LARGEST_FILE = 1024 * 1024;

export type Source =
  | { readonly ok: true; readonly text: string }
  /** `message` says why, `fix` what to do. */
  | { readonly ok: false; readonly message: string; readonly fix: string };

export type ReadSource = (file: string) => Promise<Source>;

/** Text of a file, at most 1 MB, UTF-8 with or without byte order mark. Never rejects. */
export async function readSource(file: string): Promise<Source> {
  let bytes: Buffer;
  try {
    const handle = await open(file, 'r');
    try {
      const facts = await handle.stat();
      if (facts.isDirectory()) return refuse('it is a folder', 'name the file in it');
      if (facts.size > LARGEST_FILE) {
        return refuse(`it has ${facts.size} bytes, at most ${LARGEST_FILE} are read`, 'check the name');
      }
      // A device file has no size: what comes is bounded too.
      const buffer = Buffer.alloc(LARGEST_FILE + 1);
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0);
      if (bytesRead > LARGEST_FILE) {
        return refuse(`it has more than ${LARGEST_FILE} bytes`, 'check the name');
      }
      bytes = buffer.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch (error) {
    return unreadable(error);
  }
  return decode(bytes);
}

/** Bytes of a file as text: UTF-16 and Latin-1 are told by name. */
export function decode(bytes: Uint8Array): Source {
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) {
    return refuse('it is written in UTF-16', 'save it as UTF-8');
  }
  if (bytes.includes(0)) return refuse('it holds zero bytes, so it is no text', 'check the name');
  try {
    return { ok: true, text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch {
    return refuse('it is not UTF-8 (perhaps GBK or Latin-1)', 'save it as UTF-8');
  }
}

function unreadable(error: unknown): Source {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return refuse('there is no such file', 'check the name and the folder');
  if (code === 'EACCES') return refuse('permission denied', 'let the user of the agent read it');
  if (code === 'EISDIR') return refuse('it is a folder', 'name the file in it');
  return refuse(error instanceof Error ? error.message : String(error), 'check the name');
}

function refuse(message: string, fix: string): Source {
  return { ok: false, message, fix };
}
