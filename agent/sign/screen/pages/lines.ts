/** The lines: badge, where to, when, and where the bus is. */
import { html } from 'htm/preact';
import type { LineStrip, Words } from '../../../core/board.ts';
import type { SignLanguage } from '../../../core/sign/sign.ts';
import type { FaceLine, FaceTime } from '../face-line.ts';
import { badge } from '../ink.ts';
import { label } from '../labels.ts';
import { Say } from './say.ts';

export function Lines({
  lines,
  languages,
  onAsk,
}: {
  readonly lines: readonly FaceLine[];
  readonly languages: readonly SignLanguage[];
  readonly onAsk: (line: string) => void;
}) {
  return html`<ol class="lines" data-count=${lines.length}>
    ${lines.map((line) => html`<${Line} key=${line.id} line=${line} languages=${languages} onAsk=${onAsk} />`)}
  </ol>`;
}

function Line({
  line,
  languages,
  onAsk,
}: {
  readonly line: FaceLine;
  readonly languages: readonly SignLanguage[];
  readonly onAsk: (line: string) => void;
}) {
  const { id, to, via, hours, lastSoon, times, note, strip, alerted, spoken } = line;
  const [next, ...later] = times;
  const { ground, ink } = badge(line.colour);
  const state = next?.state ?? note?.state ?? 'no-data';
  return html`<li class="line" data-line=${id} data-state=${state}>
    <button class="ask" aria-label=${spoken} onClick=${() => onAsk(id)}></button>
    <div class="badge" style=${{ background: ground, color: ink }} data-k=${`line:${id}:badge`} data-fit aria-hidden="true">${line.badge}</div>
    <div class="where" aria-hidden="true">
      <${Say} class="to" k=${`line:${id}:to`} words=${to} fit=${true} />
      <div class="facts">
        ${via !== undefined && html`<${Say} class="via" words=${via} />`}
        ${lastSoon !== undefined && html`<${Say} class="mark-last" words=${lastSoon} />`}
        ${hours !== undefined && html`<${Say} class="hours" words=${hours} />`}
        ${alerted && html`<span class="flag">!</span>`}
        <${Marks} time=${next} shown=${lastSoon !== undefined} />
      </div>
    </div>
    <div class="when" aria-hidden="true">
      ${
        next === undefined
          ? note !== undefined &&
            html`<${Say} class="note" k=${`line:${id}:0`} words=${note.words} fit=${true} />`
          : html`<${Time} k=${`line:${id}:0`} time=${next} big=${true} />`
      }
      ${
        later.length > 0 &&
        html`<div class="later">
          ${later.slice(0, 2).map((time, i) => html`<${Time} key=${time.id} k=${`line:${id}:${i + 1}`} time=${time} big=${false} />`)}
        </div>`
      }
    </div>
    ${strip !== undefined && html`<${Strip} strip=${strip} languages=${languages} />`}
  </li>`;
}

function Marks({ time, shown }: { readonly time: FaceTime | undefined; readonly shown: boolean }) {
  if (time === undefined) return null;
  const { last, crowding, wheelchair } = time;
  return html`
    ${last !== undefined && !shown && html`<${Say} class="mark-last" words=${last} />`}
    ${
      crowding !== undefined &&
      html`<span class="crowding" data-level=${crowding.level}>
        <svg viewBox="0 0 30 12" aria-hidden="true"><circle cx="5" cy="4" r="3" /><circle cx="15" cy="4" r="3" /><circle cx="25" cy="4" r="3" /><path d="M1 12c0-6 8-6 8 0M11 12c0-6 8-6 8 0M21 12c0-6 8-6 8 0" /></svg>
        <${Say} words=${crowding.words} />
      </span>`
    }
    ${
      wheelchair !== undefined &&
      html`<span class="wheelchair" role="img" aria-label=${wheelchair.main}>
        <svg viewBox="0 0 24 24" aria-hidden="true"><circle cx="9" cy="3.500" r="2.200" /><path d="M9 7v6h6l3 6h2M9 9.500h5M7 12a5 5 0 1 0 7 6" fill="none" /></svg>
      </span>`
    }
  `;
}

function Time({ k, time, big }: { readonly k: string; readonly time: FaceTime; readonly big: boolean }) {
  const { state, figure, words, unit, mark, under } = time;
  return html`<div class=${big ? 'time big' : 'time small'} data-k=${k} data-state=${state} data-time>
    ${mark !== undefined && html`<${Say} class="mark" words=${mark} />`}
    ${figure !== undefined && html`<b class=${figure.includes(':') ? 'figure clock' : 'figure'}>${figure}</b>`}
    ${words !== undefined && html`<${Say} class="words" words=${words} />`}
    ${unit !== undefined && html`<${Say} class="unit" words=${unit} />`}
    ${under !== undefined && html`<${Say} class="under" words=${under} />`}
  </div>`;
}

/** The line from some stops before to just behind, with its buses on it. */
function Strip({
  strip,
  languages,
}: {
  readonly strip: LineStrip;
  readonly languages: readonly SignLanguage[];
}) {
  const { stops, here, buses } = strip;
  const most = Math.max(1, stops.length - 1);
  const at = (place: number) => ({ left: `${(100 * place) / most}%` });
  const name = (stop: Words, place: number) =>
    place === here ? label(languages, 'here') : { main: stop.main };
  return html`<div class="strip" aria-hidden="true">
    <div class="track"><i class="done" style=${{ width: `${(100 * here) / most}%` }}></i></div>
    ${stops.map(
      (
        stop,
        place,
      ) => html`<span class=${place === here ? 'stop here' : 'stop'} style=${at(place)} key=${place}>
        <i></i><span class="name">${name(stop, place).main}</span>
      </span>`,
    )}
    ${buses.map(
      (place, i) => html`<span class="bus" style=${at(Math.min(most, Math.max(0, place)))} key=${`bus-${i}`}>
        <svg viewBox="0 0 34 20" aria-hidden="true"><rect x="1" y="1" width="32" height="15" rx="3.500" /><path class="glass" d="M4 4h6v5H4zM12 4h6v5h-6zM20 4h6v5h-6zM28 4h3v6h-3z" /><circle cx="9" cy="17" r="2.600" /><circle cx="25" cy="17" r="2.600" /></svg>
      </span>`,
    )}
  </div>`;
}
