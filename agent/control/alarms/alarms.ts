/**
 * The alarms of an agent: the engine, its help buttons, and the way commands come in. Made before anything is read from
 * devices, so that a press in the first second is seen; what was known before the start is taken up when the log is open.
 */
import {
  ALARM_DEVICE,
  type AlarmActs,
  type AlarmsConfig,
  type AlarmTold,
  type SosTest,
} from '../../core/alarm/alarm.ts';
import { ALARM_COMMANDS } from '../../core/alarm/points.ts';
import type { Submit } from '../../core/command.ts';
import type { WriteOutcome } from '../../core/driver.ts';
import { asAgentError } from '../../core/errors.ts';
import type { Recorder, Subscription } from '../../core/hub.ts';
import type { Log } from '../../core/log.ts';
import type { Mark } from '../../core/mark.ts';
import { good, type Value } from '../../core/reading.ts';
import type { Clock } from '../../core/time/clock.ts';
import type { LocalDays } from '../../core/time/local-days.ts';
import { readCommand } from './command-text.ts';
import { AlarmEngine } from './engine.ts';
import { Sos } from './sos.ts';

/** Longest wait for what was known before the start, ms; an ill disk must not keep a fire from being told. */
export const PATIENCE = 3000;
/** Pause before what was known is asked for again, ms. */
const AGAIN = 10_000;

export interface AlarmsOptions {
  readonly config: AlarmsConfig;
  readonly clock: Clock;
  readonly hub: Recorder & Subscription;
  readonly log: Log;
  readonly days: LocalDays;
}

/** The part of the store that is asked. */
export interface AlarmMemory {
  marks(): Promise<readonly Mark[]>;
}

export class Alarms implements Disposable {
  readonly #options: AlarmsOptions;
  readonly #engine: AlarmEngine;
  readonly #stack = new DisposableStack();
  #config: AlarmsConfig;
  #sos = new Map<string, Sos>();
  #tests: readonly SosTest[] = [];
  #steer: Submit | undefined;
  #begun = false;
  #retry: Disposable | undefined;

  constructor(options: AlarmsOptions) {
    this.#options = options;
    this.#config = options.config;
    this.#engine = this.#stack.use(
      new AlarmEngine({ ...options, onChange: ({ alarm }) => this.#sos.get(alarm)?.changed() }),
    );
  }

  [Symbol.dispose](): void {
    this.#retry?.[Symbol.dispose]();
    for (const sos of this.#sos.values()) sos[Symbol.dispose]();
    this.#stack.dispose();
  }

  /** Takes up what was known; begins to judge at the latest after `PATIENCE`. Never rejects. */
  async remember(memory: AlarmMemory): Promise<void> {
    const { clock } = this.#options;
    const known = this.#recall(memory);
    const waited = Promise.withResolvers<undefined>();
    const timer = clock.after(PATIENCE, () => waited.resolve(undefined));
    const marks = await Promise.race([known, waited.promise]);
    timer[Symbol.dispose]();
    this.#restore(marks ?? []);
    if (marks === undefined) void this.#later(known, memory);
  }

  /** The way to outputs is open: help buttons answer from here on, also to a call that stands since before. */
  connect(steer: Submit): void {
    this.#steer = steer;
    this.#answer();
  }

  /** Another part of the site file; states stay. */
  reconfigure(config: AlarmsConfig): void {
    this.#config = config;
    this.#engine.reconfigure(config);
    this.#answer();
  }

  #answer(): void {
    const { clock, hub, log, days } = this.#options;
    const steer = this.#steer;
    // A call that stands since before must not have its beacon switched off until that is known.
    if (steer === undefined || !this.#begun) return;
    for (const sos of this.#sos.values()) sos[Symbol.dispose]();
    this.#sos = new Map(
      this.#config.sos.map((sos) => {
        const lastTest = this.#tests.findLast((test) => test.sos === sos.id);
        const status = () => this.#engine.status(sos.id);
        return [sos.id, new Sos({ sos, clock, hub, log, days, steer, status, lastTest })];
      }),
    );
  }

  async #recall(memory: AlarmMemory): Promise<readonly Mark[] | undefined> {
    try {
      return await memory.marks();
    } catch (thrown) {
      this.#options.log.error('alarms.blind', { error: asAgentError(thrown).message });
      return undefined;
    }
  }

  #restore(marks: readonly Mark[]): void {
    this.#tests = marks.filter((mark) => mark.mark === 'sos-test');
    this.#engine.restore(marks.filter((mark) => mark.mark === 'alarm'));
    this.#begun = true;
    this.#answer();
  }

  /** What comes late is taken up for alarms that nothing has happened to since. */
  async #later(known: Promise<readonly Mark[] | undefined>, memory: AlarmMemory): Promise<void> {
    const marks = await known;
    if (marks !== undefined) this.#restore(marks);
    else this.#retry = this.#options.clock.after(AGAIN, () => void this.#later(this.#recall(memory), memory));
  }

  /** A command for a point of the device `alarms`, as the router carries it. */
  async write(point: string, value: Value, issuer: string): Promise<WriteOutcome> {
    const { clock } = this.#options;
    const command = ALARM_COMMANDS.find((one) => one === point);
    if (command === undefined || typeof value !== 'string') return refused(`${point} takes no commands`);
    if (command === 'test') {
      const test = await this.test(value.trim(), issuer);
      if (test === undefined) return refused(`there is no help button ${value.trim().slice(0, 64)}`);
      if (!test.ok) return refused(test.failed.join('; '));
    } else {
      const read = readCommand(command, value, issuer);
      if (!read.ok) return refused(read.reason);
      const answer = await this.#engine.act(read.request);
      if (!answer.ok) return refused(answer.reason);
    }
    return { kind: 'done', readback: good({ device: ALARM_DEVICE, point, unit: '1' }, value, clock.mono()) };
  }

  /** Undefined where there is no such button, or nothing answers yet. */
  async test(sos: string, by: string): Promise<SosTest | undefined> {
    return this.#sos.get(sos)?.test(by);
  }

  /** `recent` is the log's affair. */
  acts(recent: (limit: number) => Promise<readonly AlarmTold[]>): AlarmActs {
    const engine = this.#engine;
    return {
      rows: () => engine.rows(),
      counts: () => engine.counts(),
      act: (request) => engine.act(request),
      test: (sos, by) => this.test(sos, by),
      recent,
    };
  }
}

function refused(reason: string): WriteOutcome {
  return { kind: 'rejected', reason };
}
