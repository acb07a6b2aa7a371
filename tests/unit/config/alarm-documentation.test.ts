/** The table of shipped alarms in docs/alarms.md is made of the catalogue: `KERBSIDE_WRITE_DOCS=1 npx vitest run tests/unit/config/alarm-documentation.test.ts`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CATALOGUE } from '../../../agent/config/alarms/catalogue.ts';
import type { Shipped } from '../../../agent/config/alarms/shipped.ts';

const DOC = new URL('../../../docs/alarms.md', import.meta.url);
const HEADING = '| name | points | alarm when | priority | source |';

const seconds = (ms: number) => (ms >= 60_000 ? `${ms / 60_000} min` : `${ms / 1000} s`);

function condition({ test: one, delay, latch }: Shipped): string {
  const after = `${delay === undefined ? '' : ` for ${seconds(delay)}`}${latch === true ? '; latches' : ''}`;
  if ('is' in one) return `${one.is}${after}`;
  if ('not' in one) return `not ${one.not}${after}`;
  const { hi, hihi, lo, unit, deadband } = one;
  const above = hi === undefined ? '' : `above ${hi}${hihi === undefined ? '' : `, ${hihi}`} ${unit}`;
  const below = lo === undefined ? '' : `below ${lo} ${unit}`;
  return `${above}${below} (deadband ${deadband})${after}`;
}

function row(entry: Shipped): string {
  const only = [...(entry.classes ?? []), ...(entry.profiles ?? [])];
  const points = entry.points.map((point) => `\`${point}\``).join(', ');
  const of = only.length === 0 ? '' : ` of ${only.join(', ')}`;
  return `| ${entry.name}: ${entry.title.en} ${entry.title.zh} | ${points}${of} | ${condition(entry)} | ${entry.priority} | ${entry.basis} |`;
}

const PARTS = [
  '| sign-down, camera-down | the screen of the stop sign; a camera that fails, is dark, covered, moved or frozen | down for 1 min | high, medium | what they tell of themselves |',
  '| values-doubtful | points with `frozen_after`, totals under `sums:` of a device | while the rule does not believe them | low | [meter-sense.md](meter-sense.md) |',
  '| line-down, device-silent, uplink-down, store-down | parts of the agent | down for 1 min; a line explains its devices | high, medium, low, high | the health board of the agent |',
  '| meter-tamper: register jumped 表底突变 | counters of meters | a break that nobody has explained | medium | [meter-sense.md](meter-sense.md) |',
];

test('the table of shipped alarms is that of the catalogue', () => {
  const table = [HEADING, '|---|---|---|---|---|', ...CATALOGUE.map(row), ...PARTS].join('\n');
  const text = readFileSync(DOC, 'utf8');
  if (process.env.KERBSIDE_WRITE_DOCS === '1') {
    const cut = text.indexOf(HEADING);
    writeFileSync(DOC, `${(cut < 0 ? text : text.slice(0, cut)).trimEnd()}\n\n${table}\n`);
    return;
  }
  expect(text.slice(text.indexOf(HEADING)).trimEnd()).toBe(table);
});
