/** Bills reckoned by hand, with the arithmetic beside them. */
import { describe, expect, it } from 'vitest';
import { EnergyBook } from '../../../agent/control/energy/book.ts';
import type { Band, EnergyConfig, RegisterSeries, TariffVersion } from '../../../agent/core/energy/energy.ts';
import { DAY_TYPES } from '../../../agent/core/energy/energy.ts';
import { DAY, HOUR, MARCH, meter, series, sourceOf, steady } from './registers.ts';

const APRIL = MARCH + 31 * DAY;

const BANDS: readonly Band[] = [
  { from: 0, to: 420, rate: 'valley' },
  { from: 420, to: 480, rate: 'flat' },
  { from: 480, to: 690, rate: 'peak' },
  { from: 690, to: 1080, rate: 'flat' },
  { from: 1080, to: 1380, rate: 'peak' },
  { from: 1380, to: 1440, rate: 'valley' },
];

const VERSION: TariffVersion = {
  from: '2027-01-01',
  prices: { peak: '1.0', flat: '0.6', valley: '0.3' },
  schedules: [{ dates: [], days: DAY_TYPES, bands: BANDS }],
};

const CONFIG: EnergyConfig = {
  id: 'energy',
  title: { en: 'Office' },
  codes: 'national',
  moreCodes: {},
  meters: [meter('main')],
  circuits: [],
  accounts: [
    {
      id: 'building',
      title: { en: 'Building' },
      kind: 'supply',
      lines: [{ meter: 'main', tariff: 'grid', share: 1 }],
    },
  ],
  tariffs: [{ id: 'grid', title: { en: 'Grid' }, carrier: 'electricity', versions: [VERSION] }],
  factors: [],
  holidays: [],
  workdays: [],
  line: 0.9,
};

function book(
  config: Partial<EnergyConfig>,
  registers: readonly RegisterSeries[],
  settlementDay = 1,
): EnergyBook {
  return new EnergyBook({
    config: { ...CONFIG, ...config },
    timezone: 'Asia/Shanghai',
    settlementDay,
    read: sourceOf(registers),
    dayMeans: (_, days) => days.map((_, i) => (i % 2 === 0 ? 8 : 28)),
  });
}

const tariffOf = (...versions: TariffVersion[]): Pick<EnergyConfig, 'tariffs'> => ({
  tariffs: [{ id: 'grid', title: { en: 'Grid' }, carrier: 'electricity', versions }],
});

/** 10 kW for all of March and a little longer, from 1000 kWh. */
const TEN = series('main', steady(MARCH - DAY, APRIL + DAY, 760, 10));

const shown = (bill: ReturnType<EnergyBook['bill']>) =>
  bill.lines.map(({ what, rate, from, to, quantity, price, amount }) =>
    [what, rate, from, to, quantity, price, amount].filter((one) => one !== undefined).join(' '),
  );

