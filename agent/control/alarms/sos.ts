/**
 * A help button: what is switched by its alarm, and its self-test. The alarm itself (latching, reminders, a person who
 * acknowledges) is one of the engine like any other; here is what people at the pole see and hear of it.
 */
import type { AlarmStatus, SosConfig, SosOutput, SosTest } from '../../core/alarm/alarm.ts';
import { ALARM_DEVICE, stands } from '../../core/alarm/alarm.ts';
import { sosPoints } from '../../core/alarm/points.ts';
import type { Submit } from '../../core/command.ts';
import type { Publisher, Subscription } from '../../core/hub.ts';
import type { Log } from '../../core/log.ts';
import { good, type Mono, type Value } from '../../core/reading.ts';
import type { Json } from '../../core/record.ts';
import { type Clock, trusted, wallAt } from '../../core/time/clock.ts';
import type { LocalDays } from '../../core/time/local-days.ts';
import { Output } from './outputs.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;
/** A test that could not be made at its time is made up for within this, ms. */
const LATE = 12 * 3_600_000;

export interface SosOptions {
  readonly sos: SosConfig;
  readonly clock: Clock;
  readonly hub: Publisher & Subscription;
  readonly log: Log;
  readonly days: LocalDays;
  readonly steer: Submit;
  readonly status: () => AlarmStatus | undefined;
  /** The last self-test that is known from before the start. */
  readonly lastTest: SosTest | undefined;
}

interface Switched {
  readonly config: SosOutput;
  readonly output: Output;
}

export class Sos implements Disposable {
  readonly #options: SosOptions;
  readonly #outputs: readonly Switched[];
  readonly #stack = new DisposableStack();
  /** Unix epoch ms and mono ms of the last test. */
  #tested: { readonly wall: number; readonly mono: Mono };
  #testing = false;
  #calling: boolean | undefined;

