/**
 * Names in the languages of a sign. Where a Chinese name has none in the second language, its sounds stand there instead,
 * marked as such: a visitor can at least say where to.
 */
import type { Words } from '../../core/board.ts';
import type { Texts } from '../../core/content/content.ts';
import type { SignLanguage } from '../../core/sign/sign.ts';
import type { Translated } from '../../core/sign/transit.ts';

/** Pinyin of a text with words written together, without tones, as Chinese road signs have it (GB/T 16159 §5). */
export type Romaniser = (text: string) => string;

const HAN = /\p{Script=Han}/u;

/** Loads the dictionary, which takes some MB: signs alone do it, once. */
export async function romaniser(): Promise<Romaniser> {
  const { pinyin } = await import('pinyin-pro');
  const words = new Intl.Segmenter('zh', { granularity: 'word' });
  const known = new Map<string, string>();
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    // Sounds by the whole text, for one character has several; cut into words afterwards.
    const sounds = pinyin(text, { toneType: 'none', type: 'array' });
    const parts: string[] = [];
    let at = 0;
    for (const { segment } of words.segment(text)) {
      const count = Array.from(segment).length;
      const joined = sounds.slice(at, at + count).join('');
      at += count;
      if (joined.trim() !== '') parts.push(joined.charAt(0).toUpperCase() + joined.slice(1));
    }
    const romanised = parts
      .join(' ')
      .replace(/([(（]) /g, '$1')
      .replace(/ ([)）·])/g, '$1');
    if (known.size > 2000) known.clear();
    known.set(text, romanised);
    return romanised;
  };
}

export class Names {
  readonly #languages: readonly SignLanguage[];
  readonly #romanise: Romaniser | undefined;
  /** Names that the site gives by the text of the feed: they win over everything. */
  readonly #table: Readonly<Record<string, string>>;

  constructor(
    languages: readonly SignLanguage[],
    romanise: Romaniser | undefined,
    table: Readonly<Record<string, string>> = {},
  ) {
    this.#languages = languages;
    this.#romanise = romanise;
    this.#table = table;
  }

  /** A name of the timetable. */
  of({ text, translations = {} }: Translated): Words {
    const [first = 'zh-CN', second] = this.#languages;
    const main = byTag(translations, first) ?? (fits(text, first) ? text : undefined) ?? text;
    if (second === undefined) return { main };
    const other = this.#table[text] ?? byTag(translations, second) ?? (fits(text, second) ? text : undefined);
    return this.#pair(main, other);
  }

  /** A text that its maker gives by language; of one that has none of ours, whatever there is. */
  texts(texts: Texts): Words {
    const [first = 'zh-CN', second] = this.#languages;
    const main = byTag(texts, first) ?? byTag(texts, second ?? first) ?? Object.values(texts)[0] ?? '';
    if (second === undefined) return { main };
    const other = byTag(texts, second);
    return other === undefined || other === main ? { main } : { main, second: other };
  }

  #pair(main: string, other: string | undefined): Words {
    if (other !== undefined && other !== main) return { main, second: other };
    const romanised = HAN.test(main) ? this.#romanise?.(main) : undefined;
    return romanised === undefined ? { main } : { main, second: romanised, romanised: true };
  }
}

/** The text of a tag, else of one with the same language (`zh`, `zh-Hans`). */
function byTag(texts: Readonly<Record<string, string>>, tag: string): string | undefined {
  const exact = texts[tag];
  if (exact !== undefined) return exact;
  const language = tag.split('-')[0];
  const key = Object.keys(texts).find((one) => one.split('-')[0]?.toLowerCase() === language);
  return key === undefined ? undefined : texts[key];
}

/** Whether an untagged text may be taken for one of this language: Chinese has Han characters, English has none. */
function fits(text: string, language: SignLanguage): boolean {
  return HAN.test(text) === (language === 'zh-CN');
}
