/** Explains messages of SNMP 1, 2c and 3. What is encrypted stays so; digests are not checked, for their keys are not known. */
import { fromHex, hex } from '../../agent/core/bytes.ts';
import { type Decoded, type Decoder, type Fields, refused } from '../decode.ts';
import { Cursor, elementAt, Malformed, OCTETS, SEQUENCE } from './ber.ts';

const VERSIONS: Readonly<Record<number, string>> = { 0: '1', 1: '2c', 3: '3' };
/** RFC 3416 §3, and the trap of version 1. */
const PDUS: Readonly<Record<number, string>> = {
  160: 'get',
  161: 'get-next',
  162: 'response',
  163: 'set',
  164: 'trap-1',
  165: 'get-bulk',
  166: 'inform',
  167: 'trap',
  168: 'report',
};
const TRAP_1 = 164;
const GET_BULK = 165;
const ERRORS = [
  'noError',
  'tooBig',
  'noSuchName',
  'badValue',
  'readOnly',
  'genErr',
  'noAccess',
  'wrongType',
  'wrongLength',
  'wrongEncoding',
  'wrongValue',
  'noCreation',
  'inconsistentValue',
  'resourceUnavailable',
  'commitFailed',
  'undoFailed',
  'authorizationError',
  'notWritable',
  'inconsistentName',
];
/** RFC 2578 §7.1, and the exceptions of RFC 3416 §3. */
const TYPES: Readonly<Record<number, string>> = {
  2: 'integer',
  4: 'octets',
  5: 'null',
  6: 'oid',
  64: 'address',
  65: 'counter',
  66: 'gauge',
  67: 'ticks',
  68: 'opaque',
  70: 'counter64',
  128: 'noSuchObject',
  129: 'noSuchInstance',
  130: 'endOfMibView',
};
const OID = 6;

export const decoder: Decoder = {
  protocols: ['snmp'],
  decode(_protocol, input): Decoded {
    const bytes = typeof input === 'string' ? fromHex(input) : input;
    if (bytes === undefined) return refused('not hex');
    const outer = bytes[0] === SEQUENCE ? elementAt(bytes, 0) : null;
    if (outer === null) return refused('no message: expected 30 and a length');
    if (outer === undefined || outer.end > bytes.length) {
      return refused(
        `cut off: ${outer === undefined ? 'no length' : `expected ${outer.end} bytes`}, got ${bytes.length}`,
      );
    }
    const rest = bytes.length - outer.end;
    const fields: Record<string, unknown> = rest > 0 ? { rest: hex(bytes.subarray(outer.end)) } : {};
    try {
      message(new Cursor(bytes.subarray(outer.start, outer.end)), fields);
    } catch (error) {
      if (error instanceof Malformed) return refused('an element is not what stands there', fields);
      throw error;
    }
    return { ok: true, ...fields };
  },
};

/** Puts what it finds into `fields`, so that what could be read is told where the rest cannot. */
function message(cursor: Cursor, fields: Record<string, unknown>): void {
  const version = cursor.number();
  fields.version = VERSIONS[version] ?? `unknown ${version}`;
  if (version !== 3) {
    fields.community = textOf(cursor.next(OCTETS).contents);
    pdu(cursor, fields);
    return;
  }
  const header = cursor.into(SEQUENCE);
  fields.message_id = header.number();
  header.number();
  const [flags = 0] = header.next(OCTETS).contents;
  fields.flags = ['authenticated', 'encrypted', 'reportable'].filter((_name, bit) => (flags >> bit) & 1);
  const security = new Cursor(cursor.next(OCTETS).contents).into(SEQUENCE);
  fields.engine = hex(security.next(OCTETS).contents);
  fields.boots = security.number();
  fields.time = security.number();
  fields.user = textOf(security.next(OCTETS).contents);
  const scoped = cursor.next(SEQUENCE, OCTETS);
  if (scoped.tag === OCTETS) {
    fields.encrypted_bytes = scoped.contents.length;
    return;
  }
  const inner = new Cursor(scoped.contents);
  inner.next(OCTETS);
  fields.context = textOf(inner.next(OCTETS).contents);
  pdu(inner, fields);
}

function pdu(cursor: Cursor, fields: Record<string, unknown>): void {
  const { tag, contents } = cursor.next();
  const name = PDUS[tag];
  if (name === undefined) throw new Malformed();
  fields.pdu = name;
  const inner = new Cursor(contents);
  if (tag === TRAP_1) {
    fields.enterprise = oidOf(inner.next(OID).contents);
    fields.agent = typedValue(64, inner.next(64).contents);
    fields.generic = inner.number();
    fields.specific = inner.number();
    fields.ticks = typedValue(67, inner.next(67).contents);
  } else {
    fields.request_id = inner.number();
    const [first, second] = [inner.number(), inner.number()];
    if (tag === GET_BULK) Object.assign(fields, { non_repeaters: first, max_repetitions: second });
    else if (first !== 0) Object.assign(fields, { error: ERRORS[first] ?? first, error_index: second });
  }
  const list = inner.into(SEQUENCE);
  const varbinds: Fields[] = [];
  fields.varbinds = varbinds;
  while (list.tag !== undefined) {
    const varbind = list.into(SEQUENCE);
    const oid = oidOf(varbind.next(OID).contents);
    const { tag: type, contents: value } = varbind.next();
    varbinds.push({ oid, type: TYPES[type] ?? `unknown ${type}`, value: typedValue(type, value) });
  }
}

function typedValue(tag: number, contents: Uint8Array): number | string | null {
  switch (TYPES[tag]) {
    case 'integer':
      return whole(contents, true);
    case 'counter':
    case 'gauge':
    case 'ticks':
    case 'counter64':
      return whole(contents, false);
    case 'octets':
      return textOf(contents);
    case 'oid':
      return oidOf(contents);
    case 'address':
      return contents.join('.');
    case 'opaque':
    case undefined:
      return hex(contents);
    default:
      return null;
  }
}

/** As text where a number would lose digits. */
function whole(contents: Uint8Array, signed: boolean): number | string {
  if (contents.length === 0 || contents.length > 9) throw new Malformed();
  const bits = 8 * contents.length;
  const value = contents.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  const exact = signed ? BigInt.asIntN(bits, value) : value;
  return Number.isSafeInteger(Number(exact)) ? Number(exact) : String(exact);
}

function oidOf(contents: Uint8Array): string {
  const [first] = contents;
  if (first === undefined) throw new Malformed();
  const arcs: number[] = [];
  let arc = 0;
  for (const byte of contents) {
    arc = arc * 128 + (byte & 0x7f);
    if (!Number.isSafeInteger(arc)) throw new Malformed();
    if ((byte & 0x80) !== 0) continue;
    if (arcs.length === 0) {
      const root = Math.min(2, Math.floor(arc / 40));
      arcs.push(root, arc - 40 * root);
    } else arcs.push(arc);
    arc = 0;
  }
  if (((contents.at(-1) ?? 0) & 0x80) !== 0) throw new Malformed();
  return arcs.join('.');
}

/** Text where it is printable, hex otherwise. */
function textOf(contents: Uint8Array): string {
  const text = new TextDecoder().decode(contents);
  return /^[^\p{Cc}\uFFFD]*$/u.test(text.replace(/[\r\n\t]|\0$/g, ''))
    ? text.replace(/\0$/, '')
    : hex(contents);
}