describe('a bill by times of use', () => {
  it('is what the registers say, by rate', () => {
    const bill = book({}, [TEN]).bill('building', '2027-03', APRIL);
    // A day: valley 8 h, peak 3.5 + 5 = 8.5 h, flat 1 + 6.5 = 7.5 h at 10 kW. 31 days: 2480, 2635, 2325 kWh.
    expect(shown(bill)).toEqual([
      'energy peak 2027-03-01 2027-03-31 2635 1.0 2635.00',
      'energy flat 2027-03-01 2027-03-31 2325 0.6 1395.00',
      'energy valley 2027-03-01 2027-03-31 2480 0.3 744.00',
    ]);
    expect(bill).toMatchObject({ total: '4774.00', final: true, quality: 'measured', month: '2027-03' });
    // 31 × 24 × 10 = 7440: from 1000 to 8440 on the register.
    expect(bill.carriers).toMatchObject([{ quantity: '7440', amount: '4774.00' }]);
    expect(bill.statement).toMatchObject([
      { opening: { value: 1000, time: MARCH }, closing: { value: 8440, time: APRIL }, breaks: [] },
    ]);
  });

  it('is split where the tariff changes in the middle of the month', () => {
    const changed: TariffVersion = {
      ...VERSION,
      from: '2027-03-15',
      prices: { peak: '1.2', flat: '0.7', valley: '0.35' },
    };
    const bill = book(tariffOf(VERSION, changed), [TEN]).bill('building', '2027-03', APRIL);
    // 14 days: 1190 × 1.0 + 1050 × 0.6 + 1120 × 0.3 = 1190 + 630 + 336.
    // 17 days: 1445 × 1.2 + 1275 × 0.7 + 1360 × 0.35 = 1734 + 892.5 + 476.
    expect(shown(bill)).toEqual([
      'energy peak 2027-03-01 2027-03-14 1190 1.0 1190.00',
      'energy flat 2027-03-01 2027-03-14 1050 0.6 630.00',
      'energy valley 2027-03-01 2027-03-14 1120 0.3 336.00',
      'energy peak 2027-03-15 2027-03-31 1445 1.2 1734.00',
      'energy flat 2027-03-15 2027-03-31 1275 0.7 892.50',
      'energy valley 2027-03-15 2027-03-31 1360 0.35 476.00',
    ]);
    expect(bill.total).toBe('5258.50');
  });

  it('goes by season, weekday and holiday', () => {
    const only = (rate: Band['rate']): readonly Band[] => [{ from: 0, to: 1440, rate }];
    const version: TariffVersion = {
      ...VERSION,
      prices: { sharp: '2', peak: '1', flat: '0.5', valley: '0.25', 'deep-valley': '0.1' },
      schedules: [
        { dates: [{ from: '12-01', to: '03-10' }], days: DAY_TYPES, bands: only('sharp') },
        { dates: [{ from: '03-11', to: '11-30' }], days: ['workday'], bands: only('peak') },
        { dates: [{ from: '03-11', to: '11-30' }], days: ['weekend'], bands: only('valley') },
        { dates: [{ from: '03-11', to: '11-30' }], days: ['holiday'], bands: only('deep-valley') },
      ],
    };
    const days = { holidays: ['2027-03-12', '2027-03-13'], workdays: ['2027-03-14'] };
    const bill = book({ ...tariffOf(version), ...days }, [TEN]).bill('building', '2027-03', APRIL);
    // 1 to 10 March: sharp. From the 11th (a Thursday) 21 days: the 12th and 13th are holidays, Sunday the 14th is
    // worked; weekends are the 20th, 21st, 27th, 28th; 15 workdays remain. 240 kWh a day.
    expect(shown(bill)).toEqual([
      'energy sharp 2027-03-01 2027-03-31 2400 2 4800.00',
      'energy peak 2027-03-01 2027-03-31 3600 1 3600.00',
      'energy valley 2027-03-01 2027-03-31 960 0.25 240.00',
      'energy deep-valley 2027-03-01 2027-03-31 480 0.1 48.00',
    ]);
  });

  it('rounds to the fen, halves up, and adds what it has rounded', () => {
    const version: TariffVersion = { ...VERSION, prices: { flat: '0.615' }, schedules: [] };
    const cheap = series('main', [
      [MARCH, 0],
      [APRIL, 1],
    ]);
    // 1 kWh × 0.615 = 0.615 → 0.62 (0.615 is 0.61499… in floating point).
    expect(book(tariffOf(version), [cheap]).bill('building', '2027-03', APRIL).total).toBe('0.62');
  });

  it('begins on the settlement day', () => {
    const bill = book({}, [series('main', steady(MARCH - 10 * DAY, APRIL, 0, 10))], 26).bill(
      'building',
      '2027-03',
      APRIL,
    );
    // From 26 February to 25 March: 28 days.
    expect(bill.from).toBe(Date.parse('2027-02-26T00:00:00+08:00'));
    expect(bill.to).toBe(Date.parse('2027-03-26T00:00:00+08:00'));
    expect(bill.carriers[0]?.quantity).toBe('6720');
  });
});

