/** Lighting in a site file: the examples of docs/ are right, and what does not fit together is told with its place. */
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { SiteFolder } from './site-folder.ts';

const folder = new SiteFolder();
afterAll(() => folder[Symbol.dispose]());

const example = (name: string) =>
  readFileSync(new URL(`../../../docs/examples/${name}.yaml`, import.meta.url), 'utf8');

describe('docs/examples', () => {
  test.each(['pole', 'stop', 'building'])(
    '%s.yaml is right, and each of its lamps has a programme',
    async (name) => {
      const result = await folder.load(example(name));
      expect(result.ok ? [] : result.problems).toEqual([]);
      if (!result.ok) return;
      const programmes = result.site.programmes.map(({ id }) => id);
      expect(result.site.lamps.length).toBeGreaterThan(0);
      for (const lamp of result.site.lamps) expect(programmes).toContain(lamp.programme);
    },
  );

  test('levels, days and moments are resolved', async () => {
    const result = await folder.load(example('pole'));
    const programme = result.ok ? result.site.programmes[0] : undefined;
    expect(programme).toMatchObject({
      elevation: -2,
      minBurn: 900_000,
      class: 40,
      levels: [
        { from: { kind: 'dusk', offset: 0 }, level: 100 },
        { from: { kind: 'time', minutes: 1350 }, level: 50 },
        { from: { kind: 'time', minutes: 330 }, level: 80 },
      ],
      calendar: [{ days: [5, 6] }],
      photocell: { on: 15, off: 25, dwell: 300_000, window: [-6, 6] },
    });
  });
});

describe('what does not fit', () => {
  const pole = example('pole');
  test.each<[string, string, string, RegExp]>([
    [
      'a programme that is not there',
      'programme: street',
      'programme: sreet',
      /lamps\[0\]\.programme: there is no programme "sreet"; write programme: street/,
    ],
    [
      'a photocell without hysteresis',
      'off: 25',
      'off: 16',
      /photocell\.off: off has to be at least 1\.3 times on.*; write off: 19\.5/,
    ],
    [
      'a window the wrong way round',
      '[-6, 6]',
      '[6, -6]',
      /photocell\.window: the window runs from night to day, got 6 to -6/,
    ],
    [
      'steps that do not rise',
      'above: 60, level: 75',
      'above: 60, level: 40',
      /traffic\.steps\[1\]\.level: more traffic never means less light/,
    ],
    [
      'a first step above nothing',
      '[{ above: 0, level: 50 }',
      '[{ above: 5, level: 50 }',
      /steps\[0\]\.above: the first step is for a street without traffic, got 5; write above: 0/,
    ],
    [
      'a point that is not there',
      'point: photocell,',
      'point: photocel,',
      /photocell\.point: there is no point of board "photocel"; write point: photocell/,
    ],
    [
      'a device that is not there',
      '{ device: alarms, point: sos-calling',
      '{ device: bord, point: sos-calling',
      /when\.device: there is no device or camera "bord"; write device: board/,
    ],
    [
      'a condition of nothing',
      'point: sos-calling, is: true',
      'point: sos-calling',
      /boosts\[0\]\.when\.is: missing: expected is, above or below/,
    ],
    [
      'a condition of two things',
      'is: true }, hold',
      'is: true, above: 3 }, hold',
      /when\.above: a condition has one of is, above and below/,
    ],
    [
      'a meter that measures no power',
      'point: power-active-total',
      'point: power-reactive-total',
      /power\.point: power-reactive-total is in .*, which is no power/,
    ],
    [
      'an exception that ends before it begins',
      'to: "2027-02-20"',
      'to: "2027-01-20"',
      /exceptions\[0\]\.to: it ends before it begins/,
    ],
    ['a date that does not exist', '"2027-02-05"', '"2027-02-30"', /exceptions\[0\]\.from: expected a date/],
    ['half a season', 'days: [fri, sat]', 'from: "12-24"', /calendar\[0\]\.to: missing: from needs to/],
    ['a moment of no clock', '"22:30"', '"25:30"', /levels\[1\]\.from: expected a local time/],
    [
      'an id taken by a device',
      'id: lamp-1',
      'id: board',
      /lamps\[0\]\.id: the id "?board"? is taken by devices/,
    ],
  ])('%s', async (_, from, to, told) => {
    expect(pole).toContain(from);
    const problems = await folder.problems(pole.replace(from, to));
    expect(problems.join('\n')).toMatch(told);
  });
});
