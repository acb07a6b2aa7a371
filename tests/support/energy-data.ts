/** A small building for tests of what stands on the account: two meters, a sum, a tenant, with registers by a plain rule. */

import { EnergyBook } from '../../agent/control/energy/book.ts';
import type { DemandState } from '../../agent/core/energy/account.ts';
import type { Finding } from '../../agent/core/energy/diagnosis.ts';
import type { EnergyConfig, RegisterMeter, RegisterSeries } from '../../agent/core/energy/energy.ts';
import { DAY_TYPES, QUARTER } from '../../agent/core/energy/energy.ts';
import type { PeakLimitView, ShedAction } from '../../agent/core/energy/peak-limit.ts';
import type { EnergyView } from '../../agent/core/energy/view.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** kW by device: the feeder takes 8 kW, of which the lamp takes 6. */
const KW: Readonly<Record<string, number>> = { 'meter-feeder': 8, 'meter-lamp': 6 };

const meter = (id: string, device: string, en: string, zh: string): RegisterMeter => ({
  kind: 'register',
  id,
  title: { en, zh },
  carrier: 'electricity',
  device,
  point: 'energy-import',
  unit: 'kW.h',
  every: QUARTER,
  ratios: [],
  reactive: [],
});

export const ENERGY: EnergyConfig = {
  id: 'energy',
  title: { en: 'Office', zh: '办公楼' },
  area: 1000,
  codes: 'national',
  moreCodes: {},
  meters: [
    meter('main', 'meter-feeder', 'Supply', '总进线'),
    meter('light', 'meter-lamp', 'Light', '照明'),
    {
      kind: 'virtual',
      id: 'rest',
      title: { en: 'Rest', zh: '其余' },
      carrier: 'electricity',
      plus: ['main'],
      minus: ['light'],
    },
  ],
  circuits: [
    { id: 'main', title: { en: 'Supply', zh: '总进线' }, meter: 'main', tolerance: 0.02, loss: 0 },
    {
      id: 'light',
      title: { en: 'Light', zh: '照明' },
      meter: 'light',
      code: '01A10',
      fedBy: 'main',
      tolerance: 0.02,
      loss: 0,
    },
  ],
  accounts: [
    {
      id: 'building',
      title: { en: 'Building', zh: '楼宇' },
      kind: 'supply',
      lines: [{ meter: 'main', tariff: 'grid', share: 1 }],
    },
    {
      id: 'shop',
      title: { en: 'Shop', zh: '商铺' },
      kind: 'tenant',
      area: 80,
      lines: [{ meter: 'light', tariff: 'grid', share: 0.25 }],
    },
  ],
  tariffs: [
    {
      id: 'grid',
      title: { en: 'Grid', zh: '电网' },
      carrier: 'electricity',
      versions: [
        {
          from: '2026-01-01',
          prices: { peak: '1.0', valley: '0.3' },
          schedules: [
            {
              dates: [],
              days: DAY_TYPES,
              bands: [
                { from: 0, to: 480, rate: 'valley' },
                { from: 480, to: 1440, rate: 'peak' },
              ],
            },
          ],
          demand: { price: '40', method: 'block', window: QUARTER },
        },
      ],
    },
  ],
  factors: [{ carrier: 'electricity', from: '2026-01-01', kgce: '0.1229', kgco2: '0.5366' }],
  holidays: [],
  workdays: [],
  line: 0.9,
  demandLimit: { meter: 'main', kw: 10 },
};

/** The account of the building above; the lamp's meter was silent in the first six hours of every day. */
export function energyOver(now: () => number): EnergyView {
  const silent = (device: string, time: number) =>
    device === 'meter-lamp' && (time + 8 * HOUR) % DAY < 6 * HOUR;
  const book = new EnergyBook({
    config: ENERGY,
    timezone: 'Asia/Shanghai',
    settlementDay: 1,
    dayMeans: () => [],
    read: (names, from, to) =>
      names.map(({ device, point }): RegisterSeries => {
        const times: number[] = [];
        // One behind the stretch, too, as the log has it.
        for (let time = from - QUARTER; time <= now() && (times.at(-1) ?? 0) < to; time += QUARTER)
          if (point === 'energy-import' && !silent(device, time)) times.push(time);
        return {
          device,
          point,
          unit: 'kW.h',
          since: from - DAY,
          times: Float64Array.from(times),
          values: Float64Array.from(times, (time) => ((KW[device] ?? 0) * (time - 1.7e12)) / HOUR),
          breaks: [],
          buckets: times
            .filter((time) => time >= from && time < to)
            .map((start) => ({ start, count: 1, bad: 0, marked: 0, revision: 0 })),
        };
      }),
  });
  const demand: DemandState = {
    meter: 'main',
    method: 'block',
    window: QUARTER,
    now: 8,
    load: 14,
    forecast: 11.2,
    limit: 10,
    passedIn: 360_000,
    highest: { kw: 8, at: 1_800_000_000_000 },
    error: { percent: 2.5, windows: 40 },
  };
  return {
    account: async (from, to) => book.account(from, to, now()),
    completeness: async (from, to) => book.completeness(from, to, now()),
    bill: async (account, month) => book.bill(account, month, now()),
    demand: () => demand,
    findings: async () => FINDINGS,
    day: (date) => book.calendar.day(date ?? book.calendar.date(now())),
    period: (month) => book.calendar.period(month ?? book.calendar.monthOf(now())),
  };
}

/** What stands on pages: one that is open and one that is over. */
const FINDINGS: readonly Finding[] = [
  {
    id: 'night-base-load:light:2027-01-05',
    check: 'night-base-load',
    branch: 'light',
    severity: 'warning',
    since: '2027-01-05',
    until: '2027-01-10',
    state: 'open',
    stake: 1234.5,
    unit: 'kW.h',
    evidence: { night_kw: 6.2, usual_kw: 1.1, nights: 3 },
  },
  {
    id: 'readings-missing:main:2027-01-03',
    check: 'readings-missing',
    branch: 'main',
    severity: 'warning',
    since: '2027-01-03',
    until: '2027-01-03',
    state: 'closed',
    stake: null,
    unit: 'kW.h',
    evidence: { received: 50, due: 96 },
  },
];

/** A plan that is shown before it is armed. */
export function peakLimitOver(now: () => number): PeakLimitView {
  const action = (what: ShedAction['what'], at: number): ShedAction => ({
    load: 'charger',
    what,
    why: what === 'shed' ? 'demand' : 'room',
    at,
  });
  return {
    state: () => ({
      armed: false,
      limit: 10,
      demand: 8,
      forecast: 11.2,
      power: 14,
      shed: ['charger'],
      recent: [action('shed', now())],
    }),
    dryRun: async (hours) => ({
      from: now() - hours * HOUR,
      to: now(),
      limit: 10,
      measured: 11.4,
      planned: 9.7,
      measuredAbove: 25,
      plannedAbove: 0,
      actions: [action('shed', now() - HOUR), action('restore', now())],
      loads: { charger: { minutes: 60, kwh: 22 } },
      curve: [
        { time: now() - 60_000, measured: 11, planned: 9 },
        { time: now(), measured: null, planned: null },
      ],
    }),
  };
}
