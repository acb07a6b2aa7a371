/** Lines: how busy, how busy by plan, what fails, who is slow, how long commands take. */
import { html } from 'htm/preact';
import type { ApiLine, ApiLineDevice, ApiLines } from '../api/device-contract.ts';
import { useAsked } from './asked.ts';
import { STATE_MARKS } from './health.ts';
import { formatAge, formatCount, formatNumber, type Key, say, t } from './i18n.ts';
import { useNamed } from './named.ts';
import { Shape } from './quality.ts';
import { follow } from './router.ts';

const EVERY = 3000;

export function LinesPage() {
  const { answer, failed } = useAsked<ApiLines>('/lines', EVERY);
  return html`<h1 class="aloud">${t('nav.lines')}</h1>
    ${failed !== '' && html`<p class="card refusal" role="alert">${failed}</p>`}
    ${answer === undefined && failed === '' && html`<p class="waiting" role="status">${t('page.loading')}</p>`}
    ${answer?.lines.length === 0 && html`<p class="card empty">${t('lines.none')}</p>`}
    ${answer?.lines.map((line) => html`<${Line} key=${line.id} line=${line} />`)}`;
}

function Line({ line }: { line: ApiLine }) {
  const { id, port, settings, state, since, message, fix } = line;
  const named = useNamed(id);
  return html`<section class="card line ${named.class}" ref=${named.ref} aria-labelledby="line-${id}">
    <header class="card-head">
      <h2 id="line-${id}">${id} <small>${port}${settings !== null && ` · ${settings}`}</small></h2>
      <span class="since"><${Shape} mark=${STATE_MARKS[state]} label="" /> ${t(`state.${state}`)}${since > 0 && ` · ${formatAge(since)}`}</span>
    </header>
    ${message !== undefined && html`<p>${message}</p>`}
    ${fix !== undefined && html`<p class="fix"><b>${t('health.fix')}</b> ${fix}</p>`}
    ${line.utilisation !== null && html`<${Load} line=${line} />`}
    ${line.utilisation !== null && html`<${Figures} line=${line} />`}
    ${line.utilisation !== null && html`<${Errors} errors=${line.errors} answers=${line.answers} />`}
    ${line.devices.length > 0 && html`<${Devices} line=${line} />`}
  </section>`;
}

function Figures({ line }: { line: ApiLine }) {
  return html`<dl class="figures-row">
    <${Figure} name=${'lines.answers'} value=${formatCount(line.answers)} />
    <${Figure} name=${'lines.skipped'} value=${formatCount(line.skipped)} bad=${line.skipped > 0} />
    <${Figure} name=${'lines.noise'} value=${formatCount(line.noise_bytes)} bad=${line.noise_bytes > 0} />
    <${Figure} name=${'lines.foreign'} value=${formatCount(line.foreign_frames)} bad=${line.foreign_frames > 0} />
    <${Figure} name=${'lines.commands'} value=${formatCount(line.commands_done)} />
    <${Figure} name=${'lines.command_time'} value=${line.command_p95_ms === null ? '—' : `${duration(line.command_p50_ms)} / ${duration(line.command_p95_ms)}`} />
  </dl>`;
}

function Figure({ name, value, bad = false }: { name: Key; value: string; bad?: boolean }) {
  return html`<div class=${bad ? 'doubtful' : ''}><dt>${t(name)}</dt><dd>${value}</dd></div>`;
}

/** Busy in the last minute as a bar, the plan as a mark on it. */
function Load({ line: { id, utilisation, planned } }: { line: ApiLine }) {
  const busy = Math.min(1, utilisation ?? 0);
  const words = t('lines.load', {
    busy: percent(utilisation),
    planned: planned === null ? '—' : percent(planned),
  });
  const over = (planned ?? 0) > 0.9 || busy > 0.9;
  return html`<p class="load-words ${over ? 'passing' : ''}" id="load-${id}">${words}</p>
    <svg class="gauge" viewBox="0 0 400 20" preserveAspectRatio="none" aria-hidden="true">
      <rect class="ground" width="400" height="20" y="0" />
      <rect class=${over ? 'now over' : 'now'} width=${400 * busy} height="20" y="0" />
      ${planned !== null && html`<path class="limit" d=${`M${Math.min(399, 400 * planned)} 0v20`} />`}
    </svg>`;
}

export function Errors({ errors, answers }: { errors: ApiLine['errors']; answers: number }) {
  if (errors.length === 0) return html`<p class="note">${t('lines.no_errors')}</p>`;
  const failed = errors.reduce((sum, { count }) => sum + count, 0);
  return html`<p class="errors"><b>${t('lines.errors', { n: formatCount(failed), share: percent(failed / Math.max(1, failed + answers)) })}</b>
    ${errors.map(({ kind, count }) => html` <span class="pill-plain" key=${kind}>${errorName(kind)} ${formatCount(count)}</span>`)}</p>`;
}

const ERRORS: readonly string[] = [
  'timeout',
  'frame-invalid',
  'link-lost',
  'exception',
  'device-refused',
  'aborted',
  'internal',
];

function errorName(kind: string): string {
  return ERRORS.includes(kind) ? t(`line_error.${kind}` as Key) : kind;
}

function Devices({ line }: { line: ApiLine }) {
  const slow = (device: ApiLineDevice) => device.p95_ms ?? -1;
  const devices = [...line.devices].sort((a, b) => slow(b) - slow(a));
  const most = Math.max(1, ...devices.map(slow));
  return html`<div class="scroll" tabindex="0" role="group" aria-label=${t('lines.devices', { line: line.id })}>
    <table class="commands talk">
      <thead><tr>
        <th scope="col">${t('lines.device')}</th>
        <th scope="col">${t('lines.address')}</th>
        <th scope="col" class="number">${t('lines.median')}</th>
        <th scope="col" class="number">${t('lines.slow')}</th>
        <th scope="col"><span class="aloud">${t('lines.slow')}</span></th>
        <th scope="col" class="number">${t('lines.answers')}</th>
        <th scope="col" class="number">${t('lines.failed')}</th>
      </tr></thead>
      <tbody>${devices.map(
        (device) => html`<tr key=${device.id}>
          <th scope="row"><${Shape} mark=${STATE_MARKS[device.state]} label=${t(`state.${device.state}`)} />${' '}
            <a href=${`/devices/${device.id}`} onClick=${follow}>${say(device.title)}</a>
            ${device.breaker_open && html`<small class="reason">${t('lines.breaker', { n: device.failures })}</small>`}
            ${device.message !== undefined && html`<small class="reason">${device.message}</small>`}
          </th>
          <td>${device.address ?? '—'}</td>
          <td class="number">${duration(device.p50_ms)}</td>
          <td class="number value">${duration(device.p95_ms)}</td>
          <td class="slow"><svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><rect width=${Math.max(0, (100 * slow(device)) / most)} height="10" /></svg></td>
          <td class="number">${formatCount(device.answers)}</td>
          <td class="number">${formatCount(device.errors.reduce((sum, { count }) => sum + count, 0))}</td>
        </tr>`,
      )}</tbody>
    </table>
  </div>`;
}

export function duration(ms: number | null): string {
  if (ms === null) return '—';
  return ms >= 1000 ? `${formatNumber(ms / 1000, 1)} s` : `${formatNumber(ms, ms < 10 ? 1 : 0)} ms`;
}

function percent(share: number | null): string {
  return share === null ? '—' : `${formatNumber(100 * share, share < 0.1 ? 1 : 0)} %`;
}
