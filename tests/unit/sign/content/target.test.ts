/** The way of a command to a display: what a broker with every right can bring onto it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { silent } from '../../../../agent/core/log.ts';
import { type RunningContent, startContent } from '../../../../agent/sign/content/content.ts';
import { writeMessage } from '../../../../agent/sign/content/target.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';
import { CITY, pack, START, signed } from './pack.ts';

const dir = mkdtempSync(join(tmpdir(), 'kerbside-target-'));
const clock = new VirtualClock(START);
let content: RunningContent;

beforeAll(async () => {
  content = await startContent({
    config: { keys: [CITY.key], https: [], media: { budget: 1e6 }, feeds: [], measured: [] },
    site: 'street',
    agent: 'pole-1',
    timezone: 'UTC',
    state: dir,
    displays: ['stop-1'],
    clock,
    log: silent,
    hub: { event: () => {} },
  });
  content.take(signed(pack(1)), 'test');
});
afterAll(async () => {
  await content[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true });
});

const send = (value: unknown) =>
  writeMessage(content, clock, 'stop-1', typeof value === 'string' ? value : JSON.stringify(value));
const DELAY = { template: 'delay', fields: { line: 7, minutes: 12 }, priority: 5, seconds: 600 };
const shown = () => content.shown('stop-1').messages.map(({ texts }) => Object.values(texts).join('|'));

describe('a command to a display', () => {
  test('shows a signed template, is read back as it was sent, replaces and withdraws', () => {
    expect(send(DELAY)).toMatchObject({
      kind: 'done',
      readback: { value: JSON.stringify(DELAY), quality: 'good' },
    });
    expect(shown()).toEqual(['7路约晚点12分钟|Line 7 is about 12 min late']);
    send({ ...DELAY, fields: { line: 7, minutes: 3 } });
    expect(shown()).toEqual(['7路约晚点3分钟|Line 7 is about 3 min late']);
    expect(send({ ...DELAY, seconds: 0 })).toMatchObject({ kind: 'done' });
    expect(send({ ...DELAY, seconds: 0 })).toMatchObject({ kind: 'rejected' });
    expect(shown()).toEqual([]);
  });

  test.each([
    'hello',
    '',
    '[]',
    'null',
    { ...DELAY, template: 'x' },
    { ...DELAY, text: 'hello' },
    { ...DELAY, seconds: 7200 },
    { ...DELAY, priority: 9 },
    { ...DELAY, fields: { line: 7, minutes: 12, note: 'hello' } },
  ])('%j is refused', (value) => {
    expect(send(value)).toMatchObject({ kind: 'rejected' });
    expect(shown()).toEqual([]);
  });

  test('whatever is sent, the board says nothing but signed sentences', () => {
    const sentence =
      /^(\d{1,3}路约晚点\d{1,3}分钟\|Line \d{1,3} is about \d{1,3} min late|(西街|东街)因(施工|积水)绕行\|Detour: (road works|flooding) on (West|East) Street)$/;
    const word = fc.oneof(fc.constantFrom('west', 'works', 'flood'), fc.string({ unit: 'binary' }));
    const value = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.json(),
      fc.record({
        template: fc.oneof(fc.constantFrom('delay', 'road'), word),
        fields: fc.oneof(
          fc.record({ road: word, why: word }),
          fc.record({
            line: fc.integer({ min: -9, max: 1200 }),
            minutes: fc.oneof(fc.integer({ min: 0, max: 130 }), fc.double()),
          }),
          fc.dictionary(word, fc.oneof(word, fc.integer())),
        ),
        priority: fc.integer({ min: 0, max: 10 }),
        seconds: fc.oneof(fc.integer({ min: 0, max: 4000 }), fc.double()),
      }),
    );
    let done = 0;
    fc.assert(
      fc.property(value, (given) => {
        if (send(given).kind === 'done') done += 1;
        return shown().every((text) => sentence.test(text)) && content.shown('stop-1').takeover === undefined;
      }),
      { seed: 20261127, numRuns: 2_000 },
    );
    expect(done).toBeGreaterThan(3);
  });
});
