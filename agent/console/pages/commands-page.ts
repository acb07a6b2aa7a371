/** What was commanded, by whom and what came of it; and who did what else: logins, changes, looks, maintenance. */
import { html } from 'htm/preact';
import { useState } from 'preact/hooks';
import type { ApiEvents } from '../api/event-contract.ts';
import { useAsked } from './asked.ts';
import { formatMoment, type Key, t } from './i18n.ts';
import { COMMAND_MARKS } from './lamp.ts';
import { type Mark, Shape } from './quality.ts';
import { type State, use } from './state.ts';

const commands = (state: State) => state.commands;
const KINDS = ['audit', 'config', 'maintenance', 'light', 'agent', 'clock', 'content'] as const;
const AGAIN = 15_000;

export function CommandsPage() {
  const [words, setWords] = useState('');
  const change = (event: Event) =>
    event.currentTarget instanceof HTMLInputElement && setWords(event.currentTarget.value);
  return html`<div class="card-head">
      <h1>${t('commands.title')}</h1>
      <input type="search" class="filter" placeholder=${t('commands.filter')} aria-label=${t('commands.filter')} value=${words} onInput=${change} />
    </div>
    <${Commands} words=${words} />
    <${Audit} words=${words} />`;
}

function fits(text: string, words: string): boolean {
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.toLowerCase().includes(word));
}

function Commands({ words }: { words: string }) {
  const all = use(commands).filter(({ command, result }) =>
    fits(
      `${command.device} ${command.point} ${command.issuer} ${result.state} ${result.reason ?? ''} ${t(`command.${result.state}`)}`,
      words,
    ),
  );
  return html`<section class="card" aria-labelledby="commands-title">
    <header class="card-head"><h2 id="commands-title">${t('commands.commands')} <small>${all.length}</small></h2></header>
    <div class="scroll" tabindex="0" role="group" aria-labelledby="commands-title">
      <table class="commands">
        <thead>
          <tr>
            <th scope="col">${t('commands.when')}</th>
            <th scope="col">${t('commands.what')}</th>
            <th scope="col">${t('commands.result')}</th>
            <th scope="col">${t('commands.who')}</th>
          </tr>
        </thead>
        <tbody>
          ${all.map(
            ({ command, result }) => html`<tr key=${command.id}>
              <td>${formatMoment(command.issued)}</td>
              <th scope="row">${command.device} / ${command.point} ← ${String(command.value)}</th>
              <td>
                <${Shape} mark=${COMMAND_MARKS[result.state]} label="" /> ${t(`command.${result.state}`)}
                ${result.readback !== undefined && ` · ${t('command.readback', { value: String(result.readback) })}`}
                ${result.code !== undefined && ` · ${t(`code.${result.code}`)}`}
                ${result.reason !== undefined && html`<small class="reason">${result.reason}</small>`}
              </td>
              <td>${command.issuer}</td>
            </tr>`,
          )}
        </tbody>
      </table>
      ${all.length === 0 && html`<p class="empty">${t('commands.none')}</p>`}
    </div>
  </section>`;
}

const SEVERITY: Readonly<Record<string, Mark>> = { info: 'none', warning: 'uncertain', alarm: 'bad' };

function Audit({ words }: { words: string }) {
  const [kinds, setKinds] = useState<readonly string[]>(['audit', 'config', 'maintenance']);
  const [limit, setLimit] = useState(100);
  const query = `/events?kinds=${kinds.join(',')}&limit=${limit}`;
  const { answer, failed } = useAsked<ApiEvents>(query, AGAIN);
  const toggle = (kind: string) => () => {
    const next = kinds.includes(kind) ? kinds.filter((one) => one !== kind) : [...kinds, kind];
    if (next.length > 0) setKinds(next);
  };
  const rows = (answer?.events ?? []).filter(({ event, device, body }) =>
    fits(`${event} ${device ?? ''} ${JSON.stringify(body)}`, words),
  );
  return html`<section class="card" aria-labelledby="audit-title">
    <header class="card-head">
      <h2 id="audit-title">${t('audit.title')} <small>${rows.length}</small></h2>
      <div class="segments wrap" role="group" aria-label=${t('audit.kinds')}>
        ${KINDS.map(
          (kind) =>
            html`<button key=${kind} aria-pressed=${kinds.includes(kind) ? 'true' : 'false'} onClick=${toggle(kind)}>${t(`event_kind.${kind}`)}</button>`,
        )}
      </div>
    </header>
    ${failed !== '' && html`<p class="refusal" role="alert">${failed}</p>`}
    <div class="scroll" tabindex="0" role="group" aria-labelledby="audit-title">
      <table class="commands">
        <thead><tr>
          <th scope="col">${t('commands.when')}</th><th scope="col">${t('audit.what')}</th>
          <th scope="col">${t('commands.who')}</th><th scope="col">${t('audit.facts')}</th>
        </tr></thead>
        <tbody>${rows.map(({ seq, event, severity, device, time, body }) => {
          const { who, by, act, what, change, ...facts } = body;
          return html`<tr key=${seq}>
            <td>${formatMoment(time)}</td>
            <th scope="row"><${Shape} mark=${SEVERITY[severity] ?? 'none'} label=${severity} /> ${kindName(event)}${device !== undefined && ` · ${device}`}
              <small class="reason">${plain(act ?? what ?? change ?? '')}</small></th>
            <td>${plain(who ?? by ?? '')}</td>
            <td>${Object.entries(facts)
              .map(([name, value]) => `${name} ${plain(value)}`)
              .join(' · ')}</td>
          </tr>`;
        })}</tbody>
      </table>
      ${answer !== undefined && rows.length === 0 && html`<p class="empty">${t('audit.none')}</p>`}
    </div>
    ${(answer?.events.length ?? 0) >= limit && limit < 500 && html`<button class="quiet" onClick=${() => setLimit(500)}>${t('audit.more')}</button>`}
  </section>`;
}

function kindName(kind: string): string {
  const known = KINDS.find((one) => one === kind);
  return known === undefined ? kind : t(`event_kind.${known}` satisfies Key);
}

function plain(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
