/** The energy account of a site file: what becomes of it, and what is said of every way to write it wrong. */
import { afterAll, describe, expect, test } from 'vitest';
import { MINIMAL, SiteFolder } from './site-folder.ts';

const folder = new SiteFolder();
afterAll(() => folder[Symbol.dispose]());

const DEVICES = `${MINIMAL}lines:
  - { id: rs485-1, port: /dev/ttyUSB0 }
  - { id: meters, port: /dev/ttyUSB1, baud: 2400, format: 8E1 }
devices:
  - { id: feeder, line: rs485-1, profile: eastron-sdm630, address: 1, every: 60s }
  - { id: lighting, line: rs485-1, profile: eastron-sdm630, address: 2 }
  - { id: water, line: meters, profile: cjt188-water, address: "00000012345678", every: 15min }
`;

const WHOLE = `energy:
  building: "370303A007"
  area: 12800
  meters:
    - { id: main, carrier: electricity, device: feeder, point: energy-import, power: power-active-total, reactive: [energy-reactive-import] }
    - id: light
      carrier: electricity
      device: lighting
      point: energy-import
      ratios: [{ from: "2027-01-01", ct: 50/5 }, { from: "2027-03-15T10:30", ct: 200/5, register: 512.8 }]
    - { id: rest, carrier: electricity, plus: [main], minus: [light] }
    - { id: water, carrier: water, device: water, point: volume }
  circuits:
    - { id: main, meter: main, tolerance: 3%, loss: 0.5% }
    - { id: light, meter: light, code: "01A00", fed_by: main }
    - { id: rest, meter: rest, code: "01C00", fed_by: main }
    - { id: water, meter: water, code: "02000" }
  accounts:
    - { id: building, lines: [{ meter: main, tariff: grid }, { meter: water, tariff: water }] }
    - { id: shop, kind: tenant, area: 80, lines: [{ meter: light, tariff: grid, share: 25% }] }
  tariffs:
    - id: grid
      carrier: electricity
      versions:
        - from: "2027-01-01"
          prices: { peak: 1.0345, flat: 0.6523, valley: 0.3012 }
          schedules:
            - { days: [workday], bands: { peak: ["08:00-11:30", "18:00-23:00"], flat: ["07:00-08:00", "11:30-18:00"], valley: ["23:00-07:00"] } }
            - { days: [weekend, holiday], bands: { flat: ["07:00-23:00"], valley: ["23:00-07:00"] } }
          surcharge: 0.03
          demand: { price: 38.4, contract: 800 }
          power_factor: "0.90"
    - { id: water, carrier: water, versions: [{ from: "2027-01-01", price: 4.2 }] }
  factors:
    - { carrier: electricity, from: "2027-01-01", kgce: 0.1229, kgco2: 0.5366, source: GB/T 2589-2020 }
  holidays: ["2027-10-01..2027-10-07"]
  workdays: ["2027-10-09"]
  demand_limit: { meter: main, kw: 800 }
`;

/** Problems of the whole file with one thing written otherwise. */
async function changed(was: string, is: string): Promise<readonly string[]> {
  expect(WHOLE).toContain(was);
  return folder.problems(DEVICES + WHOLE.replace(was, is));
}

async function one(was: string, is: string): Promise<string> {
  const problems = await changed(was, is);
  expect(problems).toHaveLength(1);
  return problems[0] ?? '';
}

describe('the energy account of a site', () => {
  test('is resolved: days as moments, bands of the whole day, prices as they were written', async () => {
    const loaded = await folder.load(DEVICES + WHOLE);
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
    const energy = loaded.site.energy;
    expect(energy).toMatchObject({
      id: 'energy',
      building: '370303A007',
      line: 0.9,
      meters: [
        { kind: 'register', id: 'main', unit: 'kW.h', every: 60_000, power: 'power-active-total' },
        {
          id: 'light',
          ratios: [
            { from: Date.parse('2027-01-01T00:00:00+08:00'), ct: 10, pt: 1 },
            { from: Date.parse('2027-03-15T10:30:00+08:00'), ct: 40, pt: 1, register: 512.8 },
          ],
        },
        { kind: 'virtual', plus: ['main'], minus: ['light'] },
        { carrier: 'water', unit: 'm3' },
      ],
      circuits: [{ id: 'main', tolerance: 0.03, loss: 0.005 }, { fedBy: 'main' }, {}, { tolerance: 0.02 }],
    });
    const grid = energy?.tariffs[0]?.versions[0];
    expect(grid?.prices).toEqual({ peak: '1.0345', flat: '0.6523', valley: '0.3012' });
    expect(grid?.schedules[0]?.bands[0]).toEqual({ from: 0, to: 420, rate: 'valley' });
    expect(grid?.schedules[0]?.bands.at(-1)).toEqual({ from: 1380, to: 1440, rate: 'valley' });
    expect(energy?.holidays).toHaveLength(7);
    expect(energy?.tariffs[1]?.versions[0]).toMatchObject({ prices: { flat: '4.2' }, schedules: [] });
  });

  test('absent, the site has none', async () => {
    const loaded = await folder.load(DEVICES);
    expect(loaded.ok && loaded.site.energy).toBe(undefined);
  });
});

