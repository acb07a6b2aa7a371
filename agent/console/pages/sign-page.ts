/** What riders see: the sign's rows and notices as they stand on its screen, whether that is proven, and how sources do. */
import { html } from 'htm/preact';
import { useEffect, useState } from 'preact/hooks';
import type { PointRow } from '../api/contract.ts';
import type { ApiArrivals, ApiScreen } from '../api/sign-contract.ts';
import { get } from './api.ts';
import { formatAge, formatCount, formatValue, say, t } from './i18n.ts';
import { markOf, Shape } from './quality.ts';
import { follow } from './router.ts';
import { type State, use } from './state.ts';

/** Asked again this often, ms. */
const EVERY = 3000;

export function SignPage() {
  const [screen, setScreen] = useState<ApiScreen>();
  const [arrivals, setArrivals] = useState<ApiArrivals>();
  const [failed, fail] = useState('');
  useEffect(() => {
    const gone = new AbortController();
    const ask = () => {
      get<ApiScreen>('/sign/screen', gone.signal).then(setScreen, (error: Error) => fail(error.message));
      get<ApiArrivals>('/sign/arrivals', gone.signal).then(setArrivals, () => {});
    };
    ask();
    const timer = setInterval(ask, EVERY);
    return () => {
      clearInterval(timer);
      gone.abort();
    };
  }, []);
  if (screen === undefined) {
    return html`<section class="card"><h1>${t('sign.title')}</h1>
      <p class="empty" role="status">${failed === '' ? t('connection.starting') : failed}</p></section>`;
  }
  return html`<h1 class="aloud">${t('sign.title')}</h1>
    <div class="sign-page">
      <${Panel} screen=${screen} />
      <${Proof} screen=${screen} />
      <${Accuracy} />
      <${Content} />
      ${arrivals !== undefined && arrivals.sources.length > 0 && html`<${Sources} arrivals=${arrivals} />`}
    </div>`;
}

/** The panel, row by row. */
function Panel({ screen }: { readonly screen: ApiScreen }) {
  const { stop, time, updated, cover, headline, lines, notices, media } = screen;
  return html`<section class="card sign-panel ${screen.palette}" aria-label=${t('sign.panel')} style=${{ '--dim': 0.55 + 0.45 * screen.brightness }}>
    <header><b>${stop}</b>${time !== undefined && html`<time>${time}</time>`}</header>
    ${
      cover !== undefined
        ? html`<p class="cover">${cover}</p>`
        : html`
            ${notices.map(({ id, label, text }) => html`<p class="told" key=${id}><b>${label}</b> ${text}</p>`)}
            ${headline !== undefined && html`<p class="told"><b>${headline}</b></p>`}
            <table><tbody>
              ${lines.map(
                ({ id, badge, to, times, note, colour }) => html`<tr key=${id} data-line=${id}>
                  <th scope="row"><span class="line-badge" style=${colour === undefined ? {} : { '--line-colour': colour }}>${badge}</span></th><td>${to}</td>
                  <td><div class="times">${times.length === 0 ? note : times.map(({ state, text }, i) => html`<span key=${i} data-state=${state}>${text}</span>`)}</div></td>
                </tr>`,
              )}
            </tbody></table>
            ${media.length > 0 && html`<p class="told">${t('sign.media')}: ${media.join(' · ')}</p>`}
          `
    }
    <footer>${updated}</footer>
  </section>`;
}

function Proof({ screen }: { readonly screen: ApiScreen }) {
  const { state, problems, restarts, unproven_s: unproven, url, brightness } = screen;
  return html`<section class="card">
    <h2>${t('sign.proof')}</h2>
    <dl class="facts">
      <div><dt>${t('sign.state')}</dt><dd><b data-screen=${state}>${t(`screen.${state}`)}</b></dd></div>
      <div><dt>${t('sign.unproven')}</dt><dd>${formatCount(unproven)} s</dd></div>
      <div><dt>${t('sign.restarts')}</dt><dd>${formatCount(restarts)}</dd></div>
      <div><dt>${t('sign.brightness')}</dt><dd>${Math.round(brightness * 100)} %</dd></div>
      <div><dt>${t('sign.address')}</dt><dd><a href=${url} target="_blank" rel="noreferrer">${url}</a></dd></div>
    </dl>
    ${problems.length > 0 && html`<ul class="ills">${problems.map((one) => html`<li key=${one}>${one}</li>`)}</ul>`}
  </section>`;
}

