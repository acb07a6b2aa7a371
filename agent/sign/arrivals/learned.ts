/**
 * What a sign has learned, on disk: one small file, replaced as a whole, with its version and a checksum in front. What
 * is damaged or of another version is thrown away, for a sign learns anew within a day, and nobody sees a wrong minute.
 */
import { readFileSync } from 'node:fs';
import { mkdir, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import type { HabitMemory } from './habits.ts';
import type { LinkMemory } from './links.ts';
import type { PromiseMemory } from './promise.ts';
import type { SkillMemory } from './skill.ts';
import type { Figures } from './tallies.ts';

export interface Learned {
  readonly links: LinkMemory;
  readonly habits: HabitMemory;
  readonly promises: PromiseMemory;
  readonly skills: SkillMemory;
  readonly figures: Figures;
}

/** As it lies on disk. */
export interface LearnedFile extends Learned {
  /** Local date of the figures, `20270621`; empty: not known. */
  readonly date: string;
}

const VERSION = 1;
/** Bytes; a stop with 40 lines has some 2 MB. */
const LARGEST = 16 * 1024 ** 2;

export type LearnedResult =
  | { readonly kind: 'read'; readonly learned: LearnedFile }
  | { readonly kind: 'none' }
  | { readonly kind: 'damaged'; readonly why: string };

/** Reads the file of an earlier run. Never throws. */
export function readLearned(file: string): LearnedResult {
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
  const [word, version, sum] = raw.subarray(0, Math.max(0, end)).toString('latin1').split(' ');
  if (word !== 'kerbside-learned') return { kind: 'damaged', why: 'it does not begin as it should' };
  if (version !== String(VERSION)) return { kind: 'damaged', why: `version ${version}, expected ${VERSION}` };
  const body = raw.subarray(end + 1);
  if (sum !== sumOf(body)) return { kind: 'damaged', why: 'its checksum does not fit' };
  try {
    return { kind: 'read', learned: JSON.parse(body.toString('utf8')) as LearnedFile };
  } catch (error) {
    return { kind: 'damaged', why: (error as Error).message };
  }
}

/** Resolves when the file is durable; the one before stays until then. */
export async function writeLearned(file: string, learned: LearnedFile): Promise<void> {
  const body = Buffer.from(JSON.stringify(learned));
  const fresh = `${file}.new`;
  await mkdir(dirname(file), { recursive: true });
  {
    await using handle = await open(fresh, 'w', 0o600);
    await handle.writeFile(`kerbside-learned ${VERSION} ${sumOf(body)}\n`);
    await handle.appendFile(body);
    await handle.sync();
  }
  await rename(fresh, file);
}

function sumOf(body: Buffer): string {
  return crc32(body).toString(16).padStart(8, '0');
}
