/** Figures of a site file: what becomes of their settings, and what is said of wrong ones. */
import { afterAll, describe, expect, test } from 'vitest';
import { SiteFolder, STREET } from './site-folder.ts';

const folder = new SiteFolder();
afterAll(() => folder[Symbol.dispose]());

const site = (figure: string, more = '') => `${STREET}figures:\n  - { id: air-quality, ${figure} }\n${more}`;

async function load(text: string) {
  const result = await folder.load(text);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.site;
}

describe('figures', () => {
  test('name points that are there and convert', async () => {
    expect(await folder.problems(site('aqi: { pm2_5: { device: meter-1, point: voltage-l1 } }'))).toEqual([
      expect.stringContaining('conversion of V to ug/m3 failed: voltage is not mass concentration'),
    ]);
    expect(await folder.problems(site('noise: { level: { device: meter-2, point: level } }'))).toEqual([
      expect.stringContaining(
        'figures[0].noise.level.device: there is no device meter-2; write device: meter-1',
      ),
    ]);
    expect(await folder.problems(site('water: { ph: { device: meter-1, point: voltage-l9 } }'))).toEqual([
      expect.stringContaining(
        'figures[0].water.ph.point: there is no point voltage-l9 of meter-1; write point: voltage-l1',
      ),
    ]);
    expect(await folder.problems(site('aqi: {}'))).toEqual([
      expect.stringContaining('no pollutant is named'),
    ]);
    expect(await folder.problems(site('title: Air'))).toEqual([
      expect.stringContaining('a figure is one of aqi, noise, water, got 0'),
    ]);
  });

  test('are devices whose points an environment centre may get', async () => {
    const street = STREET.replace('profile: eastron-sdm630', 'profile: taidacent-decibel-meter');
    const noise = 'noise: { level: { device: meter-1, point: noise }, every: 1min, day: 06-22 }';
    const centre = (point: string) =>
      `uplinks:\n  - id: bureau\n    hj212: { url: "tcp://a:1", edition: 2025, points: [{ device: noise, point: ${point}, factor: L50 }] }\n`;
    const text = (point: string) => `${street}figures:\n  - { id: noise, ${noise} }\n${centre(point)}`;
    const { figures, uplinks } = await load(text('l50'));
    expect(figures).toMatchObject([
      { id: 'noise', kind: 'noise', level: { unit: 'dB(A)' }, every: 60_000, day: [6, 22], windLimit: 5 },
    ]);
    expect(uplinks).toMatchObject([
      { kind: 'hj212', points: [{ device: 'noise', point: 'l50', factor: 'L50' }] },
    ]);
    expect(await folder.problems(text('l51'))).toEqual([
      expect.stringContaining(
        'uplinks[0].hj212.points[0].point: there is no point of noise l51; write point: l5',
      ),
    ]);
  });

  test('are devices: an id is taken once', async () => {
    const noise = 'noise: { level: { device: meter-1, point: voltage-l1 } }';
    expect(await folder.problems(site(noise).replace('id: air-quality', 'id: meter-1'))).toEqual([
      expect.stringContaining('the id "meter-1" is taken by devices[0]'),
      expect.stringContaining('conversion of V to dB(A) failed'),
    ]);
  });

  test('absent, the site has none', async () => {
    expect(await load(STREET)).not.toHaveProperty('figures');
  });
});
