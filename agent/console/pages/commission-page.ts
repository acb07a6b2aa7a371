/** Commissioning as one flow: choose port → scan → accept what was found → name → live values → save. */
import { html } from 'htm/preact';
import { useEffect, useState } from 'preact/hooks';
import type { ApiSaveCheck, ApiScan } from '../api/commissioning-contract.ts';
import { post, remove } from './api.ts';
import { acceptedOf, type Choices, choiceOf, keepChoices, keptChoices } from './commission-choices.ts';
import { CommissionFound } from './commission-found.ts';
import { CommissionPorts } from './commission-ports.ts';
import { CommissionReport } from './commission-report.ts';
import { CommissionSaved, type Saved } from './commission-saved.ts';
import { CommissionSearch } from './commission-search.ts';
import { t } from './i18n.ts';
import { reachesTechnician, type State, use } from './state.ts';
import { type Run, useWork } from './work.ts';

const scans = (state: State) => state.scans;
const site = (state: State) => state.site;

/** After the last change of a name, ms. */
const CHECK_AFTER = 500;

export function CommissionPage() {
  const may = use(reachesTechnician);
  const all = use(scans);
  const [open, setOpen] = useState(sessionStorage.getItem('kerbside.scan') ?? '');
  const [saved, setSaved] = useState<Saved | undefined>(undefined);
  const { busy, failed, run } = useWork();
  const scan = all.get(open);
  const show = (id: string) => {
    sessionStorage.setItem('kerbside.scan', id);
    setOpen(id);
  };
  const begin = (port: string, thorough: boolean) =>
    run(async () => {
      const { id } = await post<ApiScan>('/commissioning/scans', { port, thorough });
      setSaved(undefined);
      show(id);
    });
  const leave = () => {
    setSaved(undefined);
    show('');
  };
  if (!may) {
    return html`<section class="card"><h1>${t('nav.commission')}</h1><p class="empty">${t('commission.role')}</p></section>`;
  }
  const done = saved ?? scan?.saved;
  return html`<h1 class="aloud">${t('nav.commission')}</h1>
    <${Steps} at=${done !== undefined ? 3 : scan === undefined ? 0 : scan.phase === 'searching' ? 1 : 2} />
    ${failed !== '' && html`<p class="card refusal" role="alert">${failed}</p>`}
    ${
      done !== undefined
        ? html`<${CommissionSaved} saved=${done} onMore=${leave} />
            <${CommissionReport} />`
        : scan === undefined
          ? html`<${CommissionPorts} busy=${busy} onScan=${begin} />
              <${Others} scans=${[...all.values()]} onOpen=${show} />
              <${CommissionReport} />`
          : html`<${Found} key=${scan.id} scan=${scan} busy=${busy} run=${run} onSaved=${setSaved} onLeave=${leave} />`
    }`;
}

const STEPS = [
  'commission.step_port',
  'commission.step_scan',
  'commission.step_accept',
  'commission.step_live',
] as const;

function Steps({ at }: { at: number }) {
  return html`<ol class="steps" aria-label=${t('commission.steps')}>
    ${STEPS.map((key, i) => html`<li class=${i < at ? 'done' : ''} aria-current=${i === at ? 'step' : undefined}>${t(key)}</li>`)}
  </ol>`;
}

/** Scans of another page, or of this one before. */
function Others({ scans: all, onOpen }: { scans: readonly ApiScan[]; onOpen: (id: string) => void }) {
  const open = all.filter(({ phase }) => phase !== 'saved');
  if (open.length === 0) return null;
  return html`<section class="card" aria-labelledby="others-title">
    <header class="card-head"><h2 id="others-title">${t('commission.open_scans')}</h2></header>
    <ul class="ports">
      ${open.map(
        ({ id, port, phase, found }) => html`<li key=${id}>
          <button class="big" onClick=${() => onOpen(id)}>${port} · ${t(`scan_phase.${phase}`)} · ${t('commission.found', { n: found.length })}</button>
        </li>`,
      )}
    </ul>
  </section>`;
}

interface FoundProps {
  readonly scan: ApiScan;
  readonly busy: boolean;
  readonly run: Run;
  readonly onSaved: (saved: Saved) => void;
  readonly onLeave: () => void;
}

