/** Last step: the new devices as the agent reads them now. */
import { html } from 'htm/preact';
import { useEffect } from 'preact/hooks';
import { t } from './i18n.ts';
import { refresh } from './live.ts';
import { PointsOf } from './points-table.ts';
import { type State, use } from './state.ts';

const points = (state: State) => state.points;

/** From one look for the new devices to the next, ms. */
const LOOK_EVERY = 1000;

export interface Saved {
  readonly change: number;
  readonly line: string;
  readonly devices: readonly string[];
}

export function CommissionSaved({ saved, onMore }: { saved: Saved; onMore: () => void }) {
  const rows = use(points);
  const known = new Set([...rows.values()].map(({ device }) => device));
  const missing = saved.devices.some((device) => !known.has(device));
  useEffect(() => {
    if (!missing) return;
    // The agent follows the new site file in a moment: then it describes them.
    const timer = setInterval(() => void refresh().catch(() => {}), LOOK_EVERY);
    return () => clearInterval(timer);
  }, [missing]);
  return html`<section class="card commission" aria-labelledby="saved-title">
      <header class="card-head"><h2 id="saved-title">${t('commission.saved', { n: saved.devices.length })}</h2></header>
      <p class="note">${t('commission.watched', { change: saved.change, line: saved.line })}</p>
      ${missing && html`<p class="note" role="status">${t('commission.following')}</p>`}
      <p class="row"><button class="primary big" onClick=${onMore}>${t('commission.more')}</button></p>
    </section>
    <section class="card points" aria-label=${t('points.title')}>
      <${PointsOf} devices=${saved.devices} />
    </section>`;
}
