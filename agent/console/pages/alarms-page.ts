/** Alarms: what stands, most urgent first, what can be done to each, what is silenced and why, and what was told before. */
import { html } from 'htm/preact';
import { useEffect, useState } from 'preact/hooks';
import type { ApiAlarm, ApiAlarmsTold } from '../api/alarm-contract.ts';
import { AlarmActions, type Person } from './alarm-actions.ts';
import { get } from './api.ts';
import { formatAge, formatMoment, formatNumber, say, t } from './i18n.ts';
import { useAddressed, useNamed } from './named.ts';
import { type Mark, Shape } from './quality.ts';
import { reachesTechnician, type State, use, useTick } from './state.ts';

const alarms = (state: State) => state.alarms;
const ORDER = ['critical', 'high', 'medium', 'low'] as const;
const STANDING: readonly string[] = ['unacknowledged', 'acknowledged', 'returned', 'latched'];
const SILENCED: readonly string[] = ['shelved', 'suppressed', 'out-of-service'];

export function AlarmsPage() {
  useTick(1000);
  const all = use(alarms);
  const may = use(reachesTechnician);
  const asked = useAddressed();
  const [person, setPerson] = useState<Person>({
    name: localStorage.getItem('kerbside.person') ?? '',
    note: '',
  });
  const [failed, setFailed] = useState('');
  if (all === undefined) {
    return html`<section class="card"><h1>${t('alarms.title')}</h1><p class="empty">${t('alarms.absent')}</p></section>`;
  }
  const of = (states: readonly string[]) =>
    all.alarms.filter(({ status }) => states.includes(status.state)).sort(byUrgency);
  const rows = (list: readonly ApiAlarm[]) =>
    list.map(
      (alarm) =>
        html`<${Row} key=${alarm.status.alarm} alarm=${alarm} may=${may} person=${person} onFailed=${setFailed} />`,
    );
  const standing = of(STANDING);
  const silenced = of(SILENCED);
  return html`<section class="card" aria-labelledby="alarms-title">
      <header class="card-head">
        <h1 id="alarms-title">${t('alarms.title')}</h1>
        ${all.counts.flood && html`<strong class="flood" role="status">${t('alarms.flood')}</strong>`}
      </header>
      ${may && html`<${PersonForm} person=${person} onChange=${setPerson} />`}
      ${failed !== '' && html`<p class="refusal" role="alert">${failed}</p>`}
      <ul class="alarms">${rows(standing)}</ul>
      ${standing.length === 0 && html`<p class="empty">${t('alarms.none')}</p>`}
    </section>
    ${
      silenced.length > 0 &&
      html`<section class="card" aria-labelledby="silenced-title">
        <header class="card-head"><h2 id="silenced-title">${t('alarms.silenced')}</h2></header>
        <ul class="alarms">${rows(silenced)}</ul>
      </section>`
    }
    <section class="card">
      <details open=${of(['normal']).some(({ status }) => status.alarm === asked)}>
        <summary>${t('alarms.watched', { n: all.alarms.length })}</summary>
        <ul class="alarms">${rows(of(['normal']))}</ul>
      </details>
    </section>
    <${History} told=${all.counts.told} />`;
}

function byUrgency(a: ApiAlarm, b: ApiAlarm): number {
  const rank = ({ status }: ApiAlarm) => ORDER.indexOf(status.priority);
  return rank(a) - rank(b) || (b.status.raised ?? 0) - (a.status.raised ?? 0);
}

function PersonForm({ person, onChange }: { person: Person; onChange: (person: Person) => void }) {
  const change = (key: keyof Person) => (event: Event) => {
    const { value } = event.currentTarget as HTMLInputElement;
    if (key === 'name') localStorage.setItem('kerbside.person', value);
    onChange({ ...person, [key]: value });
  };
  return html`<form class="row" onSubmit=${(event: Event) => event.preventDefault()}>
    <label class="field">${t('alarms.name')}
      <input name="name" maxlength="64" autocomplete="name" value=${person.name} onInput=${change('name')} /></label>
    <label class="field wide">${t('alarms.note')}
      <input name="note" maxlength="500" value=${person.note} onInput=${change('note')} /></label>
  </form>`;
}

interface RowParts {
  readonly alarm: ApiAlarm;
  readonly may: boolean;
  readonly person: Person;
  readonly onFailed: (why: string) => void;
}

