/** Health: what is wrong, since when and what to do; what is well in one line. */
import { html } from 'htm/preact';
import type { ApiPart } from '../api/contract.ts';
import { formatAge, partName, t } from './i18n.ts';
import { type Mark, Shape } from './quality.ts';
import { type State, use, useTick } from './state.ts';

const parts = (state: State) => state.parts;

const MARKS: Readonly<Record<ApiPart['state'], Mark>> = {
  down: 'bad',
  degraded: 'uncertain',
  starting: 'none',
  off: 'none',
  ok: 'good',
};
const ORDER: readonly ApiPart['state'][] = ['down', 'degraded', 'starting', 'off', 'ok'];

export function HealthCard() {
  useTick(5000);
  const all = [...use(parts).values()].sort(
    (a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || a.part.localeCompare(b.part),
  );
  const wrong = all.filter(({ state }) => state === 'down' || state === 'degraded');
  const other = all.filter(({ state }) => state !== 'down' && state !== 'degraded');
  return html`<section class="card health" aria-labelledby="health-title">
    <h2 id="health-title">${t('health.title')}</h2>
    <p class="summary ${wrong.length === 0 ? 'well' : 'ill'}">
      ${
        all.length === 0
          ? t('health.none')
          : wrong.length === 0
            ? t('health.well', { n: all.length })
            : t('health.ill', { n: wrong.length, all: all.length })
      }
    </p>
    <ul class="ills">
      ${wrong.map((part) => html`<${Ill} key=${part.part} part=${part} />`)}
    </ul>
    <ul class="chips" aria-label=${t('health.others')}>
      ${other.map(
        ({ part, state, message }) =>
          html`<li key=${part} title=${message}>
            <${Shape} mark=${MARKS[state]} label=${t(`state.${state}`)} />${partName(part)}
          </li>`,
      )}
    </ul>
  </section>`;
}

function Ill({ part: { part, state, since, message, fix } }: { part: ApiPart }) {
  return html`<li>
    <${Shape} mark=${MARKS[state]} label=${t(`state.${state}`)} />
    <div>
      <p><b>${partName(part)}</b> <span class="since">${t(`state.${state}`)} · ${formatAge(since)}</span></p>
      ${message !== undefined && html`<p>${message}</p>`}
      ${fix !== undefined && html`<p class="fix"><b>${t('health.fix')}</b> ${fix}</p>`}
    </div>
  </li>`;
}
