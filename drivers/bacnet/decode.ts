/** Explains messages of BACnet/IP: BVLC, NPDU, APDU, and what is read with ReadProperty and ReadPropertyMultiple. */
import { fromHex, hex } from '../../agent/core/bytes.ts';
import { type Decoded, type Decoder, type Fields, refused } from '../decode.ts';
import { apduOf } from './match.ts';
import { OBJECTS, PROPERTIES } from './schema.ts';
import { type Tag, tagAt } from './tags.ts';

/** §J.2 */
const FUNCTIONS: Readonly<Record<number, string>> = {
  0: 'result',
  4: 'forwarded-npdu',
  5: 'register-foreign-device',
  9: 'distribute-broadcast',
  10: 'original-unicast',
  11: 'original-broadcast',
};
/** §20.1 */
const TYPES = [
  'confirmed-request',
  'unconfirmed-request',
  'simple-ack',
  'complex-ack',
  'segment-ack',
  'error',
  'reject',
  'abort',
];
/** §21: BACnetConfirmedServiceChoice and BACnetUnconfirmedServiceChoice, the usual ones. */
const CONFIRMED: Readonly<Record<number, string>> = {
  1: 'confirmed-cov-notification',
  5: 'subscribe-cov',
  12: 'read-property',
  14: 'read-property-multiple',
  15: 'write-property',
  16: 'write-property-multiple',
  26: 'read-range',
};
const UNCONFIRMED: Readonly<Record<number, string>> = {
  0: 'i-am',
  1: 'i-have',
  2: 'unconfirmed-cov-notification',
  6: 'time-synchronization',
  7: 'who-has',
  8: 'who-is',
};
const READS = [12, 14];

const named = (table: Readonly<Record<string, number>>, number: number): string | number =>
  Object.entries(table).find(([, value]) => value === number)?.[0] ?? number;
const ALL_PROPERTIES = { ...PROPERTIES, 'status-flags': 111, units: 117, 'object-list': 76 };

