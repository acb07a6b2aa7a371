/** The night that docs/lighting/night.svg shows: what must be seen in it, whatever the seed and the moment make of it. */
import { expect, test } from 'vitest';
import { type PoleNight, playNight, type Sample } from '../../support/pole-night.ts';

const MINUTE = 60_000;

const at = (samples: readonly Sample[], time: number) => samples.findLast((one) => one.time <= time)?.value;
const happened = ({ happenings }: PoleNight, text: string) =>
  happenings.find((one) => one.text.startsWith(text))?.time ?? Number.NaN;

test('a night with orders, a reset, SOS, a crash and an open cabinet: lit but for the cabinet, and the meter agrees', async () => {
  const night = await playNight();
  const rungs = night.events.filter(({ event }) => event === 'light').map(({ body }) => body.rung);
  expect(rungs).toEqual(
    expect.arrayContaining(['calendar', 'traffic', 'override', 'boost', 'safety', 'day']),
  );
  expect(night.events.filter(({ body }) => 'finding' in body)).toEqual([]);

  const dusk = night.lux.find(({ value }) => value <= 15)?.time ?? Number.NaN;
  const dawn = night.lux.findLast(({ value }) => value <= 15)?.time ?? Number.NaN;
  const opened = happened(night, 'cabinet opened');
  const shut = happened(night, 'cabinet shut');
  for (let time = dusk + 10 * MINUTE; time < dawn - 10 * MINUTE; time += MINUTE) {
    const cabinet = time > opened - MINUTE && time < shut + 5 * MINUTE;
    const reset = Math.abs(time - happened(night, 'board reset')) < 10 * MINUTE;
    if (!cabinet && !reset) expect({ time, level: at(night.level, time) }).not.toEqual({ time, level: 0 });
  }
  const later = (text: string, minutes: number) =>
    at(night.level, happened(night, text) + minutes * MINUTE) ?? Number.NaN;
  expect(later('city', 10)).toBeCloseTo(30, 0);
  expect(later('city', 50)).toBeGreaterThan(55);
  expect(later('board reset', 15)).toBeGreaterThan(55);
  expect(later('SOS pressed', 3)).toBe(100);
  expect(later('agent started', 5)).toBeGreaterThanOrEqual(40);
  expect(later('cabinet opened', 5)).toBe(0);
  expect(later('cabinet shut', 5)).toBeGreaterThanOrEqual(40);
  // What the street drew and what the monitor reckoned.
  expect(night.used).toBeGreaterThan(0.6);
  expect(night.saved).toBeGreaterThan(0.2);
  expect(night.used + night.saved).toBeLessThan(0.12 * 13);
  for (const { time, value } of night.watts) {
    const level = at(night.level, time) ?? 0;
    const steady = at(night.level, time - 6 * MINUTE) === level;
    if (steady) expect(Math.abs(value - 1.2 * level)).toBeLessThan(15);
  }
}, 60_000);
