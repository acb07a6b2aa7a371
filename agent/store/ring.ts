/** Appends that wait for their commit, within a number of bytes; what does not fit goes oldest first, bulk before telemetry before the rest. */
import { LANES, type Lane } from '../core/point.ts';
import { over } from './columns.ts';
import type { Appended } from './contract.ts';
import type { LanePack } from './messages.ts';
import { packBytes } from './packer.ts';

export interface Waiting {
  packs: LanePack[];
  bytes: number;
  dropped: number;
  resolve(appended: Appended): void;
  reject(error: Error): void;
}

/** A stretch of time for which records of a lane were dropped; monotonic ms. */
export interface Loss {
  readonly lane: Lane;
  count: number;
  from: number;
  to: number;
}

export class Ring {
  readonly #limit: number;
  readonly #waiting: Waiting[] = [];
  readonly #losses = new Map<Lane, Loss>();
  #bytes = 0;
  /** Records dropped since the start. */
  dropped = 0;

  /** `limit`: bytes. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get length(): number {
    return this.#waiting.length;
  }

  push(packs: LanePack[], resolve: Waiting['resolve'], reject: Waiting['reject']): void {
    const bytes = packs.reduce((sum, pack) => sum + packBytes(pack), 0);
    this.#waiting.push({ packs, bytes, dropped: 0, resolve, reject });
    this.#bytes += bytes;
    this.#makeRoom();
  }

  #makeRoom(): void {
    for (const lane of [...LANES].reverse())
      for (const waiting of this.#waiting) {
        if (this.#bytes <= this.#limit) return;
        const pack = waiting.packs.find((candidate) => candidate.lane === lane);
        if (pack === undefined) continue;
        waiting.packs = waiting.packs.filter((candidate) => candidate !== pack);
        const bytes = packBytes(pack);
        waiting.bytes -= bytes;
        this.#bytes -= bytes;
        waiting.dropped += this.lose(pack);
      }
  }

  /** Notes that a pack will not be written; gives how many records that are. */
  lose(pack: LanePack): number {
    const count = pack.count + pack.events.length;
    const { time } = over(pack.buffer, pack.count, pack.texts);
    const times = [time[0], time[pack.count - 1], pack.events[0]?.time, pack.events.at(-1)?.time];
    const known = times.filter((at) => at !== undefined);
    const from = Math.min(...known);
    const to = Math.max(...known);
    const loss = this.#losses.get(pack.lane);
    if (loss === undefined) this.#losses.set(pack.lane, { lane: pack.lane, count, from, to });
    else {
      loss.count += count;
      loss.from = Math.min(loss.from, from);
      loss.to = Math.max(loss.to, to);
    }
    this.dropped += count;
    return count;
  }

  /** Takes the oldest, at most about `bytes` of them. */
  take(bytes: number): Waiting[] {
    const taken: Waiting[] = [];
    let sum = 0;
    while (this.#waiting.length > 0 && (taken.length === 0 || sum < bytes)) {
      const next = this.#waiting.shift();
      if (next === undefined) break;
      taken.push(next);
      sum += next.bytes;
      this.#bytes -= next.bytes;
    }
    return taken;
  }

  /** What was lost since the last call. */
  takeLosses(): Loss[] {
    const losses = [...this.#losses.values()];
    this.#losses.clear();
    return losses;
  }
}
