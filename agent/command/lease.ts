/**
 * Leases: a command with a lease holds until it runs out, then the local program takes over. A newer command on the
 * same point ends the lease of the one before.
 */
import { createHash } from 'node:crypto';
import { type Clock, wallAt } from '../core/clock.ts';
import type { Command, Submit } from '../core/command.ts';
import type { Value } from '../core/reading.ts';

/** Time to bring the fallback to the device, ms of wall time. */
const FALLBACK_LIFE = 3_600_000;

export class Leases implements Disposable {
  readonly #clock: Clock;
  readonly #submit: Submit;
  readonly #running = new Map<string, Disposable>();

  constructor(clock: Clock, submit: Submit) {
    this.#clock = clock;
    this.#submit = submit;
  }

  /** Starts the lease of a command just done, and ends the one before on its point. */
  take(command: Command, fallback: Value | undefined): void {
    const key = `${command.device}/${command.point}`;
    this.#running.get(key)?.[Symbol.dispose]();
    this.#running.delete(key);
    if (command.lease === undefined || fallback === undefined) return;
    this.#run(key, command, command.lease / this.#clock.mapping().rate, fallback);
  }

  /** Takes up the lease of a command done at `doneAt` (Unix epoch ms) before a restart, newest command of a point first. */
  resume(command: Command, doneAt: number, now: number, fallback: Value | undefined): void {
    const key = `${command.device}/${command.point}`;
    if (this.#running.has(key)) return;
    if (command.lease === undefined || fallback === undefined) {
      // The newest command of this point has no lease: nothing older may take it back.
      this.#running.set(key, { [Symbol.dispose]() {} });
      return;
    }
    const left = Math.max(0, doneAt + command.lease - now);
    this.#run(key, command, left / this.#clock.mapping().rate, fallback);
  }

  [Symbol.dispose](): void {
    for (const timer of this.#running.values()) timer[Symbol.dispose]();
    this.#running.clear();
  }

  #run(key: string, command: Command, wait: number, fallback: Value): void {
    const timer = this.#clock.after(wait, () => {
      this.#running.delete(key);
      const now = this.#wall();
      void this.#submit({
        // Made from the command's id: after a restart the same lease ends under the same id, so only once.
        id: `lease-end-${createHash('sha256').update(command.id).digest('hex').slice(0, 32)}`,
        device: command.device,
        point: command.point,
        value: fallback,
        issuer: 'control:lease',
        issued: now,
        expires: now + FALLBACK_LIFE,
      });
    });
    this.#running.set(key, timer);
  }

  #wall(): number {
    return wallAt(this.#clock.mapping(), this.#clock.mono()).time;
  }
}
