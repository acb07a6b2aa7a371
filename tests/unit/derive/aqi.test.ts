/** Rules of the index that single values do not show: rounding, ties, missing items, editions, exactness. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decode } from '../../../agent/cli/decoders.ts';
import { aqiReport, iaqi, roundedConcentration } from '../../../agent/derive/aqi/aqi.ts';
import { COLUMNS, EDITIONS, editionOn, INDEX, ITEMS, levelOf } from '../../../agent/derive/aqi/tables.ts';
import { seeded } from '../../support/seeded.ts';

const FULL = { SO2_1h: 10, NO2_1h: 20, CO_1h: 0.5, O3_1h: 100, PM10_1h: 40, PM25_1h: 20 };

describe('air quality index', () => {
  it('gives each breakpoint its index and never one more', () => {
    for (const edition of EDITIONS)
      for (const item of ITEMS)
        for (const [row, breakpoint] of (COLUMNS[edition][item]?.breakpoints ?? []).entries())
          expect([edition, item, iaqi(edition, item, breakpoint)]).toEqual([edition, item, INDEX[row]]);
  });

  it('rises with the concentration, by whole numbers', () => {
    const item = fc.constantFrom(...ITEMS);
    const tenths = fc.integer({ min: 0, max: 40_000 });
    fc.assert(
      fc.property(item, tenths, tenths, (name, a, b) => {
        const [low, high] = [Math.min(a, b) / 10, Math.max(a, b) / 10].map(
          (c) => iaqi('HJ633-2026', name, c) ?? 0,
        );
        expect(Number.isInteger(low)).toBe(true);
        expect(low).toBeLessThanOrEqual(high ?? 0);
      }),
    );
  });

  it('rounds concentrations half to even before a report, CO to one decimal (GB/T 8170)', () => {
    expect(
      ['PM25_1h', 'PM25_1h', 'CO_1h', 'CO_1h'].map((item, i) =>
        roundedConcentration(item as never, [60.5, 61.5, 0.25, 0.35][i] ?? 0),
      ),
    ).toEqual([60, 62, 0.2, 0.4]);
    // 60.5 is 60 and so an index of 100, not 101.
    expect(aqiReport('HJ633-2026', 'hourly', { ...FULL, PM25_1h: 60.5 }).aqi).toBe(100);
    expect(aqiReport('HJ633-2026', 'hourly', { ...FULL, PM25_1h: 60.51 }).aqi).toBe(101);
  });

  it('names all pollutants that share the greatest index, and none up to 50', () => {
    const tie = aqiReport('HJ633-2026', 'hourly', { ...FULL, PM10_1h: 120, PM25_1h: 60 });
    expect(tie).toMatchObject({ aqi: 100, primary: ['PM10', 'PM25'], exceed: [], level: 2 });
    expect(aqiReport('HJ633-2026', 'hourly', FULL)).toMatchObject({ primary: [], level: 1 });
  });

  it('publishes with an item missing only above 100 (2026 5.3.1)', () => {
    const { O3_1h: _, ...five } = FULL;
    expect(aqiReport('HJ633-2026', 'hourly', five)).toMatchObject({
      aqi: null,
      level: null,
      missing: ['O3'],
    });
    const bad = aqiReport('HJ633-2026', 'hourly', { ...five, PM25_1h: 116 });
    expect(bad).toMatchObject({ aqi: 152, level: 4, primary: ['PM25'], exceed: ['PM25'] });
    expect(aqiReport('HJ633-2026', 'hourly', {})).toMatchObject({ aqi: null, iaqi: {} });
  });

  it('the day decides the edition, and its rules: 2012 takes moving means of PM by the hour', () => {
    expect([editionOn('2026-02-28'), editionOn('2026-03-01')]).toEqual(['HJ633-2012', 'HJ633-2026']);
    const hour = aqiReport('HJ633-2012', 'hourly', { PM25_24h: 75, O3_8h: 801, O3_1h: 210, PM25_1h: 500 });
    expect(hour).toMatchObject({
      aqi: 105,
      primary: ['O3'],
      iaqi: { PM25_24h: 100, O3_8h: null, O3_1h: 105 },
    });
  });

  it('has six levels without gaps', () => {
    expect(
      [0, 50, 51, 100, 101, 150, 151, 200, 201, 300, 301, 500].map((index) => levelOf(index).level),
    ).toEqual([1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6]);
  });

  it('refuses what is no concentration, and never throws', () => {
    const texts = [
      '',
      'PM25=3',
      'PM25_1h=-1',
      'PM25_1h=1e400',
      '{',
      '{"PM25_1h":"3"}',
      '[]',
      '{"x_1h":1}',
      'PM10_1h=5 x',
    ];
    for (const text of texts) expect([text, decode('aqi', text).ok]).toEqual([text, false]);
    expect(decode('aqi', 'PM10_1h=5', undefined, { standard: 'HJ633-2012' })).toMatchObject({ ok: false });
    expect(decode('aqi', 'PM10_1h=5', undefined, { standard: '1999' })).toMatchObject({ ok: false });
    const random = seeded(7);
    const letters = '{}":,=_ .0123456789PMSONCOhdLAxi+*-[]null';
    for (let i = 0; i < 20_000; i++) {
      const text = Array.from(
        { length: Math.floor(random() * 30) },
        () => letters[Math.floor(random() * letters.length)],
      ).join('');
      expect(decode('aqi', text)).toHaveProperty('ok');
      expect(decode('noise-stat', text)).toHaveProperty('ok');
    }
  });
});
