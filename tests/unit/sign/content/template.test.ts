/** Templates: nothing of what a stranger sends gets into a text but numbers and words that the city has signed. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Template } from '../../../../agent/core/content/content.ts';
import { readDocument } from '../../../../agent/sign/content/document.ts';
import { fillTemplate, textIn } from '../../../../agent/sign/content/template.ts';
import { pack } from './pack.ts';

function templates(): readonly Template[] {
  const read = readDocument(Buffer.from(JSON.stringify(pack(1))));
  if (!read.ok) throw new Error(read.reason);
  return read.document.templates;
}
const [DELAY, ROAD] = templates() as [Template, Template];

describe('templates', () => {
  test('are filled with numbers and words', () => {
    expect(fillTemplate(DELAY, { line: 7, minutes: 12 })).toEqual({
      ok: true,
      texts: { 'zh-CN': '7路约晚点12分钟', en: 'Line 7 is about 12 min late' },
    });
    expect(fillTemplate(ROAD, { road: 'west', why: 'flood' })).toEqual({
      ok: true,
      texts: { 'zh-CN': '西街因积水绕行', en: 'Detour: flooding on West Street' },
    });
    expect(fillTemplate(DELAY, { line: 7.4, minutes: 1.5 })).toMatchObject({
      texts: { en: 'Line 7 is about 2 min late' },
    });
  });

  test.each([
    [{ line: 7 }, 'missing-field'],
    [{ line: 7, minutes: 12, more: 1 }, 'unknown-field'],
    [{ line: '7', minutes: 12 }, 'bad-field'],
    [{ line: 0, minutes: 12 }, 'bad-field'],
    [{ line: 1000, minutes: 12 }, 'bad-field'],
    [{ line: Number.NaN, minutes: 12 }, 'bad-field'],
  ])('%j is refused: %s', (fields, code) => {
    expect(fillTemplate(DELAY, fields)).toMatchObject({ ok: false, code });
  });

  test('a word that is on no list is refused, also one that every object has', () => {
    for (const road of ['north', 'toString', '__proto__', 'constructor', '']) {
      expect(fillTemplate(ROAD, { road, why: 'flood' })).toMatchObject({ ok: false, code: 'bad-field' });
    }
  });

  test('whatever is sent, what is shown is one of the sentences that were signed, and a refusal repeats nothing', () => {
    const name = fc.oneof(
      fc.constantFrom('road', 'why', 'line', 'minutes', '__proto__'),
      fc.string({ unit: 'binary' }),
    );
    const word = fc.constantFrom('west', 'east', 'works', 'flood');
    const value = fc.oneof(
      word,
      fc.string({ unit: 'binary' }),
      fc.double(),
      fc.integer({ min: -5, max: 130 }),
    );
    const given = fc.oneof(
      fc.dictionary(name, value, { maxKeys: 4 }),
      fc.record({ road: fc.oneof(word, value), why: fc.oneof(word, value) }),
      fc.record({ line: value, minutes: value }),
    );
    const sentences = [
      /^\d{1,3}路约晚点\d{1,3}分钟\nLine \d{1,3} is about \d{1,3} min late$/,
      /^(西街|东街)因(施工|积水)绕行\nDetour: (road works|flooding) on (West|East) Street$/,
    ];
    const refusals =
      /^(template (delay|road) has no field of that name; it has (line, minutes|road, why)|field (line|minutes|road|why)( of template (delay|road) is missing|: expected (a number from 1 to (999|120)|one of (west, east|works, flood))))$/;
    let shown = 0;
    fc.assert(
      fc.property(fc.constantFrom(DELAY, ROAD), given, (template, fields) => {
        const filled = fillTemplate(template, fields as Readonly<Record<string, number | string>>);
        if (!filled.ok) return refusals.test(filled.reason);
        shown += 1;
        const text = Object.values(filled.texts).join('\n');
        return sentences.some((one) => one.test(text));
      }),
      { seed: 20261127, numRuns: 5_000 },
    );
    expect(shown).toBeGreaterThan(20);
  });

  test('a brace in a word is no field', () => {
    const tricky: Template = {
      ...DELAY,
      texts: { en: '{a} {b}' },
      fields: {
        a: { kind: 'word', words: { x: { en: '{b} $& $1' } } },
        b: { kind: 'number', min: -5, max: 5, decimals: 1 },
      },
    };
    expect(fillTemplate(tricky, { a: 'x', b: -0.01 })).toEqual({ ok: true, texts: { en: '{b} $& $1 0.0' } });
  });

  test('texts are found by language, by its base, or as the first there is', () => {
    const texts = { 'zh-CN': '中', en: 'E' };
    expect([
      textIn(texts, 'zh-CN'),
      textIn(texts, 'zh'),
      textIn(texts, 'en-GB'),
      textIn(texts, 'de'),
    ]).toEqual(['中', '中', 'E', '中']);
  });
});
