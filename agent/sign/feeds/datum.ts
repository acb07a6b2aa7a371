/**
 * Coordinates of Chinese maps. GCJ-02 is WGS 84 moved by a published curve of some 300 to 700 m, BD-09 that moved once more.
 * The formulas are those that circulate since 2010 (Krasovsky ellipsoid, sums of sines); both ways back are found by
 * iteration to less than 1 mm, with a bound on the steps: at the edge of the area where the curve begins there is no way
 * back for some points, and a loop without a bound would not end there.
 */
import type { Datum, Wgs84 } from '../../core/sign/transit.ts';

/** Krasovsky 1940: semi-major axis, m, and first eccentricity squared. */
const A = 6_378_245;
const EE = 0.006_693_421_622_965_943;
const BD_STEP = (Math.PI * 3000) / 180;
const STEPS = 30;
/** Degrees; less than a millimetre. */
const CLOSE = 1e-9;

/** WGS 84 of coordinates in `datum`. Outside of the area of the curve they are the same. */
export function toWgs84(position: Wgs84, datum: Datum): Wgs84 {
  switch (datum) {
    case 'wgs84':
      return position;
    case 'gcj02':
      return inverse(position, gcj02OfWgs84);
    case 'bd09':
      return inverse(inverse(position, bd09OfGcj02), gcj02OfWgs84);
  }
}

/** The same the other way; for a map of such a service, and to tell which datum positions are in. */
export function fromWgs84(position: Wgs84, datum: Datum): Wgs84 {
  switch (datum) {
    case 'wgs84':
      return position;
    case 'gcj02':
      return gcj02OfWgs84(position);
    case 'bd09':
      return bd09OfGcj02(gcj02OfWgs84(position));
  }
}

/** The rectangle in which the curve applies, as the formulas circulate. */
function inside({ lat, lon }: Wgs84): boolean {
  return lon >= 72.004 && lon <= 137.8347 && lat >= 0.8293 && lat <= 55.8271;
}

function gcj02OfWgs84(position: Wgs84): Wgs84 {
  if (!inside(position)) return position;
  const { lat, lon } = position;
  const x = lon - 105;
  const y = lat - 35;
  const root = Math.sqrt(Math.abs(x));
  const common = (20 * Math.sin(6 * x * Math.PI) + 20 * Math.sin(2 * x * Math.PI)) * (2 / 3);
  const north =
    -100 +
    2 * x +
    3 * y +
    0.2 * y * y +
    0.1 * x * y +
    0.2 * root +
    common +
    ((20 * Math.sin(y * Math.PI) + 40 * Math.sin((y / 3) * Math.PI)) * 2) / 3 +
    ((160 * Math.sin((y / 12) * Math.PI) + 320 * Math.sin((y * Math.PI) / 30)) * 2) / 3;
  const east =
    300 +
    x +
    2 * y +
    0.1 * x * x +
    0.1 * x * y +
    0.1 * root +
    common +
    ((20 * Math.sin(x * Math.PI) + 40 * Math.sin((x / 3) * Math.PI)) * 2) / 3 +
    ((150 * Math.sin((x / 12) * Math.PI) + 300 * Math.sin((x / 30) * Math.PI)) * 2) / 3;
  const radians = (lat / 180) * Math.PI;
  const magic = 1 - EE * Math.sin(radians) ** 2;
  const meridian = (A * (1 - EE)) / (magic * Math.sqrt(magic));
  const parallel = (A / Math.sqrt(magic)) * Math.cos(radians);
  return {
    lat: lat + (north * 180) / (meridian * Math.PI),
    lon: lon + (east * 180) / (parallel * Math.PI),
  };
}

function bd09OfGcj02(position: Wgs84): Wgs84 {
  if (!inside(position)) return position;
  const { lat: y, lon: x } = position;
  const z = Math.hypot(x, y) + 0.000_02 * Math.sin(y * BD_STEP);
  const theta = Math.atan2(y, x) + 0.000_003 * Math.cos(x * BD_STEP);
  return { lat: z * Math.sin(theta) + 0.006, lon: z * Math.cos(theta) + 0.0065 };
}

/** The point that `forward` takes to `target`; the curve moves slowly, so each step comes hundreds of times nearer. */
function inverse(target: Wgs84, forward: (position: Wgs84) => Wgs84): Wgs84 {
  if (!inside(target)) return target;
  let { lat, lon } = target;
  for (let step = 0; step < STEPS; step++) {
    const there = forward({ lat, lon });
    const north = target.lat - there.lat;
    const east = target.lon - there.lon;
    lat += north;
    lon += east;
    if (Math.abs(north) < CLOSE && Math.abs(east) < CLOSE) break;
  }
  return { lat, lon };
}
