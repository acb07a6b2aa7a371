/** What a text panel of a pole shows: pages of rows, from signed content and from what is free. Pure. */
import type { ShownContent, Texts } from '../../core/content/content.ts';
import { isGb2312 } from '../../core/content/gb2312.ts';
import { cellsOf, isWide, type PanelGeometry, type PanelRow } from '../../core/sign/text-panel.ts';
import type { LotState } from './guidance.ts';

/** A message of this priority or above has the panel for itself. */
export const ALONE = 7;

export type Page = readonly PanelRow[];

/** Pages to be shown in turn; none: the panel is dark. `fallback`: where nothing else is to be seen. */
export function pagesOf(
  content: ShownContent | undefined,
  lots: readonly LotState[],
  geometry: PanelGeometry,
  fallback?: Texts,
): readonly Page[] {
  const takeover = content?.takeover;
  if (takeover !== undefined) {
    return [rows([...lines(takeover.title, geometry), ...lines(takeover.text, geometry)], geometry)];
  }
  const messages = content?.messages ?? [];
  const alone = messages.filter(({ priority }) => priority >= ALONE);
  const shown = alone.length > 0 ? alone : messages;
  const guided = alone.length > 0 ? [] : lotPages(lots, geometry);
  const pages = [...guided, ...shown.map(({ texts }) => rows(lines(texts, geometry), geometry))];
  return pages.length > 0 || fallback === undefined ? pages : [rows(lines(fallback, geometry), geometry)];
}

/** The languages that the panel can write, Chinese first. */
function lines(texts: Texts, geometry: PanelGeometry): readonly string[] {
  const tags = Object.keys(texts).toSorted((a, b) => Number(b.startsWith('zh')) - Number(a.startsWith('zh')));
  const can = tags.filter((tag) => geometry.charset !== 'ascii' || !tag.startsWith('zh'));
  return (can.length === 0 ? tags : can).flatMap((tag) => texts[tag] ?? []);
}

/** A text on a page of its own. */
export function pageOf(texts: Texts, geometry: PanelGeometry): Page {
  return rows(lines(texts, geometry), geometry);
}

/** One row for each text; what does not fit moves through, and what is too much stands in the last row. */
function rows(texts: readonly string[], geometry: PanelGeometry): Page {
  const kept =
    texts.length > geometry.rows
      ? [...texts.slice(0, geometry.rows - 1), texts.slice(geometry.rows - 1).join('  ')]
      : texts;
  return kept.map((text) => {
    const shown = writable(text, geometry);
    return { text: shown, scroll: cellsOf(shown) > geometry.columns };
  });
}

const ARROWS = {
  left: { wide: '←', plain: '<' },
  right: { wide: '→', plain: '>' },
  ahead: { wide: '↑', plain: '^' },
  back: { wide: '↓', plain: 'v' },
} as const;

/** `P1 东停车场      23 →`: the figure and the arrow stand at the right, the name is what is cut. */
function lotPages(lots: readonly LotState[], geometry: PanelGeometry): readonly Page[] {
  const all = lots.map(({ lot, free, state }): PanelRow => {
    const chinese = geometry.charset !== 'ascii' && lot.title.zh !== undefined;
    const figure = state === 'unknown' ? '--' : state === 'full' ? (chinese ? '满' : 'FULL') : String(free);
    const arrow =
      lot.arrow === undefined ? '' : ARROWS[lot.arrow][geometry.charset === 'ascii' ? 'plain' : 'wide'];
    // Nobody is sent where nothing is free.
    const right = state === 'free' && arrow !== '' ? `${figure} ${arrow}` : figure;
    const name = writable(chinese ? (lot.title.zh ?? '') : lot.title.en, geometry);
    const left = cut(name, Math.max(0, geometry.columns - cellsOf(right) - 1));
    const gap = ' '.repeat(Math.max(0, geometry.columns - cellsOf(left) - cellsOf(right)));
    return { text: `${left}${gap}${right}`, scroll: false };
  });
  const pages: Page[] = [];
  for (let i = 0; i < all.length; i += geometry.rows) pages.push(all.slice(i, i + geometry.rows));
  return pages;
}

/** The text in characters that the panel has; `?` for the rest. */
function writable(text: string, { charset }: PanelGeometry): string {
  const can = (one: string) =>
    charset === 'utf-8' || (charset === 'gb2312' ? isGb2312(one) : /^[\x20-\x7e]$/.test(one));
  const plain = text.replace(/[\p{Cc}\p{Cf}]/gu, ' ');
  return Array.from(plain, (one) =>
    can(one) ? one : (Array.from(one.normalize('NFKC')).find(can) ?? '?'),
  ).join('');
}

/** As much as fits; never half of a wide character. */
function cut(text: string, cells: number): string {
  let used = 0;
  let taken = '';
  for (const one of text) {
    used += isWide(one) ? 2 : 1;
    if (used > cells) break;
    taken += one;
  }
  return taken;
}
