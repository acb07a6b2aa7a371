/** Periods as a log of their own, for the pump: a number becomes durable when its last minute is closed. */

import type { Lane } from '../../core/point.ts';
import type { Cursor, Heads, LoggedRecord, LogSlice, LogSource, Range } from '../../core/record.ts';
import type { Periods } from '../../core/time/period.ts';
import type { DerivedSource, PeriodBooks } from '../../core/uplink.ts';
import type { Centre } from './centre.ts';
import {
  KIND_OF,
  LANE_OF,
  numberAt,
  PERIOD_KINDS,
  type PeriodKind,
  type PeriodSpan,
  reportsIn,
  spanOf,
} from './period.ts';

export interface PeriodSourceParts {
  readonly centre: Centre;
  readonly records: LogSource;
  readonly periods: Periods;
  /** Logs of earlier epochs. */
  earlier?(): readonly LogSource[];
  /** True time, Unix epoch ms. */
  now(): number;
}

export class PeriodSource implements DerivedSource {
  readonly #parts: PeriodSourceParts;
  /** Reports that were settled when this thread began. */
  readonly #before = new Map<PeriodKind, number>();

  constructor(parts: PeriodSourceParts) {
    this.#parts = parts;
    for (const kind of PERIOD_KINDS) this.#before.set(kind, this.#settledBefore(kind));
  }

  get epoch(): string {
    return this.#parts.records.epoch;
  }

  heads(): Heads {
    // Says that the log was replaced, which rollups in the old file would never tell.
    this.#parts.records.heads();
    return this.#each((kind) => this.#head(kind));
  }

  tails(): Heads {
    return this.#each((kind) => this.#tail(kind));
  }

  /** Numbers are times, so what was settled of an earlier epoch is settled in this one too. */
  cursor(uplink: string, lane: Lane): Cursor {
    const { records, earlier } = this.#parts;
    const own = records.cursor(uplink, lane);
    const before = (earlier?.() ?? []).map((log) => log.cursor(uplink, lane));
    return before.reduce((best, one) => (one.low > best.low ? one : best), own);
  }

  read(lane: Lane, from: number, limit: number): LogSlice | undefined {
    const kind = KIND_OF[lane];
    if (kind === undefined) return undefined;
    const first = Math.max(from, this.#tail(kind));
    const last = Math.min(first + limit - 1, this.#head(kind));
    if (last < first) return undefined;
    const records: LoggedRecord[] = [];
    for (let seq = first; seq <= last; seq++) records.push(this.#record(kind, seq));
    return { epoch: this.epoch, lane, first, last, records };
  }

  /** Minutes that end no interval are no reports. */
  lane(lane: Lane): { choose(records: readonly LoggedRecord[]): LoggedRecord[] } | undefined {
    return KIND_OF[lane] === undefined
      ? undefined
      : { choose: (records) => records.filter((record) => periodOf(record) !== undefined) };
  }

  books(cursor?: (lane: Lane) => Cursor): Readonly<Record<string, PeriodBooks>> {
    const { centre } = this.#parts;
    const stored = (lane: Lane) => this.cursor(centre.config.id, lane);
    const books: Record<string, PeriodBooks> = {};
    for (const kind of PERIOD_KINDS)
      if (this.#wanted(kind)) books[kind] = this.#book(kind, (cursor ?? stored)(LANE_OF[kind]));
    return books;
  }

  #book(kind: PeriodKind, { low, above }: Cursor): PeriodBooks {
    const { centre, periods } = this.#parts;
    if (periods.closedTo() === undefined)
      return { expected: 0, sent: 0, acknowledged: 0, empty: 0, waiting: 0, dropped: 0 };
    const { minute } = centre.settings;
    const head = this.#head(kind);
    const began = this.#began(kind);
    const reports = (from: number, to: number) =>
      reportsIn(kind, Math.max(from, began + 1), Math.min(to, head), minute);
    const expected = reports(began + 1, head);
    const settled = above.reduce((sum, [from, to]) => sum + reports(from, to), reports(began + 1, low));
    const { sent, acknowledged, empty } = centre.books[kind];
    // An answer is counted a moment before its number is settled.
    const known = Math.min((this.#before.get(kind) ?? 0) + acknowledged, settled - empty);
    return {
      expected,
      sent,
      acknowledged: Math.max(0, known),
      empty,
      waiting: expected - settled,
      dropped: settled - empty - Math.max(0, known),
    };
  }

  #began(kind: PeriodKind): number {
    return this.#parts.centre.began(kind, this.#tail(kind) - 1);
  }

  /** Reports that an earlier process had settled. */
  #settledBefore(kind: PeriodKind): number {
    const { centre, periods } = this.#parts;
    if (periods.closedTo() === undefined) return 0;
    const { low, above } = this.cursor(centre.config.id, LANE_OF[kind]);
    const began = this.#began(kind);
    const { minute } = centre.settings;
    const ranges: readonly Range[] = [[began + 1, low], ...above];
    return ranges.reduce(
      (sum, [from, to]) => sum + reportsIn(kind, Math.max(from, began + 1), to, minute),
      0,
    );
  }

  #record(kind: PeriodKind, seq: number): LoggedRecord {
    const span = this.span(kind, seq);
    return {
      kind: 'event',
      seq,
      event: 'agent',
      severity: 'info',
      time: span?.start ?? 0,
      rank: 'ntp',
      body: span === undefined ? {} : { period: kind, start: span.start, end: span.end },
    };
  }

  span(kind: PeriodKind, seq: number): PeriodSpan | undefined {
    const { centre } = this.#parts;
    return spanOf(kind, seq, centre.settings.minute, centre.local);
  }

  #wanted(kind: PeriodKind): boolean {
    const { config, settings } = this.#parts.centre;
    return kind === 'minute' ? settings.minute > 0 : config[kind];
  }

  /** 0 where nothing is closed yet or the kind is not sent. */
  #head(kind: PeriodKind): number {
    const { centre, periods } = this.#parts;
    const closed = periods.closedTo();
    if (closed === undefined || !this.#wanted(kind)) return 0;
    this.#began(kind);
    return numberAt(kind, closed, centre.local);
  }

  /** First number that is whole in the rollups, and not older than the centre is to get by itself. */
  #tail(kind: PeriodKind): number {
    const { centre, periods, now } = this.#parts;
    const oldest =
      kind === 'minute' ? periods.oldest('minute') : (periods.oldest('hour') ?? periods.oldest('minute'));
    const kept = oldest === undefined ? 0 : numberAt(kind, oldest, centre.local) + 1;
    const young = numberAt(kind, now() - centre.config.backlogAge, centre.local) + 1;
    return Math.max(1, kept, young);
  }

  #each(of: (kind: PeriodKind) => number): Heads {
    return {
      alarm: 0,
      event: of('day'),
      meter: of('hour'),
      telemetry: of('minute'),
      bulk: 0,
    };
  }

  [Symbol.dispose](): void {}
}

/** The period that a record of a `PeriodSource` stands for. */
export function periodOf(record: LoggedRecord): PeriodSpan | undefined {
  if (record.kind !== 'event') return undefined;
  const { period, start, end } = record.body;
  const kind = PERIOD_KINDS.find((one) => one === period);
  return kind === undefined || typeof start !== 'number' || typeof end !== 'number'
    ? undefined
    : { kind, start, end };
}
