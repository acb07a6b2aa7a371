/** Explains frames of DL/T 645, one or several in the bytes, with whatever stands around them. */
import { fromHex, hex } from '../../agent/core/bytes.ts';
import { type Decoder, type Fields, refused } from '../decode.ts';
import { decodeFrames, type Explained } from '../meter-decode.ts';
import { addressText, hex2 } from '../meter-frame.ts';
import { controlFields } from './control.ts';
import { errorNames } from './error.ts';
import type { Content, Format } from './format.ts';
import { ABNORMAL, FOLLOWS, FROM_METER, type Frame, FUNCTION_BITS, frameAt } from './frame.ts';
import { EDITIONS, formatOf, itemsOf, type Version } from './items.ts';

const PROTOCOLS: Readonly<Record<string, Version>> = { 'dlt645-2007': '2007', 'dlt645-1997': '1997' };

/** DL/T 645-2007 §5.2.5 and DL/T 645-1997 §5.2.3 */
const FUNCTIONS: Readonly<Record<Version, Readonly<Record<number, string>>>> = {
  '2007': {
    3: 'security authentication',
    8: 'broadcast time',
    17: 'read data',
    18: 'read follow-up data',
    19: 'read address',
    20: 'write data',
    21: 'write address',
    22: 'freeze',
    23: 'change baud rate',
    24: 'change password',
    25: 'clear demand',
    26: 'clear meter',
    27: 'clear events',
    28: 'relay/alarm/keep-power control',
  },
  '1997': {
    1: 'read data (1997)',
    2: 'read follow-up data (1997)',
    3: 'read again (1997)',
    4: 'write data (1997)',
    8: 'broadcast time (1997)',
    10: 'write address (1997)',
    12: 'change baud rate (1997)',
    15: 'change password (1997)',
    16: 'clear demand (1997)',
  },
};
const READ_ADDRESS = 0x13;
const RELAY = 0x1c;

export const decoder: Decoder = {
  protocols: Object.keys(PROTOCOLS),
  decode(protocol, input) {
    const bytes = typeof input === 'string' ? fromHex(input) : input;
    if (bytes === undefined) return refused('not hex');
    const version = PROTOCOLS[protocol] ?? '2007';
    return decodeFrames(bytes, frameAt, (frame) => explained(frame, version));
  },
};

function explained({ address, control, data }: Frame, version: Version): Explained {
  const up = (control & FROM_METER) !== 0;
  const abnormal = (control & ABNORMAL) !== 0;
  const code = control & FUNCTION_BITS;
  const head: Fields = {
    address,
    control: hex2(control),
    dir: up ? 'meter->master' : 'master->meter',
    abnormal,
    has_follow: (control & FOLLOWS) !== 0,
    function: FUNCTIONS[version][code] ?? 'unknown',
    L: data.length,
    data_minus33: hex(data),
    ...(version === '1997' ? { version } : {}),
  };
  if (abnormal) {
    const word = data[0] ?? 0;
    return { fields: { ...head, error_word: hex2(word), error_bits: errorNames(word) }, readings: [] };
  }
  const { fields, readings } = inside(code, data, up, version);
  return { fields: { ...head, ...fields }, readings };
}

/** What DATA holds, by function. */
function inside(code: number, data: Uint8Array, up: boolean, version: Version): Explained {
  const { read, follow, identifier } = EDITIONS[version];
  if (version === '2007' && code === READ_ADDRESS && up && data.length === 6) {
    const address = addressText(data);
    return {
      fields: { meter_address: address },
      readings: [{ name: 'meter address', value: address, unit: '' }],
    };
  }
  if (version === '2007' && code === RELAY && !up) return { fields: controlFields(data), readings: [] };
  if ((code !== read && code !== follow) || data.length < identifier) return { fields: {}, readings: [] };
  const di = addressText(data.subarray(0, identifier));
  const numbered = code === follow && version === '2007' && data.length > identifier;
  const seq = numbered ? { seq: data[data.length - 1] } : {};
  if (!up) return { fields: { di, ...seq }, readings: [] };
  const values = data.subarray(identifier, numbered ? -1 : undefined);
  const format = formatOf(version, di);
  const told =
    format === undefined ? { fields: { payload: hex(values) }, readings: [] } : valuesOf(format, values);
  return { fields: { di, ...told.fields, ...seq }, readings: told.readings };
}

function valuesOf(format: Format, data: Uint8Array): Explained {
  const { contents, trailing } = itemsOf(format, data);
  const shown = contents.map(shownOf);
  const times = contents.flatMap((content) => (content.kind === 'demand' ? [content.time ?? null] : []));
  const block = format.slots !== undefined;
  const fields = {
    name: format.name,
    ...(format.unit === undefined ? {} : { unit: format.unit }),
    value: block ? shown : (shown[0] ?? null),
    ...(times.length === 0 ? {} : { time: block ? times : times[0] }),
    ...(trailing.length === 0 ? {} : { trailing: hex(trailing) }),
  };
  const readings = contents.map((content, i) => ({
    name: block ? `${format.name} ${format.slots?.[i] ?? i + 1}` : format.name,
    value: content.kind === 'invalid' ? null : content.value,
    unit: format.ucum ?? format.unit ?? '',
  }));
  return { fields, readings };
}

function shownOf(content: Content): unknown {
  if (content.kind === 'invalid') return { raw: content.raw, invalid_bcd: true };
  if (content.kind === 'date') return { weekday: content.weekday, date: content.value };
  return content.value;
}
