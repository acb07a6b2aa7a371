import { describe, expect, test } from 'vitest';
import { type Asked, MbapStream } from '../../../agent/bus/mbap-stream.ts';
import { seeded } from '../../support/seeded.ts';

const asked = new Map<number, Asked>([
  [7, { unit: 1, code: 3 }],
  [8, { unit: 2, code: 3 }],
]);
const answer = (transaction: number, unit: number, ...data: readonly number[]) =>
  Uint8Array.of(0, transaction, 0, 0, 0, 3 + data.length, unit, 3, data.length, ...data);
const seven = answer(7, 1, 10, 11, 12, 13);
const eight = answer(8, 2, 20, 21);
const stream = () => new MbapStream((transaction) => asked.get(transaction));
const transactions = (frames: readonly { readonly transaction: number }[]) =>
  frames.map(({ transaction }) => transaction);

describe('frames', () => {
  test('whole, glued, in single bytes', () => {
    const cut = stream();
    expect(transactions(cut.feed(Uint8Array.of(...seven, ...eight)))).toEqual([7, 8]);
    const found = [...seven, ...eight].flatMap((byte) => transactions(cut.feed(Uint8Array.of(byte))));
    expect(found).toEqual([7, 8]);
    expect(cut.pending + cut.takeNoise()).toBe(0);
  });

  test('half a frame does not take the next with it, wherever it was cut', () => {
    for (let length = 1; length < seven.length; length++) {
      const cut = stream();
      const first = cut.feed(seven.slice(0, length));
      const then = [...first, ...cut.feed(eight), ...cut.giveUp(7)];
      expect(transactions(then), `cut at ${length}`).toEqual([8]);
    }
  });

  test('a frame nobody asked for keeps its length; other protocols and noise are skipped', () => {
    const cut = stream();
    expect(transactions(cut.feed(Uint8Array.of(...answer(99, 4, 1, 2), ...seven)))).toEqual([99, 7]);
    expect(transactions(cut.feed(Uint8Array.of(0, 7, 0, 1, 0, 3, 1, 3, 0, ...seven)))).toEqual([7]);
    expect(transactions(cut.feed(Uint8Array.of(1, 2, 3, 4, 5, ...eight)))).toEqual([8]);
    expect(cut.takeNoise()).toBe(14);
  });
});

/** `FUZZ_INPUTS` as in the other fuzz tests. */
const INPUTS = Number(process.env.FUZZ_INPUTS ?? 1_000_000);
const PATIENCE = { timeout: 60_000 + INPUTS / 10 };

test(`fuzz: ${INPUTS} random pieces never crash it, no byte is lost or counted twice`, PATIENCE, () => {
  const seed = 20_261_122;
  const random = seeded(seed);
  const cut = stream();
  let [fed, given, found] = [0, 0, 0];
  const take = (frames: ReturnType<MbapStream['feed']>) => {
    for (const { bytes, transaction } of frames) {
      given += bytes.length;
      found += 1;
      const whole = bytes.length === 6 + (((bytes[4] ?? 0) << 8) | (bytes[5] ?? 0));
      if (!whole || transaction !== (((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0)))
        throw new Error(`seed ${seed}: transaction ${transaction} of ${bytes}`);
    }
  };
  let noise = 0;
  for (let i = 0; i < INPUTS; i++) {
    const kind = random();
    const source =
      kind < 0.3 ? seven : kind < 0.6 ? eight : Uint8Array.from({ length: 12 }, () => random() * 256);
    const piece = random() < 0.7 ? source : source.slice(random() * 5, 3 + random() * source.length);
    fed += piece.length;
    take(cut.feed(piece));
    if (random() < 0.1) take(cut.giveUp(random() < 0.5 ? 7 : 8));
    noise += cut.takeNoise();
    if (cut.pending >= 260) throw new Error(`seed ${seed}, piece ${i}: ${cut.pending} bytes kept`);
  }
  expect(given + noise + cut.pending).toBe(fed);
  expect(found).toBeGreaterThan(INPUTS / 5);
});
