/** The way to Node-RED: a one-time ticket, in a window of its own. */
import { html } from 'htm/preact';
import { post } from './api.ts';
import { t } from './i18n.ts';
import { reachesTechnician, use } from './state.ts';
import { useWork } from './work.ts';

export function NodeRedCard() {
  const allowed = use(reachesTechnician);
  const { failed, run } = useWork();
  const open = () =>
    run(async () => {
      const { url } = await post<{ url: string }>('/node-red/ticket');
      window.open(url, '_blank', 'noopener,noreferrer');
    });
  return html`<section class="card node-red" aria-labelledby="node-red-title">
    <div>
      <h2 id="node-red-title">Node-RED</h2>
      <p class="note">${t('node_red.text')}</p>
      ${failed !== '' && html`<p class="refusal" role="alert">${failed}</p>`}
    </div>
    <button disabled=${!allowed} onClick=${open}>${t('node_red.open')} ↗</button>
  </section>`;
}
