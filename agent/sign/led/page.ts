/**
 * The text form of a sign: rows of cells for LED panels, from the same face as the screen. Times stand still at the right;
 * lines that do not fit come page by page; alerts move through the last row.
 */
import { isGb2312 } from '../../core/content/gb2312.ts';
import { cellsOf, isWide, type PanelGeometry, type PanelRow } from '../../core/sign/text-panel.ts';
import type { Face } from '../screen/face.ts';
import type { FaceLine } from '../screen/face-line.ts';

/** How many pages there are, and the rows of page `page` (counted from 0, going round). */
export function panelPage(
  face: Face,
  geometry: PanelGeometry,
  page: number,
): { readonly pages: number; readonly rows: readonly PanelRow[] } {
  const { rows: height, columns } = geometry;
  const show = (text: string) => writable(text, geometry);
  const row = (text: string, scroll = false): PanelRow => {
    const shown = show(text);
    const moves = scroll && cellsOf(shown) > columns;
    return { text: moves ? shown : cut(shown, columns), scroll: moves };
  };
  if (face.cover !== undefined) {
    const { label, title, body } = face.cover;
    const phone = face.cover.kind === 'fault' ? [row(face.phone), row(face.device)] : [];
    const rest = body === undefined ? phone : [row(body.main, true), ...phone];
    const rows = height === 1 ? [row(`${label.main} ${title.main}`, true)] : [row(title.main, true), ...rest];
    return { pages: 1, rows: rows.slice(0, height) };
  }
  const notices = face.notices.map(({ label, title }) => `${label.main} ${title.main}`).join('　');
  const band = notices === '' || height < 2 ? [] : [row(notices, true)];
  const room = height - band.length;
  const all = face.lines.map((line) => lineRow(line, columns, show));
  const told = all.length > 0 ? all : [row((face.headline?.words ?? face.stop).main)];
  const pages = Math.max(1, Math.ceil(told.length / room));
  const from = (page % pages) * room;
  return { pages, rows: [...told.slice(from, from + room), ...band] };
}

/** `7路 东站      3分钟`: the terminus is what is cut where there is no room. */
function lineRow(
  { badge, to, times, note }: FaceLine,
  columns: number,
  show: (text: string) => string,
): PanelRow {
  const [next] = times;
  const time = show(next === undefined ? (note?.words.main ?? '') : timeText(next)).trim();
  const right = cut(time, Math.max(4, columns - cellsOf(badge) - 1));
  const left = cut(show(`${badge} ${to.main}`), Math.max(0, columns - cellsOf(right) - 1));
  const gap = ' '.repeat(Math.max(0, columns - cellsOf(left) - cellsOf(right)));
  return { text: `${left}${gap}${right}`, scroll: false };
}

function timeText({ mark, figure, words, unit }: FaceLine['times'][number]): string {
  const parts: readonly (string | undefined)[] = [mark?.main, figure, words?.main, unit?.main];
  return parts.filter((part) => part !== undefined).join('');
}

/** The text in what the panel can write: full-width forms where only those are there, `?` for the rest. */
export function writable(text: string, { charset }: Pick<PanelGeometry, 'charset'>): string {
  const can = (one: string) =>
    charset === 'utf-8' || (charset === 'gb2312' ? isGb2312(one) : /^[\x20-\x7e]$/.test(one));
  const tidy = text
    .replace(/[\p{Cc}\p{Cf}]/gu, ' ')
    .replaceAll('–', '-')
    .replaceAll('•', '·');
  return Array.from(tidy, (one) =>
    can(one) ? one : (Array.from(one.normalize('NFKC')).find(can) ?? '?'),
  ).join('');
}

/** As much of a text as fits; never half of a wide character. */
export function cut(text: string, cells: number): string {
  let taken = '';
  let used = 0;
  for (const one of text) {
    used += isWide(one) ? 2 : 1;
    if (used > cells) return taken;
    taken += one;
  }
  return taken;
}
