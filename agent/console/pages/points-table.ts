/** The live values: a table per device, each point with its quality, value, small curve and age. */
import { html } from 'htm/preact';
import { useState } from 'preact/hooks';
import type { ApiSite, PointRow } from '../api/contract.ts';
import { formatAge, formatValue, say, t } from './i18n.ts';
import { markOf, Shape } from './quality.ts';
import { follow } from './router.ts';
import { agentNow, type State, trend, use, useTick } from './state.ts';

const points = (state: State) => state.points;
const site = (state: State) => state.site;
const path = (state: State) => state.path;
const lost = (state: State) => state.connection === 'lost';

/** Rows of a device before the rest is folded away, where all devices are to fit the eye. */
const FOLD = 6;

interface TableParts {
  /** Each device shows its first points only, until asked for more. */
  readonly folded?: boolean;
  /** Id of the one device whose points are shown, at addresses below it. */
  readonly only?: string;
}

export function PointsTable({ folded = false, only }: TableParts) {
  useTick(1000);
  const [filter, setFilter] = useState('');
  const rows = [...use(points).values()].filter(
    (row) => (only === undefined || row.device === only) && matches(row, filter),
  );
  const devices = new Map(use(site)?.devices.map((device) => [device.id, device]));
  const at = use(path);
  return html`<section class="card points" aria-labelledby="points-title">
    <header class="card-head">
      <h2 id="points-title">${t('points.title')} <small>${rows.length}</small></h2>
      <input
        type="search"
        class="filter"
        placeholder=${t('points.filter')}
        aria-label=${t('points.filter')}
        value=${filter}
        onInput=${(event: Event) =>
          event.currentTarget instanceof HTMLInputElement && setFilter(event.currentTarget.value)}
      />
    </header>
    <div class="devices">
      ${[...Map.groupBy(rows, ({ device }) => device)].map(
        ([id, group]) =>
          html`<${DeviceTable} key=${id} id=${id} device=${devices.get(id)} rows=${group} at=${at} folded=${folded && filter === ''} alone=${only !== undefined} />`,
      )}
    </div>
    ${rows.length === 0 && html`<p class="empty">${t('points.none')}</p>`}
  </section>`;
}

/** The tables of some devices. */
export function PointsOf({ devices: ids }: { devices: readonly string[] }) {
  useTick(1000);
  const rows = Map.groupBy(use(points).values(), ({ device }) => device);
  const devices = new Map(use(site)?.devices.map((device) => [device.id, device]));
  const at = use(path);
  return html`<div class="devices">
    ${ids.map(
      (id) =>
        rows.has(id) &&
        html`<${DeviceTable} key=${id} id=${id} device=${devices.get(id)} rows=${rows.get(id) ?? []} at=${at} folded />`,
    )}
  </div>`;
}

interface DeviceTableProps {
  readonly id: string;
  readonly device: ApiSite['devices'][number] | undefined;
  readonly rows: readonly PointRow[];
  readonly at: string;
  readonly folded: boolean;
  /** On the page of its own device. */
  readonly alone: boolean;
}

function DeviceTable({ id, device, rows, at, folded, alone }: DeviceTableProps) {
  const [open, setOpen] = useState(false);
  const fold = folded && rows.length > FOLD + 1;
  const shown = fold && !open ? rows.slice(0, FOLD) : rows;
  return html`<table class="device ${alone ? 'alone' : ''}">
    <caption>
      ${alone ? html`<span class="aloud">${say(device?.title) || id}</span>` : html`<a href=${`/devices/${id}`} onClick=${follow}>${say(device?.title) || id}</a>`}
      <small class=${alone ? 'aloud' : ''}>${device === undefined ? '' : `${device.brand} ${device.model} · `}${id}</small>
    </caption>
    <thead>
      <tr>
        <th scope="col"><span class="aloud">${t('points.quality')}</span></th>
        <th scope="col"><span class="aloud">${t('points.point')}</span></th>
        <th scope="col"><span class="aloud">${t('points.value')}</span></th>
        <th scope="col" class="curve"><span class="aloud">${t('points.trend')}</span></th>
        <th scope="col"><span class="aloud">${t('points.age')}</span></th>
      </tr>
    </thead>
    <tbody>
      ${shown.map((row) => html`<${Row} key=${row.point} row=${row} at=${at} base=${alone ? '/devices' : '/points'} />`)}
    </tbody>
    ${
      fold &&
      html`<tfoot>
        <tr>
          <td></td>
          <td colspan="4">
            <button class="quiet" aria-expanded=${open ? 'true' : 'false'} onClick=${() => setOpen(!open)}>
              ${open ? t('points.fewer') : t('points.more', { n: rows.length - FOLD })}
            </button>
          </td>
        </tr>
      </tfoot>`
    }
  </table>`;
}

function Row({ row, at, base }: { row: PointRow; at: string; base: string }) {
  const { device, point, title, time, stale_after_s: limit } = row;
  const stale = use(lost) || (time !== null && limit !== null && agentNow() - time > limit * 1000);
  const { mark, words } = markOf(row);
  const to = `${base}/${device}/${point}`;
  return html`<tr class=${stale ? 'stale' : ''} data-point="${device}/${point}">
    <td class="mark" title=${words}><${Shape} mark=${mark} label=${words} /></td>
    <th scope="row">
      <a href=${to} onClick=${follow} aria-current=${at === to ? 'true' : undefined}>${say(title)}</a>
      ${row.reason !== null && html`<small class="reason">${t(`reason.${row.reason}`)}</small>`}
    </th>
    <td class="number value">${formatValue(row)} <span class="unit">${row.symbol}</span></td>
    <td class="curve"><${Curve} values=${trend(`${device}/${point}`)} /></td>
    <td class="number age">
      ${stale && html`<span class="old">${t('points.stale')}</span> `}
      <span>${time === null ? '—' : formatAge(time)}</span>
    </td>
  </tr>`;
}

const WIDTH = 72;
const HEIGHT = 20;

/** The last values as a small curve; a flat line where nothing changes. */
function Curve({ values }: { values: readonly number[] }) {
  if (values.length < 2) return null;
  const low = Math.min(...values);
  const span = Math.max(...values) - low;
  const d = values
    .map((value, i) => {
      const x = (i / (values.length - 1)) * WIDTH;
      const y = span === 0 ? HEIGHT / 2 : HEIGHT - 3 - ((value - low) / span) * (HEIGHT - 6);
      return `${i === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`;
    })
    .join('');
  return html`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" width=${WIDTH} height=${HEIGHT} aria-hidden="true">
    <path d=${d} />
  </svg>`;
}

function matches({ device, point, title, symbol }: PointRow, filter: string): boolean {
  const text = `${device} ${point} ${title.en} ${title.zh ?? ''} ${symbol}`.toLowerCase();
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}
