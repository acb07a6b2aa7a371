/**
 * What becomes of a command in every situation that can go wrong, played against the real router. The table of
 * docs/commands.md is made of these runs: `KERBSIDE_WRITE_DOCS=1 npx vitest run tests/unit/command/outcomes.test.ts`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { CommandRouter, type RouterOptions } from '../../../agent/command/router.ts';
import type { CommandResult } from '../../../agent/core/command.ts';
import { AgentError } from '../../../agent/core/errors.ts';
import { silent } from '../../../agent/core/log.ts';
import { good } from '../../../agent/core/reading.ts';
import { Hub } from '../../../agent/hub/hub.ts';
import { LEVEL, Pole } from '../control/lamp.ts';

const NOW = Date.parse('2027-03-04T01:00:00+08:00');
const DOC = new URL('../../../docs/commands.md', import.meta.url);

type Run = Awaited<ReturnType<typeof start>>;

/** One life of the router at a pole. */
async function start(pole: Pole, change: Partial<RouterOptions> = {}) {
  const { clock } = pole;
  const hub = new Hub({ clock, log: silent, window: 5000, lane: () => 'telemetry', append: async () => {} });
  const router = await CommandRouter.start({
    clock,
    log: silent,
    hub,
    journal: pole.journal,
    points: (device) => (device === 'board' ? [LEVEL] : undefined),
    write: (_, { value }) => pole.write(value),
    fallback: () => 100,
    ...change,
  });
  return { pole, hub, router };
}

const command = (id: string, change: object = {}) => ({
  id,
  device: 'board',
  point: LEVEL.id,
  value: 30,
  issuer: 'uplink:city',
  issued: NOW,
  expires: NOW + 60_000,
  ...change,
});

/** State and code as the table shows them. */
const told = ({ state, code, readback }: CommandResult) =>
  `${state}${code === undefined ? '' : ` (${code})`}${readback === undefined ? '' : `, reads ${readback}`}`;

interface Case {
  readonly situation: string;
  readonly outcome: string;
  /** Writes that reached the board, and the level it has at the end. */
  readonly board: string;
  readonly play: () => Promise<{ readonly results: readonly CommandResult[]; readonly pole: Pole }>;
}

/** Plays in one life. */
const once =
  (play: (run: Run) => Promise<readonly CommandResult[]>, change?: (pole: Pole) => Partial<RouterOptions>) =>
  async () => {
    const pole = new Pole(NOW);
    const run = await start(pole, change?.(pole));
    const results = await play(run);
    await run.router[Symbol.asyncDispose]();
    return { results, pole };
  };

/** The agent dies at a step of the command; the next life reads the point and closes what was open. */
const killed = (step: 'before-accept' | 'accepted' | 'written') => async () => {
  const pole = new Pole(NOW);
  const never = new Promise<never>(() => {});
  const dying = await start(pole, {
    journal: {
      ...pole.journal,
      accept: step === 'before-accept' ? () => never : pole.journal.accept,
      finish: () => never,
    },
    write: step === 'accepted' ? () => never : (_, { value }) => pole.write(value),
  });
  void dying.router.submit(command('a'));
  await pole.clock.advance(10);
  const run = await start(pole);
  run.hub.readings([pole.reading()]);
  await pole.clock.advance(10);
  const again = await run.router.submit(command('a'));
  return { results: [again], pole };
};

