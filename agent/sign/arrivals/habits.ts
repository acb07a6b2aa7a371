/**
 * What is usual here, from the days before: how long links take against the timetable, and how late buses of a line are,
 * by half hour of the day and by kind of day. What today teaches joins it when the day is over.
 */

/** s */
const BIN = 1800;
const BINS = 48;
/** Days after which an old one counts a third. */
const DAYS = 20;
/** What the timetable counts against days. */
const PRIOR = 2;
/** A line later than this is broken down, s. */
const LATEST = 1200;
/** Links and lines that are kept at most: one stop has fewer. */
const MOST = 4000;

/** Mean and how many days (or buses) it is of. */
type Mean = readonly [mean: number, count: number];

/** By link or line, then by bin: `0`…`47` on weekdays, `48`…`95` at weekends. */
export type HabitTable = Readonly<Record<string, Readonly<Record<string, Mean>>>>;

export interface HabitMemory {
  readonly links: HabitTable;
  readonly late: HabitTable;
}

type Table = Map<string, Map<number, [mean: number, count: number]>>;

export class Habits {
  readonly #links: Table;
  readonly #late: Table;
  /** Of today: joins the above when the day is over. */
  #today: { links: Table; late: Table } = { links: new Map(), late: new Map() };
  /** Local time is so much ahead of UTC, s; bins are of local time. */
  offset = 0;

  constructor(memory?: HabitMemory) {
    this.#links = tableOf(memory?.links);
    this.#late = tableOf(memory?.late);
  }

  /** A bus drove a link in `ratio` of its scheduled time, `share` of it seen; `time`: Unix epoch s. */
  link(link: string, ratio: number, share: number, time: number): void {
    add(this.#today.links, link, this.#bin(time), ratio, share);
  }

  /** A bus of `line` that was due at `scheduled` came at `actual`; Unix epoch s. */
  late(line: string, scheduled: number, actual: number): void {
    const late = actual - scheduled;
    if (Math.abs(late) <= LATEST) add(this.#late, line, this.#bin(scheduled), late, 1);
  }

  /** Usual ratio of a link; 1 where nothing is known. */
  ratio(link: string, time: number): number {
    const [mean = 1, count = 0] = this.#links.get(link)?.get(this.#bin(time)) ?? [];
    return (mean * count + PRIOR) / (count + PRIOR);
  }

  /** Usual lateness of a line, s; drawn to 0 where little is known. */
  lateness(line: string, scheduled: number): number {
    const [mean = 0, count = 0] = this.#late.get(line)?.get(this.#bin(scheduled)) ?? [];
    return (mean * count) / (count + 2 * PRIOR);
  }

  /** The day is over: what it taught is usual from now on. */
  file(): void {
    for (const [link, bins] of this.#today.links) {
      for (const [bin, [mean]] of bins) add(this.#links, link, bin, mean, 1);
    }
    this.#today = { links: new Map(), late: new Map() };
    for (const table of [this.#links, this.#late]) {
      while (table.size > MOST) table.delete(table.keys().next().value as string);
    }
  }

  memory(): HabitMemory {
    return { links: recordOf(this.#links), late: recordOf(this.#late) };
  }

  #bin(time: number): number {
    const local = time + this.offset;
    // 1970-01-01 was a Thursday.
    const weekday = (Math.floor(local / 86_400) + 4) % 7;
    const weekend = weekday === 0 || weekday === 6;
    return Math.floor((((local % 86_400) + 86_400) % 86_400) / BIN) + (weekend ? BINS : 0);
  }
}

function add(table: Table, key: string, bin: number, value: number, weight: number): void {
  const bins = table.get(key) ?? new Map<number, [number, number]>();
  table.set(key, bins);
  const entry = bins.get(bin) ?? [0, 0];
  bins.set(bin, entry);
  entry[1] = Math.min(entry[1] + weight, DAYS);
  entry[0] += ((value - entry[0]) * weight) / entry[1];
}

function tableOf(record: HabitTable = {}): Table {
  return new Map(
    Object.entries(record).map(([key, bins]) => [
      key,
      new Map(Object.entries(bins).map(([bin, [mean, count]]) => [Number(bin), [mean, count]])),
    ]),
  );
}

function recordOf(table: Table): HabitTable {
  return Object.fromEntries(
    [...table].map(([key, bins]) => [
      key,
      Object.fromEntries(
        [...bins].map(([bin, [mean, count]]) => [bin, [round(mean), round(count)] as const]),
      ),
    ]),
  );
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
