/** The night of a lamp as the console shows it, from programme, controller and overrides. */
import { expect, test } from 'vitest';
import { lampsTonight } from '../../../agent/compose/lamps-tonight.ts';
import type { LightingProgramme } from '../../../agent/core/lighting/lighting.ts';
import type { Site } from '../../../agent/core/site.ts';

const PROGRAMME: LightingProgramme = {
  id: 'street',
  elevation: -0.833,
  minBurn: 0,
  class: 30,
  failSafe: 100,
  levels: [
    { from: { kind: 'dusk', offset: 0 }, level: 100 },
    { from: { kind: 'time', minutes: 23 * 60 }, level: 60 },
  ],
  calendar: [],
  exceptions: [],
  traffic: {
    device: 'camera-1',
    point: 'vehicles',
    window: 600_000,
    steps: [
      { above: 0, level: 40 },
      { above: 60, level: 100 },
    ],
  },
  boosts: [],
  safety: [],
};

test('runs from noon to noon with its levels, what traffic may make of it, and who has it until when', () => {
  // 28 November 2026, 22:00 in Shanghai.
  const now = Date.UTC(2026, 10, 28, 14);
  const override = { id: 'c-1', value: 80, issuer: 'console:technician', until: now + 3_600_000 };
  const lamp = { id: 'lamp-1', device: 'board', point: 'lamp-level', overrideFor: 3_600_000 };
  const site = {
    lamps: [
      { ...lamp, programme: 'street' },
      { ...lamp, id: 'lamp-2', point: 'other' },
    ],
    programmes: [PROGRAMME],
    position: { lat: 31.2304, lon: 121.4737, datum: 'WGS84' },
    timezone: 'Asia/Shanghai',
  } as const satisfies Pick<Site, 'lamps' | 'programmes' | 'position' | 'timezone'>;
  const lamps = lampsTonight({
    site: () => site,
    now: () => now,
    decision: (id) => (id === 'lamp-1' ? { level: 80, rung: 'override', lit: true } : undefined),
    override: (_device, point) => (point === 'lamp-level' ? override : undefined),
  })();
  const [first, second] = lamps;
  expect(first).toMatchObject({ lamp: 'lamp-1', override, now: { level: 80, rung: 'override' } });
  const night = first?.programme;
  if (night === undefined) throw new Error('no programme');
  expect([night.date, night.from, night.to]).toEqual([
    '2026-11-28',
    Date.UTC(2026, 10, 28, 4),
    Date.UTC(2026, 10, 29, 4),
  ]);
  expect(night.levels).toHaveLength(288);
  const at = (hours: number) => night.levels[Math.floor((hours * 3_600_000) / night.step)];
  // 15:00, 22:00, 01:00, 10:00.
  expect([at(3), at(10), at(13), at(22)]).toEqual([0, 100, 60, 0]);
  expect(night.dusk).toBeGreaterThan(Date.UTC(2026, 10, 28, 8, 30));
  expect(night.dusk).toBeLessThan(Date.UTC(2026, 10, 28, 9, 30));
  expect(night.traffic).toEqual([40, 100]);
  expect(night.photocell).toBe(false);
  expect(second).toEqual({ lamp: 'lamp-2', device: 'board', point: 'other' });
});
