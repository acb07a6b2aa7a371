/** Explains frames, documents, logins and codes of building-energy upload. */
import { fromHex, hex } from '../../core/bytes.ts';
import { type Decoded, type Decoder, type Fields, refused } from '../../core/decode.ts';
import { buildingCode, classUnit, energyCodeLabel, energyCodeParts } from '../../core/energy/codes.ts';
import { type Cipher, decrypt, type Keys } from './cipher.ts';
import { type FoundPacket, FRAMINGS, type FramingName, hex16, packetAt } from './framing.ts';
import { md5Of } from './login.ts';
import { PUBLISHED_KEYS } from './published.ts';
import { operationOf, readTelegram, type Telegram } from './telegram.ts';
import { inflate } from './unzip.ts';
import { LARGEST } from './xml.ts';

export const decoder: Decoder = {
  protocols: ['building-energy', 'building-energy-code'],
  decode(protocol, input) {
    if (protocol === 'building-energy-code') return codeOf(typeof input === 'string' ? input : latin(input));
    const text = typeof input === 'string' ? input.trim() : '';
    const login = /^md5\("([^"]*)" \+ "([^"]*)"\)$/.exec(text);
    if (login !== null) {
      const [, sequence = '', salt = ''] = login;
      return { ok: true, sequence, salt, md5: md5Of(sequence, salt) };
    }
    if (text.startsWith('<')) return documentOf(text);
    const bytes = typeof input !== 'string' ? input : (framed(text) ?? Buffer.from(text));
    if (bytes[0] === 0x3c || bytes[0] === 0xef) return documentOf(bytes);
    return frameOf(bytes);
  },
};

/** Bytes that a text stands for: hex of a frame, while a frame in hex digits is taken as it is. */
function framed(text: string): Uint8Array | undefined {
  const bytes = fromHex(text);
  if (bytes === undefined) return undefined;
  const size = Number.parseInt(text.slice(0, 8), 16);
  return /^[0-9a-fA-F]{8}/.test(text) && size === text.length - 8 ? undefined : bytes;
}

const latin = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');

function documentOf(input: Uint8Array | string): Decoded {
  const read = readTelegram(input);
  return read.ok ? { ...fieldsOf(read.telegram), ok: true } : refused(read.error);
}

function fieldsOf(telegram: Telegram): Fields {
  const { building, gateway, type, operations, fields, functions } = telegram;
  return {
    ...fields,
    building_id: building,
    gateway_id: gateway,
    type,
    ops: operations,
    ...(functions.length === 0 ? {} : { functions }),
  };
}

/** How each layout is told from the others, and what is written of it. */
const WORDS: Readonly<Record<FramingName, string>> = {
  guideline:
    '68681616 | len u32 LE = 4+cipher | seq u32 | cipher | CRC16-XMODEM over head..cipher, high byte first | 55AA55AA',
  netdau:
    '55AA55AA | len u32 LE = 4+cipher | seq u32 | AES-128-CBC(key=IV=0102..10, zero padding) | CRC16-XMODEM(seq+cipher) u16 LE | 68681616',
  acrel: '1F1F | type | len u32 BE | payload',
  hex: '8 ASCII hex chars = number of following ASCII hex chars',
};

function nameOf(bytes: Uint8Array): FramingName | undefined {
  const names = Object.keys(FRAMINGS) as FramingName[];
  const start = latin(bytes.subarray(0, 8));
  return names.find((name) => {
    const { head, length } = FRAMINGS[name];
    const mark = fromHex(head) ?? new Uint8Array(0);
    if (length === 'hex') return /^[0-9a-fA-F]{8}$/.test(start);
    return mark.length > 0 && bytes.length >= mark.length && mark.every((byte, i) => bytes[i] === byte);
  });
}

/** A capture of the layout in hex digits may have been written down with its body as bytes: half as many as announced. */
function withDigits(bytes: Uint8Array): Uint8Array {
  const announced = Number.parseInt(latin(bytes.subarray(0, 8)), 16);
  const body = bytes.subarray(8);
  if (announced !== 2 * body.length || body.length === 0) return bytes;
  return Buffer.from(latin(bytes.subarray(0, 8)) + Buffer.from(body).toString('hex').toUpperCase());
}

