/**
 * A meter at every quarter of an hour: totals, how well each is known, and readings due, received and valid. Registers
 * become grids, grids of virtual meters are sums and differences of others, and an interval is two ends of a grid. Pure.
 */
import {
  ACCOUNT_QUALITIES,
  type AccountInterval,
  type AccountQuality,
  type EnergyMeter,
  type MeterGrid,
  QUARTER,
  type ReadingCounts,
  type RegisterBreak,
  type RegisterMeter,
  type RegisterSeries,
  type VirtualMeter,
} from '../../core/energy/energy.ts';
import { CountedRegister, MICRO } from './register.ts';

const MEASURED = 0;
const REPAIRED = 1;
const ESTIMATED = 2;
const MISSING = 3;
const HOUR = 3_600_000;

export interface GridSpan {
  /** Whole quarters. */
  readonly from: number;
  readonly to: number;
  /** What lies behind it is not due yet. */
  readonly now: number;
  /** Nothing is due before; default: the first reading of the meter. */
  readonly since?: number;
}

/** Number of cells between two quarters. */
export function cellsIn({ from, to }: Pick<GridSpan, 'from' | 'to'>): number {
  return Math.max(0, Math.round((to - from) / QUARTER));
}

/**
 * The grid of a register. `midnights`: its registers at midnight, for those that the meter froze itself where nothing was
 * read. A register that nobody has read gives a grid in which everything is due and nothing known.
 */
export function registerGrid(
  meter: RegisterMeter,
  series: RegisterSeries | undefined,
  span: GridSpan,
  midnights?: RegisterSeries,
): MeterGrid {
  const cells = cellsIn(span);
  const plain = series ?? { times: NONE, values: NONE, breaks: [], buckets: [], unit: meter.unit };
  const own = new CountedRegister(meter, plain);
  const settled = Math.min(cells, Math.floor(((own.last ?? Number.NEGATIVE_INFINITY) - span.from) / QUARTER));
  const grid = emptyGrid(meter, span.from, cells, Math.max(-1, settled));
  const froze = series === undefined ? [] : frozen(own, series, midnights);
  const register = froze.length === 0 ? own : new CountedRegister(meter, withFrozen(plain, froze));
  for (let i = 0; i <= cells; i++) {
    const time = span.from + i * QUARTER;
    const { total, known, seen } = register.at(time);
    grid.totals[i] = total;
    grid.known[i] = seen;
    grid.ends[i] = known === 'at' ? MEASURED : known === 'between' ? ESTIMATED : MISSING;
    if (known === 'at' && froze.some((one) => one.time === time)) grid.ends[i] = REPAIRED;
  }
  const place = (time: number) => Math.floor((time - span.from) / QUARTER);
  for (const one of register.breaks) {
    const cell = place(one.time);
    if (cell >= 0 && cell < cells) grid.within[cell] = Math.max(grid.within[cell] ?? 0, worthOf(one));
  }
  count(grid, meter, plain, register, span);
  if (meter.rated !== undefined) holdToRated(grid, meter.rated);
  fill(grid, register);
  return grid;
}

const NONE = new Float64Array(0);

function emptyGrid({ id, carrier }: EnergyMeter, from: number, cells: number, settled: number): MeterGrid {
  return {
    meter: id,
    carrier,
    from,
    totals: new Float64Array(cells + 1),
    settled,
    ends: new Uint8Array(cells + 1),
    within: new Uint8Array(cells),
    known: new Float64Array(cells + 1),
    due: new Float64Array(cells),
    received: new Float64Array(cells),
    valid: new Float64Array(cells),
    filled: new Float64Array(cells),
  };
}

interface Frozen {
  readonly time: number;
  readonly value: number;
}

/** Registers at midnight that lie in a silence and are of neither reading beside it: the meter's own. */
function frozen(
  register: CountedRegister,
  { times, values }: RegisterSeries,
  midnights: RegisterSeries | undefined,
): readonly Frozen[] {
  if (midnights === undefined) return [];
  const found: Frozen[] = [];
  midnights.times.forEach((time, i) => {
    const value = midnights.values[i] ?? Number.NaN;
    if (register.at(time).known !== 'between') return;
    const beside = times.findIndex((one) => one > time);
    if (beside < 0) return;
    const [before = Number.NaN, after = Number.NaN] = [values[beside - 1], values[beside]];
    if (value === before || value === after) return;
    found.push({ time, value });
  });
  return found;
}

