/** First step: which port is scanned. */
import { html } from 'htm/preact';
import { useState } from 'preact/hooks';
import type { ApiPortChoice } from '../api/commissioning-contract.ts';
import { useAsked } from './asked.ts';
import { t } from './i18n.ts';

interface PortsProps {
  readonly busy: boolean;
  readonly onScan: (port: string, thorough: boolean) => void;
}

/** Adapters are plugged in while somebody looks, ms. */
const LOOK_EVERY = 3000;

export function CommissionPorts({ busy, onScan }: PortsProps) {
  const { answer, failed } = useAsked<{ ports: ApiPortChoice[] }>('/commissioning/ports', LOOK_EVERY);
  const [thorough, setThorough] = useState(false);
  const [typed, setTyped] = useState('');
  const submit = (event: Event) => {
    event.preventDefault();
    if (typed.trim() !== '') onScan(typed.trim(), thorough);
  };
  return html`<section class="card commission" aria-labelledby="ports-title">
    <header class="card-head"><h2 id="ports-title">${t('commission.choose_port')}</h2></header>
    <p class="note">${t('commission.reads_only')}</p>
    ${failed !== '' && html`<p class="refusal" role="alert">${failed}</p>`}
    <ul class="ports">
      ${answer?.ports.map(
        (one) => html`<li key=${`${one.port}/${one.line ?? ''}`} data-port=${one.port}>
          <button
            class=${one.use === 'free' ? 'primary big' : 'big'}
            disabled=${busy || one.use === 'refused'}
            onClick=${() => onScan(one.port, thorough)}
          >
            <b>${t('commission.scan')}</b> <span>${shortName(one.port)}</span>
          </button>
          <p class="note">${describe(one)}</p>
        </li>`,
      )}
    </ul>
    ${answer?.ports.length === 0 && html`<p class="empty">${t('commission.no_ports')}</p>`}
    <form class="row" onSubmit=${submit}>
      <label class="field wide">${t('commission.other_port')}
        <input
          name="port"
          inputmode="url"
          autocomplete="off"
          spellcheck="false"
          placeholder="/dev/ttyUSB0, 10.0.0.7:502"
          value=${typed}
          onInput=${(event: Event) => event.currentTarget instanceof HTMLInputElement && setTyped(event.currentTarget.value)}
      /></label>
      <button class="big" type="submit" disabled=${busy || typed.trim() === ''}>${t('commission.scan')}</button>
    </form>
    <label class="tick">
      <input
        type="checkbox"
        checked=${thorough}
        onChange=${(event: Event) => event.currentTarget instanceof HTMLInputElement && setThorough(event.currentTarget.checked)}
      />
      <span>${t('commission.thorough')}</span>
    </label>
  </section>`;
}

function describe({ port, adapter, line, devices = 0, use, why }: ApiPortChoice): string {
  const where = [adapter, port].filter((text) => text !== undefined).join(' · ');
  if (use === 'free') return `${where} · ${t('commission.free')}`;
  const belongs = t('commission.line_has_it', { line: line ?? '', n: devices });
  return `${where} · ${belongs} ${use === 'shared' ? t('commission.shared') : t(`commission_why.${why ?? 'talks'}`)}`;
}

/** The end of a path: what differs from one port to the next. */
function shortName(port: string): string {
  const name = port.startsWith('/') ? (port.split('/').at(-1) ?? port) : port;
  return name.length > 34 ? `…${name.slice(-33)}` : name;
}