function Found({ scan, busy, run, onSaved, onLeave }: FoundProps) {
  const [choices, setChoices] = useState<Choices>(() => keptChoices(scan.id));
  const [check, setCheck] = useState<ApiSaveCheck | undefined>(undefined);
  const [person, setPerson] = useState(localStorage.getItem('kerbside.person') ?? '');
  const here = use(site);
  const searching = scan.phase === 'searching';
  const accepted = acceptedOf(scan, choices);
  const read = accepted.map(({ key, profile }) => `${key}=${profile}`).join(' ');
  const wanted = JSON.stringify(accepted);
  const base = `/commissioning/scans/${scan.id}`;
  const ended = scan.phase === 'ended' || scan.phase === 'stopped';
  useEffect(() => {
    if (!ended || read === '') return;
    const devices = accepted.map(({ key, profile }) => ({ key, profile }));
    void post(`${base}/readings`, { devices }).catch(() => {});
  }, [ended, read]);
  useEffect(() => {
    setCheck(undefined);
    if (!ended || accepted.length === 0) return;
    const timer = setTimeout(() => {
      post<ApiSaveCheck>(`${base}/check`, { devices: accepted }).then(setCheck, () => {});
    }, CHECK_AFTER);
    return () => clearTimeout(timer);
  }, [ended, wanted]);
  const change = (key: string) => (choice: Choices[string]) => {
    const next = { ...choices, [key]: choice };
    keepChoices(scan.id, next);
    setChoices(next);
  };
  const taken = [...(here?.devices ?? []), ...(here?.cameras ?? [])].map(({ id }) => id);
  const idsBut = (key: string) => [
    ...taken,
    ...accepted.filter((one) => one.key !== key).map(({ id }) => id),
  ];
  const save = () =>
    run(async () => {
      localStorage.setItem('kerbside.person', person);
      const name = person.trim();
      const body = { devices: accepted, ...(name === '' ? {} : { name }) };
      const { scan: after, change: number } = await post<{ scan: ApiScan; change: number }>(
        `${base}/save`,
        body,
      );
      onSaved(after.saved ?? { change: number, line: '', devices: accepted.map(({ id }) => id) });
    });
  const discard = () =>
    run(async () => {
      await remove(base);
      onLeave();
    });
  const general = check?.problems.filter(({ key }) => key === undefined) ?? [];
  return html`<${CommissionSearch} scan=${scan} busy=${busy} onStop=${() => run(async () => void (await post(`${base}/stop`)))} />
    <section class="card commission" aria-labelledby="found-title">
      <header class="card-head"><h2 id="found-title">${t('commission.found', { n: scan.found.length })}</h2></header>
      <ul>
        ${scan.found.map(
          (found) =>
            html`<${CommissionFound}
              key=${found.key}
              found=${found}
              choice=${choiceOf(found, choices)}
              others=${idsBut(found.key)}
              problems=${check?.problems.filter(({ key }) => key === found.key) ?? []}
              searching=${searching}
              onChange=${change(found.key)}
            />`,
        )}
      </ul>
      ${scan.found.length === 0 && html`<p class="empty">${t(searching ? 'commission.nothing_yet' : 'commission.nothing')}</p>`}
    </section>
    ${
      !searching &&
      html`<section class="card commission" aria-labelledby="save-title">
        <header class="card-head"><h2 id="save-title">${t('commission.save_title')}</h2></header>
        ${general.map(({ message, fix }) => html`<p class="refusal" role="alert">${message}${fix !== undefined && ` ${fix}`}</p>`)}
        ${check?.load?.after !== undefined && html`<p class="note">${t('commission.load', { line: check.line, n: Math.round(check.load.after * 100) })}</p>`}
        <div class="row">
          <label class="field wide">${t('alarms.name')}
            <input name="person" maxlength="64" autocomplete="name" value=${person} onInput=${(event: Event) => event.currentTarget instanceof HTMLInputElement && setPerson(event.currentTarget.value)} /></label>
          <button class="primary big" disabled=${busy || accepted.length === 0 || check?.ok === false} onClick=${save}>
            ${t('commission.save', { n: accepted.length })}
          </button>
          <button class="big" disabled=${busy} onClick=${discard}>${t('commission.discard')}</button>
        </div>
        ${check !== undefined && check.yaml !== '' && html`<details><summary>${t('commission.yaml')}</summary><pre>${check.yaml}</pre></details>`}
      </section>`
    }`;
}
