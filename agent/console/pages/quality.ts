/** Quality and state by shape and colour: a filled disc, a triangle, a square with a cross, an empty ring. */
import { html } from 'htm/preact';
import type { PointRow } from '../api/contract.ts';
import { type Key, t } from './i18n.ts';

export type Mark = 'good' | 'uncertain' | 'bad' | 'none';

const SHAPES: Readonly<Record<Mark, () => unknown>> = {
  good: () => html`<circle cx="6" cy="6" r="4.5" />`,
  uncertain: () => html`<path d="M6 1 11.4 10.8H.6z" />`,
  bad: () => html`<path d="M1 1h10v10H1z" /><path class="cross" d="m3.6 3.6 4.8 4.8m0-4.8-4.8 4.8" />`,
  none: () => html`<circle class="ring" cx="6" cy="6" r="4" />`,
};

/** The shape alone; `label` is for those who do not see it, empty where the words stand beside it. */
export function Shape({ mark, label }: { mark: Mark; label: string }) {
  const said = label === '' ? { 'aria-hidden': 'true' } : { role: 'img', 'aria-label': label };
  return html`<svg class="shape ${mark}" viewBox="0 0 12 12" ...${said}>${SHAPES[mark]()}</svg>`;
}

/** Mark of a row, in words: quality and reason. */
export function markOf({ quality, reason }: PointRow): { mark: Mark; words: string } {
  if (quality === null) return { mark: 'none', words: t('quality.none') };
  const words = t(`quality.${quality}`);
  return {
    mark: quality,
    words: reason === null ? words : `${words}: ${t(`reason.${reason}` satisfies Key)}`,
  };
}
