/** Simulated devices with a line of their own, by the stem of their profile. */
import { AtModem, MODEM_STEMS } from './at-modem.ts';
import { DfrobotA02yyuw } from './dfrobot-a02yyuw.ts';
import { GenericFramedFirePanel, GenericFramedGas, GenericFramedRfid, GstGst9000 } from './framed-devices.ts';
import { HoneywellHpma115 } from './honeywell-hpma115.ts';
import { GenericNmea0183Gnss, GenericNmea0183Weather } from './nmea-talkers.ts';
import { NovaSds011 } from './nova-sds011.ts';
import { NovaSds198 } from './nova-sds198.ts';
import { PLANTOWER_STEMS, PlantowerFamily } from './plantower-family.ts';
import { SensirionSps30 } from './sensirion-sps30.ts';
import type { SerialTalker, TalkerParts } from './serial-talker.ts';
import { WinsenMhz19b } from './winsen-mhz19b.ts';

type Maker = (parts: TalkerParts) => SerialTalker;

export const SERIAL_TALKERS: ReadonlyMap<string, Maker> = new Map<string, Maker>([
  ...PLANTOWER_STEMS.map((stem) => [stem, (parts: TalkerParts) => new PlantowerFamily(stem, parts)] as const),
  ...MODEM_STEMS.map((stem) => [stem, (parts: TalkerParts) => new AtModem(stem, parts)] as const),
  ['nova-sds011', (parts) => new NovaSds011(parts)],
  ['nova-sds198', (parts) => new NovaSds198(parts)],
  ['sensirion-sps30', (parts) => new SensirionSps30(parts)],
  ['winsen-mhz19b', (parts) => new WinsenMhz19b(parts)],
  ['dfrobot-a02yyuw', (parts) => new DfrobotA02yyuw(parts)],
  ['honeywell-hpma115s0', (parts) => new HoneywellHpma115('honeywell-hpma115s0', parts)],
  ['honeywell-hpma115c0', (parts) => new HoneywellHpma115('honeywell-hpma115c0', parts)],
  ['generic-nmea0183-gnss', (parts) => new GenericNmea0183Gnss(parts)],
  ['generic-nmea0183-weather', (parts) => new GenericNmea0183Weather(parts)],
  ['generic-framed-rfid', (parts) => new GenericFramedRfid(parts)],
  ['generic-framed-gas', (parts) => new GenericFramedGas(parts)],
  ['generic-framed-fire-panel', (parts) => new GenericFramedFirePanel(parts)],
  ['gst-gst9000', (parts) => new GstGst9000(parts)],
]);
