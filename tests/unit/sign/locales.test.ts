/** Texts of screen, phone page, panels and voice: the same in both languages, all used, none asked for that is not there. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const AGENT = join(import.meta.dirname, '../../../agent');
/** Where texts are asked for: the sign, what puts it together, and what is measured beside it, by the names of the site file. */
const ASKING = /^(?:sign\/|compose\/sign|core\/screen|config\/screen)/;
const locale = (name: string): Record<string, string> =>
  JSON.parse(readFileSync(join(AGENT, 'sign/screen/locales', `${name}.json`), 'utf8'));
const en = locale('en');
const zh = locale('zh-CN');
const sources = readdirSync(AGENT, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && ASKING.test(file))
  .map((file) => readFileSync(join(AGENT, file), 'utf8'))
  .join('\n');

test('they are the same in both languages, with the same places to fill', () => {
  expect(Object.keys(zh)).toEqual(Object.keys(en));
  const places = (text = '') => [...text.matchAll(/\{\w+\}/g)].map(([place]) => place).sort();
  for (const key of Object.keys(en)) {
    expect([key, places(zh[key])]).toEqual([key, places(en[key])]);
    expect([key, en[key], zh[key]]).not.toContain('');
  }
});

test('all are used', () => {
  const literal = new Set(
    [...sources.matchAll(/['`]([a-zA-Z0-9]+(?:[.-][a-zA-Z0-9-]+)*)['`]/g)].map(([, key = '']) => key),
  );
  const prefixes = [...sources.matchAll(/`([a-zA-Z0-9-]+\.)\$\{/g)].map(([, prefix = '']) => prefix);
  const used = (key: string) => literal.has(key) || prefixes.some((prefix) => key.startsWith(prefix));
  expect(Object.keys(en).filter((key) => !used(key))).toEqual([]);
});
