/**
 * Small files of state that a sign can do without: replaced as a whole, with a word, a version and a checksum in front.
 * What is damaged or of another version is thrown away rather than believed.
 */
import { readFileSync } from 'node:fs';
import { mkdir, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';

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
  let raw: Buffer;
  try {
    raw = readFileSync(file);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? { kind: 'none' } : { kind: 'damaged', why: message };
  }
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
  const fresh = `${file}.new`;
  await mkdir(dirname(file), { recursive: true });
  {
    await using handle = await open(fresh, 'w', 0o600);
    await handle.writeFile(`${word} ${version} ${sumOf(body)}\n`);
    await handle.appendFile(body);
    await handle.sync();
  }
  await rename(fresh, file);
}

function sumOf(body: Buffer): string {
  return crc32(body).toString(16).padStart(8, '0');
}
