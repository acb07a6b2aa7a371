/** Brightness by sensor and sun, the palette of the night, and inks that can be read. */
import { describe, expect, test } from 'vitest';
import { badge, contrast, luminance } from '../../../../agent/sign/screen/ink.ts';
import { lightOf } from '../../../../agent/sign/screen/light.ts';

const at = (lux: number | undefined, sun: number | undefined, before: 'day' | 'night' = 'day') =>
  lightOf(
    {
      ...(lux === undefined ? {} : { lux }),
      ...(sun === undefined ? {} : { sun }),
      quiet: false,
      byPage: true,
    },
    before,
  );

describe('light', () => {
  test('follows the sensor, brighter in brighter light', () => {
    const steps = [0, 5, 50, 500, 5000, 50_000].map((lux) => at(lux, undefined).brightness);
    expect(steps).toEqual([...steps].sort((a, b) => a - b));
    expect([steps[0], steps.at(-1)]).toEqual([0.12, 1]);
  });

  test('follows the sun without a sensor, and stays bright with neither', () => {
    expect([
      at(undefined, 30).brightness,
      at(undefined, -20).brightness,
      at(undefined, undefined).brightness,
    ]).toEqual([1, 0.25, 1]);
    expect([at(undefined, 30).palette, at(undefined, -20).palette]).toEqual(['day', 'night']);
  });

  test('does not believe a covered sensor at noon, nor a lamp at night', () => {
    expect(at(0, 45)).toMatchObject({ palette: 'day', brightness: 0.7 });
    expect(at(5000, -20)).toMatchObject({ palette: 'night', brightness: 0.5 });
  });

  test('does not switch to and fro in twilight', () => {
    expect([at(50, 0, 'day').palette, at(50, 0, 'night').palette]).toEqual(['day', 'night']);
    expect([at(20, 0, 'day').palette, at(90, 0, 'night').palette]).toEqual(['night', 'day']);
  });

  test('is dimmer in quiet hours', () => {
    expect(lightOf({ lux: 100, quiet: true, byPage: true }).brightness).toBe(0.24);
  });
});

describe('badges', () => {
  test('of any colour can be read', () => {
    for (let i = 0; i < 4096; i++) {
      const hex = `#${[i >> 8, (i >> 4) & 15, i & 15].map((part) => (part * 17).toString(16).padStart(2, '0')).join('')}`;
      const { ground, ink } = badge(hex);
      expect(contrast(luminance(ground) ?? 0, luminance(ink) ?? 0)).toBeGreaterThanOrEqual(4.5);
    }
    expect(badge('red').ground).toBe('#14457a');
  });
});
