/** How bright a picture is, and the gain that lets networks trained by day see at dusk. */
import type { Picture } from './picture.ts';

export interface Brightness {
  /** Mean of all samples, 0…255. */
  readonly mean: number;
  /** Level below which 99 % of the samples lie, 0…255. */
  readonly high: number;
}

/** Below this mean a picture is brightened (found by trial on photos at a quarter of their brightness). */
const DUSK = 70;
const TARGET = 100;
const MAX_GAIN = 4;
/** A covered lens or a dead sensor: next to nothing is brighter than this. A street at night has lamps. */
const COVERED = 24;

const ROWS = 128;

/** Of the part that is the frame, without the padding. */
export function brightness({ rgb, letterbox: { scaled, input } }: Picture): Brightness {
  const histogram = new Uint32Array(256);
  const rowBytes = scaled.width * 3;
  // Some hundred rows tell as much as all of them and cost a tenth.
  const step = Math.max(1, Math.floor(scaled.height / ROWS));
  let rows = 0;
  for (let y = 0; y < scaled.height; y += step) {
    rows += 1;
    const from = y * input.width * 3;
    for (let at = from; at < from + rowBytes; at++) {
      const level = rgb[at] ?? 0;
      histogram[level] = (histogram[level] ?? 0) + 1;
    }
  }
  const count = rowBytes * rows;
  let sum = 0;
  let below = 0;
  let high = 255;
  for (const [level, samples] of histogram.entries()) {
    sum += level * samples;
    if (below < 0.99 * count) high = level;
    below += samples;
  }
  return { mean: sum / count, high };
}

/** True where nothing can be seen: a count of zero would be a lie. */
export function isDark({ high }: Brightness): boolean {
  return high < COVERED;
}

/** Brightens a dark picture in place; gives the factor. */
export function applyGain(picture: Picture, { mean }: Brightness): number {
  if (mean >= DUSK) return 1;
  const gain = Math.min(MAX_GAIN, TARGET / Math.max(1, mean));
  const table = Uint8Array.from({ length: 256 }, (_, level) => Math.min(255, Math.round(level * gain)));
  const { rgb } = picture;
  for (let at = 0; at < rgb.length; at++) rgb[at] = table[rgb[at] ?? 0] ?? 255;
  return gain;
}
