import { describe, expect, it } from 'vitest';
import type { Wgs84 } from '../../../../agent/core/sign/transit.ts';
import { fromWgs84, toWgs84 } from '../../../../agent/sign/feeds/datum.ts';
import { seeded } from '../../../support/seeded.ts';

function metres(a: Wgs84, b: Wgs84): number {
  const narrow = Math.cos((a.lat * Math.PI) / 180);
  return Math.hypot((a.lat - b.lat) * 111_320, (a.lon - b.lon) * 111_320 * narrow);
}

describe('coordinates of Chinese maps', () => {
  it.each([
    // googollee/eviltransform (BSD-3-Clause), its test points: WGS 84, GCJ-02.
    ['Shanghai', 31.1774276, 121.5272106, 31.17530398364597, 121.531541859215],
    ['Shenzhen', 22.543847, 113.912316, 22.540796131694766, 113.9171764808363],
    ['Beijing', 39.911954, 116.377817, 39.91334545536069, 116.38404722455657],
    // wandergis/coordtransform (MIT), its test.
    ['Beijing, Tiananmen', 39.915, 116.404, 39.91640428150164, 116.41024449916938],
  ])('%s, GCJ-02', (_name, lat, lon, gcjLat, gcjLon) => {
    expect(metres(fromWgs84({ lat, lon }, 'gcj02'), { lat: gcjLat, lon: gcjLon })).toBeLessThan(0.001);
    expect(metres(toWgs84({ lat: gcjLat, lon: gcjLon }, 'gcj02'), { lat, lon })).toBeLessThan(0.01);
  });

  it('BD-09 against GCJ-02 (wandergis/coordtransform)', () => {
    const gcj = toWgs84({ lat: 39.915, lon: 116.404 }, 'gcj02');
    const bd = { lat: 39.92133699351021, lon: 116.41036949371029 };
    expect(metres(fromWgs84(gcj, 'bd09'), bd)).toBeLessThan(0.01);
    expect(metres(toWgs84(bd, 'bd09'), gcj)).toBeLessThan(0.01);
    // Its way back is not iterated, and off by some centimetres.
    const back = fromWgs84(toWgs84({ lat: 39.915, lon: 116.404 }, 'bd09'), 'gcj02');
    expect(metres(back, { lat: 39.90865673957631, lon: 116.39762729119315 })).toBeLessThan(0.1);
  });

  it('lie 544 m apart in Zibo', () => {
    const zibo = { lat: 36.81, lon: 118.05 };
    expect(metres(fromWgs84(zibo, 'gcj02'), zibo)).toBeCloseTo(544, 0);
  });

  it('come back to less than a centimetre everywhere, and end everywhere', () => {
    const random = seeded(83);
    for (let i = 0; i < 10_000; i++) {
      const place = { lat: 1 + random() * 54, lon: 72.5 + random() * 65 };
      for (const datum of ['gcj02', 'bd09'] as const) {
        expect(metres(toWgs84(fromWgs84(place, datum), datum), place)).toBeLessThan(0.01);
      }
    }
    // At the edge, where the curve begins, some points have no way back.
    for (let i = 0; i < 5000; i++) {
      const edge = { lat: 0.8293 + random() * 0.01, lon: 137.8347 - random() * 0.01 };
      for (const datum of ['gcj02', 'bd09'] as const) {
        expect(metres(toWgs84(edge, datum), edge)).toBeLessThan(3000);
      }
    }
    for (const value of [Number.NaN, Infinity, -Infinity, 1e308, 0]) {
      toWgs84({ lat: value, lon: value }, 'bd09');
    }
    expect(toWgs84({ lat: 52.5, lon: 13.4 }, 'gcj02')).toEqual({ lat: 52.5, lon: 13.4 });
  });
});
