import { describe, expect, it } from 'vitest';
import {
  countsOf,
  gridsOf,
  intervalOf,
  registerGrid,
  virtualGrid,
} from '../../../agent/control/energy/grid.ts';
import { DAY, HOUR, MARCH, meter, QUARTER, series, steady, virtual } from './registers.ts';

const span = { from: MARCH, to: MARCH + 4 * DAY, now: MARCH + 4 * DAY };

describe('consumption from registers', () => {
  it('is the difference of two readings', () => {
    const grid = registerGrid(meter('main'), series('main', steady(MARCH, span.to, 1000, 4)), span);
    // 4 kWh an hour, 24 hours: 1000 → 1096 → 1192.
    expect(intervalOf(grid, MARCH, MARCH + DAY)).toEqual({
      from: MARCH,
      to: MARCH + DAY,
      quantity: 96,
      atLeast: 96,
      quality: 'measured',
      completeness: 1,
    });
  });

  it('adds up to the registers exactly, quarter by quarter', () => {
    // 0.1 and 0.7 are no numbers of floating point: 384 quarters of 0.07 kWh are 26.88 kWh.
    const readings = Array.from({ length: 385 }, (_, i): [number, number] => [
      MARCH + i * QUARTER,
      Math.round((0.1 + i * 0.07) * 100) / 100,
    ]);
    const grid = registerGrid(meter('main'), series('main', readings), span);
    let sum = 0;
    for (let i = 0; i < 384; i++) sum += (grid.totals[i + 1] ?? 0) - (grid.totals[i] ?? 0);
    expect(sum).toBe(26_880_000);
  });

  it('goes through an exchange of the meter', () => {
    // The old meter: 1000 at midnight, read last at 10:00 with 1040, ended at 1041.5. The new one begins at 3 and shows
    // 5.5 at 11:00; at the next midnight it shows 57.5. By hand: (1041.5 − 1000) + (57.5 − 3) = 41.5 + 54.5 = 96.
    const readings = [
      ...steady(MARCH, MARCH + 10 * HOUR, 1000, 4),
      ...steady(MARCH + 11 * HOUR, MARCH + DAY, 5.5, 4),
    ];
    const grid = registerGrid(
      meter('main'),
      series('main', readings, [
        { time: MARCH + 11 * HOUR - 20, kind: 'exchange', closing: 1041.5, opening: 3 },
      ]),
      span,
    );
    expect(intervalOf(grid, MARCH, MARCH + DAY)).toMatchObject({ quantity: 96, quality: 'repaired' });
    // The hour of the exchange: 1.5 of the old meter and 2.5 of the new one.
    expect(intervalOf(grid, MARCH + 10 * HOUR, MARCH + 11 * HOUR).quantity).toBe(4);
  });

  it('goes through a roll-over, which is measured', () => {
    // 99,990 at midnight, 4 kWh an hour: rolls over to 0 at 02:30 and shows 86 at the next midnight. 10 + 86 = 96.
    const readings = steady(MARCH, MARCH + DAY, 99_990, 4).map(([time, value]): [number, number] => [
      time,
      value >= 100_000 ? value - 100_000 : value,
    ]);
    const time = MARCH + 2.5 * HOUR - 20;
    const rolled = series('main', readings, [{ time, kind: 'roll-over', closing: 100_000, opening: 0 }]);
    const grid = registerGrid(meter('main'), rolled, span);
    expect(intervalOf(grid, MARCH, MARCH + DAY)).toMatchObject({ quantity: 96, quality: 'measured' });
  });

  it('bridges missing days with a continuous total, and says that it did', () => {
    // Read until 1 March 18:00 (1072) and again from 3 March 06:00 (1216): 36 hours with 144 kWh between them.
    const readings = [
      ...steady(MARCH, MARCH + 18 * HOUR, 1000, 4),
      ...steady(MARCH + 54 * HOUR, MARCH + 4 * DAY, 1216, 6),
    ];
    const grid = registerGrid(meter('main'), series('main', readings), span);
    const days = [0, 1, 2, 3].map((day) => intervalOf(grid, MARCH + day * DAY, MARCH + (day + 1) * DAY));
    // Interpolated: 144 kWh / 36 h = 4 kWh an hour. Day 1: 72 + 6 × 4 = 96; day 2: 96; day 3: 6 × 4 + 18 × 6 = 132.
    expect(days.map(({ quantity }) => quantity)).toEqual([96, 96, 132, 144]);
    expect(days.map(({ quality }) => quality)).toEqual(['estimated', 'estimated', 'estimated', 'measured']);
    expect(intervalOf(grid, MARCH, MARCH + 4 * DAY)).toMatchObject({ quantity: 468, quality: 'measured' });
    // 24 of 96 readings are missing on the first day, 95 of 96 on the second, 24 on the third.
    expect(days.map(({ completeness }) => completeness)).toEqual([73 / 96, 0, 72 / 96, 1]);
    expect(countsOf([grid], MARCH + DAY, MARCH + 2 * DAY)).toEqual({
      due: 96,
      received: 0,
      valid: 0,
      repaired: 96,
    });
  });

  it('takes the register that the meter froze at midnight', () => {
    const readings = [
      ...steady(MARCH, MARCH + 18 * HOUR, 1000, 4),
      ...steady(MARCH + 54 * HOUR, MARCH + 4 * DAY, 1216, 6),
    ];
    const midnights = series('main', [
      [MARCH + DAY, 1080],
      [MARCH + 2 * DAY, 1200],
    ]);
    const grid = registerGrid(meter('main'), series('main', readings), span, midnights);
    // By the frozen registers: 1080 − 1000 = 80, 1200 − 1080 = 120, 1216 + 108 − 1200 = 124.
    const days = [0, 1, 2].map((day) => intervalOf(grid, MARCH + day * DAY, MARCH + (day + 1) * DAY));
    expect(days.map(({ quantity }) => quantity)).toEqual([80, 120, 124]);
    expect(days.map(({ quality }) => quality)).toEqual(['repaired', 'repaired', 'repaired']);
  });

  it('counts by the ratio of each day', () => {
    // The display runs 1 kWh an hour. CT 50/5 = 10 until 2 March 12:00, then 200/5 = 40.
    // 1 March: 24 × 10 = 240. 2 March: 12 × 10 + 12 × 40 = 600. 3 March: 24 × 40 = 960.
    const ratios = [
      { from: MARCH - 30 * DAY, ct: 10, pt: 1 },
      { from: MARCH + 36 * HOUR, ct: 40, pt: 1 },
    ];
    const grid = registerGrid(
      meter('main', { ratios }),
      series('main', steady(MARCH, span.to, 500, 1)),
      span,
    );
    const days = [0, 1, 2].map((day) => intervalOf(grid, MARCH + day * DAY, MARCH + (day + 1) * DAY));
    expect(days.map(({ quantity }) => quantity)).toEqual([240, 600, 960]);
  });

  it('takes the register that was read when the ratio changed', () => {
    // Read at 12:00 (512) and 13:00 (513); changed at 12:30, when the display showed 512.8.
    // By hand: 0.8 × 10 + 0.2 × 40 = 16 in that hour, where an even run would give 25.
    const ratios = [
      { from: 0, ct: 10, pt: 1 },
      { from: MARCH + 12.5 * HOUR, ct: 40, pt: 1, register: 512.8 },
    ];
    const readings: [number, number][] = Array.from({ length: 25 }, (_, i) => [MARCH + i * HOUR, 500 + i]);
    const grid = registerGrid(meter('main', { ratios, every: HOUR }), series('main', readings), span);
    expect(intervalOf(grid, MARCH + 12 * HOUR, MARCH + 13 * HOUR).quantity).toBe(16);
    expect(intervalOf(grid, MARCH, MARCH + DAY).quantity).toBe(12 * 10 + 16 + 11 * 40);
  });

  it('converts to the unit of the carrier', () => {
    // 277.778 kWh are 1 GJ (3.6 MJ each): 24 h at 10 kWh are 0.864 GJ.
    const heat = meter('heat', { carrier: 'heat' });
    const grid = registerGrid(heat, series('heat', steady(MARCH, MARCH + DAY, 0, 10)), span);
    expect(intervalOf(grid, MARCH, MARCH + DAY).quantity).toBe(0.864);
  });

  it('doubts a jump that nobody has explained', () => {
    const readings = [
      ...steady(MARCH, MARCH + 10 * HOUR, 1000, 4),
      ...steady(MARCH + 10.25 * HOUR, MARCH + DAY, 7, 4),
    ];
    const time = MARCH + 10.25 * HOUR - 20;
    const jumped = series('main', readings, [
      { time, kind: 'unexplained', state: 'open', closing: 1040, opening: 7 },
    ]);
    const grid = registerGrid(meter('main'), jumped, span);
    // 10 h and 13.75 h at 4 kWh; the step itself counts nothing.
    expect(intervalOf(grid, MARCH, MARCH + DAY)).toMatchObject({ quantity: 95, quality: 'estimated' });
  });

  it('counts no more than twice the rated power as valid', () => {
    const readings = steady(MARCH, MARCH + DAY, 1000, 4).map(([time, value]): [number, number] => [
      time,
      time > MARCH + 10 * HOUR ? value + 500 : value,
    ]);
    const grid = registerGrid(meter('main', { rated: 10 }), series('main', readings), span);
    const day = intervalOf(grid, MARCH, MARCH + DAY);
    expect(day).toMatchObject({ quality: 'estimated', completeness: 95 / 96 });
  });

  it('takes a wrong value and the step back from the valid readings, not from the total', () => {
    const readings = steady(MARCH, MARCH + DAY, 1000, 4);
    const wrong = readings[40] as [number, number];
    wrong[1] = 5000;
    const back = readings[41] as [number, number];
    const outlier = { kind: 'outlier', state: 'settled' } as const;
    const grid = registerGrid(
      meter('main'),
      series('main', readings, [
        { ...outlier, time: wrong[0] - 20, closing: 1039, opening: 5000 },
        { ...outlier, time: back[0] - 20, closing: 5000, opening: 1039 },
      ]),
      span,
    );
    expect(intervalOf(grid, MARCH, MARCH + DAY)).toMatchObject({ quantity: 96, quality: 'repaired' });
    expect(countsOf([grid], MARCH, MARCH + DAY)).toMatchObject({ due: 96, received: 96, valid: 95 });
  });
});

