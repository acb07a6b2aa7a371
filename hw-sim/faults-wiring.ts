/**
 * Faults of wiring and settings, as bytes show them: each is worked out on the levels of the line (lines/uart.ts), so
 * that the garbage is the garbage a UART would give.
 */
import type { Fault, FaultGround } from './faults.ts';
import { withCrc } from './faults-crc.ts';
import {
  bitTime,
  bytesOf,
  duration,
  inverted,
  levelAt,
  received,
  struck,
  together,
  transmitted,
  type UartSettings,
} from './lines/uart.ts';
import { bitsPerCharacter, type Utterance } from './lines/wire.ts';
import { chance } from './world/random.ts';

const USUAL: UartSettings = { baud: 9600, format: '8N1' };

/** Keeps the ground while the fault is on. */
function grounded(): {
  readonly at: () => FaultGround | undefined;
  readonly start: NonNullable<Fault['start']>;
} {
  let ground: FaultGround | undefined;
  return {
    at: () => ground,
    start(given) {
      ground = given;
      return {
        [Symbol.dispose]() {
          ground = undefined;
        },
      };
    },
  };
}

/** A short low pulse, as a receiver sees it: the start bit and some of the first bits. */
function glitch(seed: number, ...keys: readonly number[]): number {
  return (0xff << Math.floor(chance(seed, ...keys) * 9)) & 0xff;
}

/**
 * A and B are swapped at the master: every bit is inverted, and the bias that holds the line at rest is a break to it.
 * Devices hear garbage, the master gets a zero byte whenever the line falls idle after its request; on a share
 * `ringing` of them the change of direction rings and gives another byte first.
 */
export function swappedWires({ ringing = 0, seed = 1 } = {}): Fault {
  const ground = grounded();
  const turned = (bytes: Uint8Array): Uint8Array | undefined => {
    const heard = bytesOf(received(inverted(transmitted(bytes, USUAL)), USUAL));
    return heard.length === 0 ? undefined : heard;
  };
  let count = 0;
  // What the master's own receiver makes of its own driver's release is not inverted again.
  const own = new Set<string>();
  return {
    name: 'swapped-wires',
    start: ground.start,
    request(bytes) {
      count += 1;
      const rings = chance(seed, count, 1) < ringing ? [glitch(seed, count, 2)] : [];
      const said = Uint8Array.from([...rings, 0]);
      own.add(String(said));
      ground.at()?.say({ bytes: said });
      return turned(bytes);
    },
    received: (bytes) => (own.has(String(bytes)) ? bytes : turned(bytes)),
  };
}

export interface SharedAddressOptions {
  /** The other device begins so much later on average, ms; negative: earlier. Default 0.4. */
  readonly skew?: number;
  /** Both vary by so much from answer to answer, ms. Default 0. */
  readonly jitter?: number;
  /** Who wins where both drivers disagree: whoever pulls low, or the nearer one. Default low. */
  readonly stronger?: 'low' | 'nearer';
  readonly format?: string;
  readonly seed?: number;
}

/** Two devices have one address: both answer, with other values; where they overlap, drivers fight over each bit. */
export function sharedAddress(unit: number, options: SharedAddressOptions = {}): Fault {
  const { skew = 0.4, jitter = 0, stronger = 'low', format = '8N1', seed = 1 } = options;
  const ground = grounded();
  let count = 0;
  return {
    name: 'shared-address',
    start: ground.start,
    answer(one) {
      const charMs = ground.at()?.charMs;
      if (one.unit !== unit || one.bytes.length < 5 || charMs === undefined) return [one];
      count += 1;
      const uart = { baud: (bitsPerCharacter(format) * 1000) / charMs, format };
      const isException = ((one.bytes[1] ?? 0) & 0x80) !== 0;
      const other = withCrc(
        Array.from(one.bytes.slice(0, -2), (byte, i) =>
          i < 3 ? byte : (byte + (i % 2 === 0 ? 0x1b : 0)) & 0xff,
        ),
      );
      const rival = isException ? one.bytes : other;
      const lag = skew + (chance(seed, count, 1) - chance(seed, count, 2)) * jitter;
      const { served: _, speaker: __, ...unserved } = one;
      const second: Utterance = { ...unserved, bytes: rival, at: (one.at ?? 0) + lag, intact: false };
      const length = duration(one.bytes.length, uart);
      if (Math.abs(lag) > length) return [one, { ...second, at: Math.max(second.at ?? 0, 0) }];
      const [a, b] = [
        { signal: transmitted(one.bytes, uart), from: 0, to: length },
        { signal: transmitted(rival, uart, lag), from: lag, to: lag + length },
      ];
      const bytes = bytesOf(
        received(
          together(a, b, (at) => (stronger === 'low' ? 0 : levelAt(a.signal, at))),
          uart,
        ),
      );
      const whole = one.bytes.every((byte, i) => bytes[i] === byte);
      return [{ ...one, bytes, at: (one.at ?? 0) + Math.min(0, lag), intact: whole && (one.intact ?? true) }];
    },
  };
}

export interface OpenEndsOptions {
  /** Part of the bits that reflections turn over. */
  readonly errors: number;
  /** Part of the changes of direction at which the floating line gives a byte or two. */
  readonly stray: number;
  /** Mean pause between bytes out of nothing while nobody talks, ms. Absent: none. */
  readonly idle?: number;
  readonly format?: string;
  readonly seed?: number;
}

