/** What a sentence gives for points: fields with their units, null where the sender says that they are not to be used. */
import type { FieldUnits } from '../own-line.ts';
import type { Doubt, Told } from '../teller.ts';
import { metresPerSecond, number, rounded } from './field.ts';
import { fieldsOf, type Transducer, utcOf } from './fields.ts';
import type { Sentence } from './sentence.ts';

/** Fields a point may name, by sentence. */
export const SENTENCES = {
  GGA: { lat: 'deg', lon: 'deg', quality: '1', sats: '1', hdop: '1', alt_m: 'm' },
  RMC: { lat: 'deg', lon: 'deg', speed: 'm/s', course: 'deg', utc: '' },
  GLL: { lat: 'deg', lon: 'deg' },
  GNS: { lat: 'deg', lon: 'deg', sats: '1', hdop: '1', alt_m: 'm' },
  GSA: { fix: '1', pdop: '1', hdop: '1', vdop: '1' },
  GSV: { in_view: '1' },
  VTG: { course_true: 'deg', speed: 'm/s' },
  ZDA: { utc: '' },
  HDT: { heading: 'deg' },
  MWV: { angle: 'deg', speed: 'm/s' },
  MWD: { dir_true: 'deg', dir_mag: 'deg', speed: 'm/s' },
  MTA: { air: 'Cel' },
  MTW: { water: 'Cel' },
  MHU: { rh: '%', dew_c: 'Cel' },
  MMB: { pressure: 'hPa' },
  MDA: {
    pressure: 'hPa',
    air_c: 'Cel',
    water_c: 'Cel',
    rh: '%',
    dew_c: 'Cel',
    wind_true: 'deg',
    wind_mag: 'deg',
    wind_speed: 'm/s',
  },
  XDR: { temperature: 'Cel', humidity: '%', pressure: 'hPa', angle: 'deg' },
  TXT: { text: '' },
} as const satisfies Readonly<Record<string, FieldUnits>>;

export type SentenceType = keyof typeof SENTENCES;

const INCH_OF_MERCURY = 33.86389;
/** Types of sentence whose values hold only with a fix, and how it is seen. */
const NO_FIX: Readonly<Record<string, (f: readonly string[]) => boolean>> = {
  GGA: (f) => !(Number(f[5] ?? 0) > 0),
  RMC: (f) => f[1] !== 'A' || f[11] === 'N',
  GLL: (f) => f[5] !== 'A' || f[6] === 'N',
  // One letter per system; N: no fix.
  GNS: (f) => !/[^N]/.test(f[5] ?? ''),
  VTG: (f) => f[8] === 'N',
  MWV: (f) => f[4] !== 'A',
};
/** Fields that hold without a fix. */
const ALWAYS = ['quality', 'sats', 'utc'];

/** Fields of `sentence` by name; a field of a sentence without a fix is null. */
export function toldOf(sentence: Sentence): Told {
  const { type, fields: f } = sentence;
  if (!Object.hasOwn(SENTENCES, type) || sentence.talker === 'P') return {};
  const names = Object.keys(SENTENCES[type as SentenceType]);
  const all: Record<string, unknown> = { ...fieldsOf(sentence), ...derived(sentence) };
  const lost = NO_FIX[type]?.(f) ?? false;
  return Object.fromEntries(
    names.map((name) => {
      const value = all[name];
      const known = typeof value === 'number' || typeof value === 'string' ? value : null;
      return [name, lost && !ALWAYS.includes(name) ? null : known];
    }),
  );
}

/** Fields in units of the house. */
function derived(sentence: Sentence): Readonly<Record<string, number | string | null>> {
  const { type, fields: f } = sentence;
  const knots = (field: string | undefined) => metresPerSecond(number(field), 'N');
  switch (type) {
    case 'RMC':
      return { speed: knots(f[6]), utc: f[11] === 'N' && f[1] !== 'A' ? null : utcOf(sentence) };
    case 'ZDA':
      return { utc: utcOf(sentence) };
    case 'GNS':
      return { sats: number(f[6]) };
    case 'VTG':
      return { speed: f[6] === '' ? knots(f[4]) : metresPerSecond(number(f[6]), 'K') };
    case 'MWV':
      return { speed: metresPerSecond(number(f[2]), f[3]) };
    case 'MWD':
      return { speed: number(f[6]) ?? knots(f[4]) };
    case 'MTA':
      return { air: celsius(number(f[0]), f[1]) };
    case 'MTW':
      return { water: celsius(number(f[0]), f[1]) };
    case 'MMB':
    case 'MDA':
      return { pressure: pressure(f[0], f[2]), wind_speed: number(f[18]) ?? knots(f[16]) };
    case 'TXT':
      return { text: f[3] ?? null };
    default:
      return {};
  }
}

function celsius(value: number | null, unit: string | undefined): number | null {
  if (value === null || unit === undefined || unit === 'C') return value;
  return unit === 'F' ? rounded(((value - 32) * 5) / 9, 3) : null;
}

function pressure(inches: string | undefined, bar: string | undefined): number | null {
  const [exact, coarse] = [number(bar), number(inches)];
  if (exact !== null) return rounded(exact * 1000, 3);
  return coarse === null ? null : rounded(coarse * INCH_OF_MERCURY, 2);
}

const KINDS = { C: 'temperature', H: 'humidity', P: 'pressure', A: 'angle' } as const;

/** The value of one transducer under the field of its kind; undefined where the sentence does not hold it. */
export function transducerOf(
  sentence: Sentence,
  want: { readonly type: keyof typeof KINDS; readonly name?: string | undefined },
): number | null | Doubt | undefined {
  const all = fieldsOf(sentence).transducers as readonly Transducer[] | undefined;
  const found = all?.find(
    ({ type, name }) => type === want.type && (want.name === undefined || name === want.name),
  );
  if (found === undefined || found.value === null) return found === undefined ? undefined : null;
  if (found.type === 'C') return celsius(found.value, found.unit);
  if (found.type !== 'P') return found.value;
  if (found.unit === 'P') return rounded(found.value / 100, 3);
  // Some stations send hPa and call them bar.
  if (found.value > 300 && found.value < 1200) return { value: found.value, reason: 'implausible' };
  return rounded(found.value * 1000, 3);
}
