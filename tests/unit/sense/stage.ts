/** Sense between what a test says and a real hub, over a log in memory that remembers as the store does. */
import { rulesOf, senseBlock } from '../../../agent/config/device/sense.ts';
import { silent } from '../../../agent/core/log.ts';
import { type CounterBreak, type Mark, markOf } from '../../../agent/core/mark.ts';
import { good, type Reading } from '../../../agent/core/reading.ts';
import type { AgentEvent } from '../../../agent/core/record.ts';
import type { DeviceConfig } from '../../../agent/core/site.ts';
import { LocalDays } from '../../../agent/core/time/local-days.ts';
import type { PartHealth } from '../../../agent/core/view.ts';
import { Hub } from '../../../agent/hub/hub.ts';
import { sensePlan } from '../../../agent/sense/plan.ts';
import { Sense } from '../../../agent/sense/sense.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { device as deviceOf, profile } from '../drivers/load.ts';

/** A meter of a shipped profile. */
export function meter(id = 'meter', stem = 'eastron-sdm120', every = 10_000): DeviceConfig {
  const known = profile(stem);
  // The loader of these tests leaves the block as it is written.
  const rules = known.sense === undefined ? {} : { sense: rulesOf(senseBlock.parse(known.sense)) };
  return { ...deviceOf(known, { address: 1 }), id, every, ...rules };
}

/** What a log would hold: everything that came to it, over any number of starts. */
export class Memory {
  readonly readings: Reading[] = [];
  readonly events: AgentEvent[] = [];
  /** Busiest hours that the log would know. */
  peaks: { device: string; point: string; most: number; hours: number }[] = [];

  marksNow(): Mark[] {
    const byId = new Map<string, Mark>();
    for (const event of this.events) {
      const mark = markOf(event);
      if (mark === undefined) continue;
      byId.delete(mark.id);
      byId.set(mark.id, mark);
    }
    return [...byId.values()];
  }

  breaks(point = 'energy-import'): CounterBreak[] {
    return this.marksNow().filter((one) => one.mark === 'break' && one.point === point) as CounterBreak[];
  }

  /** Consumption of a point, step by step with what breaks add; all of one boot. */
  steps(point = 'energy-import', device = 'meter'): number[] {
    const mine = this.readings.filter(
      (one) => one.point === point && one.device === device && typeof one.value === 'number',
    );
    return mine.slice(1).map((reading, i) => {
      const before = mine[i];
      const between = this.breaks(point).filter(
        ({ device: of, mono }) => of === device && mono > (before?.time ?? 0) && mono <= reading.time,
      );
      const offset = between.reduce((sum, { closing, opening }) => sum + closing - opening, 0);
      return Number(reading.value) - Number(before?.value) + offset;
    });
  }

  consumption(point?: string, device?: string): number {
    return this.steps(point, device).reduce((sum, one) => sum + one, 0);
  }
}

export interface Stage extends AsyncDisposable {
  readonly clock: VirtualClock;
  readonly sense: Sense;
  readonly hub: Hub;
  readonly memory: Memory;
  readonly health: Map<string, PartHealth>;
  /** Points whose raw value is a point of its own. */
  readonly derived: string[];
  /** Takes up what the memory holds, where `remember` was false. */
  remember(): Promise<void>;
  /** One reading of a point, `after` ms later; gives it as it left. */
  say(point: string, value: number | string, after?: number, device?: string): Promise<Reading | undefined>;
}

export async function stage(
  devices: readonly DeviceConfig[],
  {
    clock = new VirtualClock(),
    memory = new Memory(),
    remember = true,
    settlementDay,
  }: { clock?: VirtualClock; memory?: Memory; remember?: boolean; settlementDay?: number } = {},
): Promise<Stage> {
  const hub = new Hub({
    clock,
    log: silent,
    window: 5000,
    lane: () => 'telemetry',
    append: async (readings, events) => {
      memory.readings.push(...readings);
      memory.events.push(...events);
    },
  });
  const health = new Map<string, PartHealth>();
  const derived: string[] = [];
  const sense = new Sense({
    plan: sensePlan(devices),
    clock,
    log: silent,
    hub,
    onHealth: (part) => void health.set(part.part, part),
    days: new LocalDays('Asia/Shanghai'),
    ...(settlementDay === undefined ? {} : { settlementDay }),
    onDerived: (device, point) => void derived.push(`${device}/${point}`),
  });
  const { mono, wall } = clock.mapping();
  const take = () =>
    sense.remember({
      marks: async () => memory.marksNow(),
      peaks: async () => memory.peaks,
      latest: async (points) =>
        points.flatMap(({ device, point }) => {
          const last = memory.readings.findLast((one) => one.device === device && one.point === point);
          return typeof last?.value !== 'number'
            ? []
            : [{ device, point, value: last.value, time: wall + last.time - mono }];
        }),
    });
  if (remember) await take();
  // What comes behind it comes in its own time.
  await clock.advance(0);
  const units = new Map(
    devices.flatMap(({ id, profile: { points } }) =>
      points.map((one) => [`${id}/${one.id}`, one.unit] as const),
    ),
  );
  return {
    clock,
    sense,
    hub,
    memory,
    health,
    derived,
    remember: take,
    async say(point, value, after = 10_000, device = 'meter') {
      await clock.advance(after);
      const unit = units.get(`${device}/${point}`);
      if (unit === undefined) throw new Error(`no point ${device}/${point}`);
      sense.readings([good({ device, point, unit }, value, clock.mono())]);
      return hub.latest(device, point);
    },
    async [Symbol.asyncDispose]() {
      sense[Symbol.dispose]();
      await hub[Symbol.asyncDispose]();
    },
  };
}
