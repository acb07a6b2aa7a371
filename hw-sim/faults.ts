/**
 * Faults of real lines and devices, one function each. A fault is switched on with `wire.inject(fault)` and off by
 * disposing what that gives. Those of one device take its unit id; without it they strike every device of the line.
 */
import { withCrc } from './faults-crc.ts';
import type { Timebase } from './lines/timebase.ts';
import type { Utterance } from './lines/wire.ts';
import { chance } from './world/random.ts';

export * from './faults-meter.ts';
export * from './faults-wiring.ts';

export interface FaultGround {
  readonly time: Timebase;
  readonly charMs: number;
  /** Puts bytes on the line past the ledger. */
  say(utterance: Utterance): void;
}

export interface Fault {
  readonly name: string;
  /** What devices hear of the master; undefined: nothing. */
  request?(bytes: Uint8Array): Uint8Array | undefined;
  /** What becomes of a device's answer. */
  answer?(utterance: Utterance): readonly Utterance[];
  /** What the master's port gets of what is on the line; undefined: nothing. */
  received?(bytes: Uint8Array): Uint8Array | undefined;
  /** What a device believes its value to be. */
  value?(unit: number | undefined, point: string, value: number): number;
  /** Something that happens by itself while the fault is on. */
  start?(ground: FaultGround): Disposable;
  stop?(): void;
}

const strikes = (unit: number | undefined, utterance: Utterance): boolean =>
  unit === undefined || utterance.unit === unit;

/** The device does not answer. */
export function silence(unit?: number): Fault {
  return { name: 'silence', answer: (one) => (strikes(unit, one) ? [] : [one]) };
}

/** The last byte is wrong: a CRC, LRC or sum that does not fit. `share` of answers, drawn by `seed`. */
export function checksumError(unit?: number, share = 1, seed = 1): Fault {
  let count = 0;
  return {
    name: 'checksum-error',
    answer: (one) => {
      if (!strikes(unit, one) || chance(seed, count++) >= share) return [one];
      const bytes = Uint8Array.from(one.bytes);
      bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 0xff;
      return [{ ...one, bytes, intact: false }];
    },
  };
}

/** Every answer is the Modbus exception `code` (1 function, 2 address, 3 value, 4 failure, 5 acknowledge, 6 busy). */
export function exception(code: number, unit?: number): Fault {
  return {
    name: `exception-${code}`,
    answer: (one) => {
      const [id, functionCode] = one.bytes;
      if (!strikes(unit, one) || id === undefined || functionCode === undefined) return [one];
      return [{ ...one, bytes: withCrc([id, functionCode | 0x80, code]), intact: false }];
    },
  };
}

/** The answer comes `ms` later than it should: after the master has given up, into whatever comes next. */
export function lateAnswer(ms: number, unit?: number, share = 1, seed = 1): Fault {
  let count = 0;
  return {
    name: 'late-answer',
    answer: (one) =>
      strikes(unit, one) && chance(seed, count++) < share ? [{ ...one, at: (one.at ?? 0) + ms }] : [one],
  };
}

/** The adapter gives the master its own request back before the answer. */
export function echo(): Fault {
  let ground: FaultGround | undefined;
  return {
    name: 'echo',
    start(given) {
      ground = given;
      return {
        [Symbol.dispose]() {
          ground = undefined;
        },
      };
    },
    request(bytes) {
      // The adapter's receiver hears the line while its own bits are on it: they are already past when the frame ends.
      const now = ground?.time.mono() ?? 0;
      ground?.say({ bytes, at: now - bytes.length * (ground?.charMs ?? 0) });
      return bytes;
    },
  };
}

/** A whole, valid frame of another unit stands before the answer. */
export function foreignFrame(foreignUnit: number, unit?: number): Fault {
  return {
    name: 'foreign-frame',
    answer: (one) => {
      if (!strikes(unit, one)) return [one];
      const foreign = withCrc([foreignUnit, 3, 4, 0x12, 0x34, 0x56, 0x78]);
      return [{ ...one, bytes: Uint8Array.from([...foreign, ...one.bytes]) }];
    },
  };
}

/** The last `count` bytes never come. */
export function truncated(count = 2, unit?: number): Fault {
  return {
    name: 'truncated',
    answer: (one) =>
      strikes(unit, one)
        ? [{ ...one, bytes: one.bytes.slice(0, Math.max(1, one.bytes.length - count)), intact: false }]
        : [one],
  };
}

/** The answer sticks to a repetition of the answer before, without silence between. */
export function glued(unit?: number): Fault {
  let before: Uint8Array | undefined;
  return {
    name: 'glued',
    answer: (one) => {
      if (!strikes(unit, one)) return [one];
      const last = before;
      before = one.bytes;
      return last === undefined ? [one] : [{ ...one, bytes: Uint8Array.from([...one.bytes, ...last]) }];
    },
  };
}

/** Bytes come one by one with `gap` ms between them: slow devices and radio bridges. */
export function dripping(gap = 5, unit?: number): Fault {
  return { name: 'dripping', answer: (one) => (strikes(unit, one) ? [{ ...one, gap }] : [one]) };
}

/** Somebody talks all the time: bursts of random bytes every `every` ms on average. */
export function babble(seed = 1, every = 40): Fault {
  return {
    name: 'babble',
    start(ground) {
      let timer: Disposable | undefined;
      let count = 0;
      const burst = (): void => {
        count += 1;
        const length = 1 + Math.floor(chance(seed, count, 1) * 20);
        const bytes = Uint8Array.from({ length }, (_, i) => Math.floor(chance(seed, count, 2, i) * 256));
        ground.say({ bytes });
        timer = ground.time.after(every * 2 * chance(seed, count, 3), burst);
      };
      timer = ground.time.after(every * chance(seed, 0), burst);
      return { [Symbol.dispose]: () => timer?.[Symbol.dispose]() };
    },
  };
}

/** Random bytes right before and after each answer, as from a bad termination. */
export function noise(seed = 1, most = 3): Fault {
  let count = 0;
  const some = (which: number): number[] => {
    const length = Math.floor(chance(seed, count, which) * (most + 1));
    return Array.from({ length }, (_, i) => Math.floor(chance(seed, count, which, i) * 256));
  };
  return {
    name: 'noise',
    answer: (one) => {
      count += 1;
      return [{ ...one, bytes: Uint8Array.from([...some(1), ...one.bytes, ...some(2)]) }];
    },
  };
}

/** The device lies: its values jump to `factor` times what they are. */
export function jump(factor: number, unit?: number, point?: string): Fault {
  return { name: 'jump', value: lie(unit, point, (value) => value * factor) };
}

/** The device lies: its values stand still from now on. */
export function frozen(unit?: number, point?: string): Fault {
  const held = new Map<string, number>();
  return {
    name: 'frozen',
    value: (at, name, value) =>
      lie(unit, point, (now) => {
        const key = `${at}/${name}`;
        const before = held.get(key);
        if (before === undefined) held.set(key, now);
        return before ?? now;
      })(at, name, value),
  };
}

/** The device says that it has no value: NaN in floats, all ones in whole numbers. */
export function notANumber(unit?: number, point?: string): Fault {
  return { name: 'not-a-number', value: lie(unit, point, () => Number.NaN) };
}

function lie(
  unit: number | undefined,
  point: string | undefined,
  to: (value: number) => number,
): NonNullable<Fault['value']> {
  return (at, name, value) =>
    (unit === undefined || at === unit) && (point === undefined || name === point) ? to(value) : value;
}
