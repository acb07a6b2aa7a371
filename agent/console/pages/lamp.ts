/** A lamp: its level now, a slider, and what became of the last command, with who and when. */
import { html } from 'htm/preact';
import { useState } from 'preact/hooks';
import type { ApiCommandResult, ApiCommands, ApiSite } from '../api/contract.ts';
import { post } from './api.ts';
import { formatMoment, formatNumber, formatValue, say, t } from './i18n.ts';
import { loadCommands } from './live.ts';
import { type Mark, markOf, Shape } from './quality.ts';
import { agentNow, reachesTechnician, type State, set, use } from './state.ts';
import { useWork } from './work.ts';

/** A command that is not under way after this time is not wanted any more, s. */
const LIFE_S = 15;
/** After this the local program has the lamp again, s; 0: never. */
const LEASES = [
  { key: 'lamp.lease_quarter', seconds: 900 },
  { key: 'lamp.lease_hour', seconds: 3600 },
  { key: 'lamp.lease_none', seconds: 0 },
] as const;

const points = (state: State) => state.points;
const commands = (state: State) => state.commands;

/** `until`: when the night ends, Unix epoch ms; offered as an end of what is commanded. */
export function LampCard({ lamp, until }: { lamp: ApiSite['lamps'][number]; until?: number }) {
  const row = use(points).get(`${lamp.device}/${lamp.point}`);
  const allowed = use(reachesTechnician);
  const last = use(commands).find(({ command: c }) => c.device === lamp.device && c.point === lamp.point);
  const [wanted, setWanted] = useState<number | undefined>(undefined);
  const [lease, setLease] = useState<number>(LEASES[1].seconds);
  const { busy, failed, run } = useWork();
  if (row === undefined) return null;
  const [low, high] = row.range ?? [0, 100];
  const level = typeof row.value === 'number' ? row.value : undefined;
  const shown = wanted ?? level ?? low;
  const { mark, words } = markOf(row);
  const night = until === undefined ? 0 : Math.round((until - agentNow()) / 1000);

  const send = async (event: Event) => {
    event.preventDefault();
    await run(async () => {
      const result = await post<ApiCommandResult>('/commands', {
        id: newId(),
        device: lamp.device,
        point: lamp.point,
        value: shown,
        expires_in_s: LIFE_S,
        ...(lease === 0 ? {} : { lease_s: lease === -1 ? Math.max(1, night) : lease }),
      });
      set({ announcement: `${say(row.title)}: ${t(`command.${result.state}`)}` });
      setWanted(undefined);
    });
    await loadCommands().catch(() => {});
  };

  return html`<section class="card lamp" aria-labelledby="lamp-${lamp.id}">
    <header class="card-head">
      <h2 id="lamp-${lamp.id}">${say(row.title)} <small>${lamp.id}</small></h2>
      <span class="now"><${Shape} mark=${mark} label=${words} /> ${formatValue(row)} <span class="unit">${row.symbol}</span></span>
    </header>
    <${Dusk} level=${level === undefined ? 0 : (level - low) / (high - low)} />
    <form onSubmit=${send}>
      <label for="level-${lamp.id}">${t('lamp.level')} <output>${formatNumber(shown, 0)} ${row.symbol}</output></label>
      <input
        id="level-${lamp.id}"
        type="range"
        min=${low}
        max=${high}
        step="1"
        value=${shown}
        disabled=${!allowed}
        style=${{ '--fill': `${((shown - low) / (high - low)) * 100}%` }}
        onInput=${(event: Event) => event.currentTarget instanceof HTMLInputElement && setWanted(Number(event.currentTarget.value))}
      />
      <div class="row">
        <label class="lease"><span>${t('lamp.lease')}</span>
          <select
            disabled=${!allowed}
            onChange=${(event: Event) => event.currentTarget instanceof HTMLSelectElement && setLease(Number(event.currentTarget.value))}
          >
            ${LEASES.map(({ key, seconds }) => html`<option value=${seconds} selected=${seconds === lease}>${t(key)}</option>`)}
            ${night > 0 && html`<option value=${-1} selected=${lease === -1}>${t('lamp.lease_dawn')}</option>`}
          </select>
        </label>
        <button class="primary" type="submit" disabled=${!allowed || busy}>
          ${busy ? t('lamp.sending') : t('lamp.send')}
        </button>
      </div>
    </form>
    ${!allowed && html`<p class="note">${t('lamp.role')}</p>`}
    ${failed !== '' && html`<p class="refusal" role="alert">${failed}</p>`}
    ${last !== undefined && html`<${Last} one=${last} symbol=${row.symbol} />`}
  </section>`;
}

function newId(): string {
  return crypto.randomUUID?.() ?? `c-${Date.now()}-${Math.floor(Math.random() * 1e9)}`;
}

/** Gives a lamp back to its programme: a command of what the programme wants, that holds for a second. */
export function EndOverride({
  lamp: { device, point },
  level,
}: {
  lamp: { readonly device: string; readonly point: string };
  level: number;
}) {
  const allowed = use(reachesTechnician);
  const { failed, run } = useWork();
  const end = async () => {
    await run(async () => {
      const wish = { id: newId(), device, point, value: level, expires_in_s: LIFE_S, lease_s: 1 };
      const result = await post<ApiCommandResult>('/commands', wish);
      if (result.state !== 'done') throw new Error(result.reason ?? t(`command.${result.state}`));
    });
    await loadCommands().catch(() => {});
  };
  return html`<button disabled=${!allowed} onClick=${end}>${t('lamp.end')}</button>
    ${failed !== '' && html`<span class="refusal" role="alert">${failed}</span>`}`;
}

/** The lamp as it shines now; `level` from 0 to 1. */
function Dusk({ level }: { level: number }) {
  return html`<svg class="dusk" viewBox="0 0 320 150" preserveAspectRatio="xMidYMax slice" aria-hidden="true">
    <defs>
      <linearGradient id="cone" x1="0" y1="0" x2="0" y2="1">
        <stop offset="0" stop-color="#ffd27a" stop-opacity="0.85" />
        <stop offset="1" stop-color="#ffd27a" stop-opacity="0.08" />
      </linearGradient>
    </defs>
    <path class="cone" d="M186 34h24l62 92H124z" style=${{ opacity: level }} />
    <ellipse class="pool" cx="198" cy="127" rx="76" ry="7" style=${{ opacity: level * 0.5 }} />
    <path class="pole" d="M120 128V40q0-14 14-14h60" />
    <path class="pole" d="M184 27h28" />
    <ellipse class="bulb" cx="198" cy="31" rx="12" ry="4" style=${{ opacity: 0.15 + level * 0.85 }} />
  </svg>`;
}

export const COMMAND_MARKS: Readonly<Record<ApiCommandResult['state'], Mark>> = {
  accepted: 'none',
  done: 'good',
  rejected: 'bad',
  expired: 'uncertain',
  unknown: 'uncertain',
};

function Last({
  one: { command, result },
  symbol,
}: {
  one: ApiCommands['commands'][number];
  symbol: string;
}) {
  return html`<p class="last" data-state=${result.state}>
    <${Shape} mark=${COMMAND_MARKS[result.state]} label="" />
    <span>
      <b>${t(`command.${result.state}`)}</b>
      ${' '}${String(command.value)} ${symbol}
      ${result.readback !== undefined && ` · ${t('command.readback', { value: `${result.readback} ${symbol}`.trim() })}`}
      ${result.code !== undefined && ` · ${t(`code.${result.code}`)}`}
      <small>${command.issuer} · ${formatMoment(result.at)}</small>
    </span>
  </p>`;
}
