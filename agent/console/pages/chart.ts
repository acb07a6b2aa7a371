/** The history of one point: mean as a line, minimum to maximum as a band; drawn by uPlot, which loads when needed. */
import { html } from 'htm/preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type uPlot from 'uplot';
import type { ApiBucket, PointRow } from '../api/contract.ts';
import { get } from './api.ts';
import { formatMoment, formatNumber, say, t } from './i18n.ts';
import { go } from './router.ts';
import { agentNow, type State, use } from './state.ts';

const RANGES = [
  { key: 'chart.hour', hours: 1, bucket: 60 },
  { key: 'chart.day', hours: 24, bucket: 900 },
  { key: 'chart.week', hours: 168, bucket: 3600 },
  { key: 'chart.month', hours: 720, bucket: 3600 },
  { key: 'chart.year', hours: 8760, bucket: 86_400 },
] as const;
type Range = (typeof RANGES)[number];
const DAY: Range = RANGES[1];
const NONE: readonly ApiBucket[] = [];

/** Buckets are asked for anew after this time, ms. */
const AGAIN = 30_000;

const points = (state: State) => state.points;
const path = (state: State) => state.path;
const dark = ({ theme, systemDark }: State) => (theme === 'auto' ? systemDark : theme === 'dark');
const language = (state: State) => state.language;
const timezone = (state: State) => state.site?.timezone ?? 'UTC';

