/** Bills: lines, sums by carrier in money, coal and CO₂, and the registers that they come from. */
import { html } from 'htm/preact';
import { useState } from 'preact/hooks';
import type { ApiEnergyBill, ApiEnergyNow } from '../api/energy-contract.ts';
import { useAsked } from './asked.ts';
import { formatMoment, formatNumber, say, t } from './i18n.ts';

interface BillParts {
  readonly month: string;
  readonly accounts: ApiEnergyNow['accounts'];
}

export function EnergyBill({ month, accounts }: BillParts) {
  const [chosen, setChosen] = useState(accounts[0]?.id ?? '');
  const { answer: bill, failed } = useAsked<ApiEnergyBill>(`/energy/bills/${chosen}?month=${month}`);
  const choose = (event: Event) => setChosen((event.currentTarget as HTMLSelectElement).value);
  return html`<section class="card" aria-labelledby="bill-title">
    <header class="card-head">
      <h2 id="bill-title">${t('energy.bill')}</h2>
      <select aria-label=${t('energy.account')} value=${chosen} onChange=${choose}>
        ${accounts.map(({ id, title }) => html`<option key=${id} value=${id}>${say(title)}</option>`)}
      </select>
    </header>
    ${failed !== '' && html`<p class="refusal" role="alert">${failed}</p>`}
    ${bill !== undefined && bill.account === chosen && html`<${Bill} bill=${bill} />`}
  </section>`;
}

function Bill({ bill }: { bill: ApiEnergyBill }) {
  return html`
    <p>
      <b class="sum">${bill.total} ${t('energy.yuan')}</b>
      ${' '}${formatMoment(bill.from)} – ${formatMoment(bill.to)} · ${t(bill.final ? 'energy.final' : 'energy.provisional')} · ${t(`energy_quality.${bill.quality}`)}
    </p>
    <div class="scroll" tabindex="0" role="group" aria-label=${t('table.scrolls')}><table class="energy">
      <thead><tr>
        <th scope="col">${t('energy.what')}</th><th scope="col">${t('energy.dates')}</th>
        <th scope="col" class="number">${t('energy.quantity')}</th><th scope="col" class="number">${t('energy.price')}</th>
        <th scope="col" class="number">${t('energy.amount')}</th><th scope="col">${t('energy.worth')}</th>
      </tr></thead>
      <tbody>${bill.lines.map(
        (line, i) => html`<tr key=${i}>
          <th scope="row">${t(`bill_line.${line.what}`)}${line.rate !== undefined && ` · ${t(`energy_rate.${line.rate}`)}`} <small>${line.meter}</small></th>
          <td>${line.from} – ${line.to}</td>
          <td class="number">${line.quantity} ${line.unit}</td>
          <td class="number">${line.price}</td>
          <td class="number value">${line.amount}</td>
          <td>${t(`energy_quality.${line.quality}`)}</td>
        </tr>`,
      )}</tbody>
    </table></div>
    <p class="since">${bill.carriers.map(({ carrier, quantity, unit, amount, kgce, kgco2 }) => carrierText(carrier, quantity, unit, amount, kgce, kgco2)).join(' · ')}</p>
    ${bill.powerFactor.map(
      ({ meter, factor, standard, adjustment }) =>
        html`<p class="since" key=${meter}>${t('energy.power_factor', { factor: factor === null ? '—' : formatNumber(factor, 2), standard, adjustment: adjustment ?? '—' })}</p>`,
    )}
    ${bill.demand.map(
      ({ meter, kw, at }) =>
        html`<p class="since" key=${meter}>${t('energy.highest')} ${kw === null ? '—' : `${formatNumber(kw, 1)} kW`}${at !== null && ` (${formatMoment(at)})`}</p>`,
    )}
    ${bill.perArea !== null && html`<p class="since">${t('energy.per_area', { kwh: bill.perArea.kwh, amount: bill.perArea.amount })}</p>`}
    ${
      bill.degreeDays !== null &&
      html`<p class="since">${t('energy.degree_days', { heating: bill.degreeDays.heating, cooling: bill.degreeDays.cooling })}</p>`
    }
    <details>
      <summary>${t('energy.statement')}</summary>
      <div class="scroll" tabindex="0" role="group" aria-label=${t('table.scrolls')}><table class="energy">
        <thead><tr><th scope="col">${t('energy.register')}</th><th scope="col" class="number">${t('energy.opening')}</th><th scope="col" class="number">${t('energy.closing')}</th><th scope="col">${t('energy.between')}</th></tr></thead>
        <tbody>${bill.statement.map(
          ({ meter, title, opening, closing, breaks, ratios }) => html`<tr key=${meter}>
            <th scope="row">${say(title)}</th>
            <td class="number">${register(opening)}</td>
            <td class="number">${register(closing)}</td>
            <td>
              ${breaks.map((one) => `${formatMoment(one.time)}: ${one.kind} ${one.closing} → ${one.opening}`).join('; ')}
              ${ratios.map(({ ratio }) => ` ×${ratio}`).join('')}
            </td>
          </tr>`,
        )}</tbody>
      </table></div>
    </details>`;
}

function register(reading: ApiEnergyBill['statement'][number]['opening']): string {
  return reading === null ? '—' : `${reading.value} (${formatMoment(reading.time)})`;
}

function carrierText(
  carrier: ApiEnergyBill['carriers'][number]['carrier'],
  quantity: string,
  unit: string,
  amount: string,
  kgce: string | null,
  kgco2: string | null,
): string {
  const symbol = { 'kW.h': 'kWh', m3: 'm³' }[unit] ?? unit;
  const parts = [`${quantity} ${symbol}`, `${amount} ${t('energy.yuan')}`];
  if (kgce !== null) parts.push(`${kgce} kgce`);
  if (kgco2 !== null) parts.push(`${kgco2} kgCO₂`);
  return `${t(`carrier.${carrier}`)}: ${parts.join(', ')}`;
}