describe('a bill over what happens to meters', () => {
  it('goes through an exchange', () => {
    // Read last on the 10th at 09:00 with 3250; ended at 3252.5, the new one began at 7.5 and shows 15 an hour later.
    const at = MARCH + 9 * DAY + 10 * HOUR;
    const readings = [...steady(MARCH, at - HOUR, 1000, 10), ...steady(at, APRIL, 15, 10)];
    const bill = book({}, [
      series('main', readings, [{ time: at - 20, kind: 'exchange', closing: 3252.5, opening: 7.5 }]),
    ]).bill('building', '2027-03', APRIL);
    // Old: 1000 → 3252.5, 2252.5 kWh. New: 7.5 → 15 + (21 d 14 h) × 10 = 5195: 5187.5 kWh. 2252.5 + 5187.5 = 7440.
    expect(bill.carriers[0]?.quantity).toBe('7440');
    expect(bill).toMatchObject({ quality: 'repaired', final: true, total: '4774.00' });
    expect(bill.statement[0]).toMatchObject({
      opening: { value: 1000 },
      closing: { value: 5195 },
      breaks: [{ kind: 'exchange', closing: 3252.5, opening: 7.5 }],
    });
  });

  it('stays continuous over missing days, and says what is estimated', () => {
    // Silent from the 5th 00:00 (1960) to the 8th 00:00; then 2680: 720 kWh in 72 h, as ever 10 kW.
    const readings = [
      ...steady(MARCH, MARCH + 4 * DAY, 1000, 10),
      ...steady(MARCH + 7 * DAY, APRIL, 2680, 10),
    ];
    const bill = book({}, [series('main', readings)]).bill('building', '2027-03', APRIL);
    expect(bill).toMatchObject({ total: '4774.00', quality: 'estimated', final: true });
    expect(bill.carriers[0]?.quantity).toBe('7440');
  });

  it('goes through a changed current transformer', () => {
    // The display runs 0.1 kWh an hour. 500/5 = 100 until the 11th 06:00, then 1000/5 = 200.
    // 10 d 6 h = 246 h × 0.1 × 100 = 2460; 498 h × 0.1 × 200 = 9960; together 12,420 kWh.
    const ratios = [
      { from: 0, ct: 100, pt: 1 },
      { from: MARCH + 10 * DAY + 6 * HOUR, ct: 200, pt: 1 },
    ];
    const flat: TariffVersion = { from: '2027-01-01', prices: { flat: '0.5' }, schedules: [] };
    const readings = steady(MARCH, APRIL, 50, 0.1).map(([time], i): [number, number] => [
      time,
      50 + Math.round(i * 2.5) / 100,
    ]);
    const bill = book({ ...tariffOf(flat), meters: [meter('main', { ratios })] }, [
      series('main', readings),
    ]).bill('building', '2027-03', APRIL);
    expect(bill.carriers[0]?.quantity).toBe('12420');
    expect(bill.total).toBe('6210.00');
    expect(bill.statement[0]?.ratios).toEqual([
      { from: 0, ratio: 100 },
      { from: MARCH + 10 * DAY + 6 * HOUR, ratio: 200 },
    ]);
  });

  it('is not final while a register is silent, and counts what is known', () => {
    const bill = book({}, [series('main', steady(MARCH, MARCH + 20 * DAY, 0, 10))]).bill(
      'building',
      '2027-03',
      APRIL,
    );
    expect(bill).toMatchObject({ final: false, quality: 'missing' });
    expect(bill.carriers[0]?.quantity).toBe('4800');
  });

  it('is so far what has run of a month that runs', () => {
    const now = MARCH + 10 * DAY + 5 * 60_000;
    const bill = book({}, [series('main', steady(MARCH, now, 0, 10))]).bill('building', '2027-03', now);
    expect(bill).toMatchObject({ final: false, quality: 'measured' });
    expect(bill.carriers[0]?.quantity).toBe('2400');
  });
});

