/** Texts of feeds as riders may see them: plain, one paragraph a line, bounded. What they link to is not shown. */
import { createHash } from 'node:crypto';
import type { AlertText, ServiceAlert, Sourced } from '../../core/sign/transit.ts';
import type { RawAlert } from './content.ts';

const LONGEST = { header: 200, description: 2000, spoken: 500 } as const;
const MOST_LANGUAGES = 8;
/** Alerts of one feed that are kept. */
export const MOST_ALERTS = 500;

/** Without markup, control and direction characters; cut at a word with an ellipsis. */
export function plainText(text: string, longest: number): string {
  const clean = text
    .slice(0, longest * 8)
    .replace(/<(?:br|p|li|div)\b[^>]{0,200}>|<\/(?:p|li|div)>/gi, '\n')
    .replace(/<\/?[a-z][^>]{0,500}>/gi, '')
    .replace(/&(amp|lt|gt|quot|apos|nbsp);/g, (_, name: string) => ENTITIES[name] ?? ' ')
    .replace(/\r\n?/g, '\n')
    // Direction marks reorder what stands beside them, and unpaired surrogates are no text.
    .replace(/[\p{Cs}\p{Cn}\p{Co}\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/gu, '')
    .replace(/[^\P{Cc}\n]+/gu, ' ')
    .replace(/[^\S\n]+/g, ' ')
    .replace(/ ?\n ?/g, '\n')
    .replace(/\n{2,}/g, '\n')
    .trim();
  const characters = [...clean];
  if (characters.length <= longest) return clean;
  const cut = characters.slice(0, longest - 1).join('');
  const word = cut.replace(/\s+\S{0,20}$/u, '');
  return `${word === '' ? cut : word}…`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
};

/** The alerts as riders may see them; those without a header in any language are left out. */
export class AlertShelf {
  readonly #known = new Map<string, { readonly key: string; readonly updated: number }>();

  /** `now`: Unix epoch ms. An alert keeps the time of its last change. */
  take(raw: readonly RawAlert[], sourced: Sourced, now: number): ServiceAlert[] {
    const alerts: ServiceAlert[] = [];
    const seen = new Set<string>();
    for (const { texts, ...rest } of raw.slice(0, MOST_ALERTS)) {
      if (rest.id === '' || seen.has(rest.id)) continue;
      const clean = texts.slice(0, MOST_LANGUAGES).flatMap(cleaned);
      if (clean.length === 0) continue;
      seen.add(rest.id);
      const key = createHash('sha256')
        .update(JSON.stringify([rest, clean]))
        .digest('base64');
      const before = this.#known.get(rest.id);
      const updated = before?.key === key ? before.updated : now;
      this.#known.set(rest.id, { key, updated });
      alerts.push({ ...sourced, ...rest, texts: clean, updated });
    }
    for (const id of this.#known.keys()) if (!seen.has(id)) this.#known.delete(id);
    return alerts;
  }
}

function cleaned({ language, header, description, spoken }: AlertText): AlertText[] {
  const head = plainText(header, LONGEST.header);
  const body = description === undefined ? '' : plainText(description, LONGEST.description);
  if (head === '' && body === '') return [];
  const speech = spoken === undefined ? '' : plainText(spoken, LONGEST.spoken);
  const tag =
    language !== undefined && /^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}$/.test(language) ? language : undefined;
  return [
    {
      ...(tag === undefined ? {} : { language: tag }),
      header: head === '' ? plainText(body, LONGEST.header) : head,
      ...(body === '' || head === '' ? {} : { description: body }),
      ...(speech === '' ? {} : { spoken: speech }),
    },
  ];
}