  constructor(options: SosOptions) {
    const { sos, hub, clock, lastTest } = options;
    this.#options = options;
    this.#outputs = sos.outputs.map((config) => ({
      config,
      output: this.#stack.use(new Output({ ...options, output: config })),
    }));
    this.#stack.use(
      hub.onReadings((readings) => {
        for (const reading of readings) for (const { output } of this.#outputs) output.take(reading);
      }),
    );
    const mono = clock.mono();
    this.#tested = { wall: lastTest?.at ?? Number.NEGATIVE_INFINITY, mono };
    if (lastTest !== undefined) this.#tell(sosPoints(sos.id).tested, lastTest.ok);
    this.#everyMinute();
    this.changed();
  }

  [Symbol.dispose](): void {
    this.#stack.dispose();
  }

  /** The alarm has changed: outputs follow. */
  changed(): void {
    const { sos, hub } = this.#options;
    const calling = this.#state() !== 'off';
    const pressed = hub.latest(sos.device, sos.point);
    const shown = this.#outputs.map(({ config, output }) => output.show(this.#wanted(config)));
    if (calling !== this.#calling) this.#tell(sosPoints(sos.id).calling, calling);
    const begins = calling && this.#calling === false && pressed?.value === sos.pressed;
    this.#calling = calling;
    if (begins) void this.#measure(pressed.time, shown);
  }

  /** Switches outputs on and off and looks at the contact; the result is an event and a point. Never rejects. */
  async test(by: string): Promise<SosTest> {
    const { sos, clock, hub } = this.#options;
    const failed: string[] = [];
    if (this.#testing) failed.push('a test is under way');
    else if (this.#state() !== 'off') failed.push('a call stands');
    else {
      this.#testing = true;
      const button = hub.latest(sos.device, sos.point);
      if (button === undefined || button.quality === 'bad') {
        failed.push(`${sos.point}: ${button?.reason ?? 'no reading'}`);
      }
      const tested = this.#outputs.filter(({ config }) => config.tested);
      await this.#switch(tested, true, failed);
      if (tested.length > 0) await clock.sleep((sos.test?.duration ?? 2000) / clock.mapping().rate);
      this.#testing = false;
      // A call that came meanwhile keeps what it switched on.
      if (this.#state() === 'off') await this.#switch(tested, false, failed);
      else this.changed();
    }
    return this.#record(by, failed);
  }

  async #switch(outputs: readonly Switched[], on: boolean, failed: string[]): Promise<void> {
    await Promise.all(
      outputs.map(async ({ config, output }) => {
        const result = await output.show(on ? config.on : config.off);
        if (result === undefined || result.state === 'done') return;
        failed.push(`${config.device} ${config.point}: ${result.reason ?? result.state}`);
      }),
    );
  }

  #record(by: string, failed: readonly string[]): SosTest {
    const { sos, clock, hub, log } = this.#options;
    const mono = clock.mono();
    const { time: wall } = this.#now();
    const ok = failed.length === 0;
    const test: SosTest = {
      mark: 'sos-test',
      id: `sos-test:${sos.id}`,
      sos: sos.id,
      device: sos.device,
      at: Math.round(wall),
      ok,
      failed,
      by,
    };
    this.#tested = { wall, mono };
    this.#tell(sosPoints(sos.id).tested, ok);
    hub.event({
      event: 'alarm',
      severity: ok ? 'info' : 'warning',
      device: sos.device,
      time: mono,
      body: { what: 'sos-test', ...(test as unknown as { readonly [key: string]: Json }) },
    });
    log[ok ? 'info' : 'warn']('sos.tested', {
      sos: sos.id,
      ok,
      ...(ok ? {} : { failed: failed.join('; ') }),
    });
    return test;
  }

  /** From the reading of the press to the read-back of the first output. */
  async #measure(pressed: Mono, shown: readonly Promise<unknown>[]): Promise<void> {
    if (shown.length === 0) return;
    const first = await Promise.race(shown);
    if (first === undefined || Object(first).state !== 'done') return;
    const { sos, clock, hub } = this.#options;
    const now = clock.mono();
    const at = { device: ALARM_DEVICE, point: sosPoints(sos.id).latency, unit: 'ms' } as const;
    hub.readings([good(at, now - pressed, now)]);
  }

  #wanted(config: SosOutput): Value {
    const state = this.#state();
    if (this.#testing && config.tested && state === 'off') return config.on;
    if (state === 'on') return config.on;
    return state === 'seen' ? (config.acknowledged ?? config.on) : config.off;
  }

  /** `on` while nobody has seen the call, `seen` until it is cancelled. */
  #state(): 'off' | 'on' | 'seen' {
    const state = this.#options.status()?.state ?? 'normal';
    if (!stands(state)) return 'off';
    return state === 'unacknowledged' ? 'on' : 'seen';
  }

  #everyMinute(): void {
    const { clock } = this.#options;
    let timer: Disposable;
    const again = () => {
      timer = clock.after(MINUTE / clock.mapping().rate, again);
      if (this.#isDue()) void this.test('control:sos');
    };
    timer = clock.after(MINUTE / clock.mapping().rate, again);
    this.#stack.defer(() => timer[Symbol.dispose]());
  }

  #isDue(): boolean {
    const { sos, days, clock } = this.#options;
    if (sos.test === undefined || this.#testing) return false;
    const { time, rank } = this.#now();
    // Without the time of day a day is what the monotonic clock says.
    if (!trusted(rank)) return (clock.mono() - this.#tested.mono) * clock.mapping().rate >= DAY;
    const due = days.at(days.start(time), sos.test.minutes);
    return time >= due && time - due < LATE && this.#tested.wall < due;
  }

  #tell(point: string, value: boolean): void {
    const { hub, clock } = this.#options;
    hub.readings([good({ device: ALARM_DEVICE, point, unit: '1' }, value, clock.mono())]);
  }

  #now() {
    const { clock } = this.#options;
    return wallAt(clock.mapping(), clock.mono());
  }
}
