/** Settings: the site file as a transaction: edit or upload → check → difference → airtime → try → commit → watch → keep or return. */
import { html } from 'htm/preact';
import { useEffect, useState } from 'preact/hooks';
import type { ApiConfigChange, ApiConfigCheck, ApiConfigState } from '../api/config-contract.ts';
import { get, post } from './api.ts';
import { t } from './i18n.ts';
import { SettingsCheck } from './settings-check.ts';
import { SettingsEditor } from './settings-editor.ts';
import { SettingsHistory } from './settings-history.ts';
import { SettingsWatch } from './settings-watch.ts';
import { reachesAdministrator, use } from './state.ts';
import { useWork } from './work.ts';

/** How often how things stand is asked, ms. */
const LOOK = 2000;
const PERSON = 'kerbside.person';

/** What somebody has written and not applied. */
interface Draft {
  readonly text: string;
  readonly base: string;
}

export function SettingsPage() {
  const may = use(reachesAdministrator);
  const [state, setState] = useState<ApiConfigState | undefined>(undefined);
  const [draft, setDraft] = useState<Draft | undefined>(undefined);
  const [check, setCheck] = useState<ApiConfigCheck | undefined>(undefined);
  const [away, setAway] = useState(false);
  const [round, setRound] = useState(0);
  const { busy, failed, run, forget } = useWork(() => setRound((now) => now + 1));
  useEffect(() => {
    const gone = new AbortController();
    const look = () =>
      get<ApiConfigState>('/config', gone.signal).then(
        (now) => {
          setState(now);
          setAway(false);
        },
        // An agent that restarts with the change is away for a moment.
        () => !gone.signal.aborted && setAway(true),
      );
    void look();
    const timer = setInterval(() => void look(), LOOK);
    return () => {
      gone.abort();
      clearInterval(timer);
    };
  }, [round]);
  const written = (text: string) => {
    setDraft({ text, base: draft?.base ?? state?.running ?? '' });
    setCheck(undefined);
  };
  const drop = () => {
    setDraft(undefined);
    setCheck(undefined);
    forget();
  };
  const look = (tries: boolean) =>
    run(async () => {
      if (draft === undefined) return;
      setCheck(await post<ApiConfigCheck>('/config/check', { ...draft, try: tries }));
    });
  const apply = (name: string, why: string, minutes: number, anyway: boolean) =>
    run(async () => {
      if (draft === undefined) return;
      localStorage.setItem(PERSON, name);
      await post<ApiConfigChange>('/config/changes', {
        ...draft,
        name,
        why,
        watch_s: minutes * 60,
        anyway,
      });
      drop();
    });
  if (state === undefined) {
    return html`<h1 class="aloud">${t('nav.settings')}</h1><p class="waiting" role="status">${t('settings.waiting')}</p>`;
  }
  const { open, wrong } = state;
  const stale = draft !== undefined && draft.base !== state.running;
  return html`<h1 class="aloud">${t('nav.settings')}</h1>
    ${away && html`<p class="card" role="status">${t('settings.away')}</p>`}
    ${failed !== '' && html`<p class="card refusal" role="alert">${failed}</p>`}
    ${wrong !== undefined && html`<${Wrong} problems=${wrong.problems} />`}
    ${open !== undefined && html`<${SettingsWatch} key=${open.id} change=${open} now=${state.now} may=${may} run=${run} />`}
    <section class="card" aria-labelledby="file-title">
      <header class="card-head"><h2 id="file-title">${t('settings.file')}</h2><code>${state.running}</code></header>
      <p class="hint">${state.file}</p>
      ${stale && html`<p class="refusal" role="alert">${t('settings.stale')}</p>`}
      <${SettingsEditor}
        text=${draft?.text ?? state.text}
        problems=${check?.problems ?? []}
        file=${state.file}
        fixed=${!may}
        onText=${written}
      />
      ${
        draft !== undefined &&
        html`<p class="row">
          <button disabled=${busy} onClick=${() => look(false)}>${t('settings.check')}</button>
          <button disabled=${busy} onClick=${() => look(true)}>${t('settings.try')}</button>
          <button class="quiet" disabled=${busy} onClick=${drop}>${t('settings.drop')}</button>
        </p>`
      }
      ${check !== undefined && html`<${SettingsCheck} check=${check} busy=${busy} watch=${state.watch_s / 60} onApply=${apply} />`}
    </section>
    <${SettingsHistory} running=${state.running} may=${may} round=${`${open?.id} ${open?.state} ${state.running}`} run=${run} />`;
}

function Wrong({ problems }: { readonly problems: ApiConfigCheck['problems'] }) {
  return html`<section class="card" role="alert" aria-labelledby="wrong-title">
    <h2 id="wrong-title">${t('settings.wrong')}</h2>
    <p>${t('settings.wrong_fix')}</p>
    <ul>${problems.map(({ line, column, path, message, fix }) => html`<li><code>${line}:${column}</code> ${path} ${message} ${fix}</li>`)}</ul>
  </section>`;
}
