/** Statements of tenants: months of the site, exchanges, silences, shares, and as the command prints them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { monthOf, registersOf, tenantStatement } from '../../../agent/control/tenants/statement.ts';
import type { RegisterBreak, RegisterSeries } from '../../../agent/core/energy/energy.ts';
import { silent } from '../../../agent/core/log.ts';
import type { TenantConfig } from '../../../agent/core/pole.ts';
import { good, type Reading } from '../../../agent/core/reading.ts';
import { LocalDays } from '../../../agent/core/time/local-days.ts';
import { openStore } from '../../../agent/store/store.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { kerbside } from '../cli/kerbside.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const QUARTER = 15 * MINUTE;
const SHANGHAI = new LocalDays('Asia/Shanghai');
const MARCH = { from: Date.parse('2027-03-01T00:00+08:00'), to: Date.parse('2027-04-01T00:00+08:00') };

const TENANT: TenantConfig = {
  id: 'cell',
  title: { en: '5G cell' },
  meters: [{ device: 'meter-cell', point: 'energy-import', share: 1, every: QUARTER }],
  issuers: [],
  commands: [],
};

/** A register that counts `perHour` from `from` to `to`, with holes and breaks. */
function series(
  from: number,
  to: number,
  value: (time: number) => number | undefined,
  breaks: readonly RegisterBreak[] = [],
): RegisterSeries {
  const times: number[] = [];
  const values: number[] = [];
  for (let time = from; time <= to; time += QUARTER) {
    const shown = value(time);
    if (shown === undefined) continue;
    times.push(time);
    values.push(shown);
  }
  return {
    device: 'meter-cell',
    point: 'energy-import',
    unit: 'kW.h',
    times: Float64Array.from(times),
    values: Float64Array.from(values),
    breaks,
    buckets: [],
  };
}

const steady = (time: number) => 5000 + (time - MARCH.from) / HOUR / 2;
const of = (tenant: TenantConfig, one: RegisterSeries | undefined, now = MARCH.to + DAY) =>
  tenantStatement(tenant, '2027-03', SHANGHAI, now, one === undefined ? [] : [one]);

describe('a month', () => {
  test.each([
    ['Asia/Shanghai', '2027-03', 31 * 24],
    ['Europe/Berlin', '2027-03', 31 * 24 - 1],
    ['Europe/Berlin', '2027-10', 31 * 24 + 1],
    ['Pacific/Kiritimati', '2027-02', 28 * 24],
    ['Pacific/Pago_Pago', '2027-12', 31 * 24],
  ])('of %s, %s, has %i hours and begins at midnight of the first', (zone, month, hours) => {
    const days = new LocalDays(zone);
    const { from, to } = monthOf(month, days);
    expect((to - from) / HOUR).toBe(hours);
    expect(days.date(from).date).toBe(`${month}-01`);
    expect(days.start(from)).toBe(from);
  });
  test.each(['2027-13', '2027-3', 'March', ''])('is not %j', (month) => {
    expect(() => monthOf(month, SHANGHAI)).toThrow('expected a month as 2027-03');
  });
});

