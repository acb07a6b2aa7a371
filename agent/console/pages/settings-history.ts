/** Changes of the site file: when, who, why, what they did, what became of them, and the way back. */
import { html } from 'htm/preact';
import { useEffect, useState } from 'preact/hooks';
import type { ApiConfigChange, ApiConfigChangeText, ApiConfigHistory } from '../api/config-contract.ts';
import { get, post } from './api.ts';
import { formatMoment, t } from './i18n.ts';
import { Patch } from './settings-check.ts';
import type { Run } from './work.ts';

interface HistoryProps {
  readonly running: string;
  readonly may: boolean;
  /** Changes whenever there may be another history. */
  readonly round: string;
  readonly run: Run;
}

export function SettingsHistory({ running, may, round, run }: HistoryProps) {
  const [changes, setChanges] = useState<readonly ApiConfigChange[]>([]);
  useEffect(() => {
    const gone = new AbortController();
    get<ApiConfigHistory>('/config/changes', gone.signal).then(
      (answer) => setChanges(answer.changes),
      // The page asks how things stand all the time and says when nobody answers.
      () => {},
    );
    return () => gone.abort();
  }, [round]);
  return html`<section class="card" aria-labelledby="history-title">
    <header class="card-head"><h2 id="history-title">${t('settings.history')}</h2></header>
    <ol class="config-history">
      ${changes.map((change) => html`<${Entry} key=${change.id} change=${change} running=${running} may=${may} run=${run} />`)}
    </ol>
  </section>`;
}

interface EntryProps extends Pick<HistoryProps, 'running' | 'may' | 'run'> {
  readonly change: ApiConfigChange;
}

function Entry({ change, running, may, run }: EntryProps) {
  const { id, at, by, name, why, state, reason, to, changes } = change;
  const [shown, setShown] = useState<ApiConfigChangeText | undefined>(undefined);
  const [back, setBack] = useState(false);
  const [reasonBack, setReasonBack] = useState('');
  const [person, setPerson] = useState(localStorage.getItem('kerbside.person') ?? '');
  const look = (event: Event) => {
    if (!(event.currentTarget as HTMLDetailsElement).open || shown !== undefined) return;
    void run(async () => setShown(await get<ApiConfigChangeText>(`/config/changes/${id}`)));
  };
  const giveBack = (event: Event) => {
    event.preventDefault();
    void run(async () => {
      await post(`/config/revisions/${to}/return`, { name: person.trim(), why: reasonBack.trim() });
      setBack(false);
    });
  };
  const value = (event: Event) => (event.currentTarget as HTMLInputElement).value;
  return html`<li>
    <details onToggle=${look}>
      <summary>
        <b>${id}</b> ${formatMoment(at)} · ${by === 'file' ? t('settings.by_hand') : (name ?? by)} · ${t(`change_state.${state}`)}
        ${why !== '' && html`<br />${why}`}
        ${reason !== undefined && html`<br /><small>${reason}</small>`}
      </summary>
      <p><code>${to}</code> ${changes.map(({ part, id: of, change: what }) => `${t(`part_change.${what}`)}: ${part} ${of ?? ''}`).join(', ')}</p>
      ${shown !== undefined && html`<${Patch} patch=${shown.patch} />`}
      ${may && to !== running && !back && html`<button onClick=${() => setBack(true)}>${t('settings.return_to')}</button>`}
      ${
        back &&
        html`<form class="settings-commit" onSubmit=${giveBack}>
          <label>${t('settings.name')} <input required maxlength="64" autocomplete="name" value=${person} onInput=${(event: Event) => setPerson(value(event))} /></label>
          <label>${t('settings.why')} <input required maxlength="500" value=${reasonBack} onInput=${(event: Event) => setReasonBack(value(event))} /></label>
          <button>${t('settings.return_to')}</button>
        </form>`
      }
    </details>
  </li>`;
}
