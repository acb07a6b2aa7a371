/**
 * What the sentences say, under the names of `kerbside decode`. NMEA 0183 V4.11; gpsd's and SignalK's notes on what
 * receivers really send.
 */
import type { Fields } from '../decode.ts';
import { degrees, instant, metresPerSecond, number, rounded } from './field.ts';
import type { Sentence } from './sentence.ts';

type Reader = (f: readonly string[]) => Fields;

/** Text as sent; null where the sentence ends before it. */
const text = (field: string | undefined) => field ?? null;
const hectopascal = (bar: number | null) => (bar === null ? null : rounded(bar * 1000, 4));

const READERS: Readonly<Record<string, Reader>> = {
  GGA: (f) => ({
    time: text(f[0]),
    lat: degrees(f[1], f[2]),
    lon: degrees(f[3], f[4]),
    quality: number(f[5]),
    sats: number(f[6]),
    hdop: number(f[7]),
    alt_m: number(f[8]),
    geoid_m: number(f[10]),
  }),
  RMC: (f) => ({
    time: text(f[0]),
    status: text(f[1]),
    lat: degrees(f[2], f[3]),
    lon: degrees(f[4], f[5]),
    speed_kn: number(f[6]),
    course: number(f[7]),
    date: text(f[8]),
    mode: text(f[11]),
    nav_status: text(f[12]),
  }),
  GLL: (f) => ({
    lat: degrees(f[0], f[1]),
    lon: degrees(f[2], f[3]),
    time: text(f[4]),
    status: text(f[5]),
    ...(f[6] === undefined ? {} : { mode: f[6] }),
  }),
  GNS: (f) => ({
    time: text(f[0]),
    lat: degrees(f[1], f[2]),
    lon: degrees(f[3], f[4]),
    mode: text(f[5]),
    sats: text(f[6]),
    hdop: number(f[7]),
    alt_m: number(f[8]),
    geoid_m: number(f[9]),
  }),
  GSA: (f) => ({
    mode: text(f[0]),
    fix: number(f[1]),
    prns: f.slice(2, 14).filter((prn) => prn !== ''),
    pdop: number(f[14]),
    hdop: number(f[15]),
    vdop: number(f[16]),
    // NMEA 4.11 puts the system's number here; SiRF puts a float, which is none.
    system_id: f[17] === undefined || !/^[0-9A-F]?$/.test(f[17]) ? null : f[17],
  }),
  GSV: satellites,
  VTG: (f) => ({
    course_true: number(f[0]),
    course_mag: number(f[2]),
    speed_kn: number(f[4]),
    speed_kmh: number(f[6]),
    mode: text(f[8]),
  }),
  ZDA: (f) => ({ time: text(f[0]), day: text(f[1]), month: text(f[2]), year: text(f[3]) }),
  HDT: (f) => ({ heading: number(f[0]) }),
  MWV: (f) => ({
    angle: number(f[0]),
    reference: { R: 'relative', T: 'true' }[f[1] ?? ''] ?? null,
    speed: number(f[2]),
    unit: text(f[3]),
    speed_mps: metresPerSecond(number(f[2]), f[3]),
    valid: f[4] === 'A',
  }),
  MWD: (f) => ({
    dir_true: number(f[0]),
    dir_mag: number(f[2]),
    speed_kn: number(f[4]),
    speed_mps: number(f[6]),
  }),
  MTA: (f) => ({ air: number(f[0]), unit: text(f[1]) }),
  MTW: (f) => ({ water: number(f[0]), unit: text(f[1]) }),
  MHU: (f) => ({ rh: number(f[0]), abs_hum: number(f[1]), dew_c: number(f[2]) }),
  MMB: (f) => ({ press_inHg: number(f[0]), press_bar: number(f[2]) }),
  MDA: (f) => ({
    press_inHg: number(f[0]),
    press_hPa: hectopascal(number(f[2])),
    air_c: number(f[4]),
    water_c: number(f[6]),
    rh: number(f[8]),
    abs_hum: number(f[9]),
    dew_c: number(f[10]),
    wind_true: number(f[12]),
    wind_mag: number(f[14]),
    wind_kn: number(f[16]),
    wind_mps: number(f[18]),
  }),
  XDR: (f) => ({ transducers: transducers(f) }),
};

/** The fields of a sentence; of one that nobody knows, the fields as they are. */
export function fieldsOf(sentence: Sentence): Fields {
  const { talker, type, fields } = sentence;
  const reader = talker === 'P' ? undefined : READERS[type];
  return { talker, type, ...(reader === undefined ? { fields } : reader(fields)) };
}

/** Four fields each; one more at the end is the signal of NMEA 4.11 and no satellite. */
function satellites(f: readonly string[]): Fields {
  const rest = f.slice(3);
  const signal = rest.length % 4 === 1 ? rest.pop() : undefined;
  const sats = [];
  for (let i = 0; i < rest.length; i += 4) {
    const [prn = '', elev, az, snr] = rest.slice(i, i + 4);
    if (prn !== '') sats.push({ prn, elev: number(elev), az: number(az), snr: number(snr) });
  }
  const [total, index, in_view] = [number(f[0]), number(f[1]), number(f[2])];
  return { total, index, in_view, sats, signal_id: signal ?? null };
}

export interface Transducer {
  readonly type: string;
  readonly value: number | null;
  readonly unit: string;
  readonly name: string;
}

function transducers(f: readonly string[]): readonly Transducer[] {
  const found: Transducer[] = [];
  for (let i = 0; i + 2 < f.length; i += 4) {
    const [type = '', value, unit = '', name = ''] = f.slice(i, i + 4);
    found.push({ type, value: number(value), unit, name });
  }
  return found;
}

/** UTC of a sentence with time and date (RMC, ZDA) in ISO 8601; null where it has none. */
export function utcOf({ type, fields: f }: Sentence): string | null {
  if (type === 'ZDA') return instant(f[0], number(f[3]), number(f[2]), number(f[1]));
  const date = type === 'RMC' ? /^(\d\d)(\d\d)(\d\d)$/.exec(f[8] ?? '') : null;
  if (date === null) return null;
  const year = Number(date[3]);
  // GPS began in 1980.
  return instant(f[0], year + (year < 80 ? 2000 : 1900), Number(date[2]), Number(date[1]));
}
