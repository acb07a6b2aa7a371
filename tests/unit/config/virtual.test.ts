/** Virtual points of a site file: what becomes of their settings, and what is said of wrong ones. */
import { afterAll, expect, test } from 'vitest';
import { SiteFolder, STREET } from './site-folder.ts';

const folder = new SiteFolder();
afterAll(() => folder[Symbol.dispose]());

const site = (points: string, more = '') =>
  `${STREET}virtual:\n  - { id: street-climate, points: [${points}] }\n${more}`;

test('defaults follow the type', async () => {
  const loaded = await folder.load(
    site('{ id: heat, unit: Cel, range: [-40, 80] }, { id: wet, type: boolean, max_age: 1h }'),
  );
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  expect(loaded.site.virtual).toEqual([
    {
      id: 'street-climate',
      title: { en: 'street-climate' },
      points: [
        {
          id: 'heat',
          title: { en: 'heat' },
          type: 'number',
          unit: 'Cel',
          range: [-40, 80],
          maxAge: 600_000,
          aggregation: 'mean',
        },
        {
          id: 'wet',
          title: { en: 'wet' },
          type: 'boolean',
          unit: '1',
          maxAge: 3_600_000,
          aggregation: 'state',
        },
      ],
    },
  ]);
});

test('what does not fit together is named with the fix', async () => {
  expect(
    await folder.problems(
      site(
        '{ id: a, range: [5, 1] }, { id: a, type: boolean, unit: Cel, aggregation: sum }, { id: c, values: [x] }',
      ),
    ),
  ).toEqual([
    expect.stringContaining('virtual[0].points[0].range: a range rises, got 5, 1; write range: [1, 5]'),
    expect.stringContaining('virtual[0].points[1].id: the id a is taken by another point of it'),
    expect.stringContaining('virtual[0].points[1].unit: a boolean has no unit; remove it'),
    expect.stringContaining(
      'virtual[0].points[1].aggregation: a boolean has no sum; write aggregation: state',
    ),
    expect.stringContaining('virtual[0].points[2].values: a number has no values'),
  ]);
});

test('it is a device: its id is taken once, and alarms and interlocks may name its points', async () => {
  const noise =
    'figures:\n  - { id: street-climate, noise: { level: { device: meter-1, point: voltage-l1 } } }\n';
  expect((await folder.problems(site('{ id: heat }', noise))).join()).toContain(
    'the id "street-climate" is taken by figures[0]',
  );
  const alarm =
    'alarms:\n  define:\n    - { id: hot, priority: low, state: { device: street-climate, point: wet, is: true } }\n';
  expect(await folder.problems(site('{ id: wet, type: boolean }', alarm))).toEqual([]);
});