describe('virtual meters', () => {
  const lost = series('b', steady(MARCH, MARCH + 30 * HOUR, 0, 1));
  const grids = (now: number) =>
    gridsOf(
      [
        virtual('rest', ['main'], ['a', 'b']),
        virtual('both', ['a', 'b']),
        meter('main'),
        meter('a'),
        meter('b'),
      ],
      { ...span, now },
      ({ id }) => ({
        series: id === 'b' ? lost : series(id, steady(MARCH, span.to, 100, id === 'main' ? 10 : 2)),
      }),
    );

  it('are sums and differences', () => {
    const all = grids(span.to);
    const day = (id: string) => {
      const grid = all.get(id);
      return grid === undefined ? undefined : intervalOf(grid, MARCH, MARCH + DAY);
    };
    expect(day('both')).toMatchObject({ quantity: 72, quality: 'measured' });
    // 240 − 48 − 24
    expect(day('rest')).toMatchObject({ quantity: 168, quality: 'measured' });
  });

  it('never make a falling total of a sub that is missing', () => {
    const all = grids(span.to);
    const both = all.get('both');
    const rest = all.get('rest');
    if (both === undefined || rest === undefined) throw new Error('no grid');
    const second = intervalOf(both, MARCH + DAY, MARCH + 2 * DAY);
    expect(second).toMatchObject({ quantity: null, quality: 'missing' });
    // a: 48 kWh; b: the 6 kWh it told before it fell silent.
    expect(second.atLeast).toBe(54);
    expect(intervalOf(rest, MARCH + DAY, MARCH + 2 * DAY)).toMatchObject({ quantity: null, atLeast: 0 });
    let last = 0;
    for (const total of both.totals) {
      if (Number.isNaN(total)) continue;
      expect(total).toBeGreaterThanOrEqual(last);
      last = total;
    }
  });

  it('are made after their parts, whatever the order of the list', () => {
    const alone = virtualGrid(virtual('both', ['a', 'b']), new Map(), span);
    expect(intervalOf(alone, MARCH, MARCH + DAY).quality).toBe('missing');
  });
});

describe('a register that was never read', () => {
  it('owes its readings from the beginning of the account', () => {
    const grid = registerGrid(meter('dead'), undefined, { ...span, since: MARCH + DAY });
    expect(countsOf([grid], MARCH, MARCH + 2 * DAY)).toEqual({ due: 96, received: 0, valid: 0, repaired: 0 });
    expect(intervalOf(grid, MARCH, MARCH + DAY)).toMatchObject({ quantity: null, completeness: null });
  });
});