/** The point of the address, else the first number that is worth a curve. */
function chosen(
  rows: ReadonlyMap<string, PointRow>,
  at: string,
  device: string | undefined,
): PointRow | undefined {
  const named = rows.get(at.replace(/^\/(points|devices)\//, ''));
  if (named !== undefined) return named;
  const numbers = [...rows.values()].filter(
    (row) => row.type === 'number' && (device === undefined || row.device === device),
  );
  const powers = numbers.filter(({ unit }) => unit === 'W' || unit === 'kW');
  return powers.find(({ point }) => /total|^power$/.test(point)) ?? powers[0] ?? numbers[0];
}

/** `device`: only its points are offered, at addresses below it. */
export function ChartCard({ device: only }: { device?: string }) {
  const rows = use(points);
  const at = use(path);
  const row = chosen(rows, at, only);
  const key = row === undefined ? '' : `${row.device}/${row.point}`;
  const [range, setRange] = useState<Range>(DAY);
  const [buckets, setBuckets] = useState<readonly ApiBucket[] | undefined>(undefined);
  const [failed, setFailed] = useState('');
  const [under, setUnder] = useState('');
  useEffect(() => {
    if (key === '') return;
    const stop = new AbortController();
    setBuckets(undefined);
    const load = async () => {
      const to = Math.round(agentNow());
      const [device = '', point = ''] = key.split('/');
      const from = to - range.hours * 3_600_000;
      const query = new URLSearchParams({
        device,
        point,
        from: `${from}`,
        to: `${to}`,
        bucket_s: `${range.bucket}`,
      });
      try {
        setBuckets((await get<{ buckets: ApiBucket[] }>(`/history?${query}`, stop.signal)).buckets);
        setFailed('');
      } catch (thrown) {
        if (!stop.signal.aborted) setFailed(thrown instanceof Error ? thrown.message : String(thrown));
      }
    };
    void load();
    const timer = setInterval(() => void load(), AGAIN);
    return () => {
      stop.abort();
      clearInterval(timer);
    };
  }, [key, range]);
  if (row === undefined) return null;
  return html`<section class="card chart" aria-labelledby="chart-title">
    <header class="card-head">
      <h2 id="chart-title">${say(row.title)} <small>${row.device}</small></h2>
      <${PointChoice} rows=${rows} chosen=${key} only=${only} />
      <div class="segments" role="group" aria-label=${t('chart.range')}>
        ${RANGES.map(
          (one) =>
            html`<button aria-pressed=${one === range ? 'true' : 'false'} onClick=${() => setRange(one)}>${t(one.key)}</button>`,
        )}
      </div>
    </header>
    <${Plot} row=${row} buckets=${buckets ?? NONE} step=${range.bucket} onHover=${setUnder} />
    ${under !== '' && html`<p class="chart-note" aria-hidden="true">${under}</p>`}
    <p class="chart-note ${under === '' ? '' : 'aloud'}" role="status" data-range=${range.hours}>
      ${failed === '' ? (buckets === undefined ? t('chart.loading') : summary(row, buckets)) : failed}
    </p>
    <${Doubts} buckets=${buckets ?? NONE} />
    <${ValuesTable} row=${row} buckets=${buckets ?? NONE} step=${range.bucket} />
  </section>`;
}

interface Choice {
  readonly rows: ReadonlyMap<string, PointRow>;
  readonly chosen: string;
  readonly only: string | undefined;
}

function PointChoice({ rows, chosen: key, only }: Choice) {
  const groups = Map.groupBy(
    [...rows.values()].filter(
      ({ type, device }) => type !== 'string' && (only === undefined || device === only),
    ),
    ({ device }) => device,
  );
  const base = only === undefined ? '/points' : '/devices';
  const choose = (event: Event) => {
    if (event.currentTarget instanceof HTMLSelectElement) go(`${base}/${event.currentTarget.value}`);
  };
  return html`<select aria-label=${t('chart.point')} value=${key} onChange=${choose}>
    ${[...groups].map(
      ([device, group]) =>
        html`<optgroup label=${device}>
          ${group.map(({ point, title }) => {
            const value = `${device}/${point}`;
            return html`<option value=${value} selected=${value === key}>${say(title)}</option>`;
          })}
        </optgroup>`,
    )}
  </select>`;
}

/** What the picture says, in words. */
function summary(row: PointRow, buckets: readonly ApiBucket[]): string {
  const means = buckets.flatMap(({ mean, last }) => mean ?? last ?? []);
  if (means.length === 0) return t('chart.empty');
  const number = (value: number) => `${formatNumber(value, row.decimals)} ${row.symbol}`.trim();
  const low = Math.min(...buckets.flatMap(({ min, mean }) => min ?? mean ?? []), ...means);
  const high = Math.max(...buckets.flatMap(({ max, mean }) => max ?? mean ?? []), ...means);
  const mean = means.reduce((sum, value) => sum + value, 0) / means.length;
  return t('chart.summary', { min: number(low), mean: number(mean), max: number(high) });
}

const HEIGHT = 240;

function Plot({
  row,
  buckets: given,
  step,
  onHover,
}: {
  row: PointRow;
  buckets: readonly ApiBucket[];
  /** s */
  step: number;
  onHover: (text: string) => void;
}) {
  const live = useRef<uPlot>(undefined);
  const place = useRef<HTMLDivElement>(null);
  const scheme = use(dark);
  const words = use(language);
  const zone = use(timezone);
  useEffect(() => {
    const { current: element } = place;
    if (element === null || given.length === 0) return;
    const buckets = withGaps(given, step);
    let plot: uPlot | undefined;
    let gone = false;
    const hover = (index: number | null | undefined) => {
      const bucket = index === null || index === undefined ? undefined : buckets[index];
      onHover(bucket === undefined ? '' : told(row, bucket));
    };
    void import('uplot').then(({ default: UPlot }) => {
      if (gone) return;
      plot = new UPlot(options(UPlot, element, zone, hover, buckets), data(buckets), element);
      live.current = plot;
    });
    const resize = new ResizeObserver(() => plot?.setSize({ width: element.clientWidth, height: HEIGHT }));
    resize.observe(element);
    return () => {
      gone = true;
      resize.disconnect();
      live.current = undefined;
      plot?.destroy();
    };
  }, [given, scheme, words, zone, row.device, row.point]);
  /** Arrow keys walk over the curve as the mouse does. */
  const walk = (event: KeyboardEvent) => {
    const plot = live.current;
    const by = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 }[event.key];
    if (plot === undefined || by === undefined) return;
    event.preventDefault();
    const { length } = plot.data[0];
    const at = Math.min(length - 1, Math.max(0, (plot.cursor.idx ?? (by < 0 ? length : -1)) + by));
    plot.setCursor({ left: plot.valToPos(plot.data[0][at] ?? 0, 'x'), top: 0 });
  };
  return html`<div class="plot" ref=${place} tabindex="0" role="img" aria-label="${say(row.title)}: ${t('chart.keys')}" onKeyDown=${walk}></div>`;
}

/** What a stretch without a reading is to the curve: a hole, not a line across. */
function withGaps(buckets: readonly ApiBucket[], step: number): readonly ApiBucket[] {
  // A point that is asked more seldom than a bucket is long has no holes for that.
  const apart = buckets.slice(1).map(({ time }, i) => time - (buckets[i]?.time ?? time));
  const usual = apart.sort((a, b) => a - b)[Math.floor(apart.length / 2)] ?? 0;
  const most = 1.6 * Math.max(step * 1000, usual);
  return buckets.flatMap((bucket, i) => {
    const before = buckets[i - 1];
    const hole = before !== undefined && bucket.time - before.time > most;
    return hole ? [empty(before.time + step * 1000), bucket] : [bucket];
  });
}

function empty(time: number): ApiBucket {
  return { time, count: 0, min: null, mean: null, max: null, last: null };
}

/** Why a bucket is not to be believed as it stands, or undefined. */
function doubt({ bad, marked, sufficient }: ApiBucket): 'bad' | 'marked' | 'few' | undefined {
  if ((bad ?? 0) > 0) return 'bad';
  if ((marked ?? 0) > 0) return 'marked';
  return sufficient === false ? 'few' : undefined;
}

/** What the marks below the curve mean; nothing where there are none. */
function Doubts({ buckets }: { buckets: readonly ApiBucket[] }) {
  const count = (kind: string) => buckets.filter((bucket) => doubt(bucket) === kind).length;
  const kinds = (['bad', 'marked', 'few'] as const).filter((kind) => count(kind) > 0);
  if (kinds.length === 0) return null;
  return html`<p class="legend">${kinds.map((kind) => html`<span key=${kind} class="key doubt-${kind}">${t(`chart.${kind}`)} ${count(kind)}</span>`)}</p>`;
}

/** Newest first; more would only be scrolled past. */
const ROWS = 200;

/** The same as numbers, for whoever does not see the curve. */
function ValuesTable({ row, buckets, step }: { row: PointRow; buckets: readonly ApiBucket[]; step: number }) {
  const [open, setOpen] = useState(false);
  const number = (value: number | null) => (value === null ? '—' : formatNumber(value, row.decimals));
  const toggled = (event: Event) =>
    event.currentTarget instanceof HTMLDetailsElement && setOpen(event.currentTarget.open);
  return html`<details onToggle=${toggled}>
    <summary>${t('chart.table', { step: step >= 86_400 ? '1 d' : step >= 3600 ? '1 h' : `${step / 60} min` })}</summary>
    ${
      open &&
      html`<div class="scroll values" tabindex="0" role="group" aria-label=${t('chart.values')}><table class="commands">
        <thead><tr>
          <th scope="col">${t('commands.when')}</th><th scope="col" class="number">${t('chart.low')}</th>
          <th scope="col" class="number">${t('chart.mean')} ${row.symbol}</th><th scope="col" class="number">${t('chart.high')}</th>
          <th scope="col" class="number">${t('chart.readings')}</th><th scope="col">${t('points.quality')}</th>
        </tr></thead>
        <tbody>${[...buckets]
          .reverse()
          .slice(0, ROWS)
          .map((bucket) => {
            const why = doubt(bucket);
            return html`<tr key=${bucket.time}><td>${formatMoment(bucket.time)}</td><td class="number">${number(bucket.min)}</td>
              <td class="number value">${number(bucket.mean ?? bucket.last)}</td><td class="number">${number(bucket.max)}</td>
              <td class="number">${bucket.count}${bucket.expected !== undefined && ` / ${bucket.expected}`}</td>
              <td>${why === undefined ? t('quality.good') : t(`chart.${why}`)}</td></tr>`;
          })}</tbody>
      </table></div>`
    }
  </details>`;
}

function told(row: PointRow, { time, min, mean, max, last }: ApiBucket): string {
  const middle = mean ?? last;
  if (middle === null) return `${formatMoment(time)}  —`;
  const number = (value: number) => formatNumber(value, row.decimals);
  const band = min === null || max === null ? '' : `  (${number(min)} … ${number(max)})`;
  return `${formatMoment(time)}  ${number(middle)} ${row.symbol}${band}`;
}

function data(buckets: readonly ApiBucket[]): uPlot.AlignedData {
  return [
    buckets.map(({ time }) => time / 1000),
    buckets.map(({ max, mean }) => max ?? mean),
    buckets.map(({ min, mean }) => min ?? mean),
    buckets.map(({ mean, last }) => mean ?? last),
  ];
}

function options(
  UPlot: typeof uPlot,
  element: HTMLElement,
  zone: string,
  hover: (index: number | null | undefined) => void,
  buckets: readonly ApiBucket[],
): uPlot.Options {
  const style = getComputedStyle(element);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const axis: uPlot.Axis = {
    stroke: colour('--muted'),
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
    font: `12px ${style.fontFamily}`,
  };
  return {
    width: element.clientWidth,
    height: HEIGHT,
    tzDate: (time) => UPlot.tzDate(new Date(time * 1000), zone),
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false } },
    axes: [
      { ...axis, values: [...TIMES] },
      { ...axis, size: 56 },
    ],
    series: [
      {},
      { stroke: 'transparent', points: { show: false } },
      { stroke: 'transparent', points: { show: false } },
      { stroke: colour('--accent'), width: 2, points: { show: false } },
    ],
    bands: [{ series: [1, 2], fill: colour('--band') }],
    hooks: { setCursor: [({ cursor }) => hover(cursor.idx)], draw: [(plot) => mark(plot, buckets, colour)] },
  };
}

