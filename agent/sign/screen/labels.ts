/** The sign's own words, in its languages: the first large, the second beneath it. */
import type { Words } from '../../core/board.ts';
import type { SignLanguage } from '../../core/sign/sign.ts';
import en from './locales/en.json' with { type: 'json' };
import zh from './locales/zh-CN.json' with { type: 'json' };

export type Label = keyof typeof en;
export type Values = Readonly<Record<string, string | number>>;

const TEXTS: Readonly<Record<SignLanguage, Readonly<Record<Label, string>>>> = { 'zh-CN': zh, en };

/** A label in one language, with `{name}` filled in; of a count of one the label with `.one`, where there is such. */
export function labelIn(language: SignLanguage, key: Label, values: Values = {}): string {
  return TEXTS[language][key].replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/**
 * A label in the languages of the sign. Values may be words themselves, of which each language takes its own; a second
 * language that says the same is left out.
 */
export function label(
  languages: readonly SignLanguage[],
  key: Label,
  values: Readonly<Record<string, string | number | Words>> = {},
): Words {
  const [first = 'en', second] = languages;
  const own = (which: 'main' | 'second'): Values =>
    Object.fromEntries(
      Object.entries(values).map(([name, value]) => [
        name,
        typeof value === 'object' ? (value[which] ?? value.main) : value,
      ]),
    );
  const main = labelIn(first, key, own('main'));
  if (second === undefined) return { main };
  const beneath = labelIn(second, key, own('second'));
  return beneath === main ? { main } : { main, second: beneath };
}

/** The value of a label of a weekday needs its word first: `{weekday}` of each language. */
export function weekday(languages: readonly SignLanguage[], day: number): Words {
  const keys = [
    'weekday.0',
    'weekday.1',
    'weekday.2',
    'weekday.3',
    'weekday.4',
    'weekday.5',
    'weekday.6',
  ] as const satisfies readonly Label[];
  return label(languages, keys[day % 7] ?? 'weekday.0');
}
