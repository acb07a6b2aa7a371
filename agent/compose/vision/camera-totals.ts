/**
 * Sums that survive a restart: the open interval, and those closed lately, as numbers in a small file. A closed interval
 * whose readings did not reach the log goes back into the open one; one that did never counts again.
 */
import { closeSync, constants, fstatSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import type { Mono } from '../../core/reading.ts';
import { type ClockMapping, wallAt } from '../../core/time/clock.ts';
import { type KeptSums, Tally, type TallyState } from '../../vision/tally.ts';

/** Written at most this often, ms; not synced: it is for a process that dies, the loss of power costs the open interval. */
const PERIOD = 1000;
/** Closed intervals are kept for longer than the log can take to write them, ms. */
const KEPT = 10 * 60_000;
const MOST_KEPT = 2000;
/** Times in the log are whole ms; intervals are a second long at least, ms. */
const TOLERANCE = 400;

const tally = z.object({
  since: z.number(),
  frames: z.number().int().min(0),
  counts: z.record(z.string(), z.number().finite()),
});
const shape = z.object({
  boot: z.string(),
  open: tally,
  /** `time`: of the readings made of it. */
  closed: z.array(tally.extend({ time: z.number(), wall: z.number() })),
});
type Content = z.infer<typeof shape>;

export interface TotalsOptions {
  /** Folder for the files of all cameras. */
  readonly folder: string;
  readonly camera: string;
  /** The mapping in force. */
  readonly mapping: ClockMapping;
  /** True time of the newest sum of this camera in the log, Unix epoch ms; undefined where it holds none. */
  readonly newestLogged: () => number | undefined;
}

export class TotalsFile implements KeptSums {
  readonly #options: TotalsOptions;
  readonly #file: string;
  #closed: Content['closed'] = [];
  #written: Mono = Number.NEGATIVE_INFINITY;
  #last = '';
  #longest = 0;

  constructor(options: TotalsOptions) {
    this.#options = options;
    this.#file = join(options.folder, `${options.camera}.json`);
  }

  /** What an earlier run left, as the interval to go on with. A file that cannot be read is as none. */
  open(now: Mono): Tally {
    const left = this.#read();
    if (left === undefined) return Tally.empty(now);
    const { mapping, newestLogged } = this.#options;
    const same = left.boot === mapping.boot;
    // A camera's readings are logged in their order. Times of this boot are taken by the mapping of now, as the log's are.
    const newest = left.closed.length === 0 ? undefined : (newestLogged() ?? Number.NEGATIVE_INFINITY);
    const lost = left.closed.filter(({ time, wall }) => {
      return newest !== undefined && newest < (same ? wallAt(mapping, time).time : wall) - TOLERANCE;
    });
    const counts: Record<string, number> = {};
    for (const interval of [left.open, ...lost]) {
      for (const [point, count] of Object.entries(interval.counts)) {
        counts[point] = (counts[point] ?? 0) + count;
      }
    }
    // Frames of the earlier run over the time that has passed tell how much was missed; of another boot nothing is known.
    const since = same ? Math.min(now, ...[left.open, ...lost].map((interval) => interval.since)) : now;
    const frames = same ? [left.open, ...lost].reduce((sum, interval) => sum + interval.frames, 0) : 0;
    const state = { since, frames, counts };
    this.#write(state, now);
    return new Tally(state);
  }

  /** Takes the state of the open interval after a frame. */
  changed(state: TallyState, now: Mono): void {
    if (now - this.#written >= PERIOD) this.#write(state, now);
  }

  /** Takes the interval that was closed into readings of `now`, and the new one. */
  closed(before: TallyState, after: TallyState, now: Mono): void {
    // In trouble nothing is closed: the sums go on.
    const goesOn = Object.entries(before.counts).every(([point, count]) => after.counts[point] === count);
    const empty = Object.keys(before.counts).length === 0;
    if (!goesOn && !empty)
      this.#closed.push({
        ...before,
        counts: { ...before.counts },
        time: now,
        wall: wallAt(this.#options.mapping, now).time,
      });
    this.#closed = this.#closed.filter(({ time }) => now - time < KEPT).slice(-MOST_KEPT);
    this.#write(after, now);
  }

  stop(state: TallyState): void {
    this.#write(state, this.#written);
  }

  #write(open: TallyState, now: Mono): void {
    this.#written = now;
    const content: Content = {
      boot: this.#options.mapping.boot,
      open: { ...open, counts: { ...open.counts } },
      closed: this.#closed,
    };
    const counts = JSON.stringify([content.open.counts, content.closed]);
    // Frames alone are not worth a write.
    if (counts === this.#last) return;
    try {
      this.#put(JSON.stringify(content));
      this.#last = counts;
    } catch {
      // An ill disk is the store's to tell; counting goes on, and the next change tries again.
    }
  }

  /**
   * Over what is there, in one call: a new file for each write would be forced to the card every few seconds (ext4
   * auto_da_alloc), an old one goes there with the other dirty pages. Spaces make up for a shorter text.
   */
  #put(text: string): void {
    mkdirSync(dirname(this.#file), { recursive: true, mode: 0o700 });
    const file = openSync(this.#file, constants.O_WRONLY | constants.O_CREAT, 0o600);
    try {
      this.#longest = Math.max(this.#longest, fstatSync(file).size, Buffer.byteLength(text));
      writeSync(file, text.padEnd(this.#longest), 0, 'utf8');
    } finally {
      closeSync(file);
    }
  }

  #read(): Content | undefined {
    try {
      const parsed = shape.safeParse(JSON.parse(readFileSync(this.#file, 'utf8')));
      return parsed.success ? parsed.data : undefined;
    } catch {
      return undefined;
    }
  }
}
