/**
 * Leases: a command with a lease holds until it runs out, then the local program has the point again. A newer command on
 * the same point ends the lease of the one before.
 */
import type { Clock } from '../core/clock.ts';
import type { Command, Override } from '../core/command.ts';

interface Running {
  readonly override: Override;
  readonly timer: Disposable;
}

export class Leases implements Disposable {
  readonly #clock: Clock;
  readonly #onEnd: (command: Command) => void;
  /** By `device/point`; undefined: the newest command of the point has no lease. */
  readonly #points = new Map<string, Running | undefined>();

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
    if (lease !== undefined) this.#run(key, command, lease, now);
  }

  /** Takes up the lease of a command done at `doneAt` (Unix epoch ms) before a restart, newest command of a point first. */
  resume(command: Command, doneAt: number, now: number, lease: number | undefined): void {
    const key = keyOf(command);
    if (this.#points.has(key)) return;
    // The newest command of this point may have no lease: then nothing older takes it back.
    if (lease === undefined) this.#points.set(key, undefined);
    else this.#run(key, command, Math.min(lease, Math.max(0, doneAt + lease - now)), now);
  }

  /** What holds for a point now. */
  active(device: string, point: string): Override | undefined {
    return this.#points.get(`${device}/${point}`)?.override;
  }

  [Symbol.dispose](): void {
    for (const running of this.#points.values()) running?.timer[Symbol.dispose]();
    this.#points.clear();
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
