/** The ledger in large figures: every record that was stored is acknowledged, waits, or is accounted for. */
import { html } from 'htm/preact';
import type { ApiLedger } from '../api/contract.ts';
import { formatCount, type Key, say, t } from './i18n.ts';
import { type State, use } from './state.ts';

const ledgers = (state: State) => state.ledgers;
const site = (state: State) => state.site;

export function LedgerHero() {
  const all = use(ledgers);
  const here = use(site);
  return html`<section class="hero" aria-labelledby="ledger-title">
    <header>
      <h1 id="ledger-title">${t('ledger.title')}</h1>
      <p>${t('ledger.subtitle', { site: say(here?.title) })}</p>
    </header>
    ${all.length === 0 && html`<p class="empty">${t('ledger.none')}</p>`}
    ${all.map((ledger) => html`<${LedgerFigures} key=${ledger.uplink} ledger=${ledger} many=${all.length > 1} />`)}
  </section>`;
}

const FIGURES: readonly {
  readonly name: 'stored' | 'acknowledged' | 'backlog' | 'missing' | 'doubled';
  readonly zero?: true;
}[] = [
  { name: 'stored' },
  { name: 'acknowledged' },
  { name: 'backlog' },
  { name: 'missing', zero: true },
  { name: 'doubled', zero: true },
];

function LedgerFigures({ ledger }: { ledger: ApiLedger }) {
  const balanced = ledger.missing === 0 && ledger.doubled === 0;
  return html`<article class="ledger" aria-label=${t('ledger.of', { uplink: ledger.uplink })}>
    <dl class="figures" style=${{ '--chars': formatCount(ledger.stored).length }}>
      ${FIGURES.map(({ name, zero }) => {
        const value = ledger[name];
        const tone = zero === undefined ? name : value === 0 ? 'proved' : 'broken';
        return html`<div class="figure ${tone}">
          <dt>${t(`ledger.${name}` satisfies Key)}</dt>
          <dd data-figure=${name}>${formatCount(value)}</dd>
        </div>`;
      })}
    </dl>
    <${Share} ledger=${ledger} />
    <p class="proof">
      <span class="pill ${balanced ? 'yes' : 'no'}">${balanced ? '✓' : '✕'} ${t(balanced ? 'ledger.balanced' : 'ledger.unbalanced')}</span>
      <span class="sum">${t('ledger.sum', {
        stored: formatCount(ledger.stored),
        acknowledged: formatCount(ledger.acknowledged),
        backlog: formatCount(ledger.backlog),
        refused: formatCount(ledger.refused),
        dropped: formatCount(ledger.dropped),
      })}</span>
      <span class="to">
        ${ledger.uplink} · ${t(ledger.connected ? 'ledger.connected' : 'ledger.offline')}
        ${ledger.resent > 0 && ` · ${t('ledger.resent', { n: formatCount(ledger.resent) })}`}
      </span>
    </p>
    ${Object.entries(ledger.periods ?? {}).map(
      ([period, { expected, sent, acknowledged }]) =>
        html`<p class="proof" data-period=${period}>
          <span class="sum">${t(
            `ledger.period.${period === 'minute' || period === 'hour' ? period : 'day'}` satisfies Key,
            {
              expected: formatCount(expected),
              sent: formatCount(sent),
              acknowledged: formatCount(acknowledged),
            },
          )}</span>
        </p>`,
    )}
  </article>`;
}

/** How the stored records are shared out, as one bar. */
function Share({ ledger }: { ledger: ApiLedger }) {
  const { stored } = ledger;
  return html`<div class="share" aria-hidden="true">
    ${(['acknowledged', 'backlog', 'refused', 'dropped'] as const).map(
      (name) =>
        html`<i class=${name} style=${{ flexGrow: stored === 0 ? 0 : Math.max(0, ledger[name] / stored) }}></i>`,
    )}
  </div>`;
}
