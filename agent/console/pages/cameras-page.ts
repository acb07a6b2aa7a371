/** All cameras. */
import { html } from 'htm/preact';
import { CameraCard } from './camera.ts';
import { t } from './i18n.ts';
import { type State, use } from './state.ts';

const site = (state: State) => state.site;

export function CamerasPage() {
  const cameras = use(site)?.cameras ?? [];
  return html`<h1 class="aloud">${t('nav.cameras')}</h1>
    ${cameras.length === 0 && html`<p class="card empty">${t('camera.none')}</p>`}
    ${cameras.map((camera) => html`<${CameraCard} key=${camera.id} camera=${camera} />`)}`;
}