function frameOf(given: Uint8Array): Decoded {
  const name = nameOf(given);
  const bytes = name === 'hex' ? withDigits(given) : given;
  if (name === undefined) return refused('head: none of 68681616, 55AA55AA, 1F1F, eight hex digits, <');
  const framing = FRAMINGS[name];
  const tail = fromHex(framing.tail) ?? new Uint8Array(0);
  let found = packetAt(framing, bytes, 0, LARGEST);
  let missing = 0;
  // A capture may end within the tail: everything that is checked is there.
  for (let lost = 1; found === undefined && lost < tail.length; lost++) {
    found = packetAt(framing, Buffer.concat([bytes, tail.subarray(tail.length - lost)]), 0, LARGEST);
    missing = lost;
  }
  const head = { framing: WORDS[name] };
  if (found === undefined)
    return refused(`short: ${bytes.length} bytes, the length field asks for more`, head);
  if (!found.ok) return refused(found.error, head);
  const more = bytes.length - (found.size - missing);
  if (more > 0) return refused(`length: ${found.size} bytes and ${more} more`, head);
  return {
    ok: true,
    ...checksOf(name, found),
    ...(missing === 0 ? {} : { tail_missing: missing }),
    ...insideOf(name, found),
  };
}

function checksOf(name: FramingName, { length, sequence, crc = 0, crcWire, type }: FoundPacket): Fields {
  const number = Buffer.alloc(4);
  number.writeUInt32LE(sequence);
  const wire = Buffer.from(crcWire ?? []).toString('hex');
  const digits = `0x${length.toString(16)}=${length}`;
  switch (name) {
    case 'netdau':
      return {
        framing: WORDS.netdau,
        len: length,
        seq_hex: number.toString('hex').toUpperCase(),
        crc_wire: wire,
        crc_xmodem: hex16(crc),
      };
    case 'guideline':
      return {
        framing: WORDS.guideline,
        len: length,
        seq_hex: number.toString('hex').toUpperCase(),
        crc: hex16(crc),
      };
    case 'acrel':
      return { framing: WORDS.acrel, len: length, packet_type: type };
    default:
      return {
        framing: `${WORDS.hex} (${digits}) + AES-128-ECB/PKCS7 ciphertext as ASCII hex`,
        len: length,
      };
  }
}

const CIPHERS: Readonly<Record<FramingName, readonly Cipher[]>> = {
  guideline: [
    { mode: 'none', padding: 'zero', iv: 'key' },
    { mode: 'cbc', padding: 'pkcs7', iv: 'key' },
    { mode: 'cbc', padding: 'zero', iv: 'key' },
    { mode: 'cbc', padding: 'pkcs7', iv: 'zero' },
    { mode: 'ecb', padding: 'pkcs7', iv: 'zero' },
  ],
  netdau: [
    { mode: 'none', padding: 'zero', iv: 'key' },
    { mode: 'cbc', padding: 'zero', iv: 'key' },
    { mode: 'cbc', padding: 'pkcs7', iv: 'key' },
  ],
  acrel: [
    { mode: 'none', padding: 'pkcs7', iv: 'key' },
    { mode: 'cbc', padding: 'pkcs7', iv: 'key' },
    { mode: 'cbc', padding: 'pkcs7', iv: 'zero' },
  ],
  hex: [
    { mode: 'ecb', padding: 'pkcs7', iv: 'zero' },
    { mode: 'ecb', padding: 'zero', iv: 'zero' },
  ],
};

/** The document, where it stands in the clear or a published key opens it. */
function insideOf(name: FramingName, { body, type }: FoundPacket): Fields {
  const compressed = name === 'acrel' && type === 4;
  for (const cipher of CIPHERS[name]) {
    for (const key of cipher.mode === 'none' ? [undefined] : PUBLISHED_KEYS) {
      const keys: Keys = key === undefined ? {} : { key };
      const opened = decrypt(cipher, keys, body);
      const plain = compressed && opened !== undefined ? inflate(opened, LARGEST) : opened;
      if (plain === undefined || plain[0] !== 0x3c) continue;
      const read = readTelegram(plain);
      if (!read.ok) continue;
      const used = key === undefined || name === 'netdau' ? {} : { key: keyText(key) };
      const [, operation] = operationOf(read.telegram);
      return { ...fieldsOf(read.telegram), ...used, xml: Buffer.from(plain).toString('utf8'), operation };
    }
  }
  return { cipher: hex(body) };
}

function keyText(key: Uint8Array): string {
  const text = latin(key);
  return /^[\x20-\x7e]+$/.test(text) ? text : hex(key);
}

function codeOf(input: string): Decoded {
  const code = input.trim();
  if (code.length === 15) {
    const [building, energy] = [codeOf(code.slice(0, 10)), codeOf(code.slice(10))];
    if (!building.ok) return building;
    return energy.ok ? { ...building, ...energy, ok: true } : energy;
  }
  if (code.length === 10) {
    const building = buildingCode(code);
    return typeof building === 'string' ? refused(`building code: ${building}`) : { ok: true, ...building };
  }
  const parts = energyCodeParts(code);
  if (typeof parts === 'string') return refused(`energy code: ${parts}`);
  return {
    ok: true,
    class_: parts.class,
    item: parts.item,
    sub1: parts.sub,
    sub2: parts.second,
    name: energyCodeLabel(code) ?? null,
    unit: classUnit(code).printed,
  };
}
