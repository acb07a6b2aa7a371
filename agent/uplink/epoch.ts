/**
 * The log of one epoch on one uplink: its lanes, and what of their state outlives a restart. Cursors of earlier epochs
 * and counts have no place of their own in the log: they ride as cursors under keys that no uplink id can be.
 */
import { LANES, type Lane } from '../core/point.ts';
import type { Cursor, Heads, LogSource } from '../core/record.ts';
import type { Delivery, Envelope, StreamName } from '../core/uplink.ts';
import { settledCount } from './cursor.ts';
import { type Draft, type Fit, LaneWork } from './lane.ts';
import type { Refusal } from './refusal.ts';
import type { Selecting } from './selection.ts';

/** Counts of records that a restart must not forget, or what is not acknowledged would seem to be. */
const KEPT = ['refused', 'dropped', 'omitted'] as const;

export interface EpochOptions {
  readonly agent: string;
  readonly uplink: string;
  readonly source: LogSource;
  /** Logs whose state may hold what this uplink has settled of `source`, for an earlier epoch; empty for the present one. */
  readonly states: readonly LogSource[];
  readonly selection?: Selecting;
  /** What envelopes call a lane. Absent: as it is. */
  readonly name?: (lane: Lane) => Envelope['lane'];
  /** Up to where records may leave, of those up to `heads`; absent: all of them. */
  release?(heads: Heads): Heads;
  refused(lane: Lane, refusals: readonly Refusal[]): void;
  /** Lets a cursor ride in the next commit. */
  settle(key: string, lane: Lane, cursor: Cursor): void;
}

export class EpochWork {
  readonly source: LogSource;
  readonly #options: EpochOptions;
  /** The id of the uplink; for an earlier epoch with its name. */
  readonly #key: string;
  readonly #lanes: Readonly<Record<Lane, LaneWork>>;
  /** Counts as told last, by key and lane. */
  readonly #told = new Map<string, number>();
  #heads: Heads;

  constructor(options: EpochOptions) {
    const { agent, uplink, source, states, selection } = options;
    this.#options = options;
    this.source = source;
    const earlier = states.length > 0;
    this.#key = earlier ? `${uplink}@${source.epoch}` : uplink;
    this.#heads = this.#released();
    const kept = earlier ? states : [source];
    const countOf = (what: string, lane: Lane) =>
      Math.max(...kept.map((state) => state.cursor(`${this.#key}:${what}`, lane).low));
    const work = (lane: Lane) =>
      new LaneWork({
        agent,
        lane,
        ...(options.name === undefined ? {} : { name: options.name(lane) }),
        source,
        cursor: furthest([
          source.cursor(uplink, lane),
          ...states.map((state) => state.cursor(this.#key, lane)),
        ]),
        counts: {
          refused: countOf('refused', lane),
          dropped: countOf('dropped', lane),
          omitted: countOf('omitted', lane),
        },
        ...(selection === undefined ? {} : { selection }),
        refused: (refusals) => options.refused(lane, refusals),
      });
    this.#lanes = Object.fromEntries(LANES.map((lane) => [lane, work(lane)])) as Record<Lane, LaneWork>;
  }

  /** A new session; nothing is under way. */
  begin(): void {
    this.refresh();
    for (const lane of LANES) this.#lanes[lane].begin(this.#heads[lane]);
  }

  /** Something was committed. */
  refresh(): void {
    this.#heads = this.#released();
  }

  #released(): Heads {
    const heads = this.source.heads();
    return this.#options.release?.(heads) ?? heads;
  }

  next(stream: StreamName, lane: Lane, fit: Fit): Draft | undefined {
    return this.#lanes[lane].next(stream, this.#heads[lane], fit);
  }

  /** Books what became of `draft`. */
  answered(draft: Draft, delivery: Delivery): void {
    const { lane } = draft;
    const work = this.#lanes[lane];
    if (!work.answered(draft, delivery)) return;
    this.#options.settle(this.#key, lane, work.cursor);
    for (const what of KEPT) {
      const key = `${this.#key}:${what}`;
      const count = work.counts[what];
      if (count === 0 || this.#told.get(`${key}/${lane}`) === count) continue;
      this.#told.set(`${key}/${lane}`, count);
      this.#options.settle(key, lane, { low: count, above: [] });
    }
  }

  /** Records of all lanes: `resent` since this thread began, all others of this epoch. */
  tally() {
    const heads = this.source.heads();
    const sum = (part: (work: LaneWork, lane: Lane) => number) =>
      LANES.reduce((all, lane) => all + part(this.#lanes[lane], lane), 0);
    return {
      heads,
      cursor: (lane: Lane) => this.#lanes[lane].cursor,
      stored: sum((_, lane) => heads[lane]),
      settled: sum(({ cursor, leftOut }, lane) => settledCount(cursor, heads[lane]) + leftOut),
      omitted: sum(({ counts, leftOut }) => counts.omitted + leftOut),
      refused: sum(({ counts }) => counts.refused),
      dropped: sum(({ counts }) => counts.dropped),
      resent: sum(({ counts }) => counts.resent),
    };
  }
}

function furthest(cursors: readonly Cursor[]): Cursor {
  return cursors.reduce((best, one) => (one.low > best.low ? one : best));
}
