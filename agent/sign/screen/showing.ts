/** The boards of one run: made anew when something has changed or time has, kept for as long as a page may speak of them. */
import { randomBytes } from 'node:crypto';
import type { Board } from '../../core/board.ts';
import type { Log } from '../../core/log.ts';
import type { Mono } from '../../core/reading.ts';
import type { Clock } from '../../core/time/clock.ts';
import { faceOf } from './face.ts';

export interface ShowingOptions {
  /** Makes the board of now. Called about once a second, and when told that something has changed. */
  readonly make: (run: string, seq: number) => Board;
  readonly clock: Clock;
  readonly log: Log;
}

/** A board with the moment it was made. */
export interface Made {
  readonly board: Board;
  readonly at: Mono;
}

/** Remembered for so long after the next one was made, ms. */
const KEPT = 30_000;
/** A board is made anew this often, ms, in a street that runs as fast as life; faster ones up to `FASTEST`. */
const EVERY = 1000;
const FASTEST = 200;
/** Changes that come together are one board, ms. */
const TOGETHER = 60;
/** Without any change a board is sent again after this, ms. */
const REPEAT = 15_000;

export class Showing implements Disposable {
  readonly run = randomBytes(6).toString('base64url');
  readonly #options: ShowingOptions;
  readonly #listeners = new Set<(made: Made) => void>();
  readonly #made = new Map<number, Made>();
  #latest: Made;
  #face: string;
  #timer: Disposable | undefined;
  #soon: Disposable | undefined;
  #failed = false;

  constructor(options: ShowingOptions) {
    this.#options = options;
    const board = options.make(this.run, 1);
    this.#latest = { board, at: options.clock.mono() };
    this.#face = JSON.stringify(faceOf(board, 0));
    this.#made.set(1, this.#latest);
    this.#next();
  }

  current(): Made {
    return this.#latest;
  }

  /** The board with this number; undefined where it is too old. */
  of(seq: number): Made | undefined {
    return this.#made.get(seq);
  }

  /** When the board after this one was made; undefined where there is none yet. */
  replaced(seq: number): Mono | undefined {
    return this.#made.get(seq + 1)?.at;
  }

  onBoard(listener: (made: Made) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  /** Something has changed: the next board comes at once. */
  changed(): void {
    this.#soon ??= this.#options.clock.after(TOGETHER, () => {
      this.#soon = undefined;
      this.#look();
    });
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    this.#soon?.[Symbol.dispose]();
    this.#listeners.clear();
  }

  #next(): void {
    const { clock } = this.#options;
    const every = Math.max(FASTEST, EVERY / this.#latest.board.rate);
    this.#timer = clock.after(every, () => {
      this.#look();
      this.#next();
    });
  }

  /** Makes the board of now, and sends it where it says anything that the one before does not say by itself. */
  #look(): void {
    const { make, clock, log } = this.#options;
    const { board: before, at } = this.#latest;
    const now = clock.mono();
    let board: Board;
    try {
      board = make(this.run, before.seq + 1);
      this.#failed = false;
    } catch (error) {
      // The page ages the last one honestly; who looks after the sign hears of it once.
      if (!this.#failed) log.error('sign.board_failed', { error: String(error) });
      this.#failed = true;
      return;
    }
    const elapsed = (now - at) * before.rate;
    const face = JSON.stringify(faceOf(board, 0));
    const same = face === this.#face || face === JSON.stringify(faceOf(before, elapsed));
    const fresher = (board.dataAge ?? 0) < (before.dataAge ?? 0) + elapsed - EVERY * before.rate;
    if (same && !fresher && now - at < REPEAT) return;
    this.#latest = { board, at: now };
    this.#face = face;
    this.#made.set(board.seq, this.#latest);
    for (const seq of this.#made.keys()) {
      if (now - (this.replaced(seq) ?? now) <= KEPT) break;
      this.#made.delete(seq);
    }
    for (const listener of this.#listeners) listener(this.#latest);
  }
}
