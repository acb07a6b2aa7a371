/** Explains Modbus frames: RTU, ASCII, TCP, and four bytes in each word order. */
import { fromHex, hex } from '../../agent/core/bytes.ts';
import { type Decoded, type Decoder, type Direction, type Fields, refused } from '../decode.ts';
import { crc16, crcFits, lrc } from './crc.ts';
import { answerLength, EXCEPTIONS, requestLength } from './frame.ts';
import { mbapLength } from './match.ts';
import { ORDERS } from './schema.ts';
import { inOrder, numberOf } from './value.ts';
import { plausible, registersOf, registerViews, setBits, shortest } from './views.ts';

export const decoder: Decoder = {
  protocols: ['modbus-rtu', 'modbus-ascii', 'modbus-tcp', 'modbus-wordorder'],
  decode(protocol, input, dir) {
    if (protocol === 'modbus-ascii') return ascii(asText(input), dir);
    const bytes = typeof input === 'string' ? fromHex(input) : input;
    if (bytes === undefined) return refused('not hex');
    if (protocol === 'modbus-rtu') return rtu(bytes, dir);
    return protocol === 'modbus-tcp' ? tcp(bytes, dir) : wordOrder(bytes);
  },
};

/** An RTU frame; the echo of a request before its answer is told apart and stripped. */
function rtu(bytes: Uint8Array, dir: Direction | undefined): Decoded {
  if (bytes.length < 4) return refused(`short: ${bytes.length} bytes, a frame has 4 at least`);
  if (bytes.length <= 256 && crcFits(bytes)) {
    const body = bytes.subarray(0, -2);
    return explained(body, dir, { crc: hex(bytes.subarray(-2)) });
  }
  const echo = requestLength(bytes) ?? 0;
  if (echo > 0 && crcFits(bytes, 0, echo) && crcFits(bytes, echo)) {
    const reply = bytes.subarray(echo);
    const request = pdu(bytes.subarray(0, echo - 2), 'down');
    return explained(reply.subarray(0, -2), 'up', { echo_bytes: echo, reply: hex(reply), request });
  }
  const crc = crc16(bytes, 0, bytes.length - 2);
  const computed = hex(Uint8Array.of(crc & 0xff, crc >> 8));
  return refused(`CRC: computed ${computed}, got ${hex(bytes.subarray(-2))}`, {
    unit: bytes[0],
    computed_crc: computed,
  });
}

function explained(body: Uint8Array, dir: Direction | undefined, more: Fields): Decoded {
  const fields = pdu(body, dir);
  if (fields === undefined) {
    return refused(`length: ${body.length} bytes do not fit function ${body[1]}`, {
      unit: body[0],
      fc: body[1],
      ...more,
    });
  }
  return { ...fields, ...more, ok: true };
}

/** Fields of `unit + PDU`; undefined where its length fits neither a request nor an answer of its function. */
function pdu(body: Uint8Array, dir: Direction | undefined): Fields | undefined {
  const framed = body.length + 2;
  const answers = fitsLength(answerLength(body), framed);
  const asks = fitsLength(requestLength(body), framed);
  const code = body[1] ?? 0;
  const known = answerLength(body) !== 0 || requestLength(body) !== 0;
  const head = { unit: body[0], fc: code };
  if (!known) return { ...head, data: hex(body.subarray(2)) };
  if (answers && (dir === 'up' || !asks || (dir === undefined && plausibleAnswer(body)))) {
    return { ...head, ...answer(body, code) };
  }
  return asks && (dir !== 'up' || !answers) ? { ...head, ...request(body, code) } : undefined;
}

/** A read answer of whole registers; the echo-like answers 5, 6, 15 and 16 look the same either way. */
function plausibleAnswer(body: Uint8Array): boolean {
  const code = body[1] ?? 0;
  return code < 3 || code > 4 || (body[2] ?? 1) % 2 === 0;
}

function fitsLength(length: number | undefined, framed: number): boolean {
  return length !== undefined && length !== 0 && length === framed;
}

const word = (body: Uint8Array, at: number) => ((body[at] ?? 0) << 8) | (body[at + 1] ?? 0);

function request(body: Uint8Array, code: number): Fields {
  switch (code) {
    case 5:
    case 6:
      return { address: word(body, 2), value: word(body, 4) };
    case 15:
    case 16: {
      const data = body.subarray(7);
      const registers = code === 16 ? { registers: registersOf(data) } : { bits: hex(data) };
      return {
        address: word(body, 2),
        quantity: word(body, 4),
        byte_count: body[6],
        data: hex(data),
        ...registers,
      };
    }
    case 22:
      return { address: word(body, 2), and_mask: word(body, 4), or_mask: word(body, 6) };
    case 23:
      return {
        address: word(body, 2),
        quantity: word(body, 4),
        write_address: word(body, 6),
        write_quantity: word(body, 8),
        byte_count: body[10],
        registers: registersOf(body.subarray(11)),
      };
    case 43:
      return { mei: body[2], read_device_id: body[3], object_id: body[4] };
    default:
      return body.length > 2 ? { address: word(body, 2), quantity: word(body, 4) } : {};
  }
}