const HORIZONS = ['accuracy-0-3', 'accuracy-3-6', 'accuracy-6-10', 'accuracy-10-15'] as const;
const DAY = ['accuracy-timetable', 'bias', 'coverage', 'jitter', 'ghosts', 'frozen', 'arrivals'] as const;
const points = (state: State) => state.points;

/** Figures of the last day that is over, from what the sign measures of itself. */
function Accuracy() {
  const rows = use(points);
  const sign = [...rows.values()].find(({ point }) => point === 'accuracy')?.device;
  if (sign === undefined) return null;
  const at = (point: string) => rows.get(`${sign}/${point}`);
  const all = at('accuracy');
  return html`<section class="card" aria-labelledby="accuracy-title">
    <header class="card-head"><h2 id="accuracy-title">${t('sign.accuracy')}</h2>
      <span class="since">${all?.time === null || all === undefined ? t('sign.no_day') : t('sign.of_day', { age: formatAge(all.time) })}</span></header>
    <dl class="horizons">${['accuracy', ...HORIZONS].map((id) => html`<${Horizon} key=${id} row=${at(id)} />`)}</dl>
    <dl class="facts">${DAY.map((id) => html`<${DayFigure} key=${id} row=${at(id)} />`)}</dl>
  </section>`;
}

function Horizon({ row }: { row: PointRow | undefined }) {
  if (row === undefined) return null;
  const share = typeof row.value === 'number' ? row.value : 0;
  return html`<div><dt><a href=${`/points/${row.device}/${row.point}`} onClick=${follow}>${say(row.title)}</a></dt>
    <dd><svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><rect class="ground" width="100" height="10" /><rect width=${share} height="10" /></svg>
      <b>${formatValue(row)}</b> <span class="unit">${row.symbol}</span></dd></div>`;
}

function DayFigure({ row }: { row: PointRow | undefined }) {
  if (row === undefined) return null;
  const { mark, words } = markOf(row);
  return html`<div><dt><a href=${`/points/${row.device}/${row.point}`} onClick=${follow}>${say(row.title)}</a></dt>
    <dd><${Shape} mark=${mark} label=${words} /> <b>${formatValue(row)}</b> <span class="unit">${row.symbol}</span></dd></div>`;
}

const content = (state: State) => state.parts.get('content');
const CHANNELS = ['pack', 'takeover', 'notices'] as const;

/** Versions of the signed documents that are in force. */
function Content() {
  const part = use(content);
  if (part === undefined) return null;
  return html`<section class="card" aria-labelledby="content-title">
    <h2 id="content-title">${t('sign.content')}</h2>
    <dl class="facts">${CHANNELS.map((channel) => {
      const version = part.facts[`${channel}_version`];
      return html`<div key=${channel}><dt>${t(`channel.${channel}`)}</dt><dd>${typeof version === 'number' && version > 0 ? t('sign.version', { n: version }) : t('sign.no_document')}</dd></div>`;
    })}</dl>
    ${part.message !== undefined && html`<p>${part.message}</p>`}
    ${part.fix !== undefined && html`<p class="fix"><b>${t('health.fix')}</b> ${part.fix}</p>`}
  </section>`;
}

function Sources({ arrivals }: { readonly arrivals: ApiArrivals }) {
  return html`<section class="card">
    <h2>${t('sign.sources')}</h2>
    <table><tbody>
      ${arrivals.sources.map(
        ({ feed, kind, condition, age, reason, fix }) => html`<tr key=${feed}>
          <th scope="row">${feed}</th><td>${kind}</td><td>${condition}</td><td>${age === undefined ? '' : `${age} s`}</td>
          <td>${reason ?? ''} ${fix ?? ''}</td>
        </tr>`,
      )}
    </tbody></table>
  </section>`;
}
