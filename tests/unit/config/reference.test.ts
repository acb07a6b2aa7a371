/** docs/site-reference.md: current, and whole: no key of the schema is without a meaning. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { siteReference, unexplained } from '../../../agent/config/reference.ts';

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

test('every key of the site file says what it means', () => {
  expect(unexplained(), 'give these a .describe() in the schema').toEqual([]);
});

test('docs/site-reference.md is current', () => {
  expect(siteReference(), 'npm run -s kerbside -- config reference > docs/site-reference.md').toBe(
    read('docs/site-reference.md'),
  );
});

test('a value is described in the words of its error message, with its default', () => {
  expect(siteReference()).toContain(
    '| `window` | a time from 100ms to 5min with its unit (ms, s, min, h, d) | `5s` | Longest wait of telemetry for its commit |',
  );
});
