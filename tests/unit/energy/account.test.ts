/** The tree of a building: items, branches that add up or not, completeness. */
import { describe, expect, it } from 'vitest';
import { accountOf } from '../../../agent/control/energy/account.ts';
import { EnergyBook } from '../../../agent/control/energy/book.ts';
import { completenessOf, rowsOf } from '../../../agent/control/energy/completeness.ts';
import { gridsOf } from '../../../agent/control/energy/grid.ts';
import { codesOf, itemCircuits } from '../../../agent/control/energy/items.ts';
import { Totals } from '../../../agent/control/energy/totals.ts';
import type { Circuit, EnergyConfig, RegisterSeries } from '../../../agent/core/energy/energy.ts';
import { DAY, HOUR, MARCH, meter, QUARTER, series, sourceOf, steady, virtual } from './registers.ts';

const circuit = (id: string, more: Partial<Circuit> = {}): Circuit => ({
  id,
  title: { en: id },
  meter: id,
  tolerance: 0.02,
  loss: 0,
  ...more,
});

const CONFIG: EnergyConfig = {
  id: 'energy',
  title: { en: 'Office' },
  codes: 'national',
  moreCodes: {},
  meters: [
    meter('main'),
    meter('light'),
    meter('corridor'),
    meter('hvac'),
    virtual('rest', ['main'], ['light', 'hvac']),
  ],
  circuits: [
    circuit('main', { loss: 0.01 }),
    circuit('light', { code: '01A00', fedBy: 'main' }),
    circuit('corridor', { code: '01A20', fedBy: 'light' }),
    circuit('hvac', { code: '01B10', fedBy: 'main' }),
  ],
  accounts: [],
  tariffs: [],
  factors: [],
  holidays: [],
  workdays: [],
  line: 0.9,
};

/** kW of each; the light circuit feeds the corridor. */
const KW: Readonly<Record<string, number>> = { main: 100, light: 30, corridor: 10, hvac: 68 };
const all = (change: Readonly<Record<string, RegisterSeries>> = {}) =>
  Object.entries(KW).map(([id, kw]) => change[id] ?? series(id, steady(MARCH, MARCH + 2 * DAY, 1000, kw)));

function account(change: Readonly<Record<string, RegisterSeries>> = {}, config = CONFIG) {
  const span = { from: MARCH, to: MARCH + DAY, now: MARCH + DAY };
  const known = all(change);
  const grids = gridsOf(config.meters, span, ({ device }) => {
    const found = known.find((one) => one.device === device);
    return found === undefined ? {} : { series: found };
  });
  return { account: accountOf(config, grids, MARCH, MARCH + DAY), grids };
}

describe('items', () => {
  it('are sums of circuits, none of them twice', () => {
    expect(codesOf(CONFIG.circuits)).toEqual(['01A00', '01A20', '01B00', '01B10']);
    expect(itemCircuits(CONFIG.circuits, '01A00').map(({ id }) => id)).toEqual(['light']);
    expect(itemCircuits(CONFIG.circuits, '01A20').map(({ id }) => id)).toEqual(['corridor']);
    const { items, carriers, coverage } = account().account;
    expect(items.map(({ id, quantity }) => [id, quantity])).toEqual([
      ['01A00', 720],
      ['01A20', 240],
      ['01B00', 1632],
      ['01B10', 1632],
    ]);
    expect(items[0]?.title).toEqual({ en: 'Light and sockets', zh: '照明插座用电' });
    // Only the circuit that none feeds is the building's.
    expect(carriers).toMatchObject([{ id: 'electricity', quantity: 2400 }]);
    expect(coverage).toEqual([{ carrier: 'electricity', total: 2400, byItem: 2352, share: 0.98 }]);
  });
});

describe('branches', () => {
  it('add up within what is lost and allowed', () => {
    // 2400 − (720 + 1632) − 24 = 24: 1 % of it, 2 % are allowed. The corridor is not all of the light.
    expect(account().account.branches).toEqual([
      {
        circuit: 'main',
        title: { en: 'main' },
        main: 2400,
        subs: 2352,
        loss: 24,
        difference: 24,
        share: 0.01,
        tolerance: 0.02,
        state: 'balanced',
      },
      {
        circuit: 'light',
        title: { en: 'light' },
        main: 720,
        subs: 240,
        loss: 0,
        difference: 480,
        share: 480 / 720,
        tolerance: 0.02,
        state: 'differs',
      },
    ]);
  });

  it('are unknown while a sub is missing, which is no difference', () => {
    const lost = { hvac: series('hvac', steady(MARCH, MARCH + 3 * HOUR, 0, 68)) };
    const { branches, meters } = account(lost).account;
    expect(branches[0]).toMatchObject({ circuit: 'main', subs: null, difference: null, state: 'unknown' });
    expect(meters.find(({ id }) => id === 'rest')).toMatchObject({ quantity: null, quality: 'missing' });
  });

  it('name the one whose transformer stands wrong', () => {
    const stuck = { hvac: series('hvac', steady(MARCH, MARCH + DAY, 0, 34)) };
    expect(account(stuck).account.branches[0]).toMatchObject({
      circuit: 'main',
      difference: 840,
      state: 'differs',
    });
  });
});

