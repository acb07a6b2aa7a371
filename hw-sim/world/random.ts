/**
 * Seeded chance as a pure function: the same seed and the same keys give the same number, in any order of asking.
 * A stream of random numbers would depend on who asked first, and no moment could be asked twice.
 */

/** Mixes the seed with whole-number keys into 32 bits (xmur3-like rounds, murmur3's finaliser). */
export function hash32(seed: number, ...keys: readonly number[]): number {
  let h = (seed ^ 0x9e3779b9) | 0;
  for (const key of keys) {
    // A key may be larger than 32 bits (a slot number since 1970): both halves count.
    h = Math.imul(h ^ (key | 0), 0x85ebca6b);
    h = (h << 13) | (h >>> 19);
    h = Math.imul(h ^ (Math.floor(key / 0x1_0000_0000) | 0), 0xc2b2ae35);
    h ^= h >>> 15;
  }
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** 0 ≤ x < 1 */
export function chance(seed: number, ...keys: readonly number[]): number {
  return hash32(seed, ...keys) / 0x1_0000_0000;
}

/** Whole number of text, to key by a name. */
export function keyOf(name: string): number {
  let key = 0;
  for (let i = 0; i < name.length; i++) key = (Math.imul(key, 31) + name.charCodeAt(i)) | 0;
  return key;
}

/**
 * A curve between −1 and 1 that wanders without a jump: cosine-blended between a random value for each `period` ms.
 */
export function drift(seed: number, channel: number, time: number, period: number): number {
  const slot = Math.floor(time / period);
  const part = time / period - slot;
  const from = chance(seed, channel, slot) * 2 - 1;
  const to = chance(seed, channel, slot + 1) * 2 - 1;
  const blend = (1 - Math.cos(part * Math.PI)) / 2;
  return from + (to - from) * blend;
}
