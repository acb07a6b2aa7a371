import { expect, test } from 'vitest';
import { OwedAnswers } from '../../../agent/bus/owed.ts';
import { Reception } from '../../../agent/bus/reception.ts';
import { framed, readAnswer, readMatcher, readRequest, sound } from '../../fault/bus/modbus-words.ts';
import { seeded } from '../../fault/bus/sim-line.ts';

const request = readRequest(1, 10, 2);
const match = readMatcher(1, 2);
const answer = readAnswer(1, [7, 8]);
const fresh = (owed = new OwedAnswers(2000), echoes?: boolean) =>
  new Reception(request, match, owed, { echoes });

test('strips the echo once and only where it is identical', () => {
  expect(fresh().feed(Uint8Array.from([...request, ...answer]))).toEqual(answer);
  const twice = fresh();
  expect(twice.feed(Uint8Array.from([...request, ...request, ...answer]))).toEqual(answer);
  expect(twice.noise + twice.foreign).toBeGreaterThan(0);
  const other = readRequest(1, 11, 2);
  const spoilt = fresh();
  expect(spoilt.feed(Uint8Array.from([...other, ...answer]))).toEqual(answer);
  expect(spoilt.foreign + spoilt.noise).toBeGreaterThan(0);
});

// The echo looks like an answer with byte count 1 to a hasty reader: the real capture mb-sen0658-echo begins so.
test('an echo in two pieces with the answer of a weather station behind it', () => {
  const own = framed(0x01, 0x03, 0x01, 0xf4, 0x00, 0x02);
  const reception = new Reception(own, match, new OwedAnswers(2000), { echoes: undefined });
  expect(reception.feed(own.slice(0, 3))).toBeUndefined();
  expect(reception.feed(own.slice(3))).toBeUndefined();
  expect(reception.feed(answer)).toEqual(answer);
});

test('an owed answer is told from ours by length, and by count where the length is equal', () => {
  const owed = new OwedAnswers(2000);
  owed.add({ device: 'meter', match: readMatcher(1, 5), sent: 0 });
  expect(fresh(owed).feed(Uint8Array.from([...readAnswer(1, [1, 2, 3, 4, 5]), ...answer]))).toEqual(answer);
  const same = new OwedAnswers(2000);
  same.add({ device: 'meter', match, sent: 0 });
  const reception = fresh(same);
  expect(reception.feed(readAnswer(1, [1, 1]))).toBeUndefined();
  expect(reception.doubtful).toBe(1);
  expect(reception.feed(answer)).toEqual(answer);
});

test('debts expire, and bytes that come on an idle line settle them', () => {
  const owed = new OwedAnswers(2000);
  owed.add({ device: 'meter', match, sent: 0 });
  expect(owed.until('meter', 100)).toBe(2000);
  const rest = owed.sift(Uint8Array.from([0, 9, ...answer.slice(0, 4)]));
  expect(owed.size).toBe(1);
  owed.sift(Uint8Array.from([...rest, ...answer.slice(4)]));
  expect(owed.size).toBe(0);
  owed.add({ device: 'meter', match, sent: 0 });
  expect(owed.until('meter', 2000)).toBeUndefined();
});

/** `FUZZ_INPUTS` as in the other fuzz tests. */
const INPUTS = Number(process.env.FUZZ_INPUTS ?? 1_000_000);

test(
  `fuzz: ${INPUTS} random pieces never crash it, never give what the matcher refuses, and never pile up`,
  () => {
    const seed = 99;
    const random = seeded(seed);
    const owed = new OwedAnswers(2000);
    let reception = fresh(owed);
    let answers = 0;
    for (let i = 0; i < INPUTS; i++) {
      const kind = random();
      const bytes =
        kind < 0.05
          ? answer
          : kind < 0.1
            ? request
            : kind < 0.2
              ? answer.slice(0, Math.floor(random() * answer.length))
              : Uint8Array.from({ length: random() * 24 }, () =>
                  random() < 0.5 ? random() * 256 : random() * 4,
                );
      const found = reception.feed(bytes);
      if (reception.pending > 1024)
        throw new Error(`seed ${seed}, piece ${i}: ${reception.pending} bytes kept`);
      if (found !== undefined) {
        answers += 1;
        if (!sound(found)) throw new Error(`seed ${seed}, piece ${i}: ${found}`);
      }
      if (found !== undefined || random() < 0.05) {
        if (found === undefined) owed.add({ device: 'meter', match, sent: i });
        reception = fresh(owed, random() < 0.5);
        owed.expire(i);
      }
    }
    expect(answers).toBeGreaterThan(40);
  },
  60_000 + INPUTS / 10,
);
