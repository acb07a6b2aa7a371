/** How complete the account is: by building, item and meter, by day, with the line that has to be reached. */
import { html } from 'htm/preact';
import type { ApiEnergyCompleteness } from '../api/energy-contract.ts';
import { useAsked } from './asked.ts';
import { formatCount, formatNumber, say, t } from './i18n.ts';

const EVERY = 300_000;
const WIDTH = 20;
const HEIGHT = 60;

type Row = ApiEnergyCompleteness['rows'][number];

export function EnergyCompleteness({ month }: { month: string }) {
  const { answer, failed } = useAsked<ApiEnergyCompleteness>(`/energy/completeness?month=${month}`, EVERY);
  return html`<section class="card" aria-labelledby="completeness-title">
    <header class="card-head"><h2 id="completeness-title">${t('energy.completeness')}</h2></header>
    ${failed !== '' && html`<p class="refusal" role="alert">${failed}</p>`}
    ${answer !== undefined && html`<${Days} answer=${answer} /><${Rows} answer=${answer} />`}
  </section>`;
}

/** A bar a day, and the line. */
function Days({ answer: { days, line } }: { answer: ApiEnergyCompleteness }) {
  const bars = days.map(({ date, rows }) => ({ date, share: rows[0]?.share ?? null }));
  const below = bars.filter(({ share }) => share !== null && share < line).length;
  const words = t('energy.days', { n: bars.length, below, line: formatNumber(100 * line, 0) });
  return html`<svg class="days" viewBox=${`0 0 ${Math.max(1, bars.length) * WIDTH} ${HEIGHT}`} role="img" aria-label=${words}>
      ${bars.map(
        (
          { date, share },
          i,
        ) => html`<rect key=${date} class=${share !== null && share < line ? 'short' : 'full'}
          x=${i * WIDTH + 2} width=${WIDTH - 4} y=${HEIGHT * (1 - (share ?? 0))} height=${HEIGHT * (share ?? 0)}><title>${date}: ${percent(share)}</title></rect>`,
      )}
      <path class="limit" d=${`M0 ${HEIGHT * (1 - line)}h${bars.length * WIDTH}`} />
    </svg>
    <p class="since">${words}</p>`;
}

function Rows({ answer: { rows, line } }: { answer: ApiEnergyCompleteness }) {
  return html`<div class="scroll" tabindex="0" role="group" aria-label=${t('table.scrolls')}><table class="energy">
    <thead><tr>
      <th scope="col">${t('energy.what')}</th>
      <th scope="col" class="number">${t('energy.due')}</th>
      <th scope="col" class="number">${t('energy.received')}</th>
      <th scope="col" class="number">${t('energy.valid')}</th>
      <th scope="col" class="number">${t('energy.repaired')}</th>
      <th scope="col" class="number">${t('energy.share')}</th>
      <th scope="col"><span class="aloud">${t('energy.line', { line: formatNumber(100 * line, 0) })}</span></th>
    </tr></thead>
    <tbody>${rows.map((row) => html`<${One} key=${`${row.kind}-${row.id}`} row=${row} line=${line} />`)}</tbody>
  </table></div>`;
}

function One({ row, line }: { row: Row; line: number }) {
  const { title, kind, id, due, received, valid, repaired, share } = row;
  const short = share !== null && share < line;
  return html`<tr class=${kind === 'building' ? 'depth-0' : kind === 'item' ? 'depth-1' : 'depth-2'}>
    <th scope="row">${say(title)}${kind === 'item' && html` <small>${id}</small>`}</th>
    <td class="number">${formatCount(due)}</td>
    <td class="number">${formatCount(received)}</td>
    <td class="number">${formatCount(valid)}</td>
    <td class="number">${formatCount(repaired)}</td>
    <td class=${short ? 'number short' : 'number value'}>${percent(share)}</td>
    <td class="bar"><svg viewBox="0 0 100 10" aria-hidden="true">
      <rect class="ground" width="100" height="10" />
      <rect class=${short ? 'short' : 'full'} width=${100 * (share ?? 0)} height="10" />
      <path class="limit" d=${`M${100 * line} 0v10`} />
    </svg></td>
  </tr>`;
}

function percent(share: number | null): string {
  return share === null ? '—' : `${formatNumber(100 * share, 1)} %`;
}
