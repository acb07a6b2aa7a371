/** The launcher's decision, walked through: whatever the releases do, there is an end, and it is a release that is whole. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type BootState,
  FACTORY,
  freshState,
  readBootState,
  withNews,
  writeBootState,
} from '../../../agent/update/boot-state.ts';
import { type BootFacts, decide, MOST_STARTS, returned } from '../../../agent/update/decide.ts';
import { folder } from '../../support/update-bundles.ts';

const facts: BootFacts = { factory: '0.1.0', whole: () => true, now: 5, counts: true };
const onTrial: BootState = {
  ...freshState('0.1.0'),
  current: '0.3.0',
  previous: '0.2.0',
  trial: { version: '0.3.0', digest: 'd3', starts: 0, within: 1000, soak: 0, floor: '0.3.0' },
};

describe('the launcher', () => {
  test('starts the package where nothing was ever updated', () => {
    expect(decide(undefined, facts)).toEqual({ start: FACTORY, otherwise: FACTORY });
    expect(decide(freshState('0.1.0'), facts).start).toBe(FACTORY);
  });

  test('counts the starts of a release on trial, and returns it by itself', () => {
    let state = onTrial;
    for (let start = 1; start <= MOST_STARTS; start++) {
      const { start: version, write, otherwise } = decide(state, facts);
      expect([version, otherwise, write?.trial?.starts]).toEqual(['0.3.0', '0.2.0', start]);
      state = write ?? state;
    }
    const last = decide(state, facts);
    expect(last.start).toBe('0.2.0');
    expect(last.write?.trial).toBeUndefined();
    expect(last.write?.refused).toEqual([
      { version: '0.3.0', digest: 'd3', reason: 'it was started 3 times and was not found good' },
    ]);
    expect(last.write?.news).toMatchObject([
      { what: 'returned', version: '0.3.0', from: '0.2.0', reason: /started 3 times/ },
    ]);
    // And there is no loop behind it.
    expect(decide(last.write, facts)).toEqual({ start: '0.2.0', otherwise: '0.2.0' });
  });

  test('a command line runs what the service runs and counts nothing', () => {
    expect(decide(onTrial, { ...facts, counts: false })).toEqual({ start: '0.3.0', otherwise: '0.3.0' });
  });

  test('a release that is not whole is never started', () => {
    const { start, write } = decide(onTrial, { ...facts, whole: (version) => version === '0.2.0' });
    expect(start).toBe('0.2.0');
    expect(write?.news[0]).toMatchObject({ what: 'returned', reason: 'it is not whole on the disk' });
    expect(decide(onTrial, { ...facts, whole: () => false }).start).toBe(FACTORY);
    const command = decide(onTrial, { ...facts, whole: () => false, counts: false });
    expect(command).toEqual({ start: FACTORY, otherwise: FACTORY });
  });

  test('a package that was installed since wins', () => {
    const state = { ...onTrial, floor: '0.2.0', refused: [{ version: '0.2.5', digest: 'x', reason: 'y' }] };
    const { start, write } = decide(state, { ...facts, factory: '0.4.0' });
    expect(start).toBe(FACTORY);
    expect(write).toMatchObject({ current: FACTORY, base: '0.4.0', floor: '0.2.0', refused: state.refused });
    expect(write?.news[0]?.reason).toBe('the package 0.4.0 was installed after it, over 0.1.0');
  });

  test('any run of starts, switches and lost folders ends at a whole release within bounded starts', () => {
    const act = fc.oneof(
      fc.record({ kind: fc.constant('start' as const) }),
      fc.record({ kind: fc.constant('switch' as const), to: fc.constantFrom('0.2.0', '0.3.0', '0.4.0') }),
      fc.record({ kind: fc.constant('good' as const) }),
      fc.record({ kind: fc.constant('lose' as const), what: fc.constantFrom('0.2.0', '0.3.0', '0.4.0') }),
    );
    fc.assert(
      fc.property(fc.array(act, { maxLength: 40 }), (acts) => {
        let state = freshState('0.1.0');
        const whole = new Set(['0.2.0', '0.3.0', '0.4.0']);
        const is = { ...facts, whole: (version: string) => whole.has(version) };
        const starts = new Map<string, number>();
        const start = () => {
          const decision = decide(state, is);
          state = decision.write ?? state;
          if (decision.start !== FACTORY && !whole.has(decision.start)) throw new Error('not whole');
          return decision.start;
        };
        for (const one of acts) {
          if (one.kind === 'start') {
            const version = start();
            if (state.trial?.version === version) {
              starts.set(version, (starts.get(version) ?? 0) + 1);
              expect(starts.get(version)).toBeLessThanOrEqual(MOST_STARTS);
            }
          } else if (one.kind === 'switch' && state.trial === undefined && state.current !== one.to) {
            starts.delete(one.to);
            const trial = { version: one.to, digest: one.to, starts: 0, within: 1, soak: 0, floor: one.to };
            state = { ...state, current: one.to, base: '0.1.0', previous: state.current, trial };
          } else if (one.kind === 'good') {
            const { trial: _, ...rest } = state;
            state = rest;
          } else if (one.kind === 'lose') whole.delete(one.what);
        }
        for (let i = 0; i <= MOST_STARTS; i++) start();
        expect(state.trial).toBeUndefined();
        expect(start()).toBe(start());
      }),
      { numRuns: 3000, seed: 12 },
    );
  });
});

describe('the boot state', () => {
  const news = { what: 'good', kind: 'release', version: '0.2.0', at: 1 };

  test('is written in turn; whatever is torn, the one before stands', async () => {
    await using home = await folder();
    expect(readBootState(home.path)).toEqual({ state: undefined, torn: false });
    let state = freshState('0.1.0');
    for (let i = 1; i <= 5; i++) {
      state = writeBootState(home.path, withNews(state, { ...news, at: i }));
      expect(readBootState(home.path)).toEqual({ state, torn: false });
      const slot = join(home.path, i % 2 === 1 ? 'state-a' : 'state-b');
      const bytes = readFileSync(slot);
      for (const length of [0, 1, 64, 65, 100, bytes.length - 3]) {
        writeFileSync(slot, bytes.subarray(0, length));
        const { state: before, torn } = readBootState(home.path);
        expect([before?.generation, torn]).toEqual([i === 1 ? undefined : i - 1, true]);
      }
      const flipped = Buffer.from(bytes);
      flipped[80] = (flipped[80] ?? 0) ^ 1;
      writeFileSync(slot, flipped);
      expect(readBootState(home.path).state?.generation).toBe(i === 1 ? undefined : i - 1);
      writeFileSync(slot, bytes);
    }
    // A torn newest one is what is written over next.
    writeFileSync(join(home.path, 'state-a'), 'rubbish');
    const next = writeBootState(home.path, state);
    expect(readBootState(home.path)).toEqual({ state: next, torn: false });
  });

  test('remembers no more than it should', () => {
    let state = freshState('0.1.0');
    for (let i = 0; i < 200; i++)
      state = returned(
        withNews({ ...onTrial, ...state, trial: onTrial.trial } as BootState, news),
        'x',
        i,
        facts,
      );
    expect([state.news.length, state.history.length, state.refused.length]).toEqual([50, 50, 50]);
  });
});
