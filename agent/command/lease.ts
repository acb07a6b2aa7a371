/**
 * Leases: a command with a lease holds until it runs out, then the local program has the point again. A newer command on
 * the same point ends the lease of the one before.
 */

import type { Command, Override } from '../core/command.ts';
import type { Clock } from '../core/time/clock.ts';

interface Running {
  readonly override: Override;
  readonly timer: Disposable;
}

/** A lease of before a restart whose end is not known yet. */
interface Kept {
  readonly command: Command;
  readonly doneAt: number;
  readonly lease: number;
}

/** A clock that was set may have stepped back so far, ms. */
const AHEAD = 60_000;

export class Leases implements Disposable {
  readonly #clock: Clock;
  readonly #onEnd: (command: Command) => void;
  /** By `device/point`; undefined: the newest command of the point has no lease. */
  readonly #points = new Map<string, Running | undefined>();
  readonly #waiting = new Map<string, Kept>();

  /** `onEnd` is called when a lease has run out, not when a newer command ends it. */
  constructor(clock: Clock, onEnd: (command: Command) => void) {
    this.#clock = clock;
    this.#onEnd = onEnd;
  }

  /** Ends the lease before on the point of a command just done, and starts its own of `lease` ms of wall time. */
  take(command: Command, lease: number | undefined, now: number): void {
    const key = keyOf(command);
    this.#points.get(key)?.timer[Symbol.dispose]();
    this.#points.delete(key);
    this.#waiting.delete(key);
    if (lease !== undefined) this.#run(key, command, lease, now);
  }

  /**
   * Takes up the lease of a command done at `doneAt` (Unix epoch ms) before a restart, newest command of a point first.
   * `now`: undefined while the clock is not to be believed. Nobody can say then when the lease ends, so the local program
   * has the point until `trust`.
   */
  resume(command: Command, doneAt: number, now: number | undefined, lease: number | undefined): void {
    const key = keyOf(command);
    if (this.#points.has(key)) return;
    // The newest command of this point may have no lease: then nothing older takes it back.
    this.#points.set(key, undefined);
    if (lease === undefined) return;
    if (now === undefined) this.#waiting.set(key, { command, doneAt, lease });
    else if (this.#takeUp(key, { command, doneAt, lease }, now)) return;
    // It ran out while nobody was there to end it: it must not hold for as much as one evaluation.
    this.#clock.after(0, () => this.#onEnd(command));
  }

  /** The clock can be believed since `now`; gives the commands whose lease turns out to hold still. */
  trust(now: number): readonly Command[] {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    return waiting.flatMap(([key, kept]) => (this.#takeUp(key, kept, now) ? [kept.command] : []));
  }

  /** The point was given back for good: no lease of before the restart comes up again. */
  forget(command: Command): void {
    this.#waiting.delete(keyOf(command));
  }

  #takeUp(key: string, { command, doneAt, lease }: Kept, now: number): boolean {
    // Done in the future: by a clock that was wrong then. Such a lease would begin anew at every restart.
    if (doneAt - now > AHEAD) return false;
    const left = Math.min(lease, doneAt + lease - now);
    if (left > 0) this.#run(key, command, left, now);
    return left > 0;
  }

  /** What holds for a point now. */
  active(device: string, point: string): Override | undefined {
    return this.#points.get(`${device}/${point}`)?.override;
  }

  [Symbol.dispose](): void {
    for (const running of this.#points.values()) running?.timer[Symbol.dispose]();
    this.#points.clear();
    this.#waiting.clear();
  }

  #run(key: string, command: Command, left: number, now: number): void {
    const { id, value, issuer } = command;
    const timer = this.#clock.after(left / this.#clock.mapping().rate, () => {
      this.#points.delete(key);
      this.#onEnd(command);
    });
    this.#points.set(key, { override: { id, value, issuer, until: now + left }, timer });
  }
}

function keyOf({ device, point }: Command): string {
  return `${device}/${point}`;
}
