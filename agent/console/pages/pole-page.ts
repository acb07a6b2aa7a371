/** The pole at one look: what is a danger, what shines, what charges, who else stands here. */
import { html } from 'htm/preact';
import { useEffect, useState } from 'preact/hooks';
import type { PointRow } from '../api/contract.ts';
import type { ApiPole } from '../api/pole-contract.ts';
import { get } from './api.ts';
import { formatAge, formatNumber, formatValue, say, t } from './i18n.ts';
import { markOf, Shape } from './quality.ts';
import { follow } from './router.ts';
import { agentNow, type State, use, useTick } from './state.ts';

const points = (state: State) => state.points;
const site = (state: State) => state.site;

export function PolePage() {
  useTick(1000);
  const rows = use(points);
  const here = use(site);
  const [pole, setPole] = useState<ApiPole | undefined>(undefined);
  const [failed, setFailed] = useState('');
  useEffect(() => {
    get<ApiPole>('/pole').then(setPole, (error: Error) => setFailed(error.message));
  }, [here]);
  if (pole === undefined) {
    return html`<section class="card"><h1>${t('pole.title')}</h1>
      <p class="empty" role="status">${failed === '' ? t('connection.starting') : failed}</p></section>`;
  }
  return html`<h1 class="aloud">${t('pole.title')}</h1>
    <div class="pole">
      ${pole.groups.map(
        ({ group, devices }) =>
          html`<section key=${group} class="card group-${group}" aria-labelledby="pole-${group}">
            <h2 id="pole-${group}">${t(`pole.${group}`)}</h2>
            ${devices.map((one) => html`<${Device} key=${one.device} device=${one} rows=${rows} />`)}
          </section>`,
      )}
      ${pole.tenants.length > 0 && html`<${Tenants} tenants=${pole.tenants} rows=${rows} />`}
      ${pole.groups.length === 0 && html`<p class="card empty">${t('points.none')}</p>`}
    </div>`;
}

type Rows = ReadonlyMap<string, PointRow>;

function Device({ device: one, rows }: { device: ApiPole['groups'][number]['devices'][number]; rows: Rows }) {
  const shown = one.points.flatMap((point) => rows.get(`${one.device}/${point}`) ?? []);
  return html`<h3>${say(one.title)} <small>${one.device}</small></h3>
    <dl class="facts">${shown.map((row) => html`<${Fact} key=${row.point} row=${row} />`)}</dl>`;
}

function Fact({ row, note = '' }: { row: PointRow; note?: string }) {
  const { device, point, title, time, stale_after_s: limit } = row;
  const stale = time !== null && limit !== null && agentNow() - time > limit * 1000;
  const { mark, words } = markOf(row);
  return html`<div class=${stale ? 'stale' : ''} data-point="${device}/${point}">
    <dt><a href="/points/${device}/${point}" onClick=${follow}>${say(title)}</a></dt>
    <dd>
      <${Shape} mark=${mark} label=${words} />
      <b>${formatValue(row)}</b> <span class="unit">${row.symbol}</span>
      ${note !== '' && html`<small class="note">${note}</small>`}
      ${stale && time !== null && html`<small class="old">${t('points.stale')} ${formatAge(time)}</small>`}
    </dd>
  </div>`;
}

function Tenants({ tenants, rows }: { tenants: ApiPole['tenants']; rows: Rows }) {
  return html`<section class="card" aria-labelledby="pole-tenants">
    <h2 id="pole-tenants">${t('pole.tenants')}</h2>
    ${tenants.map(
      ({ tenant, title, meters }) =>
        html`<h3 key=${tenant}>${say(title)} <small>${tenant}</small></h3>
          <dl class="facts">
            ${meters.map(({ device, point, share }) => {
              const row = rows.get(`${device}/${point}`);
              const note = share < 1 ? t('pole.share', { share: formatNumber(share * 100, 1) }) : '';
              return row && html`<${Fact} key=${`${device}/${point}`} row=${row} note=${note} />`;
            })}
          </dl>`,
    )}
    <p class="hint">${t('pole.statement')} <code>kerbside tenants statement --month 2027-03</code></p>
  </section>`;
}
