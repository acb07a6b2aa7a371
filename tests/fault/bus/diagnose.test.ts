/**
 * `kerbside diagnose` against simulated lines, byte by byte in virtual time: the right cause in nine of ten seeds at
 * least, and never a wrong one. Seeds draw rate, format, number and model of devices, turnarounds and the fault's own
 * figures.
 */
import { describe, expect, test } from 'vitest';
import type { Cause } from '../../../agent/cli/diagnose/verdict.ts';
import * as faults from '../../../hw-sim/faults.ts';
import type { UartSettings } from '../../../hw-sim/lines/uart.ts';
import { type Diagnosed, diagnosed, type FaultLine, type LineOptions } from './diagnose-line.ts';

const SEEDS = 30;

type Case = (seed: number) => Omit<LineOptions, 'seed'>;

const shared = (unit: (line: FaultLine) => number, seed: number) => (line: FaultLine) => [
  faults.sharedAddress(unit(line), {
    seed,
    skew: (line.random() - 0.5) * 30,
    jitter: 1 + line.random() * 20,
    stronger: line.random() < 0.5 ? 'low' : 'nearer',
    format: line.line.format,
  }),
];

const ends = (seed: number) => (line: FaultLine) => [
  faults.openEnds({
    seed,
    errors: 0.0008 + line.random() * 0.003,
    stray: 0.1 + line.random() * 0.4,
    format: line.line.format,
    ...(line.random() < 0.6 ? { idle: 300 + line.random() * 3000 } : {}),
  }),
];

const master = (seed: number) => (line: FaultLine) => [
  faults.secondMaster({
    seed,
    every: 200 + line.random() * 3000,
    units: line.units,
    count: 1 + Math.floor(line.random() * 10),
    answered: line.random() < 0.8,
  }),
];

const SETTINGS: readonly UartSettings[] = [
  { baud: 9600, format: '8N1' },
  { baud: 19_200, format: '8N1' },
  { baud: 9600, format: '8E1' },
  { baud: 4800, format: '8N1' },
  { baud: 115_200, format: '8N1' },
  { baud: 2400, format: '8E1' },
  { baud: 19_200, format: '8O1' },
  { baud: 38_400, format: '8E1' },
];
const setting = (i: number): UartSettings => SETTINGS[i % SETTINGS.length] ?? { baud: 9600, format: '8N1' };
/** Never the same for the line and the port. */
const elsewhere: Case = (seed) => ({
  line: setting(seed),
  host: setting(seed + 1 + (Math.floor(seed / SETTINGS.length) % (SETTINGS.length - 1))),
});
const parityOnly: Case = (seed) => {
  const [here = '8N1', there = '8E1'] = seed % 2 === 0 ? ['8N1', '8E1'] : ['8E1', '8N1'];
  const baud = seed % 3 === 0 ? 19_200 : 9600;
  return { line: { baud, format: here }, host: { baud, format: there } };
};

const FAULTS: readonly (readonly [name: string, cause: Cause, make: Case])[] = [
  [
    'A and B swapped',
    'a-b-swapped',
    (seed) => ({ faults: () => [faults.swappedWires({ ringing: (seed % 4) * 0.1, seed })] }),
  ],
  ['no termination or bias', 'no-termination-or-bias', (seed) => ({ faults: ends(seed) })],
  [
    'two devices with one address',
    'shared-address',
    (seed) => ({
      faults: shared(({ units, random }) => units[Math.floor(random() * units.length)] ?? 1, seed),
    }),
  ],
  ['wrong baud rate or parity', 'wrong-settings', elsewhere],
  ['wrong parity', 'wrong-settings', parityOnly],
  ['another master', 'second-master', (seed) => ({ faults: master(seed) })],
  ['adapter echo', 'adapter-echo', () => ({ faults: () => [faults.echo()] })],
  [
    'half a line dead behind a point',
    'dead-behind',
    (seed) => {
      const units = 4 + (seed % 5);
      const alive = 1 + (seed % (units - 2));
      return { units, faults: (line) => [faults.deadBehind(line.units.slice(alive))] };
    },
  ],
];

async function all(make: Case, seeds = SEEDS): Promise<readonly (Diagnosed & { readonly seed: number })[]> {
  const results: (Diagnosed & { readonly seed: number })[] = [];
  for (let seed = 1; seed <= seeds; seed++)
    results.push({ seed, ...(await diagnosed({ seed, ...make(seed) })) });
  return results;
}

/** Seeds of which a finding is none of `causes`, or that are called healthy and are not. */
const wrong = (results: Awaited<ReturnType<typeof all>>, causes: readonly string[]) =>
  results
    .filter(
      ({ verdict, findings }) =>
        findings.some(({ cause }) => !causes.includes(cause)) ||
        (verdict === 'healthy' && !causes.includes('healthy')),
    )
    .map(({ seed, verdict, findings }) => ({ seed, verdict, causes: findings.map(({ cause }) => cause) }));

