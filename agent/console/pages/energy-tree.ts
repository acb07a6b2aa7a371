/** The tree of the building: carriers, items, circuits; today and the month; branches that do not add up. */
import { html } from 'htm/preact';
import type { ApiEnergyAccount } from '../api/energy-contract.ts';
import { useAsked } from './asked.ts';
import { formatNumber, say, t } from './i18n.ts';

type Node = ApiEnergyAccount['circuits'][number] | ApiEnergyAccount['items'][number];
const EVERY = 60_000;

export function EnergyTree({ month }: { month: string }) {
  const { answer: today } = useAsked<ApiEnergyAccount>('/energy/account?day=today', EVERY);
  const { answer: whole, failed } = useAsked<ApiEnergyAccount>(`/energy/account?month=${month}`, EVERY);
  return html`<section class="card" aria-labelledby="tree-title">
    <header class="card-head"><h2 id="tree-title">${t('energy.tree')}</h2></header>
    ${failed !== '' && html`<p class="refusal" role="alert">${failed}</p>`}
    ${whole === undefined ? html`<p class="empty">${t('energy.waiting')}</p>` : html`<${Tree} today=${today} month=${whole} />`}
  </section>`;
}

function Tree({ today, month }: { today: ApiEnergyAccount | undefined; month: ApiEnergyAccount }) {
  const row = (node: Node, list: 'carriers' | 'items' | 'circuits', depth: number) => {
    const now = today?.[list].find(({ id }) => id === node.id);
    return html`<tr key=${`${list}-${node.id}`} class=${`depth-${Math.min(depth, 4)}`}>
      <th scope="row">${say(node.title)}${'code' in node && node.code !== undefined && html` <small>${node.code}</small>`}</th>
      <td class="number">${now === undefined ? '—' : amount(now)}</td>
      <td class="number value">${amount(node)}</td>
      <td>${t(`energy_quality.${node.quality}`)}</td>
      <td class="number">${percent(node.completeness)}</td>
    </tr>`;
  };
  const below = (above: string | undefined, depth: number): unknown[] =>
    month.circuits
      .filter(({ fedBy }) => fedBy === above)
      .flatMap((circuit) => [row(circuit, 'circuits', depth), ...below(circuit.id, depth + 1)]);
  const differing = month.branches.filter(({ state }) => state === 'differs');
  return html`
    ${differing.map(
      (branch) => html`<p class="refusal" key=${branch.circuit}>
        ${t('energy.differs', { branch: say(branch.title), difference: formatNumber(branch.difference ?? 0, 1), share: percent(branch.share) })}
      </p>`,
    )}
    <div class="scroll" tabindex="0" role="group" aria-label=${t('table.scrolls')}><table class="energy">
      <thead><tr>
        <th scope="col">${t('energy.what')}</th>
        <th scope="col" class="number">${t('energy.today')}</th>
        <th scope="col" class="number">${t('energy.this_month')}</th>
        <th scope="col">${t('energy.worth')}</th>
        <th scope="col" class="number">${t('energy.readings')}</th>
      </tr></thead>
      <tbody>
        ${month.carriers.map((carrier) => row(carrier, 'carriers', 0))}
        ${month.items.map((item) => row(item, 'items', 1))}
      </tbody>
      <tbody>${below(undefined, 1)}</tbody>
    </table></div>
    <p class="since">
      ${month.coverage
        .filter(({ share }) => share !== null)
        .map(({ carrier, share }) =>
          t('energy.coverage', { carrier: t(`carrier.${carrier}`), share: percent(share) }),
        )
        .join(' · ')}
    </p>`;
}

function amount({ quantity, atLeast, unit }: Node): string {
  const symbol = { 'kW.h': 'kWh', m3: 'm³' }[unit] ?? unit;
  return quantity === null
    ? `≥ ${formatNumber(atLeast, 1)} ${symbol}`
    : `${formatNumber(quantity, 1)} ${symbol}`;
}

function percent(share: number | null): string {
  return share === null ? '—' : `${formatNumber(100 * share, 1)} %`;
}
