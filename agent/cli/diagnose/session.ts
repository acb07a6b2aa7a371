/**
 * A diagnosis from the first listening to the last question, within a budget of time. Listens before it asks, asks only
 * to read, and gives what it counted; what that means is decided in verdict.ts.
 */

import { expectedAnswer } from '../../../drivers/modbus/frame.ts';
import type { Pipe } from '../../bus/port/port.ts';
import type { Mono } from '../../core/reading.ts';
import type { SerialSettings } from '../../core/site.ts';
import type { Clock } from '../../core/time/clock.ts';
import { Ear, type Heard, interrupted } from './ear.ts';
import { hasAnswer, type Past } from './parts.ts';
import { type Expected, Questions, readRequest } from './question.ts';
import { otherSettings } from './settings.ts';
import { type Counted, count, emptyTally, type LineTally, oddities, unitTally } from './tally.ts';

export interface DiagnoseOptions {
  /** Opens the port with these settings; the pipe before is disposed. */
  readonly open: (serial: SerialSettings, signal: AbortSignal) => Promise<Pipe>;
  /** What the line is supposed to be set to. */
  readonly serial: SerialSettings;
  /** Who is asked, in the order of the wiring where that is known. */
  readonly expected: readonly Expected[];
  /** Whether all of them should be there; false: a guess. */
  readonly known: boolean;
  /** What the devices of the line are known to need to answer, ms. Default 300. */
  readonly timeout?: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly tell?: (step: Step) => void;
  /** ms. Default 57 s. */
  readonly budget?: number;
}

/** What is told while it goes on. */
export type Step =
  | { readonly step: 'listening'; readonly serial: SerialSettings; readonly ms: number }
  | { readonly step: 'heard'; readonly bytes: number; readonly foreignRequests: number }
  | { readonly step: 'asking'; readonly serial: SerialSettings; readonly units: number }
  | { readonly step: 'unit'; readonly who: Expected; readonly result: 'answers' | 'garbled' | 'silent' }
  | { readonly step: 'trying'; readonly serial: SerialSettings }
  | { readonly step: 'found'; readonly who: Expected; readonly serial: SerialSettings };

export interface Observed {
  readonly serial: SerialSettings;
  readonly expected: readonly Expected[];
  readonly known: boolean;
  readonly given: LineTally;
  /** At other settings, in the order tried. */
  readonly others: readonly { readonly serial: SerialSettings; readonly tally: LineTally }[];
  /** Every other setting was tried. */
  readonly searched: boolean;
  readonly interrupted: boolean;
}

const LISTEN = 4000;
const LISTEN_ON = 12_000;
/** Questions to each unit; more to few, so that there are enough of them to call a line healthy. */
const ROUNDS = { least: 14, most: 40, questions: 100 };
/** Further questions to a unit in trouble. */
const AGAIN = 24;
/** Part of the budget until which the given setting is asked at. */
const ASKING = 0.55;
/** Times out of this many silences a unit is not asked again. */
const GIVE_UP = 3;
/** What is listened after a whole answer: a second one with the same address may be slower, ms. */
const LONG_TAIL = 250;
const TAIL = 70;
/** Registers asked for at other settings: no answer from before is as long. */
const ELSEWHERE = [6, 10] as const;
const SEARCH_TIMEOUT = 350;
/** Our requests that a late answer may still belong to. */
const REMEMBERED = 40;

/** Rejects with `AgentError` where the port cannot be opened or is lost. An abort ends it with what was heard so far. */
export async function observe(options: DiagnoseOptions): Promise<Observed> {
  const session = new Session(options);
  let cut = false;
  try {
    await session.atGiven();
    await session.elsewhere();
  } catch (thrown) {
    if (!interrupted(thrown) && !options.signal.aborted) throw thrown;
    cut = true;
  }
  const { serial, expected, known } = options;
  const { given, others, searched } = session;
  return { serial, expected, known, given, others, searched, interrupted: cut };
}