function answer(body: Uint8Array, code: number): Fields {
  if (code > 0x80) {
    const exception = body[2] ?? 0;
    return { exception, exception_name: EXCEPTIONS[exception] ?? 'unknown' };
  }
  switch (code) {
    case 1:
    case 2:
      return { byte_count: body[2], bits: hex(body.subarray(3)), set: setBits(body.subarray(3)) };
    case 3:
    case 4:
    case 23:
      return { byte_count: body[2], ...registerViews(body.subarray(3)) };
    case 5:
    case 6:
      return { address: word(body, 2), value: word(body, 4) };
    case 15:
    case 16:
      return { address: word(body, 2), quantity: word(body, 4) };
    case 22:
      return { address: word(body, 2), and_mask: word(body, 4), or_mask: word(body, 6) };
    case 43:
      return { mei: body[2], read_device_id: body[3], conformity: body[4], objects: objects(body) };
    default:
      return { data: hex(body.subarray(2)) };
  }
}

function objects(body: Uint8Array): Fields {
  const found: Record<string, string> = {};
  let at = 8;
  for (let i = 0; i < (body[7] ?? 0) && at + 1 < body.length; i++) {
    const length = body[at + 1] ?? 0;
    found[String(body[at])] = Buffer.from(body.subarray(at + 2, at + 2 + length)).toString('latin1');
    at += 2 + length;
  }
  return found;
}

/** A TCP frame with its MBAP header. */
function tcp(bytes: Uint8Array, dir: Direction | undefined): Decoded {
  if (bytes.length < 8) return refused(`short: ${bytes.length} bytes, a frame has 8 at least`);
  const head = { tid: word(bytes, 0), proto: word(bytes, 2), len: word(bytes, 4) };
  if (head.proto !== 0) return refused(`protocol id not 0: ${head.proto}`, head);
  const size = mbapLength(bytes, 0);
  if (size === undefined || size === 0) return refused(`length: ${head.len} is not from 3 to 254`, head);
  if (bytes.length !== size) return refused(`length: header says ${size} bytes, got ${bytes.length}`, head);
  return explained(bytes.subarray(6), dir, head);
}

function asText(input: Uint8Array | string): string {
  if (typeof input !== 'string') return Buffer.from(input).toString('latin1');
  return input.includes(':') ? input : Buffer.from(fromHex(input) ?? []).toString('latin1');
}

/** ASCII: what stands before the colon is skipped, a frame with a wrong LRC is passed over for the next one. */
function ascii(text: string, dir: Direction | undefined): Decoded {
  let fault: Decoded = refused('no frame: nothing between a colon and a line end');
  for (const [, digits = ''] of text.matchAll(/:([^:\r\n\\]*)(?:\r\n|\\r\\n)/g)) {
    const bytes = fromHex(digits);
    if (bytes === undefined || bytes.length < 3 || /\s/.test(digits)) {
      fault = refused('not hex pairs between colon and line end');
      continue;
    }
    const computed = lrc(bytes.subarray(0, -1));
    const sent = bytes.at(-1) ?? 0;
    if (computed === sent) return explained(bytes.subarray(0, -1), dir, { lrc: hex(bytes.subarray(-1)) });
    const expected = hex(Uint8Array.of(computed));
    fault = refused(`LRC: computed ${expected}, got ${hex(Uint8Array.of(sent))}`, { computed_lrc: expected });
  }
  return fault;
}

/** Four bytes as a float in every order; the order is the one whose value looks like a measurement. */
function wordOrder(bytes: Uint8Array): Decoded {
  if (bytes.length !== 4) return refused(`length: expected 4 bytes, got ${bytes.length}`);
  const floats = ORDERS.map((order) => ({
    order,
    float: shortest(numberOf(inOrder(bytes, order), 'float32')),
  }));
  const digits = (value: number) => String(Math.abs(value)).replace(/[.]|e.*/g, '').length;
  const best = floats
    .filter(({ float }) => plausible(float))
    .sort((a, b) => digits(a.float) - digits(b.float))[0];
  const registers = [0, 2].map((at) => hex(bytes.subarray(at, at + 2)).replace(' ', ''));
  const all = Object.fromEntries(
    floats.map(({ order, float }) => [order, Number.isFinite(float) ? float : null]),
  );
  if (best === undefined) return refused('no order gives a plausible float', { registers, floats: all });
  return { ok: true, order: best.order, registers, float: best.float, floats: all };
}
