/** The peak limit: where demand stands, what gives way, and what the plan would have done with the last day. */
import { html } from 'htm/preact';
import type { ApiPeakLimit } from '../api/diagnosis-contract.ts';
import { useAsked } from './asked.ts';
import { formatMoment, formatNumber, t } from './i18n.ts';

const EVERY = 30_000;
const WIDTH = 720;
const HEIGHT = 140;

/** Nothing where the site has no peak limit. */
export function EnergyPeakLimit() {
  const { answer } = useAsked<ApiPeakLimit>('/energy/peak-limit', EVERY);
  if (answer === undefined) return null;
  const { armed, limit, demand, forecast, shed, blocked, dryRun } = answer;
  const kw = (value: number | null) => (value === null ? '—' : formatNumber(value, 1));
  return html`<section class="card" aria-labelledby="peak-title">
    <header class="card-head"><h2 id="peak-title">${t('diagnosis.peak')}</h2><span>${t(armed ? 'diagnosis.armed' : 'diagnosis.unarmed')}</span></header>
    <p>${t('diagnosis.limit', { kw: kw(limit) })} · ${t('diagnosis.demand_now', { kw: kw(demand), forecast: kw(forecast) })}</p>
    ${blocked !== undefined && html`<p class="refusal" role="status">${t('diagnosis.unknown')}</p>`}
    <p class="since">${shed.length === 0 ? t('diagnosis.nobody') : t('diagnosis.shed_now', { loads: shed.join(', ') })}</p>
    <h3>${t('diagnosis.plan')}</h3>
    ${
      dryRun === null
        ? html`<p class="empty">${t('diagnosis.plan_none')}</p>`
        : html`
          <p>${t('diagnosis.plan_highest', { measured: kw(dryRun.measured), planned: kw(dryRun.planned) })} ·
            ${t('diagnosis.plan_above', { measured: dryRun.measuredAbove, planned: dryRun.plannedAbove })}</p>
          <${Curve} plan=${dryRun} />
          <div class="scroll" tabindex="0" role="group" aria-label=${t('table.scrolls')}><table class="energy">
            <thead><tr><th scope="col">${t('diagnosis.load')}</th><th scope="col" class="number">${t('diagnosis.minutes')}</th><th scope="col" class="number">${t('diagnosis.kwh')}</th></tr></thead>
            <tbody>${Object.entries(dryRun.loads).map(
              ([id, { minutes, kwh }]) =>
                html`<tr key=${id}><th scope="row">${id}</th><td class="number">${minutes}</td><td class="number">${formatNumber(kwh, 1)}</td></tr>`,
            )}</tbody>
          </table></div>
          <details><summary>${t('diagnosis.act')}</summary><div class="scroll" tabindex="0" role="group" aria-label=${t('table.scrolls')}><table class="energy">
            <thead><tr><th scope="col">${t('diagnosis.at')}</th><th scope="col">${t('diagnosis.load')}</th><th scope="col">${t('diagnosis.act')}</th></tr></thead>
            <tbody>${dryRun.actions.map(
              ({ at, load, what }, i) =>
                html`<tr key=${i}><td>${formatMoment(at)}</td><th scope="row">${load}</th><td>${t(what === 'shed' ? 'diagnosis.shed' : 'diagnosis.restore')}</td></tr>`,
            )}</tbody>
          </table></div></details>`
    }
  </section>`;
}

/** Power as it was and with the plan, and the limit. */
function Curve({ plan }: { plan: NonNullable<ApiPeakLimit['dryRun']> }) {
  const { curve, limit, from, to } = plan;
  const top = 1.05 * Math.max(limit, ...curve.flatMap(({ measured }) => measured ?? []));
  const x = (time: number) => (((time - from) / Math.max(1, to - from)) * WIDTH).toFixed(1);
  const y = (kw: number) => (HEIGHT - (kw / top) * HEIGHT).toFixed(1);
  const path = (of: 'measured' | 'planned'): string => {
    let pen = 'M';
    return curve
      .map((one) => {
        const kw = one[of];
        if (kw === null) {
          pen = 'M';
          return '';
        }
        const step = `${pen}${x(one.time)} ${y(kw)}`;
        pen = 'L';
        return step;
      })
      .join('');
  };
  return html`<svg class="peak" viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label=${t('diagnosis.curve')}>
    <path class="was" d=${path('measured')} /><path class="planned" d=${path('planned')} />
    <line class="limit" x1="0" x2=${WIDTH} y1=${y(limit)} y2=${y(limit)} />
  </svg>`;
}
