/** What riders see: the sign's rows and notices as they stand on its screen, whether that is proven, and how sources do. */
import { html } from 'htm/preact';
import { useEffect, useState } from 'preact/hooks';
import type { ApiArrivals, ApiScreen } from '../api/sign-contract.ts';
import { get } from './api.ts';
import { formatCount, t } from './i18n.ts';

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
      ${arrivals !== undefined && arrivals.sources.length > 0 && html`<${Sources} arrivals=${arrivals} />`}
    </div>`;
}

/** The panel, row by row. */
function Panel({ screen }: { readonly screen: ApiScreen }) {
  const { stop, time, updated, cover, headline, lines, notices, media } = screen;
  return html`<section class="card sign-panel" aria-label=${t('sign.panel')}>
    <header><b>${stop}</b>${time !== undefined && html`<time>${time}</time>`}</header>
    ${
      cover !== undefined
        ? html`<p class="cover">${cover}</p>`
        : html`
            ${notices.map(({ id, label, text }) => html`<p class="told" key=${id}><b>${label}</b> ${text}</p>`)}
            ${headline !== undefined && html`<p class="told"><b>${headline}</b></p>`}
            <table><tbody>
              ${lines.map(
                ({ id, badge, to, times, note }) => html`<tr key=${id} data-line=${id}>
                  <th scope="row">${badge}</th><td>${to}</td>
                  <td class="times">${times.length === 0 ? note : times.map(({ state, text }, i) => html`<span key=${i} data-state=${state}>${text}</span>`)}</td>
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
