/**
 * Which records leave on an uplink. The decision is a function of the log and the rules alone: what must be compared
 * with a value before it (deadband) is compared inside blocks of `BLOCK` numbers of the lane, each of which begins
 * anew. So a retry, a restart or another cut of the messages comes to the same decision, and every point is heard of
 * at least once in each block it stands in. A rate looks at the reading of the same point before, as far as it lies no
 * more than `BLOCK` numbers back.
 */

import { glob } from '../core/pattern.ts';
import type { Lane } from '../core/point.ts';
import type { LoggedReading, LoggedRecord } from '../core/record.ts';
import type { SelectionRule } from '../core/site.ts';

/** Numbers of a lane. */
export const BLOCK = 1000;
/** Lanes with events in them are always read: `epoch` and `gap` are what the receiver keeps its books by. */
const EVENTFUL: ReadonlySet<Lane> = new Set<Lane>(['alarm', 'event']);
const ALWAYS: ReadonlySet<string> = new Set(['epoch', 'gap']);

type Sent = Pick<LoggedReading, 'value' | 'quality' | 'reason'>;

interface Rule {
  readonly lanes: readonly Lane[] | undefined;
  readonly device: RegExp | undefined;
  readonly class: RegExp | undefined;
  readonly point: RegExp | undefined;
  readonly send: SelectionRule['send'];
  readonly deadband: number;
  readonly every: number;
}

/** Records of the lane from `from` to `to`, as far as they can still be read. */
export type ReadBack = (from: number, to: number) => readonly LoggedRecord[];

/** Chooses what leaves of one lane; a function of the log alone, whatever the cut of the messages. */
export interface Chooser {
  /** Those of `records`, a run without holes, that leave. */
  choose(records: readonly LoggedRecord[], readBack: ReadBack): LoggedRecord[];
}

/** What leaves on an uplink. */
export interface Selecting {
  /** One reader of one lane. Undefined where nothing of it can leave, so that it need not even be read. */
  lane(lane: Lane): Chooser | undefined;
}

export class Selection implements Selecting {
  readonly #rules: readonly Rule[];
  readonly #classOf: (device: string) => string | undefined;
  readonly #block: number;

  /** The first rule that fits a record decides; a record that none fits is left out. */
  constructor(
    rules: readonly SelectionRule[],
    classOf: (device: string) => string | undefined,
    block = BLOCK,
  ) {
    this.#block = block;
    this.#rules = rules.map(({ lanes, device, class: kind, point, send, deadband = 0, every = 0 }) => ({
      lanes,
      device: device === undefined ? undefined : glob(device),
      class: kind === undefined ? undefined : glob(kind),
      point: point === undefined ? undefined : glob(point),
      send,
      deadband,
      every,
    }));
    this.#classOf = classOf;
  }

  /** One reader of one lane. Undefined where nothing of it can leave, so that it need not even be read. */
  lane(lane: Lane): LaneSelector | undefined {
    // No alarm waits for its bucket to close.
    const rules = this.#of(lane).map(
      (rule): Rule => (lane === 'alarm' && rule.send === 'rollup' ? { ...rule, send: 'all' } : rule),
    );
    const never = rules.every(({ send }) => send === 'none' || send === 'rollup') && !EVENTFUL.has(lane);
    return never ? undefined : new LaneSelector(rules, this.#classOf, this.#block);
  }

  /** Length of the buckets, ms, in which a point of `lane` leaves; undefined where it leaves by its readings or not at all. */
  rollup(device: string, point: string, lane: Lane | undefined): number | undefined {
    if (lane === 'alarm') return undefined;
    const rule = this.#of(lane).find((one) => fits(one, device, point, this.#classOf));
    return rule?.send === 'rollup' ? rule.every : undefined;
  }

  #of(lane: Lane | undefined): readonly Rule[] {
    return this.#rules.filter(
      ({ lanes }) => lanes === undefined || (lane !== undefined && lanes.includes(lane)),
    );
  }
}

export class LaneSelector implements Chooser {
  readonly #rules: readonly Rule[];
  readonly #classOf: (device: string) => string | undefined;
  readonly #block: number;
  readonly #remembers: boolean;
  /** What left last of each point in this block. */
  readonly #sent = new Map<string, Sent>();
  /** The last reading of each point that has a rate. */
  readonly #seen = new Map<string, Sent & { readonly period: number; readonly seq: number }>();
  readonly #rated: boolean;
  #next = 1;

  constructor(rules: readonly Rule[], classOf: (device: string) => string | undefined, block: number) {
    this.#block = block;
    this.#rules = rules;
    this.#classOf = classOf;
    this.#rated = rules.some(({ send }) => send === 'every');
    this.#remembers = this.#rated || rules.some(({ send }) => send === 'changes');
  }

  /** Those of `records`, a run without holes, that leave. */
  choose(records: readonly LoggedRecord[], readBack: ReadBack): LoggedRecord[] {
    const first = records[0]?.seq;
    if (first === undefined) return [];
    if (this.#remembers && first !== this.#next) {
      const block = first - ((first - 1) % this.#block);
      const start = this.#rated ? Math.max(1, Math.min(block, first - this.#block)) : block;
      this.#sent.clear();
      this.#seen.clear();
      if (start < first) for (const record of readBack(start, first - 1)) this.#leaves(record);
    }
    const chosen = records.filter((record) => this.#leaves(record));
    this.#next = (records.at(-1)?.seq ?? 0) + 1;
    return chosen;
  }

  #leaves(record: LoggedRecord): boolean {
    if (this.#remembers && (record.seq - 1) % this.#block === 0) this.#sent.clear();
    if (record.kind === 'event' && ALWAYS.has(record.event)) return true;
    const point = record.kind === 'reading' ? record.point : undefined;
    const rule = this.#rules.find((one) => fits(one, record.device ?? '', point, this.#classOf));
    if (rule === undefined || rule.send === 'none') return false;
    if (rule.send === 'all' || record.kind === 'event') return true;
    if (rule.send === 'rollup') return false;
    const key = `${record.device}/${record.point}`;
    if (rule.send === 'every') return this.#begins(key, record, rule.every);
    const before = this.#sent.get(key);
    if (before !== undefined && !changed(before, record, rule.deadband)) return false;
    const { value, quality, reason } = record;
    this.#sent.set(key, reason === undefined ? { value, quality } : { value, quality, reason });
    return true;
  }

  /** Whether `reading` is the first of its period, or of another quality than the one before. */
  #begins(key: string, reading: LoggedReading, every: number): boolean {
    const before = this.#seen.get(key);
    const { seq, value, quality, reason } = reading;
    const period = Math.floor(reading.time / every);
    const facts = { value, quality, period, seq };
    this.#seen.set(key, reason === undefined ? facts : { ...facts, reason });
    if (before === undefined || before.seq < seq - this.#block) return true;
    return before.period !== period || before.quality !== quality || before.reason !== reason;
  }
}

/** `point`: undefined for an event. */
function fits(
  rule: Rule,
  device: string,
  point: string | undefined,
  classOf: (device: string) => string | undefined,
): boolean {
  if (rule.device !== undefined && !rule.device.test(device)) return false;
  if (rule.point !== undefined && (point === undefined || !rule.point.test(point))) return false;
  return rule.class === undefined || rule.class.test(classOf(device) ?? '');
}

function changed(before: Sent, now: Sent, deadband: number): boolean {
  if (before.quality !== now.quality || before.reason !== now.reason) return true;
  if (typeof before.value === 'number' && typeof now.value === 'number')
    return Math.abs(now.value - before.value) > deadband;
  return before.value !== now.value;
}