describe('a statement', () => {
  test('is the difference of the register, at its share', () => {
    const whole = series(MARCH.from - DAY, MARCH.to + DAY, steady);
    expect(of(TENANT, whole)).toMatchObject({ quantity: 372, quality: 'measured', closed: true });
    const [meter] = of(TENANT, whole).meters;
    expect(meter).toMatchObject({ opening: { value: 5000, time: MARCH.from }, closing: { value: 5372 } });
    const shared = { ...TENANT, meters: TENANT.meters.map((one) => ({ ...one, share: 0.25 })) };
    expect(of(shared, whole).quantity).toBe(93);
  });

  test('goes through an exchange of the meter', () => {
    const swap = MARCH.from + 10 * DAY;
    const exchanged = series(
      MARCH.from - DAY,
      MARCH.to + DAY,
      (time) => (time < swap ? steady(time) : 12 + (time - swap) / HOUR / 2),
      [
        {
          id: 'x',
          time: swap,
          kind: 'exchange',
          closing: steady(swap),
          opening: 12,
          state: 'settled',
        } as RegisterBreak,
      ],
    );
    const told = of(TENANT, exchanged);
    expect(told).toMatchObject({ quantity: 372, quality: 'repaired' });
    expect(told.meters[0]?.breaks).toMatchObject([{ kind: 'exchange', closing: 5120, opening: 12 }]);
  });

  test('says what it does not know: a silence over an end, a month that runs, a meter that never was', () => {
    const hole = series(MARCH.from - DAY, MARCH.to + DAY, (time) =>
      Math.abs(time - MARCH.from) < 5 * HOUR ? undefined : steady(time),
    );
    expect(of(TENANT, hole)).toMatchObject({ quantity: 372, quality: 'estimated' });
    const now = MARCH.from + 10 * DAY;
    expect(of(TENANT, series(MARCH.from - DAY, now, steady), now)).toMatchObject({
      quantity: 120,
      closed: false,
      to: now,
    });
    const late = of(TENANT, series(MARCH.from + 2 * DAY, MARCH.to + DAY, steady));
    expect(late).toMatchObject({ quantity: null, quality: 'missing' });
    expect(late.meters[0]?.atLeast).toBe(348);
    expect(of(TENANT, undefined)).toMatchObject({ quantity: null, quality: 'missing' });
  });

  test('asks for each register once', () => {
    const two = [TENANT, { ...TENANT, id: 'screen' }];
    expect(registersOf(two)).toEqual([{ device: 'meter-cell', point: 'energy-import' }]);
  });
});

const SITE = `
site: { id: pole, timezone: Asia/Shanghai, position: { lat: 36.8, lon: 118, datum: WGS84 } }
agent: { id: pole-1 }
lines: [{ id: rs485, port: /dev/ttyUSB9 }]
devices:
  - { id: meter-cell, line: rs485, profile: eastron-sdm120, address: 3, every: 15min }
pole:
  tenants:
    - { id: cell, title: { en: 5G cell, zh: 基站 }, meters: [{ device: meter-cell, point: energy-import }] }
`;

test('kerbside tenants statement: out of a log, with the registers at both ends', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'kerbside-tenants-'));
  try {
    const site = join(dir, 'site.yaml');
    writeFileSync(site, SITE);
    // The command's clock is the machine's: the month has to be over.
    const begin = Date.parse('2026-03-01T00:00+08:00');
    const clock = new VirtualClock(begin - DAY);
    const energy = {
      type: 'number',
      unit: 'kW.h',
      decimals: 3,
      aggregation: 'counter',
      lane: 'meter',
      every: QUARTER,
    } as const;
    const store = await openStore({
      dir: join(dir, 'state'),
      agent: 'pole-1',
      timezone: 'Asia/Shanghai',
      config: { window: 5000, budget: 64 * 2 ** 20, maxAge: 300 * DAY, ring: 2 ** 20 },
      log: silent,
      hardware: 'test:1',
      describe: () => energy,
      clock,
    });
    for (let day = 0; day < 34; day++) {
      const day0: Reading[] = [];
      for (let i = 0; i < 96; i++) {
        const { wall, mono } = clock.mapping();
        const time = wall + clock.mono() - mono;
        day0.push(
          good(
            { device: 'meter-cell', point: 'energy-import', unit: 'kW.h' },
            5000 + (time - begin) / HOUR / 2,
            clock.mono(),
          ),
        );
        await clock.advance(QUARTER);
      }
      await store.append(day0, []);
    }
    await store[Symbol.asyncDispose]();
    const told = await kerbside(['tenants', 'statement', '--month', '2026-03', '--site', site]);
    expect(told).toMatchObject({ code: 0, err: '' });
    expect(told.out).toContain('5G cell, 2026-03');
    expect(told.out).toContain('372 kWh');
    const json = await kerbside(['tenants', 'statement', '--month', '2026-03', '--site', site, '--json']);
    expect(JSON.parse(json.out)).toMatchObject([{ tenant: 'cell', quantity: 372, quality: 'measured' }]);
    expect((await kerbside(['tenants', 'statement', '--month', 'soon', '--site', site])).code).toBe(2);
    expect(
      await kerbside(['tenants', 'statement', '--month', '2026-03', '--site', site, '--tenant', 'x']),
    ).toMatchObject({ code: 1, err: 'no such tenant; there is cell\n' });
  } finally {
    rmSync(dir, { recursive: true });
  }
}, 60_000);
