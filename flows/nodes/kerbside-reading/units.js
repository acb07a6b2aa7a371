/** Conversions of UCUM units that technicians meet: by quantity, `base = value × factor + offset`. */

/** @type {Readonly<Record<string, Readonly<Record<string, readonly [factor: number, offset?: number]>>>>} */
const QUANTITIES = {
  temperature: { Cel: [1], K: [1, -273.15], '[degF]': [5 / 9, -160 / 9] },
  power: { W: [1], kW: [1e3], MW: [1e6] },
  energy: { 'W.h': [1], 'kW.h': [1e3], 'MW.h': [1e6], MJ: [1e6 / 3600], GJ: [1e9 / 3600] },
  reactiveEnergy: { 'var.h': [1], 'kvar.h': [1e3] },
  voltage: { mV: [1e-3], V: [1], kV: [1e3] },
  current: { mA: [1e-3], A: [1] },
  speed: { 'm/s': [1], 'km/h': [1 / 3.6] },
  pressure: { Pa: [1], hPa: [100], kPa: [1e3], MPa: [1e6], bar: [1e5], mbar: [100] },
  length: { mm: [1e-3], cm: [1e-2], m: [1], km: [1e3] },
  volume: { L: [1e-3], m3: [1] },
  flow: { 'L/h': [1e-3], 'L/min': [0.06], 'm3/h': [1] },
  concentration: { 'ug/m3': [1], 'mg/m3': [1e3] },
  time: { ms: [1e-3], s: [1], min: [60], h: [3600], d: [86_400] },
  ratio: { 1: [1], '%': [0.01], '10*-6': [1e-6] },
  mass: { g: [1e-3], kg: [1], t: [1e3] },
};

/**
 * The value in another unit; undefined where the two measure different things or are not known.
 *
 * @param {number} value
 * @param {string} from
 * @param {string} to
 */
export function convert(value, from, to) {
  if (from === to) return value;
  const table = Object.values(QUANTITIES).find((one) => Object.hasOwn(one, from));
  const [factor, offset = 0] = table?.[from] ?? [];
  const [other, shift = 0] = table?.[to] ?? [];
  if (factor === undefined || other === undefined) return undefined;
  // What comes of binary fractions is no digit of the measurement.
  return Number(((value * factor + offset - shift) / other).toPrecision(12));
}
