/** The energy account: demand, the tree with today and the month, completeness with its line, bills. */
import { html } from 'htm/preact';
import { useState } from 'preact/hooks';
import type { ApiEnergyNow } from '../api/energy-contract.ts';
import { useAsked } from './asked.ts';
import { DemandGauge } from './demand-gauge.ts';
import { EnergyBill } from './energy-bill.ts';
import { EnergyCompleteness } from './energy-completeness.ts';
import { EnergyFindings } from './energy-findings.ts';
import { EnergyPeakLimit } from './energy-peak-limit.ts';
import { EnergyTree } from './energy-tree.ts';
import { t } from './i18n.ts';
import { type State, use } from './state.ts';

/** Demand moves by the minute, the account by the quarter of an hour. */
const DEMAND_EVERY = 15_000;

const kept = (state: State) => state.site?.has.energy === true;
const limited = (state: State) => state.site?.has.peak_limit === true;

export function EnergyPage() {
  if (!use(kept)) {
    return html`<section class="card"><h1>${t('nav.energy')}</h1><p class="empty">${t('energy.absent')}</p></section>`;
  }
  return html`<${Account} />`;
}

function Account() {
  const peakLimit = use(limited);
  const { answer: now, failed } = useAsked<ApiEnergyNow>('/energy', DEMAND_EVERY);
  const [month, setMonth] = useState('');
  if (now === undefined) {
    const text = failed === '' ? t('energy.waiting') : failed;
    return html`<section class="card"><h1>${t('nav.energy')}</h1><p class="empty">${text}</p></section>`;
  }
  const shown = month === '' ? now.month : month;
  const step = (by: number) => () => setMonth(stepped(shown, by));
  return html`<h1 class="aloud">${t('nav.energy')}</h1>
    ${now.demand !== null && html`<${DemandGauge} demand=${now.demand} />`}
    <${EnergyFindings} />
    ${peakLimit && html`<${EnergyPeakLimit} />`}
    <p class="months">
      <button class="quiet" onClick=${step(-1)} aria-label=${t('energy.month_before')}>‹</button>
      <b>${t('energy.month', { month: shown })}</b>
      <button class="quiet" onClick=${step(1)} disabled=${shown >= now.month} aria-label=${t('energy.month_after')}>›</button>
    </p>
    <${EnergyTree} key=${`tree-${shown}`} month=${shown} />
    <${EnergyCompleteness} key=${`completeness-${shown}`} month=${shown} />
    ${now.accounts.length > 0 && html`<${EnergyBill} key=${`bill-${shown}`} month=${shown} accounts=${now.accounts} />`}`;
}

function stepped(month: string, by: number): string {
  const [year = 0, number = 1] = month.split('-').map(Number);
  return new Date(Date.UTC(year, number - 1 + by, 1)).toISOString().slice(0, 7);
}