describe('names the fault', () => {
  test.each(FAULTS)(
    '%s',
    async (_name, cause, make) => {
      const results = await all(make);
      expect(wrong(results, [cause])).toEqual([]);
      const right = results.filter(({ verdict }) => verdict === cause);
      expect(right.length).toBeGreaterThanOrEqual(SEEDS * 0.9);
      for (const { took, functions, findings } of results) {
        expect(took).toBeLessThanOrEqual(60_000);
        expect([...functions].filter((code) => code < 1 || code > 4)).toEqual([]);
        for (const { evidence, fix } of findings)
          expect([evidence.length > 0, fix.length > 0]).toEqual([true, true]);
      }
    },
    120_000,
  );
});

describe('calls a healthy line healthy', () => {
  test.each<[string, Case]>([
    ['at rest', () => ({})],
    [
      'under load: answers in pieces and late, a device that is slow now and then',
      (seed) => ({
        load: 60,
        faults: ({ units, random }) => [faults.lateAnswer(100 + random() * 200, units[0], 0.3, seed)],
      }),
    ],
    ['with a device that is always busy', () => ({ faults: ({ units }) => [faults.exception(6, units[0])] })],
    ['with bytes that drip', (seed) => ({ faults: () => [faults.dripping(5 + (seed % 20))] })],
    [
      'of which nobody said who is on it',
      (seed) => ({ known: false, units: 8, there: [1, 2, 3].slice(seed % 3) }),
    ],
  ])(
    '%s',
    async (_name, make) => {
      const results = await all(make);
      expect(wrong(results, ['healthy'])).toEqual([]);
      expect(results.filter(({ verdict }) => verdict === 'healthy').length).toBeGreaterThanOrEqual(
        SEEDS * 0.9,
      );
    },
    120_000,
  );
});

/** A driver or stub of one device that hits bits of its answers only. */
function weakDevice(seed: number): Case {
  return () => ({
    units: 2 + (seed % 5),
    faults: ({ units, line }) => {
      const noise = faults.openEnds({ seed, errors: 0.004, stray: (seed % 3) * 0.2, format: line.format });
      const unit = units[seed % units.length];
      return [
        {
          name: 'weak-device',
          ...(noise.start === undefined ? {} : { start: noise.start }),
          answer: (one) => (one.unit === unit ? (noise.answer?.(one) ?? [one]) : [one]),
        },
      ];
    },
  });
}

/** A wire that makes contact now and then: requests are missed, answers end early. */
const looseStub: Case = (seed) => ({
  faults: ({ units, random }) => [
    {
      name: 'loose-stub',
      answer(one) {
        if (one.unit !== units[seed % units.length] || random() < 0.5) return [one];
        if (random() < 0.4) return [];
        return [{ ...one, bytes: one.bytes.slice(0, 1 + Math.floor(random() * one.bytes.length)) }];
      },
    },
  ],
});