describe('wrong registers', () => {
  test('an unknown device or point is told with the nearest name', async () => {
    expect(await one('device: lighting', 'device: lightning')).toMatch(
      /energy\.meters\[1\]\.device: there is no device "lightning"; write device: lighting/,
    );
    expect(await one('point: volume', 'point: volum')).toMatch(
      /energy\.meters\[3\]\.point: there is no point of water "volum"; write point: volume/,
    );
  });

  test('a carrier and a unit that do not fit are told', async () => {
    expect(
      await one(
        'carrier: water, device: water, point: volume',
        'carrier: water, device: feeder, point: energy-export',
      ),
    ).toMatch(
      /energy\.meters\[3\]\.point: expected a register of water, in m³ or what converts, energy-export of feeder is in kW\.h/,
    );
  });

  test('what is no register is refused', async () => {
    const [first] = await changed(
      'device: feeder, point: energy-import,',
      'device: feeder, point: power-active-total,',
    );
    expect(first).toMatch(/energy\.meters\[0\]\.point: expected a register of electricity, in kWh/);
  });

  test('one register is one meter', async () => {
    const problems = await changed('device: lighting\n', 'device: feeder\n');
    expect(problems).toEqual([
      expect.stringMatching(
        /energy\.meters\[1\]\.point: the register energy-import of feeder is the meter "main" already; name "main" where it is wanted twice/,
      ),
    ]);
  });

  test('ratios come in order, and say what changes', async () => {
    expect(await one('from: "2027-03-15T10:30"', 'from: "2026-03-15T10:30"')).toMatch(
      /ratios\[1\]\.from: it begins no later/,
    );
    expect(await one('ct: 50/5', 'ct: 50:5')).toMatch(/ratios\[0\]\.ct: expected a ratio such as 400\/5/);
  });
});

describe('wrong trees', () => {
  test('a sum that leads back to itself is told with the way', async () => {
    expect(await one('plus: [main], minus: [light] }', 'plus: [main], minus: [rest] }')).toMatch(
      /energy\.meters\[2\]\.minus: the sum leads back to itself: rest → rest; remove rest from it/,
    );
    const longer = await one(
      'minus: [light] }',
      'minus: [light] }\n    - { id: a, carrier: electricity, plus: [main, b] }\n    - { id: b, carrier: electricity, plus: [a] }',
    );
    expect(longer).toMatch(/energy\.meters\[3\]\.plus: the sum leads back to itself: a → b → a/);
  });

  test('circuits that feed each other are told with the way', async () => {
    expect(
      await one('{ id: main, meter: main, tolerance', '{ id: main, meter: main, fed_by: light, tolerance'),
    ).toMatch(
      /energy\.circuits\[0\]\.fed_by: circuits feed each other: main → light → main; name the circuit nearer to the supply/,
    );
  });

  test('nothing is counted twice', async () => {
    expect(await one('{ id: rest, meter: rest,', '{ id: rest, meter: light,')).toMatch(
      /energy\.circuits\[2\]\.meter: the meter "light" is that of the circuit "light" already/,
    );
    expect(await one('plus: [main], minus: [light]', 'plus: [main, light], minus: [light]')).toMatch(
      /energy\.meters\[2\]\.minus\[0\]: light is in the sum already; remove it here/,
    );
    expect(await one('plus: [main], minus: [light]', 'plus: [main], minus: [water]')).toMatch(
      /energy\.meters\[2\]\.minus\[0\]: water is water, rest is electricity/,
    );
  });

  test('codes exist, and are of the carrier', async () => {
    expect(await one('code: "01A00"', 'code: "01A90"')).toMatch(
      /energy\.circuits\[1\]\.code: the code 01A90 is not in the national tree; write codes: local, or more_codes/,
    );
    expect(await one('code: "01A00"', 'code: "1A"')).toMatch(
      /circuits\[1\]\.code: expected two digits and three/,
    );
    expect(await one('code: "01C00"', 'code: "02000"')).toMatch(
      /circuits\[2\]\.code: the code 02000 is of class 02, its meter is electricity \(01\); write a code of class 01/,
    );
    expect(
      await one('meter: main, tolerance', 'meter: main, code: "01B00", tolerance').catch(() => 'two'),
    ).toBe('two');
    expect(await one('building: "370303A007"', 'building: "3703"')).toMatch(
      /energy\.building: expected six digits/,
    );
  });
});