function withFrozen<T extends Pick<RegisterSeries, 'times' | 'values'>>(
  series: T,
  froze: readonly Frozen[],
): T {
  const all = [
    ...froze,
    ...Array.from(series.times, (time, i) => ({ time, value: series.values[i] ?? 0 })),
  ].sort((a, b) => a.time - b.time);
  return {
    ...series,
    times: Float64Array.from(all, ({ time }) => time),
    values: Float64Array.from(all, ({ value }) => value),
  };
}

/** What a break makes of the consumption over it. */
function worthOf({ kind, state }: RegisterBreak): number {
  if (state !== 'settled') return ESTIMATED;
  return kind === 'roll-over' || kind === 'correction' ? MEASURED : REPAIRED;
}

function count(
  grid: MeterGrid,
  { every }: RegisterMeter,
  { buckets }: Pick<RegisterSeries, 'buckets'>,
  register: CountedRegister,
  { from, now, since = register.first ?? Number.NEGATIVE_INFINITY }: GridSpan,
): void {
  const { due, received, valid } = grid;
  for (let i = 0; i < due.length; i++) {
    const [start, end] = [from + i * QUARTER, from + (i + 1) * QUARTER];
    due[i] = Math.max(0, Math.min(end, now) - Math.max(start, since)) / every;
  }
  for (const { start, count: values, marked } of buckets) {
    const cell = Math.floor((start - from) / QUARTER);
    if (cell < 0 || cell >= due.length) continue;
    // Polls that were a little early make one more in a cell and one less in the next.
    const came = Math.min(values + marked, (due[cell] ?? 0) + 1);
    received[cell] = (received[cell] ?? 0) + came;
    valid[cell] = (valid[cell] ?? 0) + came;
  }
  // A wrong value has a step to it and a step back.
  const wrong = new Map<number, number>();
  for (const { kind, time } of register.breaks) {
    if (kind !== 'outlier') continue;
    const cell = Math.floor((time - from) / QUARTER);
    wrong.set(cell, (wrong.get(cell) ?? 0) + 0.5);
  }
  for (const [cell, values] of wrong)
    if (cell >= 0 && cell < valid.length) valid[cell] = Math.max(0, (valid[cell] ?? 0) - values);
}

/** What is due and not valid between two readings is made up for by them: by cell, negative where there were more than due. */
function fill({ from, due, valid, filled }: MeterGrid, { first, last }: CountedRegister): void {
  if (first === undefined || last === undefined) return;
  for (let i = 0; i < due.length; i++)
    if (from + i * QUARTER >= first - QUARTER && from + (i + 1) * QUARTER <= last + QUARTER)
      filled[i] = (due[i] ?? 0) - (valid[i] ?? 0);
}

/** More than twice the rated power is no consumption (guideline for data acquisition of sub-metering). */
function holdToRated(grid: MeterGrid, rated: number): void {
  const most = 2 * rated * (QUARTER / HOUR) * MICRO;
  for (let i = 0; i < grid.within.length; i++) {
    const ran = (grid.totals[i + 1] ?? 0) - (grid.totals[i] ?? 0);
    if (!(ran > most)) continue;
    grid.within[i] = ESTIMATED;
    grid.valid[i] = 0;
  }
}

/** Σ plus − Σ minus; what is not known of one is not known of the sum. `parts`: grids of the same span. */
export function virtualGrid(
  meter: VirtualMeter,
  parts: ReadonlyMap<string, MeterGrid>,
  span: GridSpan,
): MeterGrid {
  const cells = cellsIn(span);
  const settled = [...meter.plus, ...meter.minus].map((id) => parts.get(id)?.settled ?? -1);
  const grid = emptyGrid(meter, span.from, cells, Math.min(...settled));
  const terms = [...meter.plus.map((id) => [id, 1] as const), ...meter.minus.map((id) => [id, -1] as const)];
  for (const [id, sign] of terms) {
    const part = parts.get(id);
    for (let i = 0; i <= cells; i++) {
      grid.totals[i] = (grid.totals[i] ?? 0) + sign * (part?.totals[i] ?? Number.NaN);
      grid.ends[i] = Math.max(grid.ends[i] ?? 0, part?.ends[i] ?? MISSING);
      // What is taken away and not known leaves nothing that is certain.
      grid.known[i] = sign > 0 ? (grid.known[i] ?? 0) + (part?.known[i] ?? 0) : Number.NaN;
    }
    for (let i = 0; i < cells; i++) {
      grid.within[i] = Math.max(grid.within[i] ?? 0, part?.within[i] ?? 0);
      grid.due[i] = (grid.due[i] ?? 0) + (part?.due[i] ?? 0);
      grid.received[i] = (grid.received[i] ?? 0) + (part?.received[i] ?? 0);
      grid.valid[i] = (grid.valid[i] ?? 0) + (part?.valid[i] ?? 0);
      grid.filled[i] = (grid.filled[i] ?? 0) + (part?.filled[i] ?? 0);
    }
  }
  return grid;
}

