/**
 * Watches over the screen: a page that is dark, frozen or wrong is found in under 15 s by what it tells, or by its silence; it
 * is restarted, said once, and said again when it is well. How long nothing was proven is counted.
 */

import type { Mono } from '../../core/reading.ts';
import type { ScreenState } from '../../core/sign/screen.ts';
import type { Clock } from '../../core/time/clock.ts';
import type { Painted } from './painted.ts';
import type { Showing } from './showing.ts';
import { judge } from './verdict.ts';

/**
 * `starting`: a browser is coming up · `proven`: it shows what it should · `dark`: nothing has ever come of it ·
 * `frozen`: it has fallen silent, or hangs behind · `wrong`: something else stands there.
 */
export type { ScreenState };

export interface ScreenWatchOptions {
  readonly showing: Showing;
  readonly clock: Clock;
  /** Told of every change of state. */
  readonly onState: (
    state: ScreenState,
    facts: { readonly problems: readonly string[]; readonly since: Mono },
  ) => void;
  /** Starts the browser anew; absent: somebody else does. */
  readonly restart?: (why: string) => void;
  /** Time that a browser has to come up, ms; slow machines need a minute. */
  readonly startTime?: number;
  /** Least time between two restarts, ms; doubled each time nothing came of one. Default 30 s. */
  readonly pause?: number;
}

/** Silence of a page that told every 2 s, ms. */
const SILENCE = 9000;
/** What is wrong must be told twice: a board may have changed under the page. */
const TWICE = 2;
const LOOK = 1000;
const START_TIME = 60_000;
/** Between two restarts, ms. */
const FIRST_PAUSE = 30_000;
const LONGEST_PAUSE = 900_000;

export class ScreenWatch implements Disposable {
  readonly #options: ScreenWatchOptions;
  readonly #startTime: number;
  #state: ScreenState = 'starting';
  #since: Mono;
  /** When the browser was started, or began to be waited for. */
  #begun: Mono;
  #heard: Mono | undefined;
  #wrong = 0;
  #problems: readonly string[] = [];
  #restarted: Mono = Number.NEGATIVE_INFINITY;
  #pause: number;
  #restarts = 0;
  /** ms without proof, up to `#counted`. */
  #unproven = 0;
  #counted: Mono;
  #timer: Disposable;

  constructor(options: ScreenWatchOptions) {
    this.#options = options;
    this.#startTime = options.startTime ?? START_TIME;
    this.#pause = options.pause ?? FIRST_PAUSE;
    this.#begun = options.clock.mono();
    this.#since = this.#begun;
    this.#counted = this.#begun;
    this.#timer = options.clock.after(LOOK, this.#look);
  }

  get state(): ScreenState {
    return this.#state;
  }

  get problems(): readonly string[] {
    return this.#problems;
  }

  get restarts(): number {
    return this.#restarts;
  }

  /** ms since the start for which it was not proven that riders saw the right thing. */
  unproven(): number {
    this.#count();
    return this.#unproven;
  }

  /** A page tells what it has painted; gives what is wrong with it. */
  take(painted: Painted): readonly string[] {
    const now = this.#options.clock.mono();
    const { problems } = judge(painted, this.#options.showing, now);
    this.#heard = now;
    this.#wrong = problems.length === 0 ? 0 : this.#wrong + 1;
    if (problems.length === 0) {
      this.#pause = this.#options.pause ?? FIRST_PAUSE;
      this.#become('proven', []);
    } else if (this.#wrong >= TWICE) {
      const behind = problems.some((problem) => problem.includes('board') || problem.includes('picture'));
      this.#trouble(painted.visible ? (behind ? 'frozen' : 'wrong') : 'dark', problems);
    }
    return problems;
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]();
  }

  readonly #look = (): void => {
    const { clock } = this.#options;
    this.#timer = clock.after(LOOK, this.#look);
    this.#count();
    const now = clock.mono();
    if (this.#heard === undefined) {
      const waited = now - this.#begun;
      if (waited > this.#startTime) {
        this.#trouble('dark', [`no page has told of itself for ${Math.round(waited / 1000)} s`]);
      }
    } else if (now - this.#heard > SILENCE) {
      this.#trouble('frozen', [`the page has been silent for ${Math.round((now - this.#heard) / 1000)} s`]);
    }
  };

  #trouble(state: ScreenState, problems: readonly string[]): void {
    this.#become(state, problems);
    const { clock, restart } = this.#options;
    const now = clock.mono();
    if (restart === undefined || now - this.#restarted < this.#pause) return;
    if (this.#restarted !== Number.NEGATIVE_INFINITY) this.#pause = Math.min(LONGEST_PAUSE, this.#pause * 2);
    this.#restarted = now;
    this.#restarts += 1;
    this.#begun = now;
    this.#heard = undefined;
    this.#wrong = 0;
    restart(problems[0] ?? state);
  }

  #become(state: ScreenState, problems: readonly string[]): void {
    this.#problems = problems;
    if (state === this.#state) return;
    this.#count();
    this.#state = state;
    this.#since = this.#options.clock.mono();
    this.#options.onState(state, { problems, since: this.#since });
  }

  #count(): void {
    const now = this.#options.clock.mono();
    if (this.#state !== 'proven') this.#unproven += now - this.#counted;
    this.#counted = now;
  }
}
