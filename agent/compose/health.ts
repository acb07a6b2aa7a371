/** The board of what works and what does not: one line per part, told to listeners and logged when it changes. */

import type { Publisher } from '../core/hub.ts';
import type { Log } from '../core/log.ts';
import type { AgentEvent, EventKind } from '../core/record.ts';
import type { Clock } from '../core/time/clock.ts';
import type { HealthState, PartHealth } from '../core/view.ts';

const KINDS: Readonly<Record<string, EventKind>> = {
  line: 'line',
  device: 'device',
  camera: 'camera',
  uplink: 'uplink',
  store: 'store',
  meter: 'meter',
  maintenance: 'maintenance',
  sign: 'sign',
  config: 'config',
};
const SEVERITY: Readonly<Record<HealthState, AgentEvent['severity']>> = {
  ok: 'info',
  off: 'info',
  starting: 'info',
  degraded: 'warning',
  down: 'warning',
};

export class HealthBoard {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #publisher: Publisher;
  readonly #parts = new Map<string, PartHealth>();
  readonly #sources = new Set<() => readonly PartHealth[]>();
  readonly #listeners = new Set<(part: PartHealth) => void>();

  constructor(clock: Clock, log: Log, publisher: Publisher) {
    this.#clock = clock;
    this.#log = log;
    this.#publisher = publisher;
  }

  /** A part that is asked for its present facts whenever somebody looks. */
  source(read: () => readonly PartHealth[]): Disposable {
    this.#sources.add(read);
    return { [Symbol.dispose]: () => void this.#sources.delete(read) };
  }

  /** Parts that are no more in the site file. */
  forget(gone: (part: string) => boolean): void {
    for (const part of [...this.#parts.keys()]) if (gone(part)) this.#parts.delete(part);
  }

  /** Takes the news of a part: tells it, logs it and records it as an event where its state has changed. */
  readonly set = (part: PartHealth): void => {
    const before = this.#parts.get(part.part);
    this.#parts.set(part.part, part);
    for (const listener of this.#listeners) listener(part);
    if (before?.state === part.state && before.message === part.message) return;
    this.#record(part, before);
  };

  all(): readonly PartHealth[] {
    for (const read of this.#sources) for (const part of read()) this.#parts.set(part.part, part);
    return [...this.#parts.values()];
  }

  onHealth(listener: (part: PartHealth) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  #record(part: PartHealth, before: PartHealth | undefined): void {
    const { message, fix, state } = part;
    // The first news of a part that is well says nothing new.
    if (before === undefined && (state === 'ok' || state === 'starting')) return;
    const level = state === 'ok' || state === 'starting' ? 'info' : 'warn';
    const text = { ...(message === undefined ? {} : { message }), ...(fix === undefined ? {} : { fix }) };
    this.#log[level]('part.changed', { part: part.part, state, ...text });
    const [kind = '', id = ''] = part.part.split(':');
    this.#publisher.event({
      event: KINDS[kind] ?? 'agent',
      severity: SEVERITY[state],
      ...(kind === 'device' || kind === 'camera' || kind === 'meter' || kind === 'maintenance'
        ? { device: id }
        : {}),
      time: this.#clock.mono(),
      body: { part: part.part, state, ...text },
    });
  }
}