const CASES: readonly Case[] = [
  {
    situation: 'the ordinary way',
    outcome: 'done, reads 30',
    board: '1 write, 30 %',
    play: once(async ({ router }) => [await router.submit(command('a'))]),
  },
  {
    situation: 'the same id twice, one after the other',
    outcome: 'done, reads 30 · done, reads 30',
    board: '1 write, 30 %',
    play: once(async ({ router }) => [await router.submit(command('a')), await router.submit(command('a'))]),
  },
  {
    situation: 'the same id twice at once',
    outcome: 'done, reads 30 · done, reads 30',
    board: '1 write, 30 %',
    play: once(({ router }) => Promise.all([router.submit(command('a')), router.submit(command('a'))])),
  },
  {
    situation: 'the id of another command',
    outcome: 'done, reads 30 · rejected (id-reused)',
    board: '1 write, 30 %',
    play: once(async ({ router }) => [
      await router.submit(command('a')),
      await router.submit(command('a', { value: 70 })),
    ]),
  },
  {
    situation: 'late: it comes after its expiry',
    outcome: 'expired',
    board: '0 writes, 0 %',
    play: once(async ({ router }) => [await router.submit(command('a', { expires: NOW - 1 }))]),
  },
  {
    situation: 'it expires while it waits behind a slow one',
    outcome: 'done, reads 30 · expired',
    board: '1 write, 30 %',
    play: once(
      async ({ router, pole }) => {
        const both = Promise.all([
          router.submit(command('a')),
          router.submit(command('b', { value: 70, expires: NOW + 2000 })),
        ]);
        await pole.clock.advance(3000);
        return both;
      },
      (pole) => ({
        write: async (_, { value }) => {
          await pole.clock.sleep(2500);
          return pole.write(value);
        },
      }),
    ),
  },
  {
    situation: 'reordered: an older one comes after a newer one, both in time',
    outcome: 'done, reads 70 · done, reads 30',
    board: '2 writes, 30 %',
    play: once(async ({ router }) => [
      await router.submit(command('b', { value: 70, issued: NOW })),
      await router.submit(command('a', { issued: NOW - 5000 })),
    ]),
  },
  {
    situation: 'two issuers at once: in the order of arrival, the last one stands',
    outcome: 'done, reads 30 · done, reads 70',
    board: '2 writes, 70 %',
    play: once(({ router }) =>
      Promise.all([
        router.submit(command('a')),
        router.submit(command('b', { value: 70, issuer: 'console:technician' })),
      ]),
    ),
  },
  {
    situation: 'the link breaks after the write, before the answer',
    outcome: 'rejected (device-unreachable)',
    board: '1 write, 30 %',
    play: once(
      async ({ router }) => [await router.submit(command('a'))],
      (pole) => ({
        write: async (_, { value }) => {
          await pole.write(value);
          throw new AgentError('timeout', 'write failed: no answer within 300 ms');
        },
      }),
    ),
  },
  {
    situation: 'the device does another thing than asked',
    outcome: 'rejected (read-back-differs), reads 12',
    board: '0 writes, 0 %',
    play: once(
      async ({ router }) => [await router.submit(command('a'))],
      (pole) => ({
        write: async () => ({
          kind: 'done',
          readback: good({ device: 'board', point: LEVEL.id, unit: '%' }, 12, pole.clock.mono()),
        }),
      }),
    ),
  },
  {
    situation: 'the device refuses',
    outcome: 'rejected (device-refused)',
    board: '0 writes, 0 %',
    play: once(
      async ({ router }) => [await router.submit(command('a'))],
      () => ({ write: async () => ({ kind: 'rejected', reason: 'exception 4' }) }),
    ),
  },
  {
    situation: 'an interlock holds',
    outcome: 'rejected (interlocked)',
    board: '0 writes, 0 %',
    play: once(
      async ({ router }) => [await router.submit(command('a'))],
      () => ({ interlock: () => 'the cabinet door is open' }),
    ),
  },
  {
    situation: 'the issuer may not',
    outcome: 'rejected (not-allowed)',
    board: '0 writes, 0 %',
    play: once(
      async ({ router }) => [await router.submit(command('a'))],
      () => ({ forbidden: () => 'uplink:city may not command board lamp-level' }),
    ),
  },
  {
    situation: 'the clock is not to be believed, the command has an expiry',
    outcome: 'rejected (clock-untrusted)',
    board: '0 writes, 0 %',
    play: once(async ({ router, pole }) => {
      pole.clock.remap({ mono: pole.clock.mono(), wall: NOW, rate: 1, rank: 'floor', uncertaintyMs: 1e9 });
      return [await router.submit(command('a'))];
    }),
  },
  {
    situation: 'the same with a time to live instead',
    outcome: 'done, reads 30',
    board: '1 write, 30 %',
    play: once(async ({ router, pole }) => {
      pole.clock.remap({ mono: pole.clock.mono(), wall: NOW, rate: 1, rank: 'floor', uncertaintyMs: 1e9 });
      return [await router.submit(command('a', { ttl: 5000 }))];
    }),
  },
  {
    situation: 'the disk takes no commit',
    outcome: 'rejected (store-failed)',
    board: '0 writes, 0 %',
    play: once(async ({ router, pole }) => {
      pole.ill = true;
      return [await router.submit(command('a'))];
    }),
  },
  {
    situation: 'killed before it is durable; the issuer sends it again',
    outcome: 'done, reads 30',
    board: '1 write, 30 %',
    play: killed('before-accept'),
  },
  {
    situation: 'killed when accepted, before the wire; the issuer sends it again',
    outcome: 'unknown, reads 0',
    board: '0 writes, 0 %',
    play: killed('accepted'),
  },
  {
    situation: 'killed after the write, before its result is durable; the issuer sends it again',
    outcome: 'unknown, reads 30',
    board: '1 write, 30 %',
    play: killed('written'),
  },
  {
    situation: 'a lease that runs out',
    outcome: 'done, reads 30',
    board: '2 writes, 100 %',
    play: once(async ({ router, pole }) => {
      const result = await router.submit(command('a', { lease: 60_000 }));
      await pole.clock.advance(61_000);
      return [result];
    }),
  },
];

const row = ({ situation, outcome, board }: Case) => `| ${situation} | ${outcome} | ${board} |`;
const table = ['| situation | result | at the board |', '|---|---|---|', ...CASES.map(row)].join('\n');

describe('a command', () => {
  test.each(CASES)('$situation: $outcome', async ({ play, outcome, board }) => {
    const { results, pole } = await play();
    expect(results.map(told).join(' · ')).toBe(outcome);
    const writes = pole.writes.length;
    expect(`${writes} write${writes === 1 ? '' : 's'}, ${pole.level} %`).toBe(board);
  });

  test('the table of docs/commands.md is this one', () => {
    const text = readFileSync(DOC, 'utf8');
    const written = text.replace(/\| situation[\s\S]*?\n\n/, `${table}\n\n`);
    if (process.env.KERBSIDE_WRITE_DOCS === '1') writeFileSync(DOC, written);
    expect(text).toContain(table);
  });
});
