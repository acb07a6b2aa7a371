/**
 * The counters of all devices: holds each reading to the one before, places breaks where a register does not run on, and
 * finds the exchanges that somebody has declared. What it has to know after a restart are marks and the last values of
 * the log.
 */
import { randomUUID } from 'node:crypto';
import type { CounterBreak, MeterExchange } from '../core/mark.ts';
import type { Mono, Reading } from '../core/reading.ts';
import { type CounterRule, type CounterState, type Expected, judge, type Verdict } from './counter.ts';

/** How the number of a display becomes the value of a point: value = raw × factor + offset. */
export interface Scale {
  readonly factor: number;
  readonly offset: number;
}

export const PLAIN: Scale = { factor: 1, offset: 0 };

export function scaled(raw: number, { factor, offset }: Scale): number {
  return factor === 1 && offset === 0 ? raw : raw * factor + offset;
}

export function unscaled(value: number, { factor, offset }: Scale): number {
  return factor === 1 && offset === 0 ? value : (value - offset) / factor;
}

/** A counter and what is known of it. `t` of the state: ms of wall time on this boot's clock. */
export interface Track {
  readonly device: string;
  readonly point: string;
  readonly unit: string;
  readonly decimals: number | undefined;
  rule: CounterRule;
  /** Profile or site say what it can run at most. */
  readonly declared: boolean;
  state: CounterState;
  /** Of the last reading; undefined where it is from before this start. */
  lastMono: Mono | undefined;
  /** Breaks that are doubted, oldest first; the last one is where the register is now. */
  doubted: CounterBreak[];
}

export interface Moment {
  readonly boot: string;
  readonly mono: Mono;
  /** Unix epoch ms. */
  readonly at: number;
  /** ms of wall time on this boot's clock. */
  readonly t: number;
}

/** A break lies at most this far before the reading behind it, ms. */
const BEFORE = 20;

/** How numbers become values: as in force before and now; and of the old and the new meter where one is awaited. */
export interface ExchangeScales {
  readonly now: Scale;
  readonly before: Scale;
  readonly old?: Scale;
  readonly renewed?: Scale;
}

/** What became of one reading of a counter. */
export interface CounterOutcome {
  readonly believed: boolean;
  /** Breaks that are new or have changed. */
  readonly breaks: readonly CounterBreak[];
  /** The exchange that was found by it. */
  readonly found?: string;
}

export interface Awaited extends Expected {
  readonly exchange: MeterExchange;
}

/** Judges a reading by its raw number; changes the track. */
export function follow(
  track: Track,
  reading: Reading,
  raw: number,
  moment: Moment,
  scale: ExchangeScales,
  serial: 'same' | 'changed' | 'unknown',
  awaited: Awaited | undefined,
): CounterOutcome {
  const before = track.state.last;
  const { state, verdict } = judge(track.state, { value: raw, t: moment.t }, track.rule, {
    serial,
    ...(awaited === undefined ? {} : { expected: awaited }),
  });
  track.state = state;
  const breaks =
    before === undefined ? [] : breaksOf(track, verdict, before.value, raw, moment, scale, awaited);
  track.lastMono = reading.time;
  const believed = !['doubtful', 'broken'].includes(verdict.what) || trustworthy(verdict, state);
  const found = verdict.what === 'broken' && verdict.kind === 'exchange' ? awaited?.exchange.id : undefined;
  return { believed, breaks, ...(found === undefined ? {} : { found }) };
}

/** A register at the end of its range rolls over, and a declared exchange is one: nobody needs to wait to believe it. */
function trustworthy(verdict: Verdict, { doubt }: CounterState): boolean {
  if (verdict.what === 'broken') return verdict.kind === 'roll-over' || verdict.kind === 'exchange';
  return doubt?.kind === 'roll-over';
}

function breaksOf(
  track: Track,
  verdict: Verdict,
  last: number,
  raw: number,
  moment: Moment,
  { now, before, old = before, renewed = now }: ExchangeScales,
  awaited: Awaited | undefined,
): CounterBreak[] {
  const doubted = track.doubted;
  const outliers = (marks: readonly CounterBreak[]) =>
    marks.map((mark): CounterBreak => ({ ...mark, kind: 'outlier', state: 'settled' }));
  const made = (
    kind: CounterBreak['kind'],
    state: CounterBreak['state'],
    closing: number,
    opening: number,
  ): CounterBreak => {
    const gap = track.lastMono === undefined ? BEFORE : Math.min(BEFORE, (moment.mono - track.lastMono) / 2);
    const { device, point, unit } = track;
    return {
      mark: 'break',
      id: randomUUID(),
      device,
      point,
      unit,
      boot: moment.boot,
      mono: moment.mono - gap,
      at: Math.round(moment.at),
      kind,
      state,
      closing: scaled(closing, before),
      opening: scaled(opening, now),
      before: scaled(last, before),
      after: scaled(raw, now),
      ...(kind === 'exchange' && awaited !== undefined
        ? {
            // What the old meter still counted is reckoned by its own ratios.
            closing: scaled(last, before) + (closing - last) * old.factor,
            opening: scaled(opening, renewed),
            after: scaled(raw, renewed),
            by: awaited.exchange.id,
          }
        : {}),
    };
  };
  switch (verdict.what) {
    case 'broken': {
      const settled = verdict.kind === 'exchange';
      const mark = made(verdict.kind, settled ? 'settled' : 'provisional', verdict.closing, verdict.opening);
      track.doubted = settled ? [] : [...doubted, mark];
      return [...outliers(doubted), mark];
    }
    case 'confirmed': {
      track.doubted = [];
      const state = verdict.kind === 'unexplained' ? 'open' : 'settled';
      return doubted.slice(-1).map((mark) => ({ ...mark, state }));
    }
    case 'taken-back':
      track.doubted = [];
      return [...outliers(doubted), made('outlier', 'settled', verdict.closing, verdict.opening)];
    default:
      return [];
  }
}
