/** One device: all its points, the history of one of them, how it answers, and its raw frames on demand. */
import { html } from 'htm/preact';
import type { ApiDevice } from '../api/device-contract.ts';
import { useAsked } from './asked.ts';
import { ChartCard } from './chart.ts';
import { FramesCard } from './frames.ts';
import { STATE_MARKS } from './health.ts';
import { formatAge, formatCount, say, t } from './i18n.ts';
import { duration, Errors } from './lines-page.ts';
import { PointsTable } from './points-table.ts';
import { Shape } from './quality.ts';
import { follow } from './router.ts';
import { reachesTechnician, type State, use } from './state.ts';

const EVERY = 3000;
const path = (state: State) => state.path;

export function DevicePage() {
  const [, , device = ''] = use(path).split('/');
  return html`<${Device} key=${device} id=${device} />`;
}

function Device({ id }: { id: string }) {
  const { answer: device, failed } = useAsked<ApiDevice>(`/devices/${encodeURIComponent(id)}`, EVERY);
  const allowed = use(reachesTechnician);
  if (device === undefined) {
    return html`<section class="card"><h1>${id}</h1>
      <p class=${failed === '' ? 'empty' : 'refusal'} role="status">${failed === '' ? t('page.loading') : failed}</p></section>`;
  }
  return html`<${About} device=${device} />
    <${ChartCard} device=${id} />
    <${PointsTable} only=${id} />
    ${device.frames && (allowed ? html`<${FramesCard} device=${id} />` : html`<p class="card note">${t('frames.role')}</p>`)}`;
}

function About({ device }: { device: ApiDevice }) {
  const { talk, profile, line } = device;
  return html`<section class="card" aria-labelledby="device-title">
    <header class="card-head">
      <h1 id="device-title">${say(device.title)} <small>${device.brand} ${device.model} · ${device.id}</small></h1>
      ${
        talk !== null &&
        html`<span class="since"><${Shape} mark=${STATE_MARKS[talk.state]} label="" /> ${t(`state.${talk.state}`)}${talk.since > 0 && ` · ${formatAge(talk.since)}`}</span>`
      }
    </header>
    ${talk?.message !== undefined && html`<p>${talk.message}</p>`}
    ${talk?.fix !== undefined && html`<p class="fix"><b>${t('health.fix')}</b> ${talk.fix}</p>`}
    <dl class="figures-row">
      ${line !== null && html`<div><dt>${t('device.line')}</dt><dd><a href="/lines" onClick=${follow}>${line}</a></dd></div>`}
      ${talk !== null && talk.address !== null && html`<div><dt>${t('lines.address')}</dt><dd>${talk.address}</dd></div>`}
      ${profile !== null && html`<div><dt>${t('device.profile')}</dt><dd title=${profile.source}>${profile.id}</dd></div>`}
      ${profile !== null && html`<div><dt>${t('device.protocol')}</dt><dd>${profile.protocol}</dd></div>`}
      ${device.period_s !== null && html`<div><dt>${t('device.period')}</dt><dd>${device.period_s} s</dd></div>`}
      ${talk !== null && talk.requests !== null && html`<div><dt>${t('device.requests')}</dt><dd>${talk.requests}</dd></div>`}
      ${talk !== null && talk.p50_ms !== null && html`<div><dt>${t('device.answers_in')}</dt><dd>${duration(talk.p50_ms)} / ${duration(talk.p95_ms)}</dd></div>`}
      ${talk !== null && html`<div><dt>${t('lines.answers')}</dt><dd>${formatCount(talk.answers)}</dd></div>`}
      ${device.asset !== null && html`<div><dt>${t('device.asset')}</dt><dd>${device.asset}</dd></div>`}
    </dl>
    ${talk !== null && html`<${Errors} errors=${talk.errors} answers=${talk.answers} />`}
    ${talk?.breaker_open === true && html`<p class="passing">${t('lines.breaker', { n: talk.failures })}</p>`}
  </section>`;
}
