/** What was heard, counted: per unit and for the line as a whole. Pure; the verdict (verdict.ts) reads only this. */

import { expectedAnswer } from '../../../drivers/modbus/frame.ts';
import { characterTime, silenceTime } from '../../bus/airtime.ts';
import { equal } from '../../core/bytes.ts';
import { type Damage, damageOf } from './damage.ts';
import { bytesOf, type Heard } from './ear.ts';
import { type Part, type Past, partsOf } from './parts.ts';

/** Answers with more bytes than this are long. */
export const LONG = 12;

/** Bytes that a floating line gives by itself: a low pulse that ends within the character. */
export const PULSES: ReadonlySet<number> = new Set([0xff, 0xfe, 0xfc, 0xf8, 0xf0, 0xe0, 0xc0, 0x80, 0]);

export interface Share {
  asked: number;
  /** Something came, and no valid answer. */
  garbled: number;
}

export interface UnitTally {
  readonly unit: number;
  asked: number;
  /** Valid answers, exceptions included. */
  good: number;
  /** Of those, refusals: shorter than what was asked for. */
  exceptions: number;
  silent: number;
  /** Of those, the ones after the last valid answer. */
  silentSince: number;
  garbled: number;
  /** Valid answers to an earlier request that came after its time-out. */
  late: number;
  /** Requests with two valid answers of different content. */
  doubled: number;
  /** Requests with two valid answers that do not differ in their values, with a pause between them. */
  twins: number;
  /** Valid answers with other bytes right before or behind them. */
  fringed: number;
  /** Those bytes. */
  readonly fringes: (readonly number[])[];
  readonly short: Share;
  readonly long: Share;
  readonly damage: Damage[];
  /** End of the request to the last byte of what came, ms; the longest of valid answers. */
  slowest: number;
}

export interface LineTally {
  readonly units: Map<number, UnitTally>;
  /** Requests to units that nobody should have, and what came after them. */
  readonly control: { asked: number; stray: number };
  /** Time listened without asking, ms; bytes of no frame that came in it: how many, and which. */
  readonly idle: { ms: number; bytes: number; readonly heard: number[] };
  /** Our requests, and after how many of them our own words came back. */
  readonly asks: { total: number; echoed: number };
  /** Bytes that belong to no frame, outside of answers that came damaged. */
  readonly stray: number[];
  /** Valid requests of others, how many of them were answered, other valid frames, the units they were for. */
  readonly foreign: { requests: number; answered: number; frames: number; readonly units: Set<number> };
  /** Windows after a request that hold up to three bytes, the last of them zero, and nothing else. */
  zeroes: number;
  /** Windows after a request that hold any byte besides the echo. */
  spoken: number;
}

export function emptyTally(): LineTally {
  return {
    units: new Map(),
    control: { asked: 0, stray: 0 },
    idle: { ms: 0, bytes: 0, heard: [] },
    asks: { total: 0, echoed: 0 },
    stray: [],
    foreign: { requests: 0, answered: 0, frames: 0, units: new Set() },
    zeroes: 0,
    spoken: 0,
  };
}

export function unitTally(tally: LineTally, unit: number): UnitTally {
  let found = tally.units.get(unit);
  if (found === undefined) {
    const share = (): Share => ({ asked: 0, garbled: 0 });
    found = {
      unit,
      asked: 0,
      good: 0,
      exceptions: 0,
      silent: 0,
      silentSince: 0,
      garbled: 0,
      late: 0,
      doubled: 0,
      twins: 0,
      fringed: 0,
      fringes: [],
      short: share(),
      long: share(),
      damage: [],
      slowest: 0,
    };
    tally.units.set(unit, found);
  }
  return found;
}

export interface Counted {
  /** A valid answer to the request is there. */
  readonly good: boolean;
  /** It is an exception. */
  readonly exception: boolean;
  /** The first valid answer. */
  readonly answer: Uint8Array | undefined;
}

/** Adds one record. `earlier`: our requests before it, oldest first. `control`: nobody should answer. */
export function count(tally: LineTally, heard: Heard, earlier: readonly Past[], control = false): Counted {
  const bytes = bytesOf(heard);
  const parts = partsOf(bytes, heard.request, earlier);
  countForeign(tally, parts);
  for (const part of parts) if (part.kind === 'late') countLate(tally, part.bytes, part.to);
  const stray = parts.flatMap((part) => (part.kind === 'stray' ? [...part.bytes] : []));
  const answers = parts.flatMap((part) => (part.kind === 'answer' ? [part] : []));
  const { request } = heard;
  if (request === undefined) {
    tally.idle.ms += heard.until - heard.from;
    tally.idle.bytes += stray.length;
    tally.idle.heard.push(...stray);
    tally.stray.push(...stray);
  } else {
    tally.asks.total += 1;
    if (parts[0]?.kind === 'echo' || (parts[0]?.kind === 'stray' && parts[1]?.kind === 'echo'))
      tally.asks.echoed += 1;
    const rest = parts.filter(({ kind }) => kind !== 'echo');
    if (rest.length > 0) tally.spoken += 1;
    if (rest.length === 1 && stray.length > 0 && stray.length <= 3 && stray.at(-1) === 0) tally.zeroes += 1;
    if (control) {
      tally.control.asked += 1;
      if (stray.length > 0) tally.control.stray += 1;
      tally.stray.push(...stray);
    } else countAnswer(tally, heard, request, parts, answers, stray);
  }
  const exception = answers.length > 0 && answers.every((answer) => answer.exception);
  return { good: answers.length > 0, exception, answer: answers[0]?.bytes };
}

