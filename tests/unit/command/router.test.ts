/** The router over a real store: at most once, in time, read back, on the record, across restarts. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { CommandRouter } from '../../../agent/command/router.ts';
import type { Command, CommandJournal } from '../../../agent/core/command.ts';
import type { WriteOutcome } from '../../../agent/core/driver.ts';
import { AgentError } from '../../../agent/core/errors.ts';
import { silent } from '../../../agent/core/log.ts';
import type { Point } from '../../../agent/core/point.ts';
import { good, type Value } from '../../../agent/core/reading.ts';
import type { AgentEvent } from '../../../agent/core/record.ts';
import { SystemClock } from '../../../agent/core/time/system-clock.ts';
import { Hub } from '../../../agent/hub/hub.ts';
import { openStore } from '../../../agent/store/store.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const LAMP: Point = {
  id: 'lamp-level',
  title: { en: 'Lamp level' },
  type: 'number',
  unit: '%',
  range: [0, 100],
  access: 'read-write',
  aggregation: 'mean',
  lane: 'telemetry',
};
const BOARD_TEXT: Point = { ...LAMP, id: 'text', type: 'string', unit: '1', signed: true };
const DOOR: Point = { ...LAMP, id: 'cabinet-door', type: 'boolean', unit: '1', access: 'read' };

let dir: string;
let clock: VirtualClock;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kerbside-router-'));
  clock = new VirtualClock();
});
afterEach(() => rmSync(dir, { recursive: true }));

type Write = (
  device: string,
  write: { point: string; value: Value },
  signal: AbortSignal,
) => Promise<WriteOutcome>;

/** A router with its store, as one run of the agent has it. */
async function run(write?: Write) {
  const stack = new AsyncDisposableStack();
  const store = stack.use(
    await openStore({
      dir,
      agent: 'pole',
      timezone: 'UTC',
      config: { window: 5000, budget: 512e6, maxAge: 30 * 86_400_000, ring: 20e6 },
      clock: new SystemClock(),
      log: silent,
      describe: () => undefined,
    }),
  );
  const hub = new Hub({ clock, log: silent, window: 5000, lane: () => 'telemetry', append: async () => {} });
  const events: AgentEvent[] = [];
  hub.onEvent((event) => void events.push(event));
  const writes: { device: string; point: string; value: Value }[] = [];
  const lamp: Write = async (device, { point, value }) => {
    writes.push({ device, point, value });
    return { kind: 'done', readback: good({ device, point, unit: '%' }, value, clock.mono()) };
  };
  const start = (journal: CommandJournal = store.journal) =>
    CommandRouter.start({
      clock,
      log: silent,
      journal,
      hub,
      points: (device) => (device === 'board' ? [LAMP, DOOR, BOARD_TEXT] : undefined),
      write: write ?? lamp,
      fallback: (_, point) => (point === 'lamp-level' ? 100 : undefined),
    });
  const router = stack.use(await start());
  return { router, store, hub, events, writes, start, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

let count = 0;
function command(change: Partial<Command> = {}): Command {
  const now = clock.mapping().wall + clock.mono() - clock.mapping().mono;
  count += 1;
  return {
    id: `c${count}`,
    device: 'board',
    point: 'lamp-level',
    value: 60,
    issuer: 'console:technician',
    issued: now,
    expires: now + 30_000,
    ...change,
  };
}

describe('command router', () => {
  test('carries out, reads back, records', async () => {
    await using agent = await run();
    const wish = command();
    expect(await agent.router.submit(wish)).toMatchObject({ id: wish.id, state: 'done', readback: 60 });
    expect(agent.writes).toEqual([{ device: 'board', point: 'lamp-level', value: 60 }]);
    expect(agent.events).toMatchObject([
      { event: 'command', device: 'board', body: { id: wish.id, state: 'done' } },
    ]);
    expect(agent.hub.latest('board', 'lamp-level')?.value).toBe(60);
  });

  test('the same id is applied once, however often and however fast it is asked', async () => {
    await using agent = await run();
    const wish = command();
    const results = await Promise.all([1, 2, 3].map(() => agent.router.submit(wish)));
    results.push(await agent.router.submit(wish));
    expect(results.map(({ state }) => state)).toEqual(['done', 'done', 'done', 'done']);
    expect(agent.writes).toHaveLength(1);
  });

  test('what is seen in public is written by those who show signed content, and by no command', async () => {
    await using agent = await run();
    const free = command({ point: 'text', value: 'anything at all' });
    expect(await agent.router.submit(free)).toMatchObject({ state: 'rejected', code: 'not-allowed' });
    expect(agent.writes).toEqual([]);
    const steered = await agent.router.steer({ ...free, issuer: 'control:content' });
    expect(steered).toMatchObject({ state: 'done', readback: 'anything at all' });
  });

  test('a retry that was issued anew under its id gets the old result', async () => {
    await using agent = await run();
    const wish = command();
    await agent.router.submit(wish);
    await clock.advance(1000);
    const again = await agent.router.submit({ ...command(), id: wish.id });
    expect(again).toMatchObject({ state: 'done', readback: 60 });
    expect(agent.writes).toHaveLength(1);
  });

  test('the same id for another wish is refused', async () => {
    await using agent = await run();
    const wish = command();
    await agent.router.submit(wish);
    expect(await agent.router.submit({ ...wish, value: 10 })).toMatchObject({
      state: 'rejected',
      code: 'id-reused',
    });
    expect(agent.writes).toHaveLength(1);
  });

  test('an expired command is not carried out', async () => {
    await using agent = await run();
    const wish = command();
    await clock.advance(30_000);
    expect(await agent.router.submit(wish)).toMatchObject({ state: 'expired' });
    expect(agent.writes).toEqual([]);
  });

  test('an untrusted clock cannot judge expiry, so nothing is carried out', async () => {
    await using agent = await run();
    clock.remap({ ...clock.mapping(), rank: 'floor' });
    expect(await agent.router.submit(command())).toMatchObject({
      state: 'rejected',
      code: 'clock-untrusted',
    });
  });

  test('a time to live is judged by the monotonic clock, so it is carried out whatever true time is', async () => {
    clock.remap({ ...clock.mapping(), rank: 'floor', wall: 0 });
    {
      await using agent = await run();
      expect(await agent.router.submit(command({ id: 'ttl-1', ttl: 5000 }))).toMatchObject({ state: 'done' });
    }
    // It waits behind another command of the device, and time passes.
    const held = Promise.withResolvers<WriteOutcome>();
    await using slow = await run(() => held.promise);
    const first = slow.router.submit(command({ id: 'ttl-2', ttl: 60_000 }));
    const second = slow.router.submit(command({ id: 'ttl-3', ttl: 5000 }));
    await clock.advance(6000);
    const reading = good({ device: 'board', point: 'lamp-level', unit: '%' }, 60, clock.mono());
    held.resolve({ kind: 'done', readback: reading });
    await first;
    expect(await second).toMatchObject({ state: 'expired' });
    expect(await slow.router.submit(command({ id: 'ttl-4', ttl: -1 }))).toMatchObject({ code: 'malformed' });
  });

  test.each([
    [{ device: 'nobody' }, 'unknown-device'],
    [{ point: 'nothing' }, 'unknown-point'],
    [{ point: 'cabinet-door', value: true }, 'read-only'],
    [{ value: true }, 'wrong-type'],
    [{ value: 101 }, 'out-of-range'],
    [{ value: Number.NaN }, 'malformed'],
    [{ id: 'a b' }, 'malformed'],
    [{ id: '../x' }, 'malformed'],
    [{ issuer: '' }, 'malformed'],
    [{ lease: -1 }, 'malformed'],
    [{ expires: Number.POSITIVE_INFINITY }, 'malformed'],
  ] as const)('%j is refused as %s', async (change, code) => {
    await using agent = await run();
    expect(await agent.router.submit(command(change))).toMatchObject({ state: 'rejected', code });
    expect(agent.writes).toEqual([]);
  });

  test('a read-back that differs is no success; the steps of a PWM are', async () => {
    let shows = 59.6;
    const write: Write = async (device, { point }) => ({
      kind: 'done',
      readback: good({ device, point, unit: '%' }, shows, clock.mono()),
    });
    await using agent = await run(write);
    expect(await agent.router.submit(command())).toMatchObject({ state: 'done', readback: 59.6 });
    shows = 20;
    expect(await agent.router.submit(command())).toMatchObject({
      state: 'rejected',
      code: 'read-back-differs',
      readback: 20,
    });
  });

  test('a device that does not answer is said, and the next command goes on', async () => {
    let dead = true;
    const write: Write = async (device, { point, value }) => {
      if (dead) throw new AgentError('timeout', 'write of lamp-level failed: no answer within 300 ms');
      return { kind: 'done', readback: good({ device, point, unit: '%' }, value, clock.mono()) };
    };
    await using agent = await run(write);
    expect(await agent.router.submit(command())).toMatchObject({ code: 'device-unreachable' });
    dead = false;
    expect(await agent.router.submit(command())).toMatchObject({ state: 'done' });
  });

  test('what cannot be remembered is not tried', async () => {
    await using agent = await run();
    const full: CommandJournal = {
      ...agent.store.journal,
      open: async () => [],
      recent: async () => [],
      accept: () => Promise.reject(new AgentError('store-full', 'no space left')),
    };
    await using router = await agent.start(full);
    expect(await router.submit(command())).toMatchObject({ code: 'store-failed' });
    expect(agent.writes).toEqual([]);
  });

  test('a lease ends in the fallback; a newer command ends the lease', async () => {
    await using agent = await run();
    await agent.router.submit(command({ value: 30, lease: 60_000 }));
    await clock.advance(59_000);
    expect(agent.writes.map(({ value }) => value)).toEqual([30]);
    await clock.advance(1000);
    await vi.waitUntil(() => agent.writes.length === 2);
    expect(agent.writes[1]?.value).toBe(100);
    await vi.waitUntil(() => agent.events.some(({ body }) => body.issuer === 'control:lease'));

    await agent.router.submit(command({ value: 40, lease: 60_000 }));
    await agent.router.submit(command({ value: 50 }));
    await clock.advance(120_000);
    expect(agent.writes.map(({ value }) => value)).toEqual([30, 100, 40, 50]);
  });

  test('a lease for a point without a local program is refused', async () => {
    await using agent = await run();
    const result = await agent.router.submit(
      command({ device: 'board', point: 'cabinet-door', value: true, lease: 1000 }),
    );
    expect(result.state).toBe('rejected');
  });

  test('a lease is taken up again after a restart, and ends once', async () => {
    {
      await using agent = await run();
      await agent.router.submit(command({ value: 30, lease: 60_000 }));
    }
    await clock.advance(20_000);
    await using agent = await run();
    await clock.advance(39_000);
    expect(agent.writes).toEqual([]);
    await clock.advance(1500);
    await vi.waitUntil(() => agent.writes.length === 1);
    expect(agent.writes[0]?.value).toBe(100);
  });

  test('a lease that ran out while the agent was down never holds again, not for a moment', async () => {
    {
      await using agent = await run();
      await agent.router.submit(command({ value: 30, lease: 60_000 }));
    }
    await clock.advance(90_000);
    await using agent = await run();
    expect(agent.router.override('board', 'lamp-level')).toBeUndefined();
    await clock.advance(0);
    await vi.waitUntil(() => agent.writes.length === 1);
    expect(agent.writes[0]?.value).toBe(100);
  });

  test('a restart without a clock starts no lease anew: nobody knows whether it has ended', async () => {
    const wall = (rank: 'none' | 'ntp', time: number) =>
      clock.remap({ mono: clock.mono(), wall: time, rate: 1, rank, uncertaintyMs: 1 });
    const before = clock.mapping().wall;
    {
      await using agent = await run();
      await agent.router.submit(command({ value: 30, lease: 60_000 }));
    }
    wall('none', 0);
    await using agent = await run();
    expect(agent.router.override('board', 'lamp-level')).toBeUndefined();
    await clock.advance(0);
    await vi.waitUntil(() => agent.writes.length === 1);
    expect(agent.writes[0]?.value).toBe(100);
    await vi.waitUntil(() => agent.events.some(({ body }) => body.issuer === 'control:lease'));
    // The clock comes back within the lease: the point was given back, and stays so.
    wall('ntp', before + 20_000);
    expect(agent.router.override('board', 'lamp-level')).toBeUndefined();
    await clock.advance(60_000);
    expect(agent.writes.map(({ value }) => value)).toEqual([100]);
  });

  test('accepted before a crash becomes unknown: read back, never written again', async () => {
    const wish = command({ value: 70 });
    {
      await using crashed = await run();
      await crashed.store.journal.accept(wish);
    }
    await using agent = await run();
    agent.hub.readings([good({ device: 'board', point: 'lamp-level', unit: '%' }, 70, clock.mono())]);
    await clock.advance(0);
    await vi.waitUntil(() => agent.events.length > 0);
    expect(agent.events).toMatchObject([{ body: { id: wish.id, state: 'unknown', readback: 70 } }]);
    expect(await agent.router.submit(wish)).toMatchObject({ state: 'unknown' });
    expect(agent.writes).toEqual([]);
  });

  test('stopping ends what is under way, refuses what waits and keeps nobody waiting', async () => {
    await using agent = await run(
      (_, __, signal) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    );
    const underWay = agent.router.submit(command());
    const waiting = agent.router.submit(command());
    await vi.waitUntil(async () => (await agent.store.journal.open()).length > 0);
    await agent.router[Symbol.asyncDispose]();
    expect(await underWay).toMatchObject({ state: 'rejected', code: 'device-unreachable' });
    expect(await waiting).toMatchObject({ state: 'rejected', code: 'busy' });
  });
});
