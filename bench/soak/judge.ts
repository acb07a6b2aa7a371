/** What a soak must not show. Each finding is a sentence; none: it is passed. */
import type { CollectedAt, SoakRun } from './run.ts';
import { median, minuteMinima, type Point, theilSen } from './slope.ts';

/**
 * MB an hour of the agent's own part of its PSS (what is no file): the whole moves by tens of MB with every other program on the
 * machine that runs on the same files, Node's above all. Both are told.
 */
export const SLOPE = 4;
/** How far two moments may be apart. */
export const APART = 0.02;
const APART_SHORT = 0.1;
/** Shorter runs are still filling their caches when they end: their slope says nothing. */
const SLOPE_FROM = 30;
/** And still shorter ones have no two quiet windows to compare: they show that all of it works. */
const COMPARED_FROM = 3;

export interface Compared {
  readonly name: string;
  /** Medians of the first and the last quiet window. */
  readonly before: number;
  readonly after: number;
  readonly change: number;
}

export interface Figures {
  /** MB an hour, by Theil–Sen through the minima of each minute after the warm-up. */
  readonly slope: { readonly agent: number; readonly whole: number; readonly nodeRed: number };
  /** MB, medians of the minima of each quiet window. */
  readonly pss: Readonly<Record<'agent' | 'whole' | 'nodeRed', readonly [number, number]>>;
  readonly compared: readonly Compared[];
  readonly loadRange: readonly [number, number];
}

export function figuresOf(run: SoakRun): Figures {
  const warm = run.windows.quiet[0][1] / 60_000;
  const series = (of: (one: SoakRun['samples'][number]) => number | null): readonly Point[] =>
    minuteMinima(
      run.samples.flatMap((one): Point[] => {
        const value = of(one);
        return value === null ? [] : [[one.minute, value / 1e6]];
      }),
    );
  const within = (points: readonly Point[], [from, to]: readonly [number, number]) =>
    median(points.filter(([at]) => at * 60_000 >= from && at * 60_000 <= to).map(([, value]) => value));
  const agent = series(({ own }) => own);
  const whole = series(({ pss }) => pss);
  const nodeRed = series((one) => one.nodeRed);
  const [first, last] = run.windows.quiet;
  const after = (points: readonly Point[]) => points.filter(([at]) => at >= warm);
  const moments = run.windows.quiet.map(([from, to]) =>
    run.collected.filter(({ minute }) => minute * 60_000 >= from && minute * 60_000 <= to + 5000),
  );
  const compare = (name: string, of: (one: CollectedAt) => number): Compared => {
    const [before = Number.NaN, later = Number.NaN] = moments.map((ones) => median(ones.map(of)));
    return { name, before, after: later, change: (later - before) / before };
  };
  const loads = run.samples.map(({ load }) => load);
  return {
    slope: {
      agent: theilSen(after(agent)),
      whole: theilSen(after(whole)),
      nodeRed: theilSen(after(nodeRed)),
    },
    pss: {
      agent: [within(agent, first), within(agent, last)],
      whole: [within(whole, first), within(whole, last)],
      nodeRed: [within(nodeRed, first), within(nodeRed, last)],
    },
    compared: [
      compare('open files', ({ files }) => files),
      compare('timers', ({ timers }) => timers),
      compare('heap after a forced collection, MB', ({ heap }) => heap / 1e6),
      compare('heap and array buffers, MB', ({ heap, arrayBuffers }) => (heap + arrayBuffers) / 1e6),
    ],
    loadRange: [Math.min(...loads), Math.max(...loads)],
  };
}

/**
 * One file or timer more or less is always allowed, being more than 2 % of a few dozen. A short run has not filled its caches
 * and not run down what belongs to its start: of it only growth counts, and that beyond a tenth.
 */
export function faultsOf(run: SoakRun, figures: Figures): readonly string[] {
  const found: string[] = [];
  if (run.ended) found.push('the agent ended before the run did');
  const { slope, compared } = figures;
  const short = run.options.minutes < SLOPE_FROM;
  if (!short && !(slope.agent <= SLOPE))
    found.push(`the agent's own memory grows by ${slope.agent.toFixed(1)} MB an hour`);
  for (const { name, before, after, change } of run.options.minutes < COMPARED_FROM ? [] : compared) {
    const counted = name.startsWith('heap') ? 0 : short ? 3 : 1;
    const off = short ? change : Math.abs(change);
    if (!(off <= (short ? APART_SHORT : APART) || Math.abs(after - before) <= counted))
      found.push(`${name}: ${round(before)} became ${round(after)} (${(change * 100).toFixed(1)} %)`);
  }
  const states = new Map(run.healthBefore.map(({ part, state }) => [part, state]));
  for (const { part, state, message } of run.healthAfter) {
    if (state === 'ok' || state === 'off' || states.get(part) === state) continue;
    // Without a browser nobody shows the stop's screen, and health says so after a minute.
    if (part === 'sign:screen' && !run.options.browser) continue;
    found.push(`part ${part} is ${state} at the end: ${message ?? 'it does not say why'}`);
  }
  if (run.healthBefore.length === 0) found.push('health was not seen before the first fault');
  // What devices measure comes all the time; alarms and what is reckoned are told when they change.
  const devices = new Set(run.healthBefore.map(({ part }) => part));
  const silent = run.silent.filter((point) => devices.has(`device:${point.split('/')[0]}`));
  if (silent.length > 0)
    found.push(`${silent.length} points gave nothing good at the end: ${silent.slice(0, 8).join(', ')}`);
  for (const [uplink, report] of Object.entries(run.reports)) {
    const { balanced, missing, awaited, conflicts, outOfOrder, broken, records } = report;
    if (!balanced)
      found.push(
        `ledger of ${uplink}: ${missing} missing, ${awaited} awaited, ${conflicts} conflicts, ${outOfOrder} out of order, ${broken} broken`,
      );
    const stored = run.ledgers.find((one) => one.uplink === uplink)?.stored ?? Number.NaN;
    if (!(records >= stored)) found.push(`ledger of ${uplink}: ${records} of ${stored} stored records came`);
    const gaps = Object.entries(report.gaps).filter(([reason]) => reason !== 'first-start');
    if (gaps.length > 0) found.push(`ledger of ${uplink}: gaps ${JSON.stringify(Object.fromEntries(gaps))}`);
  }
  if (run.client.failed > 0)
    found.push(`${run.client.failed} calls at the console failed: ${run.client.failures[0]}`);
  if (run.client.troubles.length > 0) found.push(`scripts of pages failed: ${run.client.troubles[0]}`);
  return found;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
