/**
 * A log held in memory, for tests of uplinks: batches with numbers per lane, retention, stored cursors. Data, not a
 * double of the store: the store's own reader is tested against the same suite.
 */
import { AgentError } from '../../agent/core/errors.ts';
import { LANES, type Lane } from '../../agent/core/point.ts';
import type {
  Cursor,
  Heads,
  LoggedEvent,
  LoggedReading,
  LoggedRecord,
  LogSlice,
  LogSource,
} from '../../agent/core/record.ts';

type Unnumbered = Omit<LoggedReading, 'seq'> | Omit<LoggedEvent, 'seq'>;

export class MemoryLog implements LogSource {
  readonly epoch: string;
  /** A batch that cannot be decoded. */
  damaged: { readonly lane: Lane; readonly from: number; readonly to: number } | undefined;
  readonly #batches: Record<Lane, LoggedRecord[][]>;
  readonly #tails = zero();
  readonly #heads = zero();
  readonly #cursors = new Map<string, Cursor>();

  constructor(epoch = 'epoch-1') {
    this.epoch = epoch;
    this.#batches = { alarm: [], event: [], meter: [], telemetry: [], bulk: [] };
  }

  /** One batch; gives its records with their numbers. */
  commit(lane: Lane, records: readonly Unnumbered[]): readonly LoggedRecord[] {
    const batch = records.map((record): LoggedRecord => ({ ...record, seq: ++this.#heads[lane] }));
    if (batch.length > 0) this.#batches[lane].push(batch);
    return batch;
  }

  /** A batch of `count` readings whose values are their numbers. */
  readings(lane: Lane, count: number): readonly LoggedRecord[] {
    const first = this.#heads[lane];
    return this.commit(
      lane,
      Array.from({ length: count }, (_, i) => reading(first + i + 1)),
    );
  }

  /** Retention: the oldest batches of `lane` go; a gap record says so. Gives how many numbers went. */
  dropOldest(lane: Lane, batches: number): number {
    const gone = this.#batches[lane].splice(0, batches).flat();
    const [first, last] = [gone[0]?.seq, gone.at(-1)?.seq];
    if (first === undefined || last === undefined) return 0;
    this.#tails[lane] = last + 1;
    this.commit('event', [
      {
        kind: 'event',
        event: 'gap',
        severity: 'warning',
        time: Date.UTC(2027, 0, 1),
        rank: 'ntp',
        body: {
          lane,
          from: first,
          to: last,
          count: last - first + 1,
          reason: 'retention',
          keptAs: 'rollups',
        },
      },
    ]);
    return last - first + 1;
  }

  store(uplink: string, lane: Lane, cursor: Cursor): void {
    this.#cursors.set(`${uplink}/${lane}`, cursor);
  }

  heads(): Heads {
    return { ...this.#heads };
  }

  tails(): Heads {
    return { ...this.#tails };
  }

  read(lane: Lane, from: number, limit: number): LogSlice | undefined {
    const slice = this.#read(lane, from, limit);
    const { damaged } = this;
    if (slice === undefined || damaged?.lane !== lane) return slice;
    if (slice.last < damaged.from || slice.first > damaged.to) return slice;
    throw new AgentError('store-damaged', `decoding of batch ${damaged.from} failed: its CRC differs`);
  }

  #read(lane: Lane, from: number, limit: number): LogSlice | undefined {
    const records: LoggedRecord[] = [];
    for (const batch of this.#batches[lane]) {
      const first = batch[0]?.seq ?? 0;
      const last = batch.at(-1)?.seq ?? 0;
      if (last < from) continue;
      if (records.length > 0 && records.length + batch.length > limit) break;
      // A batch longer than the limit leaves in slices that lie on a grid from its first number.
      const start = Math.max(from, first);
      const grid = first + Math.floor((start - first) / limit) * limit + limit - 1;
      records.push(...batch.slice(start - first, Math.min(last, grid) - first + 1));
      if (Math.min(last, grid) < last) break;
    }
    const [first, last] = [records[0]?.seq, records.at(-1)?.seq];
    if (first === undefined || last === undefined) return undefined;
    return { epoch: this.epoch, lane, first, last, records };
  }

  cursor(uplink: string, lane: Lane): Cursor {
    return this.#cursors.get(`${uplink}/${lane}`) ?? { low: 0, above: [] };
  }

  [Symbol.dispose](): void {}
}

export function reading(value: number): Omit<LoggedReading, 'seq'> {
  return {
    kind: 'reading',
    device: 'meter-1',
    point: 'energy',
    value,
    unit: 'kW.h',
    quality: 'good',
    time: Date.UTC(2027, 0, 1) + value,
    rank: 'ntp',
  };
}

function zero(): Record<Lane, number> {
  return Object.fromEntries(LANES.map((lane) => [lane, 0])) as Record<Lane, number>;
}
