/**
 * Small files of state that a sign can do without: replaced as a whole, with a word, a version and a checksum in front.
 * What is damaged or of another version is thrown away rather than believed.
 */
import { crc32 } from 'node:zlib';
import { readIfThereSync, replaceFile } from '../core/durable-file.ts';

/** Bytes; what a sign keeps is some MB at most. */
const LARGEST = 16 * 1024 ** 2;

export interface Kind {
  /** First word of the file: `kerbside-learned`. */
  readonly word: string;
  readonly version: number;
}

export type Kept =
  | { readonly kind: 'read'; readonly content: unknown }
  | { readonly kind: 'none' }
  | { readonly kind: 'damaged'; readonly why: string };

/** Never throws. What passes the checksum is as it was written. */
export function readKept(file: string, { word, version }: Kind): Kept {
  let raw: Buffer | undefined;
  try {
    raw = readIfThereSync(file);
  } catch (error) {
    return { kind: 'damaged', why: (error as Error).message };
  }
  if (raw === undefined) return { kind: 'none' };
  if (raw.length > LARGEST)
    return { kind: 'damaged', why: `${raw.length} bytes, expected at most ${LARGEST}` };
  const end = raw.indexOf(0x0a);
  const [first, number, sum] = raw.subarray(0, Math.max(0, end)).toString('latin1').split(' ');
  if (first !== word) return { kind: 'damaged', why: 'it does not begin as it should' };
  if (number !== String(version)) {
    return { kind: 'damaged', why: `version ${String(number).slice(0, 20)}, expected ${version}` };
  }
  const body = raw.subarray(end + 1);
  if (sum !== sumOf(body)) return { kind: 'damaged', why: 'its checksum does not fit' };
  try {
    return { kind: 'read', content: JSON.parse(body.toString('utf8')) };
  } catch (error) {
    return { kind: 'damaged', why: (error as Error).message };
  }
}

/** Resolves when the file is durable; the one before stays until then. */
export async function writeKept(file: string, { word, version }: Kind, content: unknown): Promise<void> {
  const body = Buffer.from(JSON.stringify(content));
  await replaceFile(file, Buffer.concat([Buffer.from(`${word} ${version} ${sumOf(body)}\n`), body]));
}

function sumOf(body: Buffer): string {
  return crc32(body).toString(16).padStart(8, '0');
}