export const decoder: Decoder = {
  protocols: ['bacnet'],
  decode(_protocol, input): Decoded {
    const bytes = typeof input === 'string' ? fromHex(input) : input;
    if (bytes === undefined) return refused('not hex');
    if (bytes[0] !== 0x81) return refused('no BACnet/IP message: expected 81');
    if (bytes.length < 4) return refused('cut off: expected at least 4 bytes');
    const length = ((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0);
    const name = FUNCTIONS[bytes[1] ?? 0] ?? bytes[1];
    if (length > bytes.length) {
      return refused(`cut off: expected ${length} bytes, got ${bytes.length}`, { function: name });
    }
    if (length < 4) return refused(`expected a length of at least 4, got ${length}`, { function: name });
    const rest = length < bytes.length ? { rest: hex(bytes.subarray(length)) } : {};
    const fields = { function: name, length, ...rest };
    // A forwarded message has the address of who sent it before the NPDU.
    const forwarded = bytes[1] === 4;
    if (![4, 9, 10, 11].includes(bytes[1] ?? 0))
      return { ok: true, ...fields, data: hex(bytes.subarray(4, length)) };
    const from = forwarded
      ? { origin: `${bytes.subarray(4, 8).join('.')}:${((bytes[8] ?? 0) << 8) | (bytes[9] ?? 0)}` }
      : {};
    const message = forwarded
      ? Uint8Array.from([...bytes.subarray(0, 4), ...bytes.subarray(10, length)])
      : bytes.subarray(0, length);
    return explained(message, { ...fields, ...from });
  },
};

function explained(message: Uint8Array, head: Fields): Decoded {
  const apdu = apduOf(message);
  if (apdu === null) return { ok: true, ...head, network_message: true };
  if (apdu === undefined) return refused('no NPDU, or it is cut off', head);
  const { at, to, from, type, segmented } = apdu;
  const fields: Record<string, unknown> = {
    ...head,
    ...(to === '' ? {} : { to }),
    ...(from === '' ? {} : { from }),
    apdu: TYPES[type] ?? type,
  };
  const body = message.subarray(at);
  if (type === 1) {
    return {
      ok: true,
      ...fields,
      service: UNCONFIRMED[body[1] ?? 0] ?? body[1],
      data: hex(body.subarray(2)),
    };
  }
  fields.invoke_id = apdu.invoke;
  if (type === 6 || type === 7) return { ok: true, ...fields, reason: body[2] };
  if (segmented) return { ok: true, ...fields, segmented: true, data: hex(body.subarray(3)) };
  const service = type === 0 ? body[3] : body[2];
  fields.service = CONFIRMED[service ?? 0] ?? service;
  const data = body.subarray(type === 0 ? 4 : 3);
  const tags = tagsOf(data);
  if (tags === undefined) return refused('a tag is cut off', { ...fields, data: hex(data) });
  if (type === 5) {
    const [kind, code] = tags.map(({ contents }) => unsigned(contents));
    return { ok: true, ...fields, error_class: kind, error_code: code };
  }
  if (!READS.includes(service ?? 0)) return { ok: true, ...fields, data: hex(data) };
  return { ok: true, ...fields, objects: service === 12 ? single(tags) : several(tags, type === 0) };
}

function tagsOf(data: Uint8Array): readonly Tag[] | undefined {
  const tags: Tag[] = [];
  for (let at = 0; at < data.length; ) {
    const tag = tagAt(data, at);
    if (tag === undefined) return undefined;
    tags.push(tag);
    at = tag.end;
  }
  return tags;
}

/** Object, property, array index; in an answer values between tags 3. */
function single(tags: readonly Tag[]): readonly Fields[] {
  const object: Record<string, unknown> = {};
  const values: unknown[] = [];
  let answer = false;
  for (const tag of tags) {
    if (tag.kind !== 'value') answer ||= tag.kind === 'opening';
    else if (tag.context && tag.number === 0) Object.assign(object, objectOf(tag.contents));
    else if (tag.context && tag.number === 1) object.property = propertyOf(tag);
    else if (tag.context && tag.number === 2 && !answer) object.index = unsigned(tag.contents);
    else values.push(applied(tag));
  }
  return [{ ...object, ...(answer ? { values } : {}) }];
}

/** Of each object its properties; in an answer behind each its values (tags 4) or an error (tags 5). */
function several(tags: readonly Tag[], request: boolean): readonly Fields[] {
  const objects: (Fields & { readonly properties: Record<string, unknown>[] })[] = [];
  let depth = 0;
  let error = false;
  for (const tag of tags) {
    const property = objects.at(-1)?.properties.at(-1);
    if (tag.kind === 'opening') {
      depth += 1;
      error = depth === 2 && tag.number === 5;
      if (depth === 2 && property !== undefined) property[error ? 'error' : 'values'] = [];
    } else if (tag.kind === 'closing') depth -= 1;
    else if (depth === 0) objects.push({ ...objectOf(tag.contents), properties: [] });
    else if (depth === 1 && tag.context && tag.number === (request ? 0 : 2)) {
      objects.at(-1)?.properties.push({ property: propertyOf(tag) });
    } else if (depth === 1 && property !== undefined) property.index = unsigned(tag.contents);
    else {
      const list = property?.[error ? 'error' : 'values'];
      if (Array.isArray(list)) list.push(applied(tag));
    }
  }
  return objects;
}

function objectOf(contents: Uint8Array): Fields {
  const word = unsigned(contents);
  if (contents.length !== 4 || typeof word !== 'number') return { object: hex(contents) };
  return { object: named(OBJECTS, Math.floor(word / 2 ** 22)), instance: word % 2 ** 22 };
}

function propertyOf({ contents }: Tag): string | number {
  const number = unsigned(contents);
  return typeof number === 'number' ? named(ALL_PROPERTIES, number) : number;
}

/** As hex where a number would lose digits. */
function unsigned(contents: Uint8Array): number | string {
  const value = contents.reduce((sum, byte) => sum * 256 + byte, 0);
  return contents.length > 0 && Number.isSafeInteger(value) ? value : hex(contents);
}

/** A value by its application tag, §20.2.1.4; hex for what needs the service to be understood. */
function applied({ number, context, contents, length }: Tag): unknown {
  if (context) return hex(contents);
  const view = new DataView(contents.buffer, contents.byteOffset, contents.byteLength);
  switch (number) {
    case 0:
      return null;
    case 1:
      return length === 1;
    case 2:
    case 9:
      return unsigned(contents);
    case 3: {
      const value = unsigned(contents);
      const negative = ((contents[0] ?? 0) & 0x80) !== 0;
      return typeof value === 'number' && negative ? value - 2 ** (8 * contents.length) : value;
    }
    case 4:
      return contents.length === 4 ? finite(Number(view.getFloat32(0).toPrecision(7))) : hex(contents);
    case 5:
      return contents.length === 8 ? finite(view.getFloat64(0)) : hex(contents);
    case 7:
      return contents[0] === 0 ? new TextDecoder().decode(contents.subarray(1)) : hex(contents);
    case 8: {
      const bits = [...contents.subarray(1)].map((byte) => byte.toString(2).padStart(8, '0')).join('');
      return bits.slice(0, Math.max(0, bits.length - (contents[0] ?? 0)));
    }
    case 12:
      return objectOf(contents);
    default:
      return hex(contents);
  }
}

function finite(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}
