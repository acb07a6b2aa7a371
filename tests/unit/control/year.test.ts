/** The plan of a year: every night of it, at every latitude, and as the command prints it. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { planYear } from '../../../agent/control/lighting/year.ts';
import { kerbside } from '../cli/kerbside.ts';
import { programmeFrom, TIMEZONE, ZIBO } from './programme-of.ts';

describe('a year', () => {
  test('has each evening once, and the nights of a leap year are 366', () => {
    const { nights } = planYear(programmeFrom(), ZIBO, TIMEZONE, 2028);
    expect(nights.length).toBe(366);
    expect(new Set(nights.map(({ date }) => date)).size).toBe(366);
    expect(nights[0]?.date).toBe('2028-01-01');
    expect(nights.at(-1)?.date).toBe('2028-12-31');
    expect(nights.every(({ remark }) => remark === undefined)).toBe(true);
  });

  test.each([
    [70, 'UTC', 'no-night', 'always-on'],
    [-70, 'UTC', 'no-night', 'always-on'],
    [66.5, 'UTC', 'no-night', undefined],
  ])('at %i° tells of the polar day and the polar night', (lat, zone, summer, winter) => {
    const { nights } = planYear(programmeFrom(), { lat, lon: 0 }, zone, 2027);
    const remarks = new Set(nights.map(({ remark }) => remark));
    expect(remarks).toContain(summer);
    if (winter !== undefined) expect(remarks).toContain(winter);
  });

  test('min_burn leaves no flash between the polar day and the first night', () => {
    const flashes = (min_burn: string) =>
      planYear(programmeFrom({ min_burn }), { lat: 64.5, lon: 0 }, 'UTC', 2027).nights.filter(
        ({ lit }) => lit > 0 && lit < 0.5,
      ).length;
    expect(flashes('0s')).toBeGreaterThan(0);
    expect(flashes('30min')).toBe(0);
  });

  test('lit by the sun alone burns as long as the nights are, and dimming takes off what it says', () => {
    const plain = planYear(programmeFrom(), ZIBO, TIMEZONE, 2027);
    const dimmed = planYear(programmeFrom({ levels: [{ from: 'dusk', level: 50 }] }), ZIBO, TIMEZONE, 2027);
    expect(plain.lit).toBeGreaterThan(4000);
    expect(plain.lit).toBeLessThan(4400);
    expect(Math.abs(plain.full - plain.lit)).toBeLessThan(40);
    expect(dimmed.full).toBeCloseTo(plain.full / 2, 6);
  });
});

test('kerbside light plan: table, JSON, picture, and what it says where there is nothing', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'kerbside-light-'));
  try {
    const svg = join(dir, 'year.svg');
    const file = 'docs/examples/pole.yaml';
    const told = await kerbside(['light', 'plan', file, '--year', '2027', '--svg', svg]);
    expect(told).toMatchObject({ code: 0 });
    expect(told.out).toMatch(/2027-06-15 {2}19:3\d {2}04:3\d/);
    expect(told.out).toContain('every night is right');
    expect(readFileSync(svg, 'utf8')).toMatch(/^<svg [^>]*viewBox/);
    const json = JSON.parse((await kerbside(['light', 'plan', file, '--year', '2027', '--json'])).out);
    expect(json).toMatchObject({ programme: 'street', year: 2027 });
    expect(json.nights).toHaveLength(365);
    expect((await kerbside(['light', 'plan', file, '--year', 'soon'])).code).toBe(2);
  } finally {
    rmSync(dir, { recursive: true });
  }
}, 60_000);
