/** The change that is watched: how long yet, what is worse just now, keep now or return now. */
import { html } from 'htm/preact';
import { useState } from 'preact/hooks';
import type { ApiConfigChange } from '../api/config-contract.ts';
import { post } from './api.ts';
import { formatSpan, t } from './i18n.ts';
import { useTick } from './state.ts';
import type { Run } from './work.ts';

interface WatchProps {
  readonly change: ApiConfigChange;
  /** Of the answer it came with, Unix epoch ms. */
  readonly now: number;
  readonly may: boolean;
  readonly run: Run;
}

export function SettingsWatch({ change, now, may, run }: WatchProps) {
  useTick(1000);
  const [name, setName] = useState(localStorage.getItem('kerbside.person') ?? '');
  const { id, state, why, until, worse = [], by } = change;
  const end = (how: 'keep' | 'return') =>
    run(async () => {
      await post(`/config/changes/${id}/end`, { how, name: name.trim() });
    });
  return html`<section class="card" aria-labelledby="watch-title">
    <header class="card-head"><h2 id="watch-title">${t('settings.change', { id })}: ${t(`change_state.${state}`)}</h2></header>
    <p>${change.name ?? by}${why === '' ? '' : `: ${why}`}</p>
    ${until !== undefined && html`<p role="timer">${t('settings.left', { time: formatSpan(Math.max(0, until - now)) })}</p>`}
    ${worse.length > 0 && html`<div class="refusal" role="alert"><ul>${worse.map((one) => html`<li>${one}</li>`)}</ul></div>`}
    ${
      may &&
      state === 'watching' &&
      html`<p class="row">
        <label>${t('settings.name')} <input maxlength="64" autocomplete="name" value=${name} onInput=${(event: Event) => setName((event.currentTarget as HTMLInputElement).value)} /></label>
        <button disabled=${name.trim() === ''} onClick=${() => end('keep')}>${t('settings.keep')}</button>
        <button disabled=${name.trim() === ''} onClick=${() => end('return')}>${t('settings.return_now')}</button>
      </p>`
    }
  </section>`;
}
