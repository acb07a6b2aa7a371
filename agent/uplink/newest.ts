/** The newest reading of each point, from the end of the log: for uplinks that say how things stand. */

import type { Lane } from '../core/point.ts';
import type { LoggedReading, LogSource } from '../core/record.ts';
import type { PointName } from '../core/time/period.ts';

const LANES_READ: readonly Lane[] = ['alarm', 'meter', 'telemetry'];
/** At the first look so many records back. */
const BACK = 2000;
/** Never more than these at once: what is older is history. */
const MOST = 20_000;

export class NewestReadings {
  readonly #source: LogSource;
  readonly #wanted: ReadonlySet<string> | undefined;
  readonly #next = new Map<Lane, number>();
  readonly #values = new Map<string, LoggedReading>();

  /** Of `points`, or of all there are. */
  constructor(source: LogSource, points?: readonly PointName[]) {
    this.#source = source;
    this.#wanted = points && new Set(points.map(({ device, point }) => `${device}/${point}`));
  }

  /** By `device/point`, as of now; `time` is that of the newest of all. Throws what the log throws. */
  since(): { readonly values: ReadonlyMap<string, LoggedReading>; readonly time: number } {
    const heads = this.#source.heads();
    const tails = this.#source.tails();
    for (const lane of LANES_READ) {
      const head = heads[lane];
      const from = Math.max(this.#next.get(lane) ?? head - BACK, tails[lane], head - MOST, 1);
      for (let seq = from; seq <= head; ) {
        const slice = this.#source.read(lane, seq, BACK);
        if (slice === undefined) break;
        for (const record of slice.records) if (record.kind === 'reading') this.#take(record);
        seq = slice.last + 1;
      }
      this.#next.set(lane, head + 1);
    }
    let time = 0;
    for (const reading of this.#values.values()) time = Math.max(time, reading.time);
    return { values: this.#values, time };
  }

  #take(reading: LoggedReading): void {
    const name = `${reading.device}/${reading.point}`;
    if (this.#wanted?.has(name) === false) return;
    const before = this.#values.get(name);
    if (before === undefined || before.time <= reading.time) this.#values.set(name, reading);
  }
}