describe('says that nothing is certain rather than something wrong', () => {
  test.each<[string, Case, readonly string[]]>([
    ['nobody there', () => ({ there: [] }), []],
    [
      'nobody there on a floating line',
      (seed) => ({
        there: [],
        faults: ({ line }) => [
          faults.openEnds({
            seed,
            errors: 0.001,
            stray: 0.4 + (seed % 6) / 10,
            format: line.format,
            idle: 1000,
          }),
        ],
      }),
      ['no-termination-or-bias'],
    ],
    [
      'A and B swapped without bias: not a byte',
      () => ({ faults: () => [faults.silence()] }),
      ['a-b-swapped'],
    ],
    [
      'two devices off, here and there',
      (seed) => ({ units: 7, faults: () => [faults.deadBehind([2 + (seed % 2), 5 + (seed % 2)])] }),
      [],
    ],
    ['the last device off', () => ({ units: 5, faults: () => [faults.deadBehind([5])] }), []],
    ['one device with a loose stub', looseStub, []],
    ['one device with a weak driver', (seed) => weakDevice(seed)(seed), []],
    [
      'one device with wrong check sums',
      (seed) => ({
        faults: ({ units }) => [faults.checksumError(units[0], 0.3 + (seed % 4) * 0.2, seed)],
      }),
      [],
    ],
    [
      'wrong check sums everywhere',
      (seed) => ({ faults: () => [faults.checksumError(undefined, 0.1 + (seed % 4) * 0.1, seed)] }),
      [],
    ],
    ['cut answers', (seed) => ({ faults: ({ units }) => [faults.truncated(1 + (seed % 4), units[0])] }), []],
    [
      'repeated answers',
      (seed) => ({ faults: ({ units }) => [faults.glued(seed % 2 === 0 ? units[0] : undefined)] }),
      [],
    ],
    ['frames of a stranger', () => ({ faults: () => [faults.foreignFrame(77)] }), []],
    ['babble', (seed) => ({ faults: () => [faults.babble(seed, 40 + seed * 30)] }), []],
    [
      'bytes that come after devices have let go',
      (seed) => ({
        faults: ({ units }) => [
          {
            name: 'junk',
            answer: (one) =>
              one.unit === units[0]
                ? [
                    {
                      ...one,
                      bytes: Uint8Array.from([...one.bytes, ...(seed % 2 === 0 ? [255] : [0, 0, 0])]),
                    },
                  ]
                : [one],
          },
        ],
      }),
      [],
    ],
  ])(
    '%s',
    async (_name, make, allowed) => {
      expect(wrong(await all(make, 20), allowed)).toEqual([]);
    },
    120_000,
  );

  test('answers that always come late are told as late', async () => {
    const results = await all(
      (seed) => ({ faults: ({ units }) => [faults.lateAnswer(700 + seed * 60, units[0])] }),
      20,
    );
    expect(wrong(results, ['healthy'])).toEqual([]);
    expect(
      results.filter(({ remarks }) => remarks.some((text) => text.includes('after its time-out'))).length,
    ).toBeGreaterThan(15);
  }, 120_000);

  test('units that nobody has named are not missed', async () => {
    const results = await all(
      () => ({ units: 8, known: false, faults: () => [faults.deadBehind([5, 6, 7, 8])] }),
      10,
    );
    expect(wrong(results, ['healthy'])).toEqual([]);
  }, 120_000);
});

describe('two faults at once: no third one is named', () => {
  test.each<[string, Case, readonly Cause[]]>([
    [
      'echo and A and B swapped',
      (seed) => ({ faults: () => [faults.echo(), faults.swappedWires({ seed })] }),
      ['adapter-echo', 'a-b-swapped'],
    ],
    [
      'echo and no termination',
      (seed) => ({ faults: (line) => [faults.echo(), ...ends(seed)(line)] }),
      ['adapter-echo', 'no-termination-or-bias'],
    ],
    [
      'echo and one address twice',
      (seed) => ({ faults: (line) => [faults.echo(), ...shared(() => 1, seed)(line)] }),
      ['adapter-echo', 'shared-address'],
    ],
    [
      'echo and wrong settings',
      (seed) => ({ ...elsewhere(seed), faults: () => [faults.echo()] }),
      ['adapter-echo', 'wrong-settings'],
    ],
    [
      'one address twice and no termination',
      (seed) => ({ faults: (line) => [...shared(() => 1, seed)(line), ...ends(seed)(line)] }),
      ['shared-address', 'no-termination-or-bias'],
    ],
    [
      'one address twice, under load',
      (seed) => ({ load: 60, faults: shared(() => 1, seed) }),
      ['shared-address'],
    ],
    ['no termination, under load', (seed) => ({ load: 60, faults: ends(seed) }), ['no-termination-or-bias']],
    [
      'another master at another rate',
      (seed) => ({
        line: { baud: seed % 2 === 0 ? 38_400 : 19_200, format: '8N1' },
        host: { baud: 9600, format: '8N1' },
        faults: master(seed),
      }),
      ['second-master', 'wrong-settings'],
    ],
    [
      'another master and A and B swapped',
      (seed) => ({ faults: (line) => [...master(seed)(line), faults.swappedWires({ seed })] }),
      ['second-master', 'a-b-swapped'],
    ],
    [
      'half dead and no termination',
      (seed) => ({ units: 6, faults: (line) => [faults.deadBehind([4, 5, 6]), ...ends(seed)(line)] }),
      ['dead-behind', 'no-termination-or-bias'],
    ],
  ])(
    '%s',
    async (_name, make, causes) => {
      const results = await all(make, 20);
      expect(wrong(results, causes)).toEqual([]);
    },
    120_000,
  );
});

describe('ends', () => {
  test('at Ctrl-C, with what it has heard so far', async () => {
    const result = await diagnosed({ seed: 3, interruptAfter: 6000, faults: () => [faults.echo()] });
    expect(result.took).toBeLessThan(8000);
    expect(result.verdict).not.toBe('healthy');
    expect(result.remarks).toContain('It was ended early.');
  });

  test('with the reason where the adapter is pulled out', async () => {
    await expect(diagnosed({ seed: 3, unplugAfter: 6000 })).rejects.toMatchObject({ code: 'link-lost' });
  });
});