class Session {
  readonly given = emptyTally();
  readonly others: { serial: SerialSettings; tally: LineTally }[] = [];
  searched = false;
  readonly #options: DiagnoseOptions;
  readonly #started: Mono;
  readonly #budget: number;
  #earlier: Past[] = [];
  readonly #questions = new Map<number, Questions>();
  readonly #told = new Set<number>();

  constructor(options: DiagnoseOptions) {
    this.#options = options;
    this.#started = options.clock.mono();
    this.#budget = options.budget ?? 57_000;
  }

  /** Listens, then asks every unit again and again. */
  async atGiven(): Promise<void> {
    const { serial, expected, clock, signal, open, tell } = this.#options;
    await using pipe = await open(serial, signal);
    using ear = new Ear(pipe, serial, clock);
    tell?.({ step: 'listening', serial, ms: LISTEN });
    this.#count(this.given, await ear.listen(LISTEN, signal));
    tell?.({
      step: 'heard',
      bytes: this.given.idle.bytes,
      foreignRequests: this.given.foreign.requests,
    });
    tell?.({ step: 'asking', serial, units: expected.length });
    const { least, most, questions } = ROUNDS;
    const rounds = Math.min(most, Math.max(least, Math.ceil(questions / expected.length)));
    for (let round = 0; round < rounds; round++) {
      for (const who of expected) {
        if (this.#spent() > ASKING) return;
        await this.#askUnit(ear, who, round);
      }
      if (round % 3 === 0 && round < least) await this.#askNobody(ear, round / 3);
    }
    await this.#again(ear);
    // Something was odd now and then: whoever talks seldom is heard by listening longer.
    const odd = oddities(this.given) + this.given.foreign.requests + this.given.foreign.frames;
    if (odd > 0 && odd < 0.1 * this.given.asks.total) {
      tell?.({ step: 'listening', serial, ms: LISTEN_ON });
      this.#count(this.given, await ear.listen(LISTEN_ON, signal));
    }
  }

  /** Units in trouble, quickly and often: two with one address then miss each other now and then. */
  async #again(ear: Ear): Promise<void> {
    for (const who of this.#options.expected) {
      const unit = unitTally(this.given, who.unit);
      const { good, silent, garbled, fringed, twins } = unit;
      if (garbled + fringed + twins === 0 && (good === 0 || silent === 0)) continue;
      for (let i = 0; i < AGAIN && this.#spent() < ASKING; i++) {
        await this.#ask(ear, this.given, this.#questionsOf(who).short(), this.#timeout(1), LONG_TAIL);
      }
    }
  }

