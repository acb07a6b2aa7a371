/** Where demand stands: now, as forecast, the limit, and in how many minutes it will be passed. */
import { html } from 'htm/preact';
import type { ApiEnergyNow } from '../api/energy-contract.ts';
import { formatMoment, formatNumber, t } from './i18n.ts';

const MINUTE = 60_000;

export function DemandGauge({ demand }: { demand: NonNullable<ApiEnergyNow['demand']> }) {
  const { now, load, forecast, limit, passedIn, highest, error, method, window } = demand;
  const top = 1.1 * Math.max(limit ?? 0, now ?? 0, forecast ?? 0, highest?.kw ?? 0, 1);
  const at = (kw: number) => (400 * Math.max(0, kw)) / top;
  const over = limit !== null && ((now ?? 0) > limit || passedIn !== null);
  return html`<section class="card" aria-labelledby="demand-title">
    <header class="card-head">
      <h2 id="demand-title">${t('energy.demand')}</h2>
      <small>${t(`demand_window.${method}`, { n: window / MINUTE })}</small>
    </header>
    <svg class="gauge" viewBox="0 0 400 34" role="img" aria-label=${sentence(demand)}>
      <rect class="ground" x="0" y="8" width="400" height="16" rx="4" />
      ${now !== null && html`<rect class=${over ? 'now over' : 'now'} x="0" y="8" width=${at(now)} height="16" rx="4" />`}
      ${forecast !== null && html`<path class="forecast" d=${`M${at(forecast)} 5v22`} />`}
      ${limit !== null && html`<path class="limit" d=${`M${at(limit)} 0v34`} />`}
    </svg>
    <p class=${over ? 'passing' : ''} role=${over ? 'alert' : undefined}>${sentence(demand)}</p>
    <p class="since">
      ${load !== null && `${t('energy.load')} ${kw(load)}`}
      ${highest !== null && ` · ${t('energy.highest')} ${kw(highest.kw)} (${formatMoment(highest.at)})`}
      ${error !== null && ` · ${t('energy.error', { percent: formatNumber(error.percent, 1), n: error.windows })}`}
    </p>
  </section>`;
}

function kw(value: number): string {
  return `${formatNumber(value, 1)} kW`;
}

function sentence({ now, forecast, limit, passedIn }: NonNullable<ApiEnergyNow['demand']>): string {
  if (now === null) return t('energy.demand_unknown');
  const stands = t('energy.stands', { now: kw(now), forecast: forecast === null ? '—' : kw(forecast) });
  if (limit === null) return stands;
  if (passedIn === null) return `${stands} ${t('energy.below', { limit: kw(limit) })}`;
  const n = Math.max(1, Math.round(passedIn / MINUTE));
  return passedIn === 0
    ? t('energy.passed', { limit: kw(limit) })
    : t('energy.passed_in', { limit: kw(limit), n });
}
