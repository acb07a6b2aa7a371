/** Explains HJ 212 packets, and the Authorization of Annex H (2025). */
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { fromHex } from '../../core/bytes.ts';
import { type Decoded, type DecodedReading, type Decoder, refused } from '../../core/decode.ts';
import { commandName } from './commands.ts';
import { namesOf, parseCp } from './cp.ts';
import { type CrcMode, crcOf } from './crc.ts';
import { factorFacts } from './factors.ts';
import { type Frame, type Parts, partsOf, textOf } from './packet.ts';
import { decrypt, hasSm4, PUBLISHED_KEY, printedCipher } from './sm4.ts';
import { flagBits, LONGEST_SEGMENT } from './version.ts';

const HEAD = 6;
/** Key of the example in Annex H.1.2. */
const ANNEX_H_KEY = 'msbE74gsiSHSEh5e';

export const decoder: Decoder = {
  protocols: ['hj212', 'hj212-2025', 'hj212-2025-annexH'],
  decode: (protocol, input) =>
    protocol === 'hj212-2025-annexH' ? authorization(input) : packet(bytesOf(input)),
};

/** Bytes of a packet given as bytes, as their hex, or as text whose line end may be written `\r\n`. */
function bytesOf(input: Uint8Array | string): Buffer {
  if (typeof input !== 'string') return Buffer.from(input);
  const hex = /^\s*23\s*23/.test(input) ? fromHex(input) : undefined;
  return hex === undefined ? Buffer.from(input.replace(/\\r\\n\s*$/, '\r\n'), 'utf8') : Buffer.from(hex);
}

function packet(bytes: Buffer): Decoded {
  const cut = cutOut(bytes);
  if (typeof cut === 'string') return refused(cut);
  const { segment, crc, length } = cut;
  const parts = partsOf(segment);
  const sizes = { len_field: length, len_actual: segment.length };
  if ('kind' in parts) return refused(parts.message, { ...sizes, crc_field: crc });
  const { fields } = parts;
  const opened = open(parts, crc);
  const cp = opened?.text ?? textOf(parts.region);
  const items = cp === undefined ? [] : parseCp(cp);
  const flag = fields.Flag === undefined ? undefined : flagBits(fields.Flag);
  const command = commandName(fields.CN);
  const told = {
    ...sizes,
    crc_field: crc,
    crc,
    ...checks(opened === undefined ? segment : Buffer.concat([parts.before, opened.plain, parts.after])),
    ...fields,
    ...(flag === undefined ? {} : { flag_bits: flag }),
    ...(command === undefined ? {} : { command }),
    ...(opened === undefined ? {} : opened.facts),
    ...(cp === undefined ? {} : { cp_raw: cp, cp: namesOf(items) }),
    items: items.map((item) => item.map(([name, value]) => `${name}=${value}`)),
    readings: readingsOf(namesOf(items)),
  };
  const why = wrong(cut, told, opened?.mode, cp);
  return why.mode === undefined ? refused(why.error, told) : { ok: true, ...told, crc_mode: why.mode };
}

/** The packet in `bytes`, which hold one: what stands before the check value is its segment, whatever the length field says. */
function cutOut(bytes: Buffer): (Frame & { readonly segment: Buffer }) | string {
  if (bytes.toString('latin1', 0, 2) !== '##') return 'header is not ##: no HJ 212 packet';
  const digits = bytes.toString('latin1', 2, HEAD);
  if (!/^\d{4}$/.test(digits)) return `length field ${JSON.stringify(digits)} is not four digits`;
  const lineEnd = /(\r\n|\r|\n)$/.exec(bytes.toString('latin1', Math.max(0, bytes.length - 2)))?.[0] ?? '';
  const end = bytes.length - lineEnd.length - 4;
  if (end <= HEAD) return `short: ${bytes.length} bytes`;
  const crc = bytes.toString('latin1', end, end + 4);
  if (!/^[0-9A-Fa-f]{4}$/.test(crc)) return `check value ${JSON.stringify(crc)} is not four hex digits`;
  return { length: Number(digits), segment: bytes.subarray(HEAD, end), crc };
}

