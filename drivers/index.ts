/** The drivers there are: one line each. */
import { decoder as gb26875Decoder } from '../agent/codec/gb26875/decode.ts';
import { decoder as gst9000Decoder } from '../agent/codec/gb26875/gst9000.ts';
import type { Driver } from '../agent/core/driver.ts';
import { decoder as a02yyuwDecoder } from './a02yyuw/decode.ts';
import a02yyuw from './a02yyuw/index.ts';
import { decoder as bacnetDecoder } from './bacnet/decode.ts';
import bacnet from './bacnet/index.ts';
import { decoder as cjt188Decoder } from './cjt188/decode.ts';
import cjt188 from './cjt188/index.ts';
import { type Decoded, type Decoder, type Direction, decodeWith } from './decode.ts';
import { decoder as dlt645Decoder } from './dlt645/decode.ts';
import dlt645 from './dlt645/index.ts';
import firmata from './firmata/index.ts';
import framed from './framed/index.ts';
import gb26875 from './gb26875/index.ts';
import { decoder as hpma115Decoder } from './hpma115/decode.ts';
import hpma115 from './hpma115/index.ts';
import httpIn from './http-in/index.ts';
import { decoder as mbusDecoder } from './mbus/decode.ts';
import mbus from './mbus/index.ts';
import { decoder as mhz19Decoder } from './mhz19/decode.ts';
import mhz19 from './mhz19/index.ts';
import { decoder as modbusDecoder } from './modbus/decode.ts';
import modbus from './modbus/index.ts';
import { decoder as modemDecoder } from './modem/decode.ts';
import modem from './modem/index.ts';
import mqttIn from './mqtt-in/index.ts';
import { decoder as nmeaDecoder } from './nmea/decode.ts';
import nmea from './nmea/index.ts';
import { decoder as ocppDecoder } from './ocpp/decode.ts';
import ocpp from './ocpp/index.ts';
import { decoder as plantowerDecoder } from './plantower/decode.ts';
import plantower from './plantower/index.ts';
import reach from './reach/index.ts';
import { decoder as sdsDecoder } from './sds/decode.ts';
import sds from './sds/index.ts';
import { decoder as snmpDecoder } from './snmp/decode.ts';
import snmp from './snmp/index.ts';
import { decoder as sps30Decoder } from './sps30/decode.ts';
import sps30 from './sps30/index.ts';
import textPanel from './text-panel/index.ts';

export { find as findCjt188 } from './cjt188/find.ts';
export type { Decoded, DecodedReading, Direction } from './decode.ts';
export { find as findDlt645 } from './dlt645/find.ts';
export { find as findMbus } from './mbus/find.ts';
export { type IdentifyOptions, type Identity, identify as identifyModbus } from './modbus/identify.ts';

export const DRIVERS: readonly Driver[] = [
  modbus,
  plantower,
  firmata,
  dlt645,
  cjt188,
  mbus,
  mqttIn,
  httpIn,
  reach,
  a02yyuw,
  bacnet,
  framed,
  gb26875,
  hpma115,
  mhz19,
  modem,
  nmea,
  ocpp,
  sds,
  snmp,
  sps30,
  textPanel,
];

/** Explainers of frames, for `kerbside decode`. */
export const DECODERS: readonly Decoder[] = [
  modbusDecoder,
  plantowerDecoder,
  dlt645Decoder,
  cjt188Decoder,
  mbusDecoder,
  a02yyuwDecoder,
  bacnetDecoder,
  hpma115Decoder,
  mhz19Decoder,
  modemDecoder,
  nmeaDecoder,
  ocppDecoder,
  sdsDecoder,
  snmpDecoder,
  sps30Decoder,
  gb26875Decoder,
  gst9000Decoder,
];

/** The driver of a profile's `protocol`; undefined where there is none. */
export function driverFor(protocol: string): Driver | undefined {
  return DRIVERS.find((driver) => driver.protocol === protocol);
}

/** Explains one frame of a driver's protocol field by field; see `decodeWith`. */
export function decode(protocol: string, input: Uint8Array | string, dir?: Direction): Decoded {
  return decodeWith(DECODERS, protocol, input, dir);
}
