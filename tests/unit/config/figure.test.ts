/** Figures of a site file: what becomes of their settings, and what is said of wrong ones. */
import { afterAll, describe, expect, test } from 'vitest';
import { SiteFolder, STREET } from './site-folder.ts';

const folder = new SiteFolder();
afterAll(() => folder[Symbol.dispose]());

const AIR = `${STREET.replace('profile: eastron-sdm630', 'profile: eastron-sdm630')}`;
const site = (figure: string, more = '') => `${AIR}figures:\n  - { id: air-quality, ${figure} }\n${more}`;

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

  test('are devices: an id is taken once, and uplinks may report their points', async () => {
    const noise = 'noise: { level: { device: meter-1, point: voltage-l1 } }';
    expect(await folder.problems(site(noise).replace('id: air-quality', 'id: meter-1'))).toEqual([
      expect.stringContaining('the id "meter-1" is taken by devices[0]'),
      expect.stringContaining('conversion of V to dB(A) failed'),
    ]);
  });

  test('absent, the site has none', async () => {
    expect(await load(AIR)).not.toHaveProperty('figures');
  });
});
