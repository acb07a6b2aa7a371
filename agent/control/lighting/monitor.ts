/** Watches one lamp through its meter: findings become alarm points and events, energy becomes amounts per interval. */

import type { Publisher, Subscription } from '../../core/hub.ts';
import type { LampPower } from '../../core/lighting/lighting.ts';
import { good, type Reading } from '../../core/reading.ts';
import type { LampConfig } from '../../core/site.ts';
import { type Clock, wallAt } from '../../core/time/clock.ts';
import { convert, type Unit } from '../../core/unit.ts';
import { LampAccount } from './account.ts';
import { ACCOUNT, findingPoint, REPEAT } from './description.ts';
import type { Decision } from './evaluate.ts';
import { FINDINGS, LampVerification } from './verification.ts';

export interface LampMonitorOptions {
  readonly lamp: LampConfig;
  readonly power: LampPower;
  readonly clock: Clock;
  readonly hub: Publisher & Subscription;
  readonly decision: () => Decision | undefined;
}

export class LampMonitor implements Disposable {
  readonly #options: LampMonitorOptions;
  readonly #verification: LampVerification;
  readonly #account = new LampAccount();
  readonly #listener: Disposable;
  #accounted: number;
  /** When all findings were told last, mono ms. */
  #told = Number.NEGATIVE_INFINITY;

  constructor(options: LampMonitorOptions) {
    this.#options = options;
    this.#verification = new LampVerification(options.power);
    this.#accounted = this.#wall(options.clock.mono());
    this.#listener = options.hub.onReadings((readings) => {
      const { device, point } = options.power;
      for (const reading of readings) {
        if (reading.device === device && reading.point === point) this.#take(reading);
      }
    });
    this.#tellAll(options.clock.mono());
  }

  [Symbol.dispose](): void {
    this.#listener[Symbol.dispose]();
  }

  #take(reading: Reading): void {
    const { hub, lamp, power, decision } = this.#options;
    if (typeof reading.value !== 'number' || reading.quality !== 'good') return;
    const level = hub.latest(lamp.device, lamp.point)?.value;
    if (typeof level !== 'number') return;
    const watts = convert(reading.value, reading.unit, 'W');
    const volts = power.voltage === undefined ? undefined : hub.latest(power.device, power.voltage)?.value;
    const { time } = reading;
    const { raised, cleared } = this.#verification.take({
      watts,
      volts: typeof volts === 'number' ? volts : undefined,
      level,
      time,
    });
    for (const finding of raised) this.#tell(finding, true, watts, level, time);
    for (const finding of cleared) this.#tell(finding, false, watts, level, time);
    if (time - this.#told >= REPEAT) this.#tellAll(time);
    const full = decision()?.lit === true ? this.#verification.expected(100) : 0;
    const wall = this.#wall(time);
    this.#account.take(wall, watts, full);
    if (wall - this.#accounted >= ACCOUNT) {
      this.#accounted = wall;
      const { used, saved } = this.#account.close();
      hub.readings([
        good(this.#at('energy', 'kW.h'), used, time),
        good(this.#at('saved', 'kW.h'), saved, time),
      ]);
    }
  }

  #tellAll(time: number): void {
    this.#told = time;
    const { findings } = this.#verification;
    this.#options.hub.readings(
      FINDINGS.map((one) => good(this.#at(findingPoint(one), '1'), findings.has(one), time)),
    );
  }

  #tell(
    finding: (typeof FINDINGS)[number],
    found: boolean,
    watts: number,
    level: number,
    time: number,
  ): void {
    const { hub, lamp } = this.#options;
    hub.readings([good(this.#at(findingPoint(finding), '1'), found, time)]);
    hub.event({
      event: 'light',
      severity: found ? 'alarm' : 'info',
      device: lamp.id,
      time,
      body: { finding, found, watts, level, expected: Math.round(this.#verification.expected(level)) },
    });
  }

  #at(point: string, unit: Unit) {
    return { device: this.#options.lamp.id, point, unit };
  }

  #wall(mono: number): number {
    return wallAt(this.#options.clock.mapping(), mono).time;
  }
}
