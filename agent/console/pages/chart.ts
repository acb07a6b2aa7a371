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
  { key: 'chart.month', hours: 720, bucket: 86_400 },
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
function chosen(rows: ReadonlyMap<string, PointRow>, at: string): PointRow | undefined {
  const named = rows.get(at.replace(/^\/points\//, ''));
  if (named !== undefined) return named;
  const numbers = [...rows.values()].filter(({ type }) => type === 'number');
  const powers = numbers.filter(({ unit }) => unit === 'W' || unit === 'kW');
  return powers.find(({ point }) => /total|^power$/.test(point)) ?? powers[0] ?? numbers[0];
}

export function ChartCard() {
  const rows = use(points);
  const at = use(path);
  const row = chosen(rows, at);
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
      <${PointChoice} rows=${rows} chosen=${key} />
      <div class="segments" role="group" aria-label=${t('chart.range')}>
        ${RANGES.map(
          (one) =>
            html`<button aria-pressed=${one === range ? 'true' : 'false'} onClick=${() => setRange(one)}>${t(one.key)}</button>`,
        )}
      </div>
    </header>
    <${Plot} row=${row} buckets=${buckets ?? NONE} onHover=${setUnder} />
    ${under !== '' && html`<p class="chart-note" aria-hidden="true">${under}</p>`}
    <p class="chart-note ${under === '' ? '' : 'aloud'}" role="status">
      ${failed === '' ? (buckets === undefined ? t('chart.loading') : summary(row, buckets)) : failed}
    </p>
  </section>`;
}

function PointChoice({ rows, chosen: key }: { rows: ReadonlyMap<string, PointRow>; chosen: string }) {
  const groups = Map.groupBy(
    [...rows.values()].filter(({ type }) => type !== 'string'),
    ({ device }) => device,
  );
  const choose = (event: Event) => {
    if (event.currentTarget instanceof HTMLSelectElement) go(`/points/${event.currentTarget.value}`);
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
  buckets,
  onHover,
}: {
  row: PointRow;
  buckets: readonly ApiBucket[];
  onHover: (text: string) => void;
}) {
  const place = useRef<HTMLDivElement>(null);
  const scheme = use(dark);
  const words = use(language);
  const zone = use(timezone);
  useEffect(() => {
    const { current: element } = place;
    if (element === null || buckets.length === 0) return;
    let plot: uPlot | undefined;
    let gone = false;
    const hover = (index: number | null | undefined) => {
      const bucket = index === null || index === undefined ? undefined : buckets[index];
      onHover(bucket === undefined ? '' : told(row, bucket));
    };
    void import('uplot').then(({ default: UPlot }) => {
      if (gone) return;
      plot = new UPlot(options(UPlot, element, zone, hover), data(buckets), element);
    });
    const resize = new ResizeObserver(() => plot?.setSize({ width: element.clientWidth, height: HEIGHT }));
    resize.observe(element);
    return () => {
      gone = true;
      resize.disconnect();
      plot?.destroy();
    };
  }, [buckets, scheme, words, zone, row.device, row.point]);
  return html`<div class="plot" ref=${place} role="img" aria-label=${say(row.title)}></div>`;
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
    hooks: { setCursor: [({ cursor }) => hover(cursor.idx)] },
  };
}

/** Labels of the time axis by its step, s: 24 hours, and the date where a day begins. */
const TIMES: readonly (string | number | null)[][] = [
  [86_400, '{MM}-{DD}', null, null, null, null, null, null, 1],
  [3600, '{HH}:{mm}', '\n{MM}-{DD}', null, '\n{MM}-{DD}', null, null, null, 1],
  [60, '{HH}:{mm}', '\n{MM}-{DD}', null, '\n{MM}-{DD}', null, null, null, 1],
  [1, '{HH}:{mm}:{ss}', '\n{MM}-{DD}', null, '\n{MM}-{DD}', null, null, null, 1],
];
