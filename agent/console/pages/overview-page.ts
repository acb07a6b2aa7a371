/** The first page: what is wrong and what to do, the proof, the last day, the lamp, the camera, and every point. */
import { html } from 'htm/preact';
import { CameraCard } from './camera.ts';
import { ChartCard } from './chart.ts';
import { HealthCard } from './health.ts';
import { LampCard } from './lamp.ts';
import { LedgerHero } from './ledger.ts';
import { NodeRedCard } from './node-red.ts';
import { PointsTable } from './points-table.ts';
import { type State, use } from './state.ts';

const site = (state: State) => state.site;

export function OverviewPage() {
  const here = use(site);
  const [camera] = here?.cameras ?? [];
  return html`
    <${HealthCard} />
    <${LedgerHero} />
    <div class="grid">
      <div class="stack">
        <${ChartCard} />
        ${camera !== undefined && html`<${CameraCard} camera=${camera} />`}
      </div>
      <div class="stack">
        ${here?.lamps.map((lamp) => html`<${LampCard} key=${lamp.id} lamp=${lamp} />`)}
        ${here?.node_red === true && html`<${NodeRedCard} />`}
      </div>
    </div>
    <${PointsTable} folded />
  `;
}
