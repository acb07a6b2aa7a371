/** Simulated talkers of NMEA 0183: a GNSS receiver and a weather station. NMEA 0183 V4.11. */
import type { LineAccess, Utterance } from '../lines/wire.ts';
import { type Quantity, SerialTalker, type TalkerParts } from './serial-talker.ts';

/** `$`, body, `*`, XOR of the body, CR LF. */
export function nmeaSentence(body: string): string {
  let sum = 0;
  for (const char of body) sum ^= char.charCodeAt(0);
  return `$${body}*${sum.toString(16).toUpperCase().padStart(2, '0')}\r\n`;
}

const two = (value: number) => String(value).padStart(2, '0');

/** `dddmm.mmmmm` with its hemisphere, and the degrees that stand there. */
function angle(value: number, digits: number, names: string): readonly [string, number] {
  const all = Math.round(Math.abs(value) * 60 * 100_000);
  const whole = Math.floor(all / (60 * 100_000));
  const minutes = (all - whole * 60 * 100_000) / 100_000;
  const text = `${String(whole).padStart(digits, '0')}${minutes.toFixed(5).padStart(8, '0')}`;
  const sign = value < 0 ? -1 : 1;
  return [`${text},${sign < 0 ? names[1] : names[0]}`, (sign * all) / (60 * 100_000)];
}

export class GenericNmea0183Gnss extends SerialTalker {
  protected readonly period = 1000;

  constructor(parts: TalkerParts) {
    super('generic-nmea0183-gnss', parts);
  }

  protected tell(): Utterance {
    const { world, clock } = this.parts;
    const now = new Date(Math.floor(clock.now() / 1000) * 1000);
    const time = `${two(now.getUTCHours())}${two(now.getUTCMinutes())}${two(now.getUTCSeconds())}.00`;
    const date = `${two(now.getUTCDate())}${two(now.getUTCMonth() + 1)}${two(now.getUTCFullYear() % 100)}`;
    const [lat, latitude] = angle(world.place.lat, 2, 'NS');
    const [lon, longitude] = angle(world.place.lon, 3, 'EW');
    const sentences = [
      `GNGGA,${time},${lat},${lon},1,14,0.82,12.4,M,9.6,M,,`,
      'GNGSA,A,3,02,05,12,25,29,,,,,,,,1.52,0.82,1.28,1',
      'GNGSA,A,3,06,09,16,21,33,39,,,,,,,1.52,0.82,1.28,4',
      'GPGSV,2,1,06,02,42,227,39,05,17,313,30,12,29,116,36,25,38,292,41,1',
      'GPGSV,2,2,06,29,61,035,44,31,08,190,,1',
      'GBGSV,2,1,07,06,66,204,42,09,54,220,40,16,68,210,43,21,47,145,41,1',
      'GBGSV,2,2,07,33,36,058,38,39,63,183,40,42,04,301,,1',
      `GNRMC,${time},A,${lat},${lon},0.02,,${date},,,A,V`,
      `GNZDA,${time},${two(now.getUTCDate())},${two(now.getUTCMonth() + 1)},${now.getUTCFullYear()},00,00`,
      'GNTXT,01,01,01,ANTENNA OK',
    ];
    const quantities: readonly Quantity[] = [
      { point: 'latitude', value: latitude, uom: 'deg' },
      { point: 'longitude', value: longitude, uom: 'deg' },
      { point: 'altitude', value: 12.4, uom: 'm' },
      { point: 'fix-quality', value: 1, uom: '1' },
      { point: 'satellites-used', value: 14, uom: '1' },
      { point: 'satellites-gps', value: 6, uom: '1' },
      { point: 'satellites-beidou', value: 7, uom: '1' },
      { point: 'hdop', value: 0.82, uom: '1' },
      { point: 'utc-time', value: now.toISOString(), uom: '1' },
    ];
    return {
      bytes: Buffer.from(sentences.map(nmeaSentence).join(''), 'latin1'),
      served: this.served(quantities),
    };
  }
}

export class GenericNmea0183Weather extends SerialTalker {
  protected readonly period = 2000;

  constructor(parts: TalkerParts) {
    super('generic-nmea0183-weather', parts);
  }

  protected tell(line: LineAccess): Utterance {
    const air = this.weather();
    const told = (point: string, exact: number, decimals: number, signed = false) => {
      const text = line.believe(undefined, point, exact).toFixed(decimals);
      return signed && !text.startsWith('-') ? `+${text}` : text;
    };
    const direction = told('wind-direction', air.windDirection, 1);
    const speed = told('wind-speed', air.windSpeed, 2);
    const warmth = told('temperature', air.temperature, 1, true);
    const moist = told('humidity', air.humidity, 1);
    const dew = told('dew-point', air.temperature - (100 - air.humidity) / 5, 1);
    const bar = (Number(told('pressure', air.pressure * 10, 1)) / 1000).toFixed(4);
    const housing = told('temperature-housing', air.temperature + 2.5, 1);
    const body = [
      `WIMWV,${direction},T,${speed},M,A`,
      `WIMWV,12.0,R,${speed},M,A`,
      `WIMDA,,I,${bar},B,${warmth},C,,,${moist},,${dew},C,${direction},T,,M,,N,${speed},M`,
      `WIXDR,U,12.1,V,SUPPLY,C,${housing},C,HOUSING`,
    ];
    const quantities = [
      ['wind-direction', direction, 'deg'],
      ['wind-speed', speed, 'm/s'],
      ['temperature', warmth, 'Cel'],
      ['humidity', moist, '%'],
      ['dew-point', dew, 'Cel'],
      ['pressure', (Number(bar) * 1000).toFixed(1), 'hPa'],
      ['temperature-housing', housing, 'Cel'],
    ] as const;
    return {
      bytes: Buffer.from(body.map(nmeaSentence).join(''), 'latin1'),
      served: this.served(quantities.map(([point, value, uom]) => ({ point, value: Number(value), uom }))),
    };
  }
}