describe('what is paid besides energy', () => {
  const demand: TariffVersion = {
    ...VERSION,
    prices: { flat: '0.5' },
    schedules: [],
    demand: { price: '40', method: 'block', window: 900_000 },
  };
  /** 10 kW, and 100 kW from 10:00 to 10:15 on the 3rd. */
  const peak = series(
    'main',
    steady(MARCH, APRIL, 0, 10).map(([time, value]): [number, number] => [
      time,
      time > MARCH + 2 * DAY + 10 * HOUR ? value + 22.5 : value,
    ]),
  );

  it('is the highest quarter of an hour', () => {
    const bill = book(tariffOf(demand), [peak]).bill('building', '2027-03', APRIL);
    // 25 kWh in a quarter of an hour: 100 kW × 40. Energy 7462.5 × 0.5 = 3731.25.
    expect(bill.demand).toEqual([
      {
        meter: 'main',
        kw: 100,
        at: MARCH + 2 * DAY + 10.25 * HOUR,
        method: 'block',
        window: 900_000,
        unknown: 0,
      },
    ]);
    expect(shown(bill)).toEqual([
      'energy flat 2027-03-01 2027-03-31 7462.5 0.5 3731.25',
      'demand 2027-03-01 2027-03-31 100 40 4000.00',
    ]);
  });

  it('moves the window by a minute where the meter does', () => {
    // 120 kW from 10:07 to 10:22, a reading a minute: blocks see 8 and 7 minutes of it, the sliding window all.
    const from = MARCH + 2 * DAY + 10 * HOUR + 7 * 60_000;
    const readings: [number, number][] = [];
    let value = 0;
    for (let time = MARCH; time <= MARCH + 3 * DAY; time += 60_000) {
      readings.push([time, Math.round(value * 1e4) / 1e4]);
      value += (time >= from && time < from + 15 * 60_000 ? 120 : 12) / 60;
    }
    const meters = [meter('main', { every: 60_000 })];
    const of = (method: 'sliding' | 'block') => {
      const version: TariffVersion = { ...demand, demand: { price: '40', method, window: 900_000 } };
      return book({ ...tariffOf(version), meters }, [series('main', readings)]).bill(
        'building',
        '2027-03',
        MARCH + 3 * DAY,
      ).demand[0];
    };
    expect(of('sliding')).toMatchObject({ kw: 120, at: from + 15 * 60_000, method: 'sliding' });
    // 8 min × 120 + 7 min × 12, by 15 min: 69.6 kW.
    expect(of('block')).toMatchObject({ kw: 69.6 });
  });

  it('is the contract up to 105 % of it, and the excess twice', () => {
    const with_ = (contract: number): TariffVersion => ({
      ...demand,
      demand: { price: '40', method: 'block', window: 900_000, contract },
    });
    const of = (contract: number) =>
      shown(book(tariffOf(with_(contract)), [peak]).bill('building', '2027-03', APRIL)).slice(1);
    // 100 kW are within 105 % of 96 (100.8): 96 × 40.
    expect(of(96)).toEqual(['demand 2027-03-01 2027-03-31 96 40 3840.00']);
    // 105 % of 80 are 84: 100 × 40 and 16 × 40 once more.
    expect(of(80)).toEqual([
      'demand 2027-03-01 2027-03-31 100 40 4000.00',
      'demand-excess 2027-03-01 2027-03-31 16 40 640.00',
    ]);
  });

  it('is adjusted by the power factor of the month, but for the surcharge', () => {
    const version: TariffVersion = {
      from: '2027-01-01',
      prices: { flat: '0.5' },
      schedules: [],
      surcharge: '0.05',
      fixed: '12',
      capacity: { kva: 100, price: '25' },
      powerFactor: '0.90',
    };
    const reactive = {
      ...series('main', steady(MARCH, APRIL, 0, 7.5)),
      point: 'reactive',
      unit: 'kvar.h' as const,
    };
    const meters = [meter('main', { reactive: ['reactive'] })];
    const bill = book({ ...tariffOf(version), meters }, [TEN, reactive]).bill('building', '2027-03', APRIL);
    // 7440 kWh and 5580 kvarh: 10 / √(10² + 7.5²) = 0.80; held to 0.90 that is + 5 % of 3720 + 2500 = 6220 → 311.
    expect(bill.powerFactor).toEqual([
      { meter: 'main', active: 7440, reactive: 5580, factor: 0.8, standard: '0.90', adjustment: '5' },
    ]);
    expect(shown(bill)).toEqual([
      'energy flat 2027-03-01 2027-03-31 7440 0.5 3720.00',
      'capacity 2027-03-01 2027-03-31 100 25 2500.00',
      'power-factor 2027-03-01 2027-03-31 6220 0.05 311.00',
      'surcharge 2027-03-01 2027-03-31 7440 0.05 372.00',
      'fixed 2027-03-01 2027-03-31 1 12 12.00',
    ]);
    expect(bill.total).toBe('6915.00');
  });
});

