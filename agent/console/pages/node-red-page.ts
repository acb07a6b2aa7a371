/** Node-RED: how it is, what it takes, and the way in. */
import { html } from 'htm/preact';
import type { ApiPart } from '../api/contract.ts';
import { useAsked } from './asked.ts';
import { STATE_MARKS } from './health.ts';
import { formatAge, formatCount, t } from './i18n.ts';
import { NodeRedCard } from './node-red.ts';
import { Shape } from './quality.ts';
import { type State, use } from './state.ts';

const EVERY = 5000;
const enabled = (state: State) => state.site?.node_red === true;

export function NodeRedPage() {
  if (!use(enabled)) {
    return html`<section class="card"><h1>Node-RED</h1><p class="empty">${t('node_red.off')}</p></section>`;
  }
  return html`<h1 class="aloud">Node-RED</h1>
    <${NodeRedCard} />
    <${HowItIs} />`;
}

function HowItIs() {
  const { answer } = useAsked<{ parts: ApiPart[] }>('/health', EVERY);
  const health = answer?.parts.find(({ part }) => part === 'node-red');
  if (health === undefined) return null;
  const { state, since, message, fix, facts } = health;
  return html`<section class="card" aria-labelledby="node-red-state">
    <header class="card-head"><h2 id="node-red-state">${t('node_red.state')}</h2>
      <span class="since"><${Shape} mark=${STATE_MARKS[state]} label="" /> ${t(`state.${state}`)} · ${formatAge(since)}</span></header>
    ${message !== undefined && html`<p>${message}</p>`}
    ${fix !== undefined && html`<p class="fix"><b>${t('health.fix')}</b> ${fix}</p>`}
    <dl class="facts">${Object.entries(facts).map(
      ([name, value]) =>
        html`<div key=${name}><dt>${factName(name)}</dt><dd>${shown(name, value)}</dd></div>`,
    )}</dl>
  </section>`;
}

const FACTS = ['heap_mb', 'loop_delay_ms', 'starts', 'port'] as const;

function factName(name: string): string {
  const known = FACTS.find((one) => one === name);
  return known === undefined ? name.replaceAll('_', ' ') : t(`node_red_fact.${known}`);
}

function shown(name: string, value: ApiPart['facts'][string] | undefined): string {
  if (typeof value === 'boolean') return t(value ? 'value.yes' : 'value.no');
  if (typeof value !== 'number') return value ?? '—';
  if (name === 'port') return String(value);
  const unit = /_(mb|ms)$/.exec(name)?.[1];
  return `${formatCount(value)}${unit === undefined ? '' : unit === 'mb' ? ' MB' : ' ms'}`;
}