  #questionsOf(who: Expected): Questions {
    let questions = this.#questions.get(who.unit);
    if (questions === undefined) {
      questions = new Questions(who);
      this.#questions.set(who.unit, questions);
    }
    return questions;
  }

  /** Where somebody who should answer does not: the same questions at other settings. */
  async elsewhere(): Promise<void> {
    const { serial, expected, known } = this.#options;
    const silent = expected.filter(({ unit }) => unitTally(this.given, unit).good === 0);
    if (silent.length === 0 || (!known && silent.length < expected.length)) return;
    const settings = otherSettings(serial);
    let bad: readonly Expected[] = silent;
    for (const [i, other] of settings.entries()) {
      const rest = this.#budget * (1 - this.#spent());
      if (rest <= 0) return;
      bad = await this.#tryAt(other, bad, rest / (settings.length - i), i);
      if (bad.length === 0) return;
    }
    this.searched = true;
  }

  /** Gives the units that still have not answered. */
  async #tryAt(
    serial: SerialSettings,
    bad: readonly Expected[],
    time: number,
    turn: number,
  ): Promise<readonly Expected[]> {
    const { clock, signal, open, tell } = this.#options;
    tell?.({ step: 'trying', serial });
    const tally = emptyTally();
    this.others.push({ serial, tally });
    this.#earlier = [];
    await using pipe = await open(serial, signal);
    using ear = new Ear(pipe, serial, clock);
    const begun = clock.mono();
    // Somebody talks, and not so that it can be read here: perhaps there.
    const talk = this.given.idle.bytes > 2 && this.given.foreign.requests === 0;
    if (talk && serial.parity === 'none') this.#count(tally, await ear.listen(1200, signal));
    let answered = false;
    for (let i = 0; i < bad.length; i++) {
      if (i > 0 && clock.mono() - begun > time - SEARCH_TIMEOUT) break;
      const who = bad[(turn + i) % bad.length];
      if (who === undefined) break;
      if ((await this.#ask(ear, tally, new Questions(who, ELSEWHERE).short(), SEARCH_TIMEOUT, TAIL)).good) {
        answered = true;
        break;
      }
    }
    if (!answered) return bad;
    const left: Expected[] = [];
    for (const who of bad) {
      const questions = new Questions(who, ELSEWHERE);
      for (let i = 0; i < 3 && unitTally(tally, who.unit).silent < 2; i++) {
        await this.#ask(ear, tally, questions.short(), SEARCH_TIMEOUT, TAIL);
      }
      if (unitTally(tally, who.unit).good > 0) tell?.({ step: 'found', who, serial });
      else left.push(who);
    }
    return left;
  }

  async #askUnit(ear: Ear, who: Expected, round: number): Promise<void> {
    const unit = unitTally(this.given, who.unit);
    const gone = unit.good === 0 && unit.garbled === 0 ? GIVE_UP : GIVE_UP + 3;
    if (unit.silentSince >= gone) return;
    const questions = this.#questionsOf(who);
    const long = unit.good > 0 && round % 2 === 1 ? questions.long() : undefined;
    const request = long ?? questions.short();
    const tail = round < 3 ? LONG_TAIL : TAIL;
    const counted = await this.#ask(ear, this.given, request, this.#timeout(round), tail);
    questions.heard(long !== undefined, counted);
    this.#tellUnit(who);
  }

  /** Units that nobody should have: what comes now comes from the line. */
  async #askNobody(ear: Ear, turn: number): Promise<void> {
    const taken = new Set(this.#options.expected.map(({ unit }) => unit));
    const free = [247, 246, 245, 239, 231, 223].filter((unit) => !taken.has(unit));
    for (const offset of [0, 1]) {
      const unit = free[(turn * 2 + offset) % free.length] ?? 247;
      await this.#ask(ear, this.given, readRequest(unit, 3, 0, 2), 300, TAIL, true);
    }
  }

  async #ask(
    ear: Ear,
    tally: LineTally,
    request: Uint8Array,
    timeout: number,
    tail: number,
    control = false,
  ): Promise<Counted> {
    const complete = (bytes: Uint8Array): boolean => hasAnswer(bytes, request);
    const records = await ear.ask(request, { timeout, tail, complete }, this.#options.signal);
    let counted: Counted = { good: false, exception: false, answer: undefined };
    for (const heard of records) counted = this.#count(tally, heard, control);
    const past = { request, expected: expectedAnswer(request), answer: counted.answer };
    this.#earlier = [...this.#earlier.slice(1 - REMEMBERED), past];
    return counted;
  }

  #count(tally: LineTally, heard: Heard, control = false): Counted {
    return count(tally, heard, this.#earlier, control);
  }

  /** Generous at first, and where answers came late; silent units must not eat the time of the others. */
  #timeout(round: number): number {
    const { expected, timeout = 300 } = this.#options;
    const late = [...this.given.units.values()].some((unit) => unit.late > 0);
    if (late) return 1500;
    const fair = Math.max(250, 12_000 / expected.length);
    return Math.max(Math.min(round === 0 ? 1000 : 600, fair), Math.min(timeout, 2000));
  }

  #spent(): number {
    return (this.#options.clock.mono() - this.#started) / this.#budget;
  }

  #tellUnit(who: Expected): void {
    const { good, garbled, silent } = unitTally(this.given, who.unit);
    if (this.#told.has(who.unit) || (good === 0 && garbled + silent < GIVE_UP)) return;
    this.#told.add(who.unit);
    const result = good > 0 ? 'answers' : garbled > 0 ? 'garbled' : 'silent';
    this.#options.tell?.({ step: 'unit', who, result });
  }
}
