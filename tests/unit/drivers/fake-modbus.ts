/** A Modbus device at the level of bytes, written from the standard and apart from the driver: registers, holes, faults. */
import { AgentError } from '../../../agent/core/errors.ts';
import type { Exchange } from '../../../agent/core/link.ts';

export interface FakeModbus {
  readonly exchange: Exchange;
  /** Every request PDU with its unit, as it came. */
  readonly requests: Uint8Array[];
  readonly registers: Map<number, number>;
  readonly coils: Map<number, boolean>;
}

/** Bit-by-bit CRC, so that the driver's table is not checked by itself. */
export function slowCrc(bytes: Uint8Array): [number, number] {
  let crc = 0xffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let i = 0; i < 8; i++) crc = crc & 1 ? (crc >>> 1) ^ 0xa001 : crc >>> 1;
  }
  return [crc & 0xff, crc >>> 8];
}

export interface FakeOptions {
  readonly framing?: 'rtu' | 'tcp' | 'ascii';
  readonly unit?: number;
  /** Registers that are answered with exception 2. */
  readonly hole?: (address: number) => boolean;
  /** Most registers it gives. */
  readonly most?: number;
  /** Writes are acknowledged but not kept. */
  readonly forgetful?: boolean;
  /** Answers of 43/14, by level asked for and first object; absent: exception 1. Bytes from the conformity level on. */
  readonly identification?: (level: number, first: number) => readonly number[] | 'exception 3' | 'silence';
  /** Bytes put before each answer. */
  readonly noise?: () => Uint8Array;
}

export function fakeModbus(options: FakeOptions = {}): FakeModbus {
  const registers = new Map<number, number>();
  const coils = new Map<number, boolean>();
  const requests: Uint8Array[] = [];
  const unit = options.unit ?? 1;
  let time = 5000;

  const answer = (request: Uint8Array): number[] | undefined => {
    if (request[0] !== unit) return undefined;
    const code = request[1] ?? 0;
    const word = (at: number) => (request[at] ?? 0) * 256 + (request[at + 1] ?? 0);
    const exception = (number: number) => [unit, code + 128, number];
    const [start, count] = [word(2), word(4)];
    const all = (n: number) => Array.from({ length: n }, (_, i) => start + i);
    switch (code) {
      case 1:
      case 2: {
        const bytes = new Array<number>(Math.ceil(count / 8)).fill(0);
        all(count).forEach((address, i) => {
          if (coils.get(address) === true) bytes[i >> 3] = (bytes[i >> 3] ?? 0) + 2 ** (i % 8);
        });
        return [unit, code, bytes.length, ...bytes];
      }
      case 3:
      case 4: {
        if (count > (options.most ?? 125)) return exception(3);
        if (all(count).some((address) => options.hole?.(address) === true)) return exception(2);
        const values = all(count).map((address) => registers.get(address) ?? 0);
        return [unit, code, 2 * count, ...values.flatMap((value) => [value >> 8, value & 255])];
      }
      case 5:
        if (options.forgetful !== true) coils.set(start, count === 0xff00);
        return [...request.subarray(0, 6)];
      case 6:
        if (options.hole?.(start) === true) return exception(2);
        if (options.forgetful !== true) registers.set(start, count);
        return [...request.subarray(0, 6)];
      case 15:
        if (options.forgetful !== true) coils.set(start, ((request[7] ?? 0) & 1) === 1);
        return [...request.subarray(0, 6)];
      case 16:
        if (options.forgetful === true) return [...request.subarray(0, 6)];
        for (const [i, address] of all(count).entries()) registers.set(address, word(7 + 2 * i));
        return [...request.subarray(0, 6)];
      case 22: {
        const held = registers.get(start) ?? 0;
        if (options.forgetful !== true)
          registers.set(start, (held & word(4)) | (word(6) & ~word(4) & 0xffff));
        return [...request.subarray(0, 8)];
      }
      case 23: {
        const [to, n] = [word(6), word(8)];
        for (let i = 0; i < n; i++) registers.set(to + i, word(11 + 2 * i));
        const values = all(count).map((address) => registers.get(address) ?? 0);
        return [unit, code, 2 * count, ...values.flatMap((value) => [value >> 8, value & 255])];
      }
      case 43: {
        const told = options.identification?.(request[3] ?? 0, request[4] ?? 0);
        if (told === undefined) return exception(1);
        if (told === 'silence') return undefined;
        return told === 'exception 3' ? exception(3) : [unit, 43, 14, request[3] ?? 0, ...told];
      }
      default:
        return exception(1);
    }
  };

  const exchange: Exchange = async ({ bytes, match }, signal) => {
    signal.throwIfAborted();
    time += 10;
    const tcp = options.framing === 'tcp';
    const ascii = options.framing === 'ascii';
    const request = ascii ? unascii(bytes) : tcp ? bytes.subarray(6) : bytes.subarray(0, -2);
    requests.push(Uint8Array.from(request));
    const body = answer(request);
    if (body === undefined) throw new AgentError('timeout', 'read failed: no answer within 300 ms');
    const framed = tcp
      ? [...bytes.subarray(0, 4), body.length >> 8, body.length & 255, ...body]
      : ascii
        ? asciiText(body)
        : [...body, ...slowCrc(Uint8Array.from(body))];
    let received = Uint8Array.from([...(options.noise?.() ?? []), ...framed]);
    for (;;) {
      const found = match?.(received);
      if (found === undefined || found.kind === 'more') {
        throw new AgentError('frame-invalid', 'read failed: bytes came, none of them an answer');
      }
      if (found.kind === 'frame') return { bytes: received.subarray(0, found.length), time };
      received = received.subarray(found.length);
    }
  };
  return { exchange, requests, registers, coils };
}

/** Bytes of an ASCII frame that must be one: colon, upper-case pairs, LRC, CR LF. */
function unascii(bytes: Uint8Array): Uint8Array {
  const text = Buffer.from(bytes).toString('latin1');
  const [, digits = ''] = /^:((?:[0-9A-F]{2})+)\r\n$/.exec(text) ?? [];
  const all = Buffer.from(digits, 'hex');
  if (all.length < 3 || all.reduce((sum, byte) => sum + byte, 0) % 256 !== 0)
    throw new Error(`bad frame ${text}`);
  return Uint8Array.from(all.subarray(0, -1));
}

/** An ASCII frame, character by character. */
export function asciiText(body: readonly number[]): number[] {
  const sum = body.reduce((total, byte) => total + byte, 0);
  const all = [...body, (256 - (sum % 256)) % 256];
  const digits = all.map((byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join('');
  return [...`:${digits}\r\n`].map((letter) => letter.charCodeAt(0));
}

/** Puts a value into registers, big-endian. */
export function put(fake: FakeModbus, address: number, bytes: Uint8Array): void {
  for (let i = 0; i < bytes.length; i += 2) {
    fake.registers.set(address + i / 2, ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0));
  }
}

export function float32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value);
  return bytes;
}
