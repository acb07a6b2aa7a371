/**
 * What the city has: every record that arrived, by its number. An independent receiver in few lines: a number that is
 * missing between others is a loss, one that comes again is dropped. `kerbside verify` proves the same from a file.
 */
import type { CityBroker } from '../city/broker.ts';

interface Envelope {
  readonly epoch: string;
  readonly lane: string;
  readonly first: number;
  readonly last: number;
  readonly count: number;
  readonly omitted?: unknown;
}

/** Whole numbers as a few ranges, both ends included, ascending and apart. */
export class Ranges {
  readonly #ranges: [from: number, to: number][] = [];

  get ranges(): readonly (readonly [number, number])[] {
    return this.#ranges;
  }

  /** Adds a range; gives how many of its numbers were there already. */
  add(from: number, to: number): number {
    let known = 0;
    let [low, high] = [from, to];
    const kept: [number, number][] = [];
    for (const range of this.#ranges) {
      const [a, b] = range;
      known += Math.max(0, Math.min(to, b) - Math.max(from, a) + 1);
      if (b < low - 1 || a > high + 1) kept.push(range);
      else [low, high] = [Math.min(low, a), Math.max(high, b)];
    }
    kept.push([low, high]);
    kept.sort(([a], [b]) => a - b);
    this.#ranges.splice(0, this.#ranges.length, ...kept);
    return known;
  }

  /** Numbers between the lowest and the highest that are not there. */
  get holes(): number {
    const [first] = this.#ranges;
    const last = this.#ranges.at(-1);
    if (first === undefined || last === undefined) return 0;
    return last[1] - first[0] + 1 - this.#ranges.reduce((sum, [from, to]) => sum + to - from + 1, 0);
  }
}

export class CityEye implements Disposable {
  /** Records, each counted once. */
  received = 0;
  /** Records that came a second time and were dropped by their number. */
  repeated = 0;
  /** Records beyond what their numbers have room for: two with one number. */
  doubled = 0;
  messages = 0;
  readonly #lanes = new Map<string, Ranges>();
  readonly #listening: Disposable | undefined;

  /** Looks at the messages of a broker, of all sites or of one; without a broker, at what it is given. */
  constructor(broker?: CityBroker, site?: string) {
    const from = site === undefined ? '' : `kerbside/v1/${site}/`;
    this.#listening = broker?.onMessage((topic, payload) => {
      if (topic.startsWith(from)) this.take(payload);
    });
  }

  /** Numbers that are not there between those that are. */
  get missing(): number {
    return [...this.#lanes.values()].reduce((sum, lane) => sum + lane.holes, 0);
  }

  [Symbol.dispose](): void {
    this.#listening?.[Symbol.dispose]();
  }

  take(payload: Uint8Array): void {
    const envelope = envelopeOf(payload);
    if (envelope === undefined) return;
    const { epoch, lane, first, last, count } = envelope;
    const name = `${epoch} ${lane}`;
    const ranges = this.#lanes.get(name) ?? new Ranges();
    this.#lanes.set(name, ranges);
    const room = last - first + 1;
    const known = ranges.add(first, last);
    this.messages += 1;
    this.repeated += Math.min(known, count);
    this.doubled += Math.max(0, count - room);
    this.received += Math.max(0, Math.min(count, room) - known);
  }
}

function envelopeOf(payload: Uint8Array): Envelope | undefined {
  try {
    const all = JSON.parse(Buffer.from(payload).toString('utf8'));
    const whole =
      Array.isArray(all?.records) &&
      [all.first, all.last, all.count].every((one) => Number.isSafeInteger(one)) &&
      [all.epoch, all.lane].every((one) => typeof one === 'string');
    return whole ? all : undefined;
  } catch {
    return undefined;
  }
}
