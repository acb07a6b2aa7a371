/**
 * What was received under each number, as 32-bit hashes: the same content again is a re-sent record, another content
 * under the same number is a conflict (two different contents go unnoticed once in 2^32). True time is hashed apart:
 * a better clock may move the time of a record that is sent again, and that is no conflict. The same holds for a bucket
 * that says itself by its `revision` that late readings changed it.
 */
import type { Fields } from './envelope.ts';

const CHUNK = 4096;

export type Sight = 'new' | 'same' | 'retimed' | 'conflict';

export class Identities {
  readonly #chunks = new Map<number, Uint32Array>();

  see(record: Fields & { readonly seq: number }): Sight {
    const { seq, time, clock, revision, ...content } = record;
    const chunk = this.#chunk(Math.floor(seq / CHUNK));
    const at = (seq % CHUNK) * 2;
    const contentHash = hash(JSON.stringify(sorted(content)));
    const timeHash = hash(JSON.stringify([time, clock, revision]));
    const before = chunk[at];
    const timeBefore = chunk[at + 1];
    if (before === 0) {
      chunk[at] = contentHash;
      chunk[at + 1] = timeHash;
      return 'new';
    }
    const revised = revision !== undefined && timeBefore !== timeHash;
    if (before !== contentHash && !revised) return 'conflict';
    chunk[at] = contentHash;
    chunk[at + 1] = timeHash;
    return timeBefore === timeHash ? 'same' : 'retimed';
  }

  #chunk(index: number): Uint32Array {
    let chunk = this.#chunks.get(index);
    if (chunk === undefined) {
      chunk = new Uint32Array(CHUNK * 2);
      this.#chunks.set(index, chunk);
    }
    return chunk;
  }
}

function sorted(fields: Fields): [string, unknown][] {
  return Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** FNV-1a, 32 bit, over UTF-16 units; never 0, which means «not seen». */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0 || 1;
}
