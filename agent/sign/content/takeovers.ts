/**
 * How long takeovers last. With a trusted clock until the moment they say. Without one for as long as they were meant to
 * last when they were issued, counted on the monotonic clock and kept over restarts, so that an emergency neither hides
 * nor stays because the time is lost.
 */
import { join } from 'node:path';
import type { ContentDocument, Takeover } from '../../core/content/content.ts';
import { readIfThere, replaceFile } from '../../core/durable-file.ts';
import { type Clock, trusted, wallAt } from '../../core/time/clock.ts';
import { Turns } from '../../core/turns.ts';

/** The running time is written down this often while it counts, ms. */
const EVERY = 60_000;

interface Running {
  readonly version: number;
  /** ms it has been in force without a trusted clock, of wall time. */
  readonly ms: number;
}

export class TakeoverTime implements Disposable {
  readonly #file: string;
  readonly #clock: Clock;
  #running: Running = { version: 0, ms: 0 };
  #at: number;
  #saved = 0;
  readonly #saving = new Turns();

  private constructor(dir: string, clock: Clock) {
    this.#file = join(dir, 'takeover-time.json');
    this.#clock = clock;
    this.#at = clock.mono();
  }

  static async open(dir: string, clock: Clock): Promise<TakeoverTime> {
    const time = new TakeoverTime(dir, clock);
    time.#running = parse(await readIfThere(time.#file).catch(() => undefined));
    time.#saved = time.#running.ms;
    return time;
  }

  /** Those of a document that are in force now; call it at least every few seconds while there is one. */
  inForce(document: ContentDocument): readonly Takeover[] {
    const mono = this.#clock.mono();
    const mapping = this.#clock.mapping();
    const now = wallAt(mapping, mono);
    const passed = (mono - this.#at) * mapping.rate;
    this.#at = mono;
    if (this.#running.version !== document.version) {
      this.#running = { version: document.version, ms: 0 };
      this.#saved = 0;
    }
    if (trusted(now.rank)) {
      return document.takeovers.filter(({ from, until }) => (from ?? 0) <= now.time && now.time < until);
    }
    this.#running = { ...this.#running, ms: this.#running.ms + passed };
    if (this.#running.ms - this.#saved >= EVERY) this.#save();
    const { ms } = this.#running;
    return document.takeovers.filter(({ from, until }) => {
      const begin = Math.max(0, (from ?? document.issued) - document.issued);
      const end = until - document.issued;
      // A floor can only be too early: what it calls over is over.
      return begin <= ms && ms < end && (now.rank === 'none' || now.time < until);
    });
  }

  /** Resolves when what was counted is on the disk. */
  saved(): Promise<void> {
    return this.#saving.over();
  }

  [Symbol.dispose](): void {
    if (this.#running.ms !== this.#saved) this.#save();
  }

  #save(): void {
    const running = this.#running;
    this.#saved = running.ms;
    this.#saving.take(() => replaceFile(this.#file, JSON.stringify(running))).catch(() => {});
  }
}

function parse(bytes: Uint8Array | undefined): Running {
  try {
    const raw: unknown = bytes && JSON.parse(Buffer.from(bytes).toString('utf8'));
    const { version, ms } = (raw ?? {}) as Partial<Running>;
    if (typeof version === 'number' && typeof ms === 'number' && ms >= 0) return { version, ms };
  } catch {
    // Damaged: it counts anew.
  }
  return { version: 0, ms: 0 };
}
