/**
 * What is told of alarms, and how often. What is urgent, or done by people, leaves at once, each in an event of its own;
 * what follows from something else, and in a flood whatever is below `high`, leaves together: the newest status of each
 * alarm, so that what waits here is bounded by the number of alarms, not by what comes in.
 */
import { ALARM_DEVICE, type AlarmChange, type AlarmStatus, atLeast, stands } from '../../core/alarm/alarm.ts';
import type { Recorder } from '../../core/hub.ts';
import type { Text } from '../../core/point.ts';
import { good, type Reading } from '../../core/reading.ts';
import type { AgentEvent, Json } from '../../core/record.ts';
import type { Clock } from '../../core/time/clock.ts';

/** What follows from something else waits this long for more of its kind, ms. */
export const TOGETHER = 1000;
/** Statuses in one event: about 20 KB of text. */
const MOST_TOGETHER = 40;

/** Changes of alarms that follow from those of others. */
const CONSEQUENCES: ReadonlySet<AlarmChange> = new Set<AlarmChange>(['suppressed', 'released']);

export interface OutboxOptions {
  readonly clock: Clock;
  readonly hub: Recorder;
  /** Pause between two events of what is told together in a flood, ms. */
  readonly every: number;
  readonly flood: () => boolean;
  /** Points of the device of the alarms beside their states: counts. */
  readonly counts: () => readonly Reading[];
}

export interface Told {
  readonly status: AlarmStatus;
  readonly title: Text;
}

export class Outbox implements Disposable {
  readonly #options: OutboxOptions;
  /** By alarm. */
  readonly #waiting = new Map<string, Told>();
  #timer: Disposable | undefined;
  told = 0;
  held = 0;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Changes that nobody asked for. */
  tell(change: AlarmChange, told: Told): void {
    const { flood, hub } = this.#options;
    const urgent = atLeast(told.status.priority, 'high') || !flood();
    if (urgent && !CONSEQUENCES.has(change)) {
      this.#publish([told.status]);
      this.#waiting.delete(told.status.alarm);
      this.told += 1;
      hub.event(this.#event(change, told));
    } else {
      this.held += 1;
      this.#waiting.set(told.status.alarm, told);
    }
    this.#wait();
  }

  /** What somebody did: resolves when it is durable. */
  async record(change: AlarmChange, told: Told): Promise<void> {
    this.#publish([told.status]);
    this.#waiting.delete(told.status.alarm);
    this.told += 1;
    this.#wait();
    await this.#options.hub.record([this.#event(change, told)]);
  }

  /** States of all, as points. */
  repeat(statuses: readonly AlarmStatus[]): void {
    this.#publish(statuses);
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    this.#flush();
  }

  #wait(): void {
    const { clock, flood, every } = this.#options;
    this.#timer ??= clock.after(flood() ? every : TOGETHER, () => {
      this.#timer = undefined;
      this.#flush();
    });
  }

  #flush(): void {
    const { hub, clock, counts } = this.#options;
    const all = [...this.#waiting.values()];
    this.#waiting.clear();
    this.#publish(all.map(({ status }) => status));
    hub.readings(counts());
    for (let i = 0; i < all.length; i += MOST_TOGETHER) {
      const some = all.slice(i, i + MOST_TOGETHER);
      this.told += 1;
      hub.event({
        event: 'alarm',
        severity: 'warning',
        time: clock.mono(),
        body: { what: 'together', count: some.length, marks: some.map(bodyOf) },
      });
    }
  }

  #publish(statuses: readonly AlarmStatus[]): void {
    const time = this.#options.clock.mono();
    this.#options.hub.readings(
      statuses.map(({ alarm, state }) =>
        good({ device: ALARM_DEVICE, point: alarm, unit: '1' }, state, time),
      ),
    );
  }

  #event(change: AlarmChange, told: Told): AgentEvent {
    const { status } = told;
    return {
      event: 'alarm',
      severity: severityOf(status),
      device: status.device,
      time: this.#options.clock.mono(),
      body: { what: change, ...bodyOf(told) },
    };
  }
}

function bodyOf({ status, title }: Told): { readonly [key: string]: Json } {
  return { ...(status as unknown as { readonly [key: string]: Json }), title: title as { en: string } };
}

/** Standing and seen by nobody is an alarm, unless it is a mere remark; all else informs. */
function severityOf({ state, priority }: AlarmStatus): AgentEvent['severity'] {
  if (!stands(state)) return 'info';
  return state === 'unacknowledged' && priority !== 'low' ? 'alarm' : 'warning';
}