/** Requests after which something was not as on a healthy line, and bytes that came by themselves. */
export function oddities({ units, control, idle }: LineTally): number {
  const ofUnits = [...units.values()].reduce(
    (sum, { garbled, fringed, doubled, twins }) => sum + garbled + fringed + doubled + twins,
    0,
  );
  // Opening the port may give a byte.
  return ofUnits + control.stray + Math.max(0, idle.bytes - 1);
}

type Answer = Part & { readonly kind: 'answer' };

function countAnswer(
  tally: LineTally,
  heard: Heard,
  request: Uint8Array,
  parts: readonly Part[],
  answers: readonly Answer[],
  stray: readonly number[],
): void {
  const unit = unitTally(tally, request[0] ?? 0);
  const size = (expectedAnswer(request).length ?? 5) > LONG ? unit.long : unit.short;
  unit.asked += 1;
  size.asked += 1;
  if (answers.length > 0) {
    unit.good += 1;
    if (answers.every(({ exception }) => exception)) unit.exceptions += 1;
    unit.silentSince = 0;
    unit.slowest = Math.max(unit.slowest, (heard.arrivals.at(-1)?.at ?? 0) - (heard.sent ?? 0));
    if (stray.length > 0) {
      unit.fringed += 1;
      unit.fringes.push(stray);
    }
    // A refusal fits any question of its function: it may be an old one.
    const values = answers.filter(({ exception }) => !exception);
    if (values.some(({ bytes }) => !equal(bytes, values[0]?.bytes ?? bytes))) unit.doubled += 1;
    else if (apart(heard, answers)) unit.twins += 1;
    tally.stray.push(...stray);
  } else if (stray.length === 0) {
    unit.silent += 1;
    unit.silentSince += 1;
  } else {
    unit.garbled += 1;
    unit.silentSince = 0;
    size.garbled += 1;
    const pieces = parts.flatMap((part) => (part.kind === 'stray' ? [part.bytes] : []));
    unit.damage.push(damageOf(Uint8Array.from(pieces.flatMap((piece) => [...piece])), request));
  }
}

function countLate(tally: LineTally, frame: Uint8Array, to: Past): void {
  const { answer } = to;
  const unit = unitTally(tally, frame[0] ?? 0);
  if (answer !== undefined) {
    // It has been answered before: somebody else has the address, or something repeats what it hears.
    if (equal(answer, frame) || ((frame[1] ?? 0) & 0x80) !== 0) tally.foreign.frames += 1;
    else unit.doubled += 1;
    return;
  }
  to.answer = frame;
  unit.late += 1;
  // It was there, only slow.
  if (unit.silent > 0) unit.silent -= 1;
  unit.silentSince = 0;
  unit.good += 1;
}

/** Whether the second of two answers came later than right behind the first. */
function apart({ arrivals, serial }: Heard, [first, second]: readonly Answer[]): boolean {
  if (first === undefined || second === undefined) return false;
  const moment = (end: number): number => {
    let seen = 0;
    return (
      arrivals.find(({ bytes }) => {
        seen += bytes.length;
        return seen >= end;
      })?.at ?? 0
    );
  };
  const pause = moment(second.end) - moment(first.end) - second.bytes.length * characterTime(serial);
  return pause > silenceTime(serial);
}

function countForeign(tally: LineTally, parts: readonly Part[]): void {
  let open: Uint8Array | undefined;
  for (const part of parts) {
    if (part.kind === 'foreign-request') {
      // Writes are answered by their repetition.
      if (open !== undefined && equal(open, part.bytes)) tally.foreign.answered += 1;
      else tally.foreign.requests += 1;
      tally.foreign.units.add(part.bytes[0] ?? 0);
      open = part.bytes;
    } else if (part.kind !== 'stray') {
      if (part.kind === 'foreign') tally.foreign.frames += 1;
      if (open !== undefined && open[0] === part.bytes[0]) tally.foreign.answered += 1;
      open = undefined;
    }
  }
}
