/** What the diagnosis has found: open findings with what they cost, why they are believed and what to do; and what is over. */
import { html } from 'htm/preact';
import type { ApiFindings } from '../api/diagnosis-contract.ts';
import { useAsked } from './asked.ts';
import { formatNumber, say, t } from './i18n.ts';

const EVERY = 600_000;

type Finding = ApiFindings['findings'][number];

export function EnergyFindings() {
  const { answer, failed } = useAsked<ApiFindings>('/energy/findings', EVERY);
  const all = answer?.findings ?? [];
  const open = all.filter(({ state }) => state === 'open');
  const closed = all.filter(({ state }) => state === 'closed');
  return html`<section class="card" aria-labelledby="findings-title">
    <header class="card-head"><h2 id="findings-title">${t('diagnosis.findings')}</h2></header>
    ${failed !== '' && html`<p class="refusal" role="alert">${failed}</p>`}
    ${answer !== undefined && open.length === 0 && html`<p class="empty">${t('diagnosis.none')}</p>`}
    <ul class="findings">${open.map((one) => html`<${Item} key=${one.id} finding=${one} />`)}</ul>
    ${
      closed.length > 0 &&
      html`<details><summary>${t('diagnosis.closed', { count: closed.length })}</summary>
        <ul class="findings">${closed.map((one) => html`<${Item} key=${one.id} finding=${one} />`)}</ul></details>`
    }
  </section>`;
}

function Item({ finding }: { finding: Finding }) {
  const { title, advice, branchTitle, branch, since, until, state, stake, unit, evidence, labels } = finding;
  const when =
    state === 'open' ? t('diagnosis.since', { day: since }) : t('diagnosis.over', { since, until });
  const cost =
    stake === null
      ? t('diagnosis.stake_unknown')
      : t('diagnosis.stake', {
          quantity: formatNumber(stake, stake < 100 ? 1 : 0),
          unit: unit === 'kW.h' ? 'kWh' : unit === 'm3' ? 'm³' : unit,
        });
  return html`<li class=${finding.severity}>
    <b>${say(title)}</b> · ${say(branchTitle)} <small>${branch}</small>
    <p class="since">${when} · ${cost}</p>
    <p>${say(advice)}</p>
    <details><summary>${t('diagnosis.evidence')}</summary><p class="since">${Object.entries(evidence)
      .map(([name, value]) => `${say(labels[name] ?? { en: name })}: ${value}`)
      .join(' · ')}</p></details>
  </li>`;
}
