/** How a scan goes: where it is, how long it still takes, and what was in its way. */
import { html } from 'htm/preact';
import type { ApiScan } from '../api/commissioning-contract.ts';
import { t } from './i18n.ts';

interface SearchProps {
  readonly scan: ApiScan;
  readonly busy: boolean;
  readonly onStop: () => void;
}

export function CommissionSearch({ scan, busy, onStop }: SearchProps) {
  const { port, line, phase, setting, unit, step, steps, left_s: left, noise, error } = scan;
  const searching = phase === 'searching';
  return html`<section class="card commission" aria-labelledby="search-title" data-phase=${phase}>
    <header class="card-head">
      <h2 id="search-title">${port} <small>${t(`scan_phase.${phase}`)}</small></h2>
      ${searching && html`<button class="primary big" disabled=${busy} onClick=${onStop}>${t('commission.enough')}</button>`}
    </header>
    ${line !== undefined && html`<p class="note">${t('commission.through_line', { line })}</p>`}
    ${
      searching &&
      html`<progress max=${steps} value=${Math.max(0, step - 1)} aria-label=${t('commission.progress')}></progress>
        <p class="note">
          ${setting !== undefined && t('commission.asking', { setting })}${unit !== undefined && ` · ${t('commission.unit', { unit })}`}
          ${` · ${t('commission.left', { time: left < 120 ? `${left} s` : `${Math.ceil(left / 60)} min` })}`}
        </p>`
    }
    ${noise.length > 0 && html`<p class="fix">${t('commission.noise', { settings: noise.join(', ') })}</p>`}
    ${error !== undefined && html`<p class="refusal" role="alert">${error.message} ${error.fix ?? ''}</p>`}
  </section>`;
}