/** Marks below the curve where buckets are not to be believed as they stand. */
function mark(plot: uPlot, buckets: readonly ApiBucket[], colour: (name: string) => string): void {
  const { ctx, bbox } = plot;
  const colours = { bad: colour('--bad'), marked: colour('--uncertain'), few: colour('--muted') };
  const wide = Math.max(2, bbox.width / Math.max(1, buckets.length));
  for (const bucket of buckets) {
    const why = doubt(bucket);
    if (why === undefined) continue;
    ctx.fillStyle = colours[why];
    ctx.fillRect(plot.valToPos(bucket.time / 1000, 'x', true), bbox.top + bbox.height - 5, wide, 5);
  }
}

/** Labels of the time axis by its step, s: 24 hours, and the date where a day begins. */
const TIMES: readonly (string | number | null)[][] = [
  [86_400, '{MM}-{DD}', null, null, null, null, null, null, 1],
  [3600, '{HH}:{mm}', '\n{MM}-{DD}', null, '\n{MM}-{DD}', null, null, null, 1],
  [60, '{HH}:{mm}', '\n{MM}-{DD}', null, '\n{MM}-{DD}', null, null, null, 1],
  [1, '{HH}:{mm}:{ss}', '\n{MM}-{DD}', null, '\n{MM}-{DD}', null, null, null, 1],
];
