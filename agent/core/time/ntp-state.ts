/**
 * Whether the machine's clock follows NTP, as far as that can be read without rights and without a native addon (the
 * kernel's own answer, adjtimex(2), needs one):
 *
 * - `/run/systemd/timesync/synchronized`: systemd-timesyncd touches it when it has set the clock. Costs one stat.
 * - `timedatectl`: asks systemd-timedated, which asks the kernel; so it also knows chrony and ntpd.
 * - `chronyc`: asks chronyd over its local port, where there is no systemd.
 *
 * Where none of them answers, nothing is known and the clock is not held to be synchronized.
 */
import { type ChildProcess, execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import type { Mono } from '../reading.ts';

export interface NtpState {
  readonly synchronized: boolean;
  /** When NTP last touched the clock, by that clock (Unix epoch ms), where it tells. */
  readonly touched?: number;
  /** When this was found out, monotonic ms. */
  readonly asked: Mono;
}

const FLAG = '/run/systemd/timesync/synchronized';
/** How often a program is asked, ms. */
const ASK_EVERY = 60_000;
/** A program that takes longer is ended, ms. */
const PATIENCE = 5000;

type Question = readonly [program: string, args: readonly string[], yes: RegExp];
const QUESTIONS: readonly Question[] = [
  ['timedatectl', ['show', '--property=NTPSynchronized', '--value'], /^yes$/m],
  // CSV; its last field is the leap status, the third the stratum (0: not synchronized).
  ['chronyc', ['-c', 'tracking'], /^[^,]*,[^,]*,[1-9]\d*,.*,(Normal|Insert second|Delete second)$/m],
];

export class NtpProbe implements Disposable {
  readonly #flag: string;
  readonly #questions: readonly Question[];
  /** The program that is asked, or was last. */
  #child: ChildProcess | undefined;
  #ended = false;
  #asking = false;
  #askedAt = Number.NEGATIVE_INFINITY;
  #answer: NtpState | undefined;

  /** Tests give their own file and programs. */
  constructor(flag = FLAG, questions: readonly Question[] = QUESTIONS) {
    this.#flag = flag;
    this.#questions = questions;
  }

  /** What is known at `now` (monotonic ms). Never waits: a program that is asked answers a later call. */
  state(now: Mono): NtpState {
    const touched = statSync(this.#flag, { throwIfNoEntry: false })?.mtimeMs;
    if (touched !== undefined) return { synchronized: true, touched, asked: now };
    if (!this.#asking && now - this.#askedAt >= ASK_EVERY) void this.#ask(now);
    return this.#answer ?? { synchronized: false, asked: now };
  }

  async #ask(now: Mono): Promise<void> {
    this.#asking = true;
    this.#askedAt = now;
    let synchronized = false;
    for (const question of this.#questions) synchronized ||= await this.#yes(question);
    this.#answer = { synchronized, asked: now };
    this.#asking = false;
  }

  #yes([program, args, yes]: Question): Promise<boolean> {
    if (this.#ended) return Promise.resolve(false);
    return new Promise((resolve) => {
      // Without an AbortSignal: Node leaves a listener on it for each program that could not be started.
      const options = { timeout: PATIENCE, encoding: 'utf8' } as const;
      this.#child = execFile(program, args, options, (error, out) =>
        resolve(error === null && yes.test(out.trim())),
      );
    });
  }

  [Symbol.dispose](): void {
    this.#ended = true;
    // What could not be started has no number, and Node would signal whatever stands in memory there.
    if (this.#child?.pid !== undefined) this.#child.kill();
  }
}