interface Opened {
  readonly mode: CrcMode;
  readonly plain: Buffer;
  readonly text: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

/** What the published key opens, on the wire or as printed. */
function open({ region, before, after }: Parts, crc: string): Opened | undefined {
  const printed = printedCipher(region.toString('utf8'));
  const cipher = printed ?? region;
  if (!hasSm4() || cipher.length < 16 || (printed === undefined && textOf(region) !== undefined))
    return undefined;
  const plain = decrypt(cipher, PUBLISHED_KEY);
  const text = textOf(plain);
  const whole = Buffer.concat([before, plain, after]);
  const mode = modeOf(whole, crc);
  if (text === undefined || mode === undefined) return undefined;
  const tail = cipher.length % 16;
  return {
    mode,
    plain,
    text,
    facts: {
      encrypted: true,
      key_hex: PUBLISHED_KEY.toString('hex').toUpperCase(),
      mode: `SM4-ECB, no padding, tail ${tail} byte(s) in clear`,
      cipher_hex: cipher.toString('hex').toUpperCase(),
      region_plain: text,
      crc_over: 'PLAINTEXT data segment',
      ...(printed === undefined ? {} : { actual_text_segment: before.length + region.length + after.length }),
    },
  };
}

const MODES: readonly CrcMode[] = ['212', 'modbus', 'modbus-swapped', 'arc'];

function modeOf(segment: Uint8Array, crc: string): CrcMode | undefined {
  return MODES.find((mode) => crcOf(segment, mode) === crc.toUpperCase());
}

function checks(segment: Uint8Array) {
  const norm = crcOf(segment, '212');
  const arc = crcOf(segment, 'arc');
  return {
    crc_212: norm,
    crc_modbus_hi_lo: crcOf(segment, 'modbus'),
    crc_modbus_lo_hi: crcOf(segment, 'modbus-swapped'),
    crc_arc_init0: arc,
    // Under the names of a Java library that has both routines.
    crc_hutool_Crc16Util: norm,
    'crc_hutool_CRC16_IBM(ARC)': arc,
  };
}

type Judged = { readonly mode: CrcMode } | { readonly mode: undefined; readonly error: string };

function wrong(
  { length, segment, crc }: Frame & { readonly segment: Buffer },
  { crc_212, crc_modbus_hi_lo, crc_arc_init0 }: ReturnType<typeof checks>,
  opened: CrcMode | undefined,
  cp: string | undefined,
): Judged {
  const no = (error: string): Judged => ({ mode: undefined, error });
  // Printed cipher text never has the length that its length field names.
  const printed = opened !== undefined && segment.includes('CP=&&{0x');
  if (cp === undefined) return no('the data field is neither text nor opened by the published SM4 key');
  const found = { '212': crc_212, modbus: crc_modbus_hi_lo, arc: crc_arc_init0 };
  const mode = opened ?? modeOf(segment, crc);
  if (mode === undefined) {
    const others = Object.entries(found).map(([name, value]) => `${value} by ${name}`);
    const size = length === segment.length ? '' : `, and length field ${length} for ${segment.length} bytes`;
    return no(`CRC is wrong: ${crc.toUpperCase()} in the packet (${others.join(', ')})${size}`);
  }
  if (length !== segment.length && !printed)
    return no(`length field ${length} is wrong: the data segment has ${segment.length} bytes`);
  if (segment.length > LONGEST_SEGMENT && !printed)
    return no(`length ${segment.length} is above the ${LONGEST_SEGMENT} bytes of a data segment`);
  return { mode };
}

function readingsOf(names: Readonly<Record<string, string>>): DecodedReading[] {
  return Object.entries(names).flatMap(([name, text]): DecodedReading[] => {
    const at = name.lastIndexOf('-');
    const facts = at < 0 ? undefined : factorFacts(name.slice(0, at));
    if (facts === undefined || !/^-?\d+(\.\d+)?$/.test(text)) return [];
    return [{ name, value: Number(text), unit: facts.unit }];
  });
}

/**
 * `user:password` to the value of the header Authorization, Base64 of SM4-ECB with PKCS7 padding (Annex H.1.2), or the
 * other way round. The key is the norm's example; another one may stand behind a blank.
 */
function authorization(input: Uint8Array | string): Decoded {
  const text = typeof input === 'string' ? input : Buffer.from(input).toString('utf8');
  const [said = '', key = ANNEX_H_KEY] = text.trim().split(/\s+/);
  if (Buffer.byteLength(key) !== 16) return refused('the key is not 16 bytes');
  if (!hasSm4()) return refused('this runtime has no SM4');
  const facts = {
    key_ascii: key,
    mode: 'SM4-ECB PKCS7 then Base64',
    use: 'HTTPS Authorization for multimedia file upload (Annex H.1.2)',
  };
  try {
    if (said.includes(':')) {
      const cipher = createCipheriv('sm4-ecb', key, null);
      const base64 = cipher.update(said, 'utf8', 'base64') + cipher.final('base64');
      return { ok: true, ...facts, credentials: said, base64 };
    }
    const plain = createDecipheriv('sm4-ecb', key, null);
    const credentials = plain.update(said, 'base64', 'utf8') + plain.final('utf8');
    return { ok: true, ...facts, credentials, base64: said };
  } catch (thrown) {
    return refused(
      `not opened by the key: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
      facts,
    );
  }
}
