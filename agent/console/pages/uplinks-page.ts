/** Uplinks: the link, what waits and how old it is, the books, data of the month, what was refused. */
import { html } from 'htm/preact';
import type { ApiUplink, ApiUplinks } from '../api/uplink-contract.ts';
import { useAsked } from './asked.ts';
import { STATE_MARKS } from './health.ts';
import { formatAge, formatCount, formatMoment, formatNumber, formatSpan, type Key, t } from './i18n.ts';
import { useNamed } from './named.ts';
import { Shape } from './quality.ts';

const EVERY = 3000;
const LANES = ['alarm', 'event', 'meter', 'telemetry', 'bulk'] as const;

export function UplinksPage() {
  const { answer, failed } = useAsked<ApiUplinks>('/uplinks', EVERY);
  return html`<h1 class="aloud">${t('nav.uplinks')}</h1>
    ${failed !== '' && html`<p class="card refusal" role="alert">${failed}</p>`}
    ${answer === undefined && failed === '' && html`<p class="waiting" role="status">${t('page.loading')}</p>`}
    ${answer?.uplinks.length === 0 && html`<p class="card empty">${t('ledger.none')}</p>`}
    ${answer?.uplinks.map((one) => html`<${Uplink} key=${one.id} uplink=${one} />`)}`;
}

function Uplink({ uplink }: { uplink: ApiUplink }) {
  const { id, kind, address, state, since, message, fix, ledger, backlog_s: age, data, refusals } = uplink;
  const named = useNamed(id);
  return html`<section class="card uplink ${named.class}" ref=${named.ref} aria-labelledby="uplink-${id}">
    <header class="card-head">
      <h2 id="uplink-${id}">${id} <small>${kind} · ${address}</small></h2>
      <span class="since"><${Shape} mark=${STATE_MARKS[state]} label="" /> ${t(`state.${state}`)}${since > 0 && ` · ${formatAge(since)}`}</span>
    </header>
    ${message !== undefined && html`<p>${message}</p>`}
    ${fix !== undefined && html`<p class="fix"><b>${t('health.fix')}</b> ${fix}</p>`}
    ${
      ledger === undefined
        ? html`<p class="empty">${t('uplinks.starting')}</p>`
        : html`
          <p class="backlog ${ledger.backlog > 0 && age !== null ? 'late' : ''}"><b>${formatCount(ledger.backlog)}</b>
            ${' '}${age === null ? t('uplinks.waiting') : t('uplinks.waiting_since', { age: formatSpan(age * 1000) })}</p>
          <${Books} uplink=${uplink} />`
    }
    ${data !== null && html`<${DataBudget} data=${data} />`}
    ${refusals.length === 0 ? html`<p class="note">${t('uplinks.no_refusals')}</p>` : html`<${Refusals} refusals=${refusals} />`}
  </section>`;
}

function Books({ uplink: { ledger } }: { uplink: ApiUplink }) {
  if (ledger === undefined) return null;
  const rows: readonly (readonly [Key, number | undefined, boolean])[] = [
    ['ledger.stored', ledger.stored, false],
    ['ledger.acknowledged', ledger.acknowledged, false],
    ['uplinks.omitted', ledger.omitted, false],
    ['uplinks.refused', ledger.refused, ledger.refused > 0],
    ['uplinks.dropped', ledger.dropped, ledger.dropped > 0],
    ['uplinks.resent', ledger.resent, false],
    ['uplinks.earlier', ledger.earlier, false],
    ['ledger.missing', ledger.missing, ledger.missing > 0],
    ['ledger.doubled', ledger.doubled, ledger.doubled > 0],
  ];
  return html`<dl class="figures-row">
      ${rows.map(
        ([name, value, doubtful]) =>
          value !== undefined &&
          html`<div key=${name} class=${doubtful ? 'doubtful' : ''}><dt>${t(name)}</dt><dd>${formatCount(value)}</dd></div>`,
      )}
    </dl>
    <p class="note">${t('uplinks.heads')} ${LANES.map((lane) => `${t(`lane.${lane}`)} ${formatCount(ledger.heads[lane] ?? 0)}`).join(' · ')} · ${t('uplinks.epoch')} <code>${ledger.epoch}</code></p>`;
}

function DataBudget({
  data: { bytes, forecast, budget, thinned },
}: {
  data: NonNullable<ApiUplink['data']>;
}) {
  const share = (of: number) => 400 * Math.min(1, of / Math.max(1, budget));
  const over = (forecast ?? bytes) > budget;
  return html`<h3>${t('uplinks.data')}</h3>
    <p class=${over ? 'passing' : ''}>${t('uplinks.data_used', { used: megabytes(bytes), budget: megabytes(budget) })}
      ${' '}${forecast === null ? t('uplinks.no_forecast') : t('uplinks.forecast', { mb: megabytes(forecast) })}</p>
    <svg class="gauge" viewBox="0 0 400 20" preserveAspectRatio="none" aria-hidden="true">
      <rect class="ground" width="400" height="20" />
      <rect class=${over ? 'now over' : 'now'} width=${share(bytes)} height="20" />
      ${forecast !== null && html`<path class="forecast" d=${`M${Math.min(399, share(forecast))} 0v20`} />`}
    </svg>
    ${thinned !== 'nothing' && html`<p class="passing">${t('uplinks.thinned', { what: thinned })}</p>`}`;
}

function Refusals({ refusals }: { refusals: ApiUplink['refusals'] }) {
  return html`<details>
    <summary>${t('uplinks.refusals', { n: formatCount(refusals.length) })}</summary>
    <div class="scroll" tabindex="0" role="group" aria-label=${t('table.scrolls')}><table class="commands">
      <thead><tr>
        <th scope="col">${t('commands.when')}</th><th scope="col">${t('uplinks.lane')}</th>
        <th scope="col" class="number">${t('uplinks.number')}</th><th scope="col">${t('uplinks.why')}</th>
      </tr></thead>
      <tbody>${refusals.map(
        ({ lane, seq, reason, at }) => html`<tr key=${`${lane}-${seq}-${at}`}>
          <td>${formatMoment(at)}</td><td>${t(`lane.${lane}`)}</td><td class="number">${formatCount(seq)}</td><td>${reason}</td>
        </tr>`,
      )}</tbody>
    </table></div>
  </details>`;
}

function megabytes(bytes: number): string {
  return `${formatNumber(bytes / 1e6, bytes < 1e7 ? 1 : 0)} MB`;
}