describe('completeness', () => {
  // Light loses the readings between 06:00 and 12:00, the corridor all from 18:00 on.
  const change = {
    light: series(
      'light',
      steady(MARCH, MARCH + DAY, 0, 30).filter(
        ([time]) => time < MARCH + 6 * HOUR || time >= MARCH + 12 * HOUR,
      ),
    ),
    corridor: series('corridor', steady(MARCH, MARCH + 18 * HOUR, 0, 10)),
  };

  it('counts readings due, received, valid and repaired by meter, item and building', () => {
    const { grids } = account(change);
    const rows = rowsOf(CONFIG, grids, MARCH, MARCH + DAY);
    const of = (id: string) => {
      const row = rows.find((one) => one.id === id);
      return row === undefined ? undefined : [row.kind, row.due, row.received, row.valid, row.repaired];
    };
    // 24 readings are lost, and made up for by the registers around them.
    expect(of('light')).toEqual(['meter', 96, 72, 72, 24]);
    // 72 quarters with a reading and the one of 18:00; nothing is known of what ran behind it.
    expect(of('corridor')).toEqual(['meter', 96, 73, 73, 0]);
    expect(of('01A00')).toEqual(['item', 96, 72, 72, 24]);
    expect(of('01A20')).toEqual(['item', 96, 73, 73, 0]);
    expect(of('energy')).toEqual(['building', 384, 337, 337, 24]);
    expect(rows[0]?.share).toBeCloseTo(337 / 384, 9);
    expect(rows[0]?.shareRepaired).toBeCloseTo(361 / 384, 9);
    // A sum has no readings of its own.
    expect(rows.some(({ id }) => id === 'rest')).toBe(false);
  });

  it('is told by day', () => {
    const book = new EnergyBook({
      config: CONFIG,
      timezone: 'Asia/Shanghai',
      settlementDay: 1,
      read: sourceOf(all(change)),
      dayMeans: () => [],
    });
    const { days, line, rows } = book.completeness(MARCH, MARCH + 31 * DAY, MARCH + DAY + 6 * HOUR);
    expect(line).toBe(0.9);
    expect(days.map(({ date }) => date)).toEqual(['2027-03-01', '2027-03-02']);
    expect(days[0]?.rows[0]).toMatchObject({ kind: 'building', due: 384, valid: 337 });
    // Of the day that runs only what is due by now: 24 a meter; light came up to the midnight only, the corridor not.
    expect(days[1]?.rows[0]).toMatchObject({ due: 96, valid: 49 });
    expect(rows[0]?.due).toBe(384 + 96);
  });

  it('is that of no node where nothing is due', () => {
    const { grids } = account();
    const whole = completenessOf(CONFIG, grids, MARCH, MARCH, []);
    expect(whole.rows[0]).toMatchObject({ due: 0, share: null });
  });
});

describe('registers that the account counts on', () => {
  const config = { ...CONFIG, meters: [meter('a'), meter('b'), virtual('both', ['a', 'b'])], circuits: [] };
  const end = MARCH + 10 * QUARTER;
  const counted = (...values: [time: number, micro: number][]) => [
    {
      of: 'meter' as const,
      id: 'both',
      values: values.map(([time, micro]) => ({ time, micro, quality: 'measured' as const })),
    },
  ];

  it('go on from their last number, and never fall', () => {
    const totals = new Totals(config);
    totals.restore([{ point: 'total-both', value: 120.5, time: end - 4 }]);
    expect(totals.counting(end + QUARTER)).toEqual([{ of: 'meter', id: 'both', from: end }]);
    const first = totals.take(counted([end + QUARTER, 2_000_000]), end + QUARTER);
    expect(first).toEqual([{ point: 'total-both', value: 122.5, time: end + QUARTER, quality: 'measured' }]);
    // Nothing settled: no number, and the register stays where it was; too long, and that is told.
    expect(totals.take(counted(), end + 2 * QUARTER)).toEqual([]);
    expect(totals.take(counted(), end + 5 * QUARTER)).toMatchObject([{ value: null }]);
    expect(totals.counting(end + 6 * QUARTER)).toMatchObject([{ from: end + QUARTER }]);
    const back = totals.take(
      counted([end + 2 * QUARTER, 1_000_000], [end + 3 * QUARTER, 3_000_000]),
      end + 6 * QUARTER,
    );
    expect(back.map(({ value }) => value)).toEqual([123.5, 125.5]);
    // A difference that comes out a little negative is told as standing still.
    expect(totals.take(counted([end + 4 * QUARTER, -500_000]), end)).toMatchObject([{ value: 125.5 }]);
    expect(totals.take(counted([end + 5 * QUARTER, 600_000]), end)).toMatchObject([{ value: 125.6 }]);
  });

  it('begin at 0', () => {
    const totals = new Totals(config);
    expect(totals.counting(end)).toEqual([{ of: 'meter', id: 'both', from: end }]);
    expect(totals.take(counted([end + QUARTER, 0]), end)).toMatchObject([{ value: 0 }]);
  });
});