function Row({ alarm, may, person, onFailed }: RowParts) {
  const { status, title, advice } = alarm;
  const { state, priority, raised, value, unit, limit, acknowledged, shelved, outOfService } = status;
  const what =
    typeof value === 'number' &&
    `${formatNumber(value, null)} ${unit ?? ''}${limit === undefined ? '' : ` (${formatNumber(limit, null)})`}`;
  const deed = acknowledged ?? shelved ?? outOfService;
  const quiet = state === 'normal';
  const named = useNamed(status.alarm);
  return html`<li class=${named.class} ref=${named.ref} data-alarm=${status.alarm}>
    <${Shape} mark=${markOf(state)} label="" />
    <div>
      <p>
        <b>${say(title)}</b> <span class="priority ${priority}">${t(`priority.${priority}`)}</span>
        <span> ${t(`alarm_state.${state}`)}</span>
        ${status.firstOut === true && html` <span class="first">${t('alarms.first')}</span>`}
        ${status.uncertain === true && html` <span>· ${t('alarms.uncertain')}</span>`}
      </p>
      <p class="since">
        ${raised !== undefined && !quiet && `${formatMoment(raised)} · ${formatAge(raised)}`} ${!quiet && what}
        ${status.chattering !== undefined && ` · ${t('alarms.chattering', { n: status.chattering })}`}
        ${status.suppressedBy !== undefined && ` · ${t('alarms.by', { alarm: status.suppressedBy })}`}
        ${shelved !== undefined && ` · ${t('alarms.until', { time: formatMoment(shelved.until) })}`}
      </p>
      ${!quiet && deed !== undefined && html`<p class="since">${deed.name ?? deed.by}${deed.note !== undefined && deed.note !== '' && `: ${deed.note}`}</p>`}
      ${status.suppresses !== undefined && html`<p class="since">${t('alarms.explains', { n: status.suppresses.length })} ${status.suppresses.join(', ')}</p>`}
      ${!quiet && advice !== undefined && html`<p class="fix">${say(advice)}</p>`}
      ${may && html`<${AlarmActions} alarm=${alarm} person=${person} onFailed=${onFailed} />`}
    </div>
  </li>`;
}

function markOf(state: ApiAlarm['status']['state']): Mark {
  if (state === 'normal') return 'good';
  if (state === 'unacknowledged') return 'bad';
  return SILENCED.includes(state) ? 'none' : 'uncertain';
}

/** `told`: how many events there are by now; a new one means to ask again. */
function History({ told }: { told: number }) {
  const [rows, setRows] = useState<ApiAlarmsTold['told']>([]);
  const known = use(alarms);
  useEffect(() => {
    const asking = new AbortController();
    get<ApiAlarmsTold>('/alarms/told?limit=100', asking.signal).then(
      (answer) => setRows(answer.told),
      () => {},
    );
    return () => asking.abort();
  }, [told]);
  const titleOf = (id: string) => say(known?.alarms.find(({ status }) => status.alarm === id)?.title) || id;
  return html`<section class="card" aria-labelledby="told-title">
    <header class="card-head"><h2 id="told-title">${t('alarms.history')}</h2></header>
    <div class="scroll" tabindex="0" role="group" aria-labelledby="told-title">
      <table class="commands">
        <thead>
          <tr>
            <th scope="col">${t('alarms.when')}</th>
            <th scope="col">${t('alarms.what')}</th>
            <th scope="col">${t('alarms.change')}</th>
            <th scope="col">${t('alarms.who')}</th>
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            ({ seq, time, change, status }) => html`<tr key=${`${seq}/${status.alarm}`}>
              <td>${formatMoment(time)}</td>
              <th scope="row">${titleOf(status.alarm)}</th>
              <td>${t(`alarm_change.${change}`)} · ${t(`alarm_state.${status.state}`)}</td>
              <td>${whoOf(change, status)}</td>
            </tr>`,
          )}
        </tbody>
      </table>
      ${rows.length === 0 && html`<p class="empty">${t('alarms.untold')}</p>`}
    </div>
  </section>`;
}

function whoOf(change: string, { acknowledged, shelved, outOfService }: ApiAlarm['status']): string {
  const deed = change === 'shelved' ? shelved : change === 'out-of-service' ? outOfService : acknowledged;
  if (!['acknowledged', 'reset', 'shelved', 'out-of-service'].includes(change) || deed === undefined)
    return '';
  return `${deed.name ?? deed.by}${deed.note === undefined || deed.note === '' ? '' : `: ${deed.note}`}`;
}
