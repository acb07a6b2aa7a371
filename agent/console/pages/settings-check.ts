/** What a change would do, and the way to make it: difference, airtime, what stands still, what answered, why. */
import { html } from 'htm/preact';
import { useState } from 'preact/hooks';
import type { ApiConfigCheck } from '../api/config-contract.ts';
import { formatNumber, say, t } from './i18n.ts';

export interface CheckProps {
  readonly check: ApiConfigCheck;
  readonly busy: boolean;
  /** Minutes. */
  readonly watch: number;
  readonly onApply: (name: string, why: string, minutes: number, anyway: boolean) => void;
}

export function SettingsCheck({ check, busy, watch, onApply }: CheckProps) {
  const { patch, changes = [], budget = [], stops = [], trials = [], ok, problems } = check;
  const moved = budget.filter(({ before, after }) => before !== after);
  if (problems.length > 0) return null;
  return html`
    <h3>${t('settings.difference')}</h3>
    <${Patch} patch=${patch} />
    ${changes.length === 0 && html`<p>${t('settings.same')}</p>`}
    <ul>${changes.map(({ part, id, change }) => html`<li>${t(`part_change.${change}`)}: ${part} ${id}</li>`)}</ul>
    ${
      moved.length > 0 &&
      html`<h3>${t('settings.budget')}</h3>
        <ul>${moved.map(({ line, before, after }) => html`<li>${line}: ${percent(before)} → ${percent(after)}</li>`)}</ul>`
    }
    ${
      stops.length > 0 &&
      html`<h3>${t('settings.stops')}</h3>
        <ul>${stops.map(({ part, for_s }) => html`<li>${part === 'agent' ? t('settings.restart', { s: for_s }) : t('settings.stands', { part, s: for_s })}</li>`)}</ul>`
    }
    ${
      trials.length > 0 &&
      html`<h3>${t('settings.trials')}</h3>
        <ul>
          ${trials.map(
            ({ device, title, result, message, readings }) => html`<li>
              <b>${say(title)}</b> <small>${device}</small>: ${t(`trial.${result}`)}
              ${result === 'answered' ? '' : message}
              ${readings.slice(0, 4).map(({ point, value, unit }) => html` <code>${point} ${value} ${unit}</code>`)}
            </li>`,
          )}
        </ul>`
    }
    ${ok && html`<${Commit} busy=${busy} watch=${watch} silent=${trials.some(({ result }) => result === 'silent')} onApply=${onApply} />`}`;
}

interface CommitProps extends Pick<CheckProps, 'busy' | 'watch' | 'onApply'> {
  readonly silent: boolean;
}

function Commit({ busy, watch, silent, onApply }: CommitProps) {
  const [name, setName] = useState(localStorage.getItem('kerbside.person') ?? '');
  const [why, setWhy] = useState('');
  const [minutes, setMinutes] = useState(watch);
  const [anyway, setAnyway] = useState(false);
  const value = (event: Event) => (event.currentTarget as HTMLInputElement).value;
  const submit = (event: Event) => {
    event.preventDefault();
    onApply(name.trim(), why.trim(), minutes, anyway);
  };
  return html`<form class="settings-commit" onSubmit=${submit}>
    <label>${t('settings.name')} <input required maxlength="64" autocomplete="name" value=${name} onInput=${(event: Event) => setName(value(event))} /></label>
    <label>${t('settings.why')} <input required maxlength="500" value=${why} onInput=${(event: Event) => setWhy(value(event))} /></label>
    <label>${t('settings.minutes')} <input type="number" min="0.2" max="1440" step="any" value=${minutes} onInput=${(event: Event) => setMinutes(Number(value(event)))} /></label>
    ${
      silent &&
      html`<label class="row"><input type="checkbox" checked=${anyway} onChange=${(event: Event) => setAnyway((event.currentTarget as HTMLInputElement).checked)} /> ${t('settings.anyway')}</label>`
    }
    <button class="big" disabled=${busy || (silent && !anyway)}>${t('settings.apply')}</button>
  </form>`;
}

/** A unified diff, added and removed lines marked by sign and colour. */
export function Patch({ patch }: { readonly patch: string | undefined }) {
  if (patch === undefined) return html`<p>${t('settings.no_patch')}</p>`;
  const lines = patch.split('\n').filter((line) => !/^(=+$|--- |\+\+\+ )/.test(line));
  if (lines.every((line) => line === '')) return html`<p>${t('settings.no_difference')}</p>`;
  return html`<pre class="patch" tabindex="0">${lines.map(
    (line) =>
      html`<span class=${line.startsWith('+') ? 'added' : line.startsWith('-') ? 'removed' : ''}>${line}${'\n'}</span>`,
  )}</pre>`;
}

function percent(load: number | null | undefined): string {
  if (load === undefined) return '–';
  return load === null ? '?' : `${formatNumber(load * 100, 1)} %`;
}