/** No termination and no bias: bits turn over, the more the longer a frame is, and the floating line gives bytes. */
export function openEnds({ errors, stray, idle, format = '8N1', seed = 1 }: OpenEndsOptions): Fault {
  let ground: FaultGround | undefined;
  let count = 0;
  const uart = (): UartSettings => ({
    baud: (bitsPerCharacter(format) * 1000) / (ground?.charMs ?? 1),
    format,
  });
  const spoilt = (bytes: Uint8Array, which: number): Uint8Array => {
    const bit = bitTime(uart());
    const cells = bytes.length * bitsPerCharacter(format);
    const hits: [number, number][] = [];
    for (let i = 0; i < cells; i++) {
      if (chance(seed, count, which, i) < errors) hits.push([i * bit, (i + 1) * bit]);
    }
    return hits.length === 0 ? bytes : bytesOf(received(struck(transmitted(bytes, uart()), hits), uart()));
  };
  const strays = (which: number): number[] => {
    if (chance(seed, count, which) >= stray) return [];
    const length = 1 + Math.floor(chance(seed, count, which, 1) * 2);
    return Array.from({ length }, (_, i) => glitch(seed, count, which, 2, i));
  };
  return {
    name: 'open-ends',
    start(given) {
      ground = given;
      let timer: Disposable | undefined;
      let nth = 0;
      const next = (): void => {
        if (idle === undefined) return;
        nth += 1;
        timer = given.time.after(idle * 2 * chance(seed, nth, 11), () => {
          given.say({ bytes: Uint8Array.of(glitch(seed, nth, 12)) });
          next();
        });
      };
      next();
      return {
        [Symbol.dispose]() {
          timer?.[Symbol.dispose]();
          ground = undefined;
        },
      };
    },
    request(bytes) {
      count += 1;
      const after = strays(21);
      if (after.length > 0) ground?.say({ bytes: Uint8Array.from(after) });
      return spoilt(bytes, 22);
    },
    answer(one) {
      count += 1;
      const body = spoilt(one.bytes, 31);
      const bytes = Uint8Array.from([...strays(32), ...body, ...strays(33)]);
      return [{ ...one, bytes, intact: (one.intact ?? true) && body === one.bytes }];
    },
  };
}

/**
 * The master's port has other settings than the line. `host` gives them whenever something passes. Devices throw away
 * what has a parity or framing error; the master's receiver passes every byte on, as Linux does (no INPCK). An
 * adapter's echo of the request comes back as it was sent.
 */
export function otherSettings(line: UartSettings, host: () => UartSettings): Fault {
  let last: Uint8Array = new Uint8Array();
  const same = ({ baud, format }: UartSettings): boolean =>
    baud === line.baud && format.slice(0, 2) === line.format.slice(0, 2);
  return {
    name: 'other-settings',
    request(bytes) {
      last = bytes;
      const from = host();
      if (same(from)) return bytes;
      const heard = received(transmitted(bytes, from), line);
      const sound = heard.length > 0 && heard.every(({ framing, parity }) => !framing && !parity);
      return sound ? bytesOf(heard) : undefined;
    },
    received(bytes) {
      const to = host();
      if (same(to)) return bytes;
      if (bytes.length === last.length && bytes.every((byte, i) => byte === last[i])) return bytes;
      // A zero byte alone is a break: low for longer than a character at whatever rate.
      const rests = bytes.length <= 2 && bytes.at(-1) === 0;
      const spoken = rests ? bytes.subarray(0, -1) : bytes;
      const heard = [...bytesOf(received(transmitted(spoken, line), to)), ...(rests ? [0] : [])];
      return heard.length === 0 ? undefined : Uint8Array.from(heard);
    },
  };
}

export interface SecondMasterOptions {
  /** Its period, ms. Default 1000. */
  readonly every?: number;
  /** The units it asks, in turn. */
  readonly units?: readonly number[];
  /** Registers it reads. Default 2. */
  readonly count?: number;
  /** Whether the devices it asks are there. Default true. */
  readonly answered?: boolean;
  readonly seed?: number;
}

/** Another master polls on the same pair, without looking whether the line is free; devices answer it. */
export function secondMaster(options: SecondMasterOptions = {}): Fault {
  const { every = 1000, units = [1, 2], count = 2, answered = true, seed = 1 } = options;
  return {
    name: 'second-master',
    start(ground) {
      let timer: Disposable | undefined;
      let nth = 0;
      const poll = (): void => {
        nth += 1;
        const unit = units[nth % units.length] ?? 1;
        const request = withCrc([unit, 3, 0, 16, 0, count]);
        const now = ground.time.mono();
        ground.say({ bytes: request, at: now });
        if (answered) {
          const words = Array.from({ length: 2 * count }, (_, i) =>
            Math.floor(chance(seed, nth, 1, i) * 256),
          );
          const turnaround = 4 + chance(seed, nth, 2) * 30;
          const at = now + (request.length + 3.5) * ground.charMs + turnaround;
          ground.say({ bytes: withCrc([unit, 3, 2 * count, ...words]), at });
        }
        timer = ground.time.after(every * (0.98 + chance(seed, nth, 3) * 0.04), poll);
      };
      timer = ground.time.after(every * chance(seed, 0), poll);
      return { [Symbol.dispose]: () => timer?.[Symbol.dispose]() };
    },
  };
}

/** The line is interrupted behind a point: the devices beyond it hear nothing and are not heard. */
export function deadBehind(units: readonly number[]): Fault {
  const beyond = new Set(units);
  return {
    name: 'dead-behind',
    answer: (one) => (one.unit !== undefined && beyond.has(one.unit) ? [] : [one]),
  };
}
