/** Why a row says what it says: for a rider who taps it and a technician who doubts it. */
import { html } from 'htm/preact';
import { useEffect } from 'preact/hooks';
import type { BoardLine, Reason, Words } from '../../../core/board.ts';
import type { SignLanguage } from '../../../core/sign/sign.ts';
import { label } from '../labels.ts';
import { Say } from './say.ts';

/** It goes by itself, ms. */
const STAYS = 20_000;
const MOST = 2;

export function Why({
  line,
  languages,
  onClose,
}: {
  readonly line: BoardLine;
  readonly languages: readonly SignLanguage[];
  readonly onClose: () => void;
}) {
  useEffect(() => {
    const timer = setTimeout(onClose, STAYS);
    return () => clearTimeout(timer);
  }, [line.id]);
  const told = line.arrivals.slice(0, MOST);
  return html`<div class="why" role="dialog" aria-label=${label(languages, 'why').main}>
    <header><${Say} as="h2" words=${label(languages, 'why')} /><span class="which">${line.badge} · ${line.to.main}</span></header>
    ${told.map(
      ({ id, why }) => html`<dl key=${id}>
        ${why.map((reason, i) => html`<div key=${i}><dt><${Say} words=${label(languages, `why.${reason.key}`)} /></dt><dd>${said(reason, languages)}</dd></div>`)}
      </dl>`,
    )}
    ${told.length === 0 && html`<p><${Say} words=${label(languages, line.state === 'no-data' ? 'no-data.line' : 'updated.never')} /></p>`}
    <button onClick=${onClose}><${Say} words=${label(languages, 'why.close')} /></button>
  </div>`;
}

const TIMES: ReadonlySet<Reason['key']> = new Set([
  'position-age',
  'expected',
  'promised',
  'margin',
  'delay',
]);

function said({ key, value }: Reason, languages: readonly SignLanguage[]): string {
  const one = (words: Words) => words.main;
  if (typeof value === 'string') return value;
  if (key === 'distance') return one(label(languages, 'unit.metres', { n: Math.round(value) }));
  if (key === 'skill') return `${Math.round(value)} %`;
  if (!TIMES.has(key)) return String(value);
  return Math.abs(value) < 120_000
    ? one(label(languages, 'unit.seconds', { n: Math.round(value / 1000) }))
    : one(label(languages, 'unit.minutes', { n: Math.round(value / 60_000) }));
}
