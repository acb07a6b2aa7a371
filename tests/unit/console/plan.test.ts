/** What is drawn on the camera page is what the site file takes. */
import { afterAll, describe, expect, test } from 'vitest';
import { type Kind, NO_PLAN, type Place, placed, planYaml } from '../../../agent/console/pages/plan.ts';
import { MINIMAL, SiteFolder } from '../config/site-folder.ts';

const folder = new SiteFolder();
afterAll(() => folder[Symbol.dispose]());

const CORNERS: readonly Place[] = [
  [0.1, 0.9],
  [0.4, 0.9],
  [0.35, 0.5],
  [0.2, 0.5],
];

describe.each(['line', 'zone', 'lane', 'bay'] as const)('a %s', (kind: Kind) => {
  const draw = (count: number) => CORNERS.slice(0, count).reduce(placed, { ...NO_PLAN, kind });

  test('gives YAML that a site file takes below the camera', async () => {
    const yaml = planYaml(draw(kind === 'line' ? 2 : 4)) ?? '';
    const below = yaml.replace(/^/gm, '    ');
    const site = `${MINIMAL}cameras:\n  - id: camera-1\n    source: http://10.0.0.5/a.jpg\n${below}\n`;
    expect(await folder.problems(site)).toEqual([]);
  });

  test('gives none before there are places enough', () => {
    expect(planYaml(draw(1))).toBeUndefined();
    expect(planYaml(NO_PLAN)).toBeUndefined();
  });
});

test('a line that has both ends begins anew with the next click; without a kind nothing is drawn', () => {
  const line = CORNERS.slice(0, 3).reduce(placed, { ...NO_PLAN, kind: 'line' as const });
  expect(line.places).toEqual([CORNERS[2]]);
  expect(placed(NO_PLAN, [0, 0])).toEqual(NO_PLAN);
});