describe('accounts of others', () => {
  const flat = (id: string, carrier: 'electricity' | 'water' | 'gas' | 'heat', price: string) => ({
    id,
    title: { en: id },
    carrier,
    versions: [{ from: '2027-01-01', prices: { flat: price }, schedules: [] }],
  });

  it('are shares of meters: tenants pay together what the meter ran', () => {
    const account = (id: string, share: number) => ({
      id,
      title: { en: id },
      kind: 'tenant' as const,
      area: 100,
      lines: [{ meter: 'main', tariff: 'grid', share }],
    });
    const config = {
      ...tariffOf({ ...VERSION, prices: { flat: '0.5' }, schedules: [] }),
      accounts: [account('a', 0.3), account('b', 0.7)],
    };
    const bills = ['a', 'b'].map((id) => book(config, [TEN]).bill(id, '2027-03', APRIL));
    // 7440 × 0.3 = 2232 kWh, 1116 yuan; 7440 × 0.7 = 5208 kWh, 2604 yuan.
    expect(bills.map(({ carriers, total }) => [carriers[0]?.quantity, total])).toEqual([
      ['2232', '1116.00'],
      ['5208', '2604.00'],
    ]);
    expect(bills[0]?.perArea).toEqual({ kwh: '22.32', kgce: null, amount: '11.16' });
  });

  it('are four meters of a dwelling as one, in money, coal and CO₂ by the factor of the day', () => {
    const carriers = ['electricity', 'water', 'gas', 'heat'] as const;
    const meters = carriers.map((carrier) =>
      meter(carrier, {
        carrier,
        unit: carrier === 'heat' ? 'GJ' : carrier === 'electricity' ? 'kW.h' : 'm3',
      }),
    );
    const registers = carriers.map((carrier, i) => ({
      ...series(carrier, steady(MARCH, APRIL, 0, (i + 1) / 4)),
      unit: meters[i]?.unit ?? 'kW.h',
    }));
    const config: Partial<EnergyConfig> = {
      meters,
      tariffs: [
        flat('power', 'electricity', '0.5'),
        flat('water', 'water', '4'),
        flat('gas', 'gas', '3'),
        flat('heat', 'heat', '30'),
      ],
      accounts: [
        {
          id: 'flat-201',
          title: { en: '201', zh: '201室' },
          kind: 'dwelling',
          lines: [
            { meter: 'electricity', tariff: 'power', share: 1 },
            { meter: 'water', tariff: 'water', share: 1 },
            { meter: 'gas', tariff: 'gas', share: 1 },
            { meter: 'heat', tariff: 'heat', share: 1 },
          ],
        },
      ],
      factors: [
        { carrier: 'electricity', from: '2027-01-01', kgce: '0.1', kgco2: '0.6' },
        { carrier: 'electricity', from: '2027-03-11', kgco2: '0.5' },
      ],
      degreeDays: { device: 'station', point: 'temperature', heating: 18, cooling: 26 },
    };
    const bill = book(config, registers).bill('flat-201', '2027-03', APRIL);
    // 744 h × 0.25, 0.5, 0.75, 1: 186 kWh, 372 m³, 558 m³, 744 GJ; × 0.5, 4, 3, 30 = 93 + 1488 + 1674 + 22320.
    expect(bill.carriers.map(({ quantity, amount }) => [quantity, amount])).toEqual([
      ['186', '93.00'],
      ['372', '1488.00'],
      ['558', '1674.00'],
      ['744', '22320.00'],
    ]);
    expect(bill.total).toBe('25575.00');
    // 186 × 0.1 = 18.6 kgce. 10 days × 6 kWh × 0.6 + 21 × 6 × 0.5 = 36 + 63 = 99 kgCO₂. Water has no factor.
    expect(bill.carriers.map(({ kgce, kgco2 }) => [kgce, kgco2])).toEqual([
      ['18.6', '99'],
      [null, null],
      [null, null],
      [null, null],
    ]);
    // 16 days of 8 °C: 16 × 10 = 160 heating degree days; 15 days of 28 °C: 30 cooling. 744 / 160 = 4.65, 186 / 30 = 6.2.
    expect(bill.degreeDays).toEqual({
      heating: 160,
      cooling: 30,
      days: 31,
      heatPer: '4.65',
      coolingPer: '6.2',
    });
  });

  it('are told where there is none of them', () => {
    expect(() => book({}, [TEN]).bill('nobody', '2027-03', APRIL)).toThrow('there is no account nobody');
    expect(() => book({}, [TEN]).bill('building', 'March', APRIL)).toThrow('March is no month');
  });
});
