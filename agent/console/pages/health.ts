/** What is wrong, since when and what to do; where all is well, the few figures that matter, and all parts in one line. */
import { html } from 'htm/preact';
import { useState } from 'preact/hooks';
import type { ApiPart } from '../api/contract.ts';
import { type Attention, attentions } from './attention.ts';
import { formatAge, formatCount, formatMoment, partName, t } from './i18n.ts';
import { type Mark, Shape } from './quality.ts';
import { follow } from './router.ts';
import { agentNow, current, type State, use, useTick } from './state.ts';

const parts = (state: State) => state.parts;
const alarms = (state: State) => state.alarms;
const ledgers = (state: State) => state.ledgers;
const narrow = (state: State) => state.narrow;

export const STATE_MARKS: Readonly<Record<ApiPart['state'], Mark>> = {
  down: 'bad',
  degraded: 'uncertain',
  starting: 'none',
  off: 'none',
  ok: 'good',
};
const ORDER: readonly ApiPart['state'][] = ['starting', 'off', 'ok'];
/** More than these are folded away. */
const FOLD = 6;

export function HealthCard() {
  useTick(5000);
  use(alarms);
  use(ledgers);
  const small = use(narrow);
  const [open, setOpen] = useState(false);
  const all = [...use(parts).values()];
  const wrong = attentions(current());
  const other = all
    .filter(({ state }) => state !== 'down' && state !== 'degraded')
    .sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || a.part.localeCompare(b.part));
  const shown = open ? wrong : wrong.slice(0, FOLD);
  return html`<section class="card health" aria-labelledby="health-title">
    <h1 id="health-title" class="summary ${wrong.length === 0 ? 'well' : 'ill'}">
      ${
        all.length === 0
          ? t('health.none')
          : wrong.length === 0
            ? t('health.well', { n: all.length })
            : t(wrong.length === 1 ? 'health.one' : 'health.ill', { n: wrong.length })
      }
    </h1>
    ${wrong.length === 0 && all.length > 0 && html`<${WellFigures} />`}
    <ul class="ills">
      ${shown.map((one) => html`<${Ill} key=${one.key} one=${one} />`)}
    </ul>
    ${wrong.length > FOLD && html`<button class="quiet" aria-expanded=${open ? 'true' : 'false'} onClick=${() => setOpen(!open)}>${open ? t('points.fewer') : t('points.more', { n: wrong.length - FOLD })}</button>`}
    ${small ? html`<details><summary>${t('health.others_n', { n: other.length })}</summary><${Chips} parts=${other} /></details>` : html`<${Chips} parts=${other} />`}
  </section>`;
}

/** All that is well, each in a word. */
function Chips({ parts: shown }: { parts: readonly ApiPart[] }) {
  return html`<ul class="chips" aria-label=${t('health.others')}>
    ${shown.map(
      ({ part, state, message }) =>
        html`<li key=${part} title=${message}>
          <${Shape} mark=${STATE_MARKS[state]} label=${t(`state.${state}`)} />${partName(part)}
        </li>`,
    )}
  </ul>`;
}

function Ill({ one: { mark, title, state, since, message, fix, to } }: { one: Attention }) {
  return html`<li>
    <${Shape} mark=${mark} label="" />
    <div>
      <p><a href=${to} onClick=${follow}><b>${title}</b></a>${' '}
        <span class="since">${state}${since !== undefined && since > 0 && html` · <time title=${formatMoment(since)}>${t('health.since', { age: formatAge(since) })}</time>`}</span></p>
      ${message !== undefined && html`<p>${message}</p>`}
      ${fix !== undefined && html`<p class="fix"><b>${t('health.fix')}</b> ${fix}</p>`}
    </div>
  </li>`;
}

/** The last reading, points that are good, what waits for the city. */
function WellFigures() {
  const { points, ledgers: books } = current();
  const rows = [...points.values()].filter(({ quality }) => quality !== null);
  const good = rows.filter(({ quality }) => quality === 'good').length;
  const last = rows.reduce((latest, { time }) => Math.max(latest, time ?? 0), 0);
  const backlog = books.reduce((sum, ledger) => sum + ledger.backlog, 0);
  return html`<dl class="well-figures">
    <div><dt>${t('well.last')}</dt><dd>${last === 0 ? '—' : formatAge(Math.min(last, agentNow()))}</dd></div>
    <div><dt>${t('well.good')}</dt><dd>${formatCount(good)} / ${formatCount(rows.length)}</dd></div>
    <div><dt>${t('well.backlog')}</dt><dd>${formatCount(backlog)}</dd></div>
  </dl>`;
}