/** Grids of all meters by id; virtual ones after those they are made of. Cycles are refused by the site's checks. */
export function gridsOf(
  meters: readonly EnergyMeter[],
  span: GridSpan,
  seriesOf: (meter: RegisterMeter) => {
    readonly series?: RegisterSeries;
    readonly midnights?: RegisterSeries;
    /** Nothing is due before; default: that of `span`. */
    readonly since?: number;
  },
): Map<string, MeterGrid> {
  const grids = new Map<string, MeterGrid>();
  const byId = new Map(meters.map((meter) => [meter.id, meter]));
  const make = (meter: EnergyMeter): void => {
    if (grids.has(meter.id)) return;
    if (meter.kind === 'register') {
      const { series, midnights, since = span.since } = seriesOf(meter);
      const due = since === undefined ? span : { ...span, since };
      grids.set(meter.id, registerGrid(meter, series, due, midnights));
      return;
    }
    for (const id of [...meter.plus, ...meter.minus]) {
      const part = byId.get(id);
      if (part !== undefined) make(part);
    }
    grids.set(meter.id, virtualGrid(meter, grids, span));
  };
  for (const meter of meters) make(meter);
  return grids;
}

/** Index of the end of a cell at `time`, held to the grid. */
export function endAt(grid: MeterGrid, time: number): number {
  return Math.min(grid.within.length, Math.max(0, Math.round((time - grid.from) / QUARTER)));
}

/** Millionths counted between the ends `a` and `b`; NaN where one is not known. */
export function ran(grid: MeterGrid, a: number, b: number): number {
  return (grid.totals[b] ?? Number.NaN) - (grid.totals[a] ?? Number.NaN);
}

export function qualityOf(grid: MeterGrid, a: number, b: number): AccountQuality {
  if (Number.isNaN(ran(grid, a, b))) return 'missing';
  let worst = Math.max(grid.ends[a] ?? MISSING, grid.ends[b] ?? MISSING);
  for (let i = a; i < b; i++) worst = Math.max(worst, grid.within[i] ?? 0);
  return ACCOUNT_QUALITIES[worst] ?? 'missing';
}

/** Consumption in `from` ≤ t < `to` (whole quarters within the grid). */
export function intervalOf(grid: MeterGrid, from: number, to: number): AccountInterval {
  const [a, b] = [endAt(grid, from), endAt(grid, to)];
  const quality = qualityOf(grid, a, b);
  const micro = ran(grid, a, b);
  const least = (grid.known[b] ?? 0) - (grid.known[a] ?? 0);
  const { due, valid } = countsOf([grid], from, to);
  return {
    from,
    to,
    quantity: quality === 'missing' ? null : micro / MICRO,
    atLeast: quality === 'missing' ? Math.max(0, Number.isNaN(least) ? 0 : least) / MICRO : micro / MICRO,
    quality,
    completeness: due === 0 ? null : Math.min(1, valid / due),
  };
}

/** Readings of registers in a stretch of time, all grids together. */
export function countsOf(grids: readonly MeterGrid[], from: number, to: number): ReadingCounts {
  const sum = { due: 0, received: 0, valid: 0, repaired: 0 };
  for (const grid of grids) {
    const [a, b] = [endAt(grid, from), endAt(grid, to)];
    let [due, received, valid, filled] = [0, 0, 0, 0];
    for (let i = a; i < b; i++) {
      due += grid.due[i] ?? 0;
      received += grid.received[i] ?? 0;
      valid += grid.valid[i] ?? 0;
      filled += grid.filled[i] ?? 0;
    }
    const whole = Math.round(due);
    const good = Math.min(whole, Math.round(valid));
    sum.due += whole;
    sum.received += Math.min(whole, Math.round(received));
    sum.valid += good;
    sum.repaired += Math.max(0, Math.min(whole - good, Math.round(filled)));
  }
  return sum;
}
