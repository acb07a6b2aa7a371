/** Who an unclaimed machine is, as text and QR code for whoever makes its claim; and its clock, which claims are held to. */
import { html } from 'htm/preact';
import type { ApiUnclaimed } from '../api/claim-contract.ts';
import { formatMoment, t } from './i18n.ts';
import { QrCode } from './qr.ts';
import { agentNow, useTick } from './state.ts';

/** A clock that is this far from the one of the phone is worth a word, ms. */
const FAR = 3_600_000;

export function ClaimMachine({ machine }: { readonly machine: ApiUnclaimed }) {
  useTick(1000);
  const { hardware, qr, keys, version } = machine;
  const [best, ...others] = hardware;
  const off = Math.abs(agentNow() - Date.now()) > FAR;
  return html`<section class="card" aria-labelledby="machine-title">
    <h1 id="machine-title">${t('claim.title')}</h1>
    <p>${t('claim.why')}</p>
    <div class="machine">
      ${qr.length > 0 && html`<${QrCode} rows=${qr} label=${t('claim.qr')} />`}
      <dl class="facts">
        <dt>${t('claim.hardware')}</dt>
        <dd>${best === undefined ? t('claim.no_hardware') : html`<code>${best}</code>`}</dd>
        ${others.length > 0 && html`<dt>${t('claim.other_ids')}</dt>`}
        ${others.map((id) => html`<dd key=${id}><code>${id}</code></dd>`)}
        <dt>${t('claim.clock')}</dt>
        <dd class=${off ? 'refusal' : ''}>${formatMoment(agentNow())} UTC${off && html`<br />${t('claim.clock_off')}`}</dd>
        <dt>${t('claim.keys')}</dt>
        <dd>${keys.join(', ')}</dd>
        <dt>${t('claim.version')}</dt>
        <dd>${version}</dd>
      </dl>
    </div>
  </section>`;
}
