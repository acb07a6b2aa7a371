/** A signed template with its fields filled: the only way in which words get to a board by command. */
import type { FieldRule, FieldValues, MessageRefusal, Template, Texts } from '../../core/content/content.ts';

export type Filled =
  | { readonly ok: true; readonly texts: Texts }
  | { readonly ok: false; readonly code: MessageRefusal; readonly reason: string };

/**
 * Fills `template`. Every declared field needs a value, and nothing else may be given; a number is written by the rule's
 * decimals, a word is looked up by its id. No character of `values` itself gets into a text but digits, sign and point.
 */
export function fillTemplate(template: Template, values: FieldValues): Filled {
  const names = Object.keys(template.fields);
  const strange = Object.keys(values).find((name) => !Object.hasOwn(template.fields, name));
  if (strange !== undefined) {
    return refused(
      'unknown-field',
      `template ${template.id} has no field of that name; it has ${listed(names)}`,
    );
  }
  for (const name of names) {
    if (Object.hasOwn(values, name)) continue;
    return refused('missing-field', `field ${name} of template ${template.id} is missing`);
  }
  const texts: Record<string, string> = {};
  for (const [language, text] of Object.entries(template.texts)) {
    const written = new Map<string, string>();
    for (const [name, rule] of Object.entries(template.fields)) {
      const value = write(rule, values[name], language);
      if (value === undefined) return refused('bad-field', `field ${name}: expected ${expected(rule)}`);
      written.set(name, value);
    }
    // In one pass, so that a brace in a word is not looked at again.
    texts[language] = text.replace(/\{([^{}]*)\}/g, (_, name: string) => written.get(name) ?? '');
  }
  return { ok: true, texts };
}

function write(rule: FieldRule, value: unknown, language: string): string | undefined {
  if (rule.kind === 'number') {
    if (typeof value !== 'number' || !Number.isFinite(value)) return undefined;
    // Rounding may give -0.
    return value >= rule.min && value <= rule.max
      ? (Number(value.toFixed(rule.decimals)) + 0).toFixed(rule.decimals)
      : undefined;
  }
  if (typeof value !== 'string' || !Object.hasOwn(rule.words, value)) return undefined;
  return textIn(rule.words[value] ?? {}, language);
}

/** The text in `language`, in its base language, or the first there is. */
export function textIn(texts: Texts, language: string): string {
  const base = language.split('-')[0] ?? language;
  const near = Object.keys(texts).find((one) => one === base || one.startsWith(`${base}-`));
  return texts[language] ?? (near === undefined ? undefined : texts[near]) ?? Object.values(texts)[0] ?? '';
}

function expected(rule: FieldRule): string {
  return rule.kind === 'number'
    ? `a number from ${rule.min} to ${rule.max}`
    : `one of ${listed(Object.keys(rule.words))}`;
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? 'none' : `${names.slice(0, 12).join(', ')}${names.length > 12 ? ' …' : ''}`;
}

function refused(code: MessageRefusal, reason: string): Filled {
  return { ok: false, code, reason };
}
