/** The diagnosis out of the log gives what days judged one by one give; and it is told once, also over a restart. */
import { beforeAll, describe, expect, it } from 'vitest';
import { BillCalendar } from '../../../agent/control/energy/calendar.ts';
import { Diagnosis } from '../../../agent/control/energy/diagnosis/diagnosis.ts';
import {
  type Diagnosed,
  diagnoseLog,
  type ReplayParts,
} from '../../../agent/control/energy/diagnosis/replay.ts';
import { sensesOf } from '../../../agent/control/energy/diagnosis/senses.ts';
import { DiagnosisWatch } from '../../../agent/control/energy/diagnosis/watch.ts';
import { CHECKS, type Finding } from '../../../agent/core/energy/diagnosis.ts';
import { wordsOf } from '../../../agent/core/energy/finding-words.ts';
import { silent } from '../../../agent/core/log.ts';
import type { Point } from '../../../agent/core/point.ts';
import type { Reading } from '../../../agent/core/reading.ts';
import type { AgentEvent } from '../../../agent/core/record.ts';
import { wallAt } from '../../../agent/core/time/clock.ts';
import { LocalDays } from '../../../agent/core/time/local-days.ts';
import { DAY, HOLIDAYS, HOUR, YEAR_START } from '../../../hw-sim/building/calendar.ts';
import { simulateYear } from '../../../hw-sim/building/year.ts';
import { type BuildingInputs, buildingInputs } from '../../support/simulated-building.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const ZONE = 'Asia/Shanghai';
/** Days of the year that are judged. */
const DAYS = 100;
const NOW = YEAR_START + DAYS * DAY + 10 * 60_000;

const FAULTS = [
  { kind: 'ct-reversed', check: 'ct-reversed', branch: 'e-it', from: 50, to: 60, size: 0.4 },
  { kind: 'light-left-on', check: 'night-base-load', branch: 'e-light-2', from: 80, to: 99, size: 0.7 },
  { kind: 'water-leak', check: 'water-never-zero', branch: 'w-office', from: 90, to: 110, size: 0.5 },
] as const;

function holidays(): readonly string[] {
  return HOLIDAYS.flatMap(([from, to]) => {
    const days = [];
    for (let time = Date.parse(from); time <= Date.parse(to); time += DAY)
      days.push(new Date(time).toISOString().slice(0, 10));
    return days;
  });
}

describe('the diagnosis of a log', () => {
  let inputs: BuildingInputs;
  let replayed: Diagnosed;
  beforeAll(() => {
    const year = simulateYear({ seed: 77, faults: FAULTS });
    inputs = buildingInputs(year);
    const config = {
      ...inputs.config,
      holidays: holidays(),
      degreeDays: { device: 'station', point: 'temperature', heating: 18, cooling: 26 },
    };
    const calendar = new BillCalendar(new LocalDays(ZONE), 1, config);
    const phased = ['l1', 'l2', 'l3'].flatMap((phase) => [
      { id: `voltage-${phase}`, unit: 'V' },
      { id: `current-${phase}`, unit: 'A' },
      { id: `power-active-${phase}`, unit: 'kW' },
    ]);
    const senses: ReplayParts['senses'] = Object.fromEntries(
      [...year.meters].map(([id, { phases, flow, plan }]) => [
        id,
        {
          ...sensesOf(
            [
              ...(phases === undefined ? [] : phased),
              ...(flow === undefined ? [] : [{ id: 'flow', unit: 'm3/h' }]),
            ].map(
              (one) =>
                ({
                  ...one,
                  title: { en: one.id },
                  type: 'number',
                  access: 'read',
                  aggregation: 'mean',
                  lane: 'telemetry',
                }) as Point,
            ),
          ),
          decimals: { import: plan.step === 1 ? 0 : 2, export: 2 },
        },
      ]),
    );
    replayed = diagnoseLog(
      {
        config,
        senses,
        days: (from, to) => calendar.days(Math.max(from, YEAR_START), to),
        grids: () => ({ grids: inputs.grids, series: inputs.series }),
        dayMeans: (_, days) =>
          days.map(
            ({ start }) =>
              inputs.day(Math.round((start - YEAR_START) / DAY)).get('e-main')?.temperature ?? null,
          ),
        hourMeans: (names, from, to) =>
          names.map(({ device, point }) => {
            const { phases, flow, plan } = year.meters.get(device) ?? {};
            const [, quantity = '', phase = ''] = /^(.*)-l([123])$/.exec(point) ?? [];
            const index = Number(phase) - 1;
            const source =
              point === 'flow'
                ? flow
                : { voltage: phases?.volts, current: phases?.amps, 'power-active': phases?.kilowatts }[
                    quantity
                  ]?.[index];
            const a = Math.round((from - YEAR_START) / HOUR);
            const part = Float64Array.from(source?.subarray(a, a + Math.round((to - from) / HOUR)) ?? []);
            // The devices tell the secondary side; the ratio of the site file makes the primary of it.
            return quantity === 'voltage' || point === 'flow'
              ? part
              : part.map((value) => value / (plan?.ct ?? 1));
          }),
      },
      NOW,
    );
  }, 120_000);

  it('finds what is wrong, and what is over', () => {
    const told = replayed.findings.map(({ check, branch, state }) => `${check} ${branch} ${state}`);
    expect(told).toContain('ct-reversed e-it closed');
    expect(told).toContain('night-base-load e-light-2 open');
    expect(told).toContain('water-never-zero w-office open');
    expect(replayed.day).toBe('2027-04-10');
  });

  it('says the same as days judged one by one', () => {
    const one = new Diagnosis(inputs.branches);
    for (let day = 0; day < DAYS; day++) one.day(inputs.day(day));
    const bare = (list: readonly Finding[]) =>
      list.filter(({ check }) => check !== 'reactive-power').map(({ id, state }) => `${id} ${state}`);
    expect(bare(replayed.findings)).toEqual(bare(one.findings));
  });

  it('is told once, also over a restart', async () => {
    const clock = new VirtualClock(NOW);
    const events: AgentEvent[] = [];
    const readings: Reading[] = [];
    const hub = {
      event: (event: AgentEvent) => void events.push(event),
      readings: (list: readonly Reading[]) => void readings.push(...list),
    };
    let told: number | undefined;
    const start = () =>
      new DiagnosisWatch({
        device: 'energy',
        timezone: ZONE,
        clock,
        hub,
        log: silent,
        diagnose: async () => replayed,
        toldUpTo: async () => told,
      });
    {
      using _ = start();
      await clock.advance(2 * 60_000);
    }
    const open = replayed.findings.filter(({ state }) => state === 'open');
    expect(events.map(({ body }) => body.finding)).toEqual(open.map(({ id }) => id));
    expect(events[0]?.body).toMatchObject({ what: 'finding', act: 'opened' });
    const [reading] = readings;
    expect(reading).toMatchObject({ device: 'energy', point: 'findings-day', value: open.length });
    told = wallAt(clock.mapping(), reading?.time ?? 0).time;
    expect(new Date(told + 8 * HOUR).toISOString().slice(0, 10)).toBe('2027-04-10');
    using _ = start();
    await clock.advance(2 * 60_000);
    expect(events).toHaveLength(open.length);
  });
});

describe('the words of findings', () => {
  it('are there for every check, in both languages', () => {
    for (const check of CHECKS) {
      const { title, advice } = wordsOf(check);
      for (const text of [title, advice]) {
        expect(text.en.length, check).toBeGreaterThan(5);
        expect(text.zh?.length, check).toBeGreaterThan(3);
      }
    }
  });
});
