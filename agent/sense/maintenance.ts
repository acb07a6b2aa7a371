/**
 * Maintenance windows: while somebody works on a device its readings are marked. A window ends by itself, also where the
 * agent was stopped meanwhile, and that it began and ended is in the log.
 */
import { randomUUID } from 'node:crypto';
import { AgentError } from '../core/errors.ts';
import type { Mark, Maintenance as Window } from '../core/mark.ts';
import type { MaintenanceOrder } from '../core/sense.ts';

export interface MaintenanceParts {
  readonly devices: readonly string[];
  /** Unix epoch ms. */
  now(): number;
  tell(mark: Mark): void;
}

/** Longest window, ms: what is out of service for longer is taken out of the site file. */
const LONGEST = 30 * 86_400_000;

export class Maintenance {
  readonly #parts: MaintenanceParts;
  readonly #windows = new Map<string, Window>();
  /** The window in force of each device. */
  readonly #open = new Map<string, Window>();

  constructor(parts: MaintenanceParts) {
    this.#parts = parts;
  }

  restore(marks: readonly Mark[]): void {
    for (const mark of marks) if (mark.mark === 'maintenance') this.#take(mark);
  }

  #take(window: Window): void {
    this.#windows.set(window.id, window);
    if (window.ended === undefined) this.#open.set(window.device, window);
    else if (this.#open.get(window.device)?.id === window.id) this.#open.delete(window.device);
  }

  #tell(window: Window): void {
    this.#take(window);
    this.#parts.tell(window);
  }

  marks(): readonly Window[] {
    return [...this.#windows.values()];
  }

  /** The window that a device is in at `at`. */
  at(device: string, at: number): Window | undefined {
    const window = this.#open.get(device);
    return window !== undefined && at >= window.since && at < window.until ? window : undefined;
  }

  /** Windows in force. */
  open(): readonly Window[] {
    return [...this.#open.values()];
  }

  /** Ends what is over; gives the time at which the next window ends. */
  run(): number | undefined {
    const now = this.#parts.now();
    for (const window of this.open())
      if (now >= window.until) this.#tell({ ...window, ended: window.until, endedBy: 'itself' });
    const ends = this.open().map(({ until }) => until);
    return ends.length === 0 ? undefined : Math.min(...ends);
  }

  /** Begins a window, or changes the one that is open. */
  begin({ device, by, why, lasts = 0, ...order }: MaintenanceOrder): Window {
    this.#need(device);
    const now = Math.round(this.#parts.now());
    const until = order.until ?? now + lasts;
    if (!(until > now))
      throw new AgentError('config-invalid', 'maintenance refused: its end is past already', {
        fix: 'give a later end',
      });
    if (until - now > LONGEST)
      throw new AgentError('config-invalid', 'maintenance refused: more than 30 days', {
        fix: 'give an earlier end; take the device out of the site file where it stays away for longer',
      });
    const before = this.#open.get(device);
    if (before !== undefined) this.#tell({ ...before, ended: now, endedBy: by });
    const window: Window = {
      mark: 'maintenance',
      id: randomUUID(),
      device,
      by,
      why,
      since: now,
      until: Math.round(until),
    };
    this.#tell(window);
    return window;
  }

  end(device: string, by: string): Window {
    this.#need(device);
    const window = this.#open.get(device);
    if (window === undefined) throw new AgentError('not-found', `${device} is not in maintenance`);
    const ended: Window = { ...window, ended: Math.round(this.#parts.now()), endedBy: by };
    this.#tell(ended);
    return ended;
  }

  #need(device: string): void {
    const { devices } = this.#parts;
    if (devices.includes(device)) return;
    throw new AgentError('not-found', `there is no device ${device}`, {
      fix: `devices are ${devices.join(', ')}`,
    });
  }
}