describe('wrong tariffs', () => {
  test('versions do not overlap and leave no day out', async () => {
    const version = (from: string) => `price: 4.2 }, { from: "${from}", price: 4.5 }`;
    expect(await one('price: 4.2 }', version('2027-01-01'))).toMatch(
      /energy\.tariffs\[1\]\.versions\[1\]\.from: it overlaps versions\[0\], which holds from 2027-01-01; remove one/,
    );
    expect(await one('price: 4.2 }', `to: "2027-06-30", ${version('2027-06-01')}`)).toMatch(
      /versions\[1\]\.from: it overlaps versions\[0\], which holds from 2027-01-01 to 2027-06-30; write to: "2027-05-31" there/,
    );
    expect(await one('price: 4.2 }', `to: "2027-06-30", ${version('2027-07-02')}`)).toMatch(
      /versions\[1\]\.from: no version holds from 2027-07-01 to 2027-07-01; write from: "2027-07-01"/,
    );
    // A new version ends the one before.
    expect(await changed('price: 4.2 }', version('2027-03-15'))).toEqual([]);
  });

  test('times of use do not overlap and leave no hour out', async () => {
    expect(await one('"11:30-18:00"] , valley'.replace('] ,', '],'), '"11:00-18:00"], valley')).toMatch(
      /schedules\[0\]\.bands\.flat\[1\]: 11:00-18:00 \(flat\) overlaps 08:00-11:30 \(peak\); end one where the other begins/,
    );
    expect(await one('"11:30-18:00"', '"12:00-18:00"')).toMatch(
      /schedules\[0\]\.bands: no rate from 11:30 to 12:00; write flat: \["11:30-12:00"\]/,
    );
    expect(await one('"11:30-18:00"', '"11:40-18:00"')).toMatch(/whole quarters of an hour/);
  });

  test('every day has one schedule, every rate a price', async () => {
    expect(await one('days: [weekend, holiday]', 'days: [weekend]')).toMatch(
      /versions\[0\]\.schedules: no schedule for a holiday on 01-01; add one with days: \[holiday\]/,
    );
    expect(await one('days: [weekend, holiday]', 'days: [workday, weekend, holiday]')).toMatch(
      /schedules\[1\]: a workday on 01-01 is in schedules\[0\] and in schedules\[1\]; part them by dates: or days:/,
    );
    expect(await one('peak: 1.0345, ', '')).toMatch(
      /bands\.peak: the rate peak has no price; write prices: \{ peak: … \}/,
    );
  });

  test('a factor without a date is refused, and two of one day', async () => {
    expect(await one('from: "2027-01-01", kgce', 'kgce')).toMatch(
      /site\.yaml:\d+:\d+ energy\.factors\[0\]\.from: missing: expected a day such as "2027-01-01"; write from: "2027-01-01"/,
    );
    expect(
      await one(
        'source: GB/T 2589-2020 }',
        'source: a }\n    - { carrier: electricity, from: "2027-01-01", kgce: 0.3 }',
      ),
    ).toMatch(/factors\[1\]\.from: factors\[0\] is of electricity from 2027-01-01 too/);
  });
});

describe('wrong accounts', () => {
  test('tariffs and meters are there and of one carrier', async () => {
    expect(await one('tariff: water }] }', 'tariff: watr }] }')).toMatch(
      /accounts\[0\]\.lines\[1\]\.tariff: there is no tariff "watr"/,
    );
    expect(await one('tariff: water }] }', 'tariff: grid }] }')).toMatch(
      /grid is a tariff of electricity, water is water/,
    );
  });

  test('nobody pays for more than there is', async () => {
    const two =
      '    - { id: cafe, kind: tenant, lines: [{ meter: light, tariff: grid, share: 80% }] }\n  tariffs:';
    expect(await one('  tariffs:', two)).toMatch(
      /accounts\[2\]\.lines\[0\]\.share: tenants and dwellings pay 105 % of light together; write share: 75%/,
    );
  });

  test('the limit is of a meter of electricity', async () => {
    expect(await one('demand_limit: { meter: main', 'demand_limit: { meter: water')).toMatch(
      /demand is one of electricity/,
    );
  });

  test('the limit is watched at a register', async () => {
    expect(await one('demand_limit: { meter: main', 'demand_limit: { meter: rest')).toMatch(
      /demand_limit\.meter: demand is watched at a register, rest is a sum; name a meter with device: and point:/,
    );
  });

  test('the account is a device: its id is taken once', async () => {
    expect(await one('energy:\n', 'energy:\n  id: feeder\n')).toMatch(
      /energy\.id: the id "feeder" is taken by a device/,
    );
  });
});
