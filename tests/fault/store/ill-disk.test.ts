import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import type { Lane } from '../../../agent/core/point.ts';
import type { LoggedRecord } from '../../../agent/core/record.ts';
import type { PartHealth } from '../../../agent/core/view.ts';
import { openLogSource } from '../../../agent/store/reader.ts';
import type { Appended, Store } from '../../../agent/store/store.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { CONFIG, folder, open, reading } from '../../unit/store/site.ts';

const FULL = new URL('./full-thread.ts', import.meta.url);
const ILL = new URL('./ill-thread.ts', import.meta.url);
const DYING = new URL('./dying-thread.ts', import.meta.url);

/** Lets the store's back-off run until `promise` is settled. */
async function withTime<T>(clock: VirtualClock, promise: PromiseLike<T>): Promise<T> {
  let settled = false;
  const done = Promise.resolve(promise).finally(() => {
    settled = true;
  });
  done.catch(() => {});
  for (let i = 0; i < 1000 && !settled; i++) {
    await clock.advance(1000);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return done;
}

/** Resolves once the health is as wanted; on a machine under load a slow commit may be told of before. */
function health(store: Store, wanted: (health: PartHealth) => boolean): Promise<void> {
  if (wanted(store.health())) return Promise.resolve();
  return new Promise((resolve) => {
    const listening = store.onHealth((now) => {
      if (!wanted(now)) return;
      listening[Symbol.dispose]();
      resolve();
    });
  });
}

const ill = ({ state }: PartHealth) => state === 'degraded' || state === 'down';

function records(file: string, lane: Lane): readonly LoggedRecord[] {
  using source = openLogSource(file);
  const found: LoggedRecord[] = [];
  for (let slice = source.read(lane, 1, 5000); slice !== undefined; ) {
    found.push(...slice.records);
    slice = source.read(lane, slice.last + 1, 5000);
  }
  return found;
}

const noise = (count: number, from: number) =>
  Array.from({ length: count }, (_, i) => reading('voltage', Math.sin(from + i), from + i));

test('a full disk: appends wait in memory, health says what to do, all is written once there is room', async () => {
  using at = folder();
  const { store, clock, events } = await open(at.dir, { entry: FULL });
  writeFileSync(join(at.dir, 'full'), '');
  const waiting: Promise<Appended>[] = [];
  for (let i = 0; i < 10; i++) {
    waiting.push(store.append(noise(500, i * 500), []));
    await clock.advance(1000);
  }
  await withTime(
    clock,
    health(store, ({ state, fix }) => state === 'degraded' && /Free space/.test(fix ?? '')),
  );
  expect(store.heads().telemetry).toBeLessThan(5000);
  rmSync(join(at.dir, 'full'));
  const appended = await withTime(clock, Promise.all(waiting));
  expect(appended.every(({ dropped }) => dropped === 0)).toBe(true);
  expect(store.health().state).toBe('ok');
  await withTime(clock, store[Symbol.asyncDispose]());
  const logged = records(store.file, 'telemetry');
  expect(logged.map((one) => (one.kind === 'reading' ? one.value : undefined))).toEqual(
    noise(5000, 0).map(({ value }) => value),
  );
  // Once down and once up; on a machine under load a slow commit before it may have been told in the same way.
  const states = events.map(({ event, body }) => (event === 'store' ? body.state : event));
  expect(states).toEqual(['epoch', ...states.slice(1).map((_, i) => (i % 2 === 0 ? 'ill' : 'recovered'))]);
  expect(states.at(-1)).toBe('recovered');
  // The epoch first, and the signature of the stop last.
  const told = records(store.file, 'event').map((one) => (one.kind === 'event' ? one.body.state : ''));
  expect(told).toEqual([undefined, ...states.slice(1), undefined]);
});

test('what the ring cannot hold goes oldest telemetry first and becomes a gap record; alarms stay', async () => {
  using at = folder();
  const { store, clock } = await open(at.dir, { entry: FULL, config: { ...CONFIG, ring: 60_000 } });
  await store.append(noise(10, -100), []);
  writeFileSync(join(at.dir, 'full'), '');
  const waiting: Promise<Appended>[] = [];
  for (let i = 0; i < 30; i++) {
    const alarm = { event: 'alarm', severity: 'alarm', time: clock.mono(), body: { number: i } } as const;
    waiting.push(store.append(noise(500, i * 500), i % 10 === 0 ? [alarm] : []));
    await clock.advance(500);
  }
  expect(store.health().facts.ring_bytes).toBeLessThanOrEqual(60_000);
  rmSync(join(at.dir, 'full'));
  const appended = await withTime(clock, Promise.all(waiting));
  const dropped = appended.reduce((sum, one) => sum + one.dropped, 0);
  expect(dropped).toBeGreaterThan(5000);
  await withTime(clock, store[Symbol.asyncDispose]());
  expect(records(store.file, 'alarm').length).toBe(3);
  const logged = records(store.file, 'telemetry');
  expect(logged.length).toBe(10 + 15_000 - dropped);
  const gaps = records(store.file, 'event').filter((one) => one.kind === 'event' && one.event === 'gap');
  const bodies = gaps.map((one) => (one.kind === 'event' ? one.body : {}));
  expect(bodies.every(({ lane, reason }) => lane === 'telemetry' && reason === 'not-logged')).toBe(true);
  expect(bodies.reduce((sum, { count }) => sum + Number(count), 0)).toBe(dropped);
  // The newest readings are the ones that stayed.
  expect(logged.at(-1)).toMatchObject({ value: Math.sin(14_999) });
});

test('a log that another program holds locked: the store waits and recovers by itself', async () => {
  using at = folder();
  const { store, clock } = await open(at.dir);
  const other = new Database(store.file);
  other.exec('BEGIN IMMEDIATE');
  const waiting = store.append(noise(5, 0), []);
  await withTime(clock, health(store, ill));
  expect(store.health()).toMatchObject({ state: 'degraded' });
  other.exec('ROLLBACK');
  other.close();
  expect((await withTime(clock, waiting)).ranges.telemetry).toEqual({ first: 1, last: 5 });
  await withTime(clock, store[Symbol.asyncDispose]());
});

test.each([
  ['SQLITE_IOERR_WRITE', /kernel log/],
  ['SQLITE_IOERR_FSYNC', /kernel log/],
  ['SQLITE_READONLY', /read-only is worn out/],
  ['SQLITE_CANTOPEN', /writable/],
])(
  'a disk that answers %s: nothing is lost, health says what to do, it recovers by itself',
  async (code, fix) => {
    using at = folder();
    const { store, clock } = await open(at.dir, { entry: ILL });
    await store.append(noise(10, 0), []);
    writeFileSync(join(at.dir, 'ill'), code);
    const waiting = [1, 2, 3].map((i) => store.append(noise(10, i * 10), []));
    await withTime(
      clock,
      health(store, (now) => ill(now) && fix.test(now.fix ?? '')),
    );
    rmSync(join(at.dir, 'ill'));
    const appended = await withTime(clock, Promise.all(waiting));
    expect(appended.map(({ ranges, dropped }) => [ranges.telemetry, dropped])).toEqual([
      [{ first: 11, last: 20 }, 0],
      [{ first: 21, last: 30 }, 0],
      [{ first: 31, last: 40 }, 0],
    ]);
    expect(store.health().state).toBe('ok');
    await withTime(clock, store[Symbol.asyncDispose]());
    const logged = records(store.file, 'telemetry');
    expect(logged.map((one) => (one.kind === 'reading' ? one.value : undefined))).toEqual(
      noise(40, 0).map(({ value }) => value),
    );
  },
);

test('a commit of seconds holds up nobody: readings wait in memory, health says that the card is slow', async () => {
  using at = folder();
  const { store, clock } = await open(at.dir, { entry: ILL });
  writeFileSync(join(at.dir, 'ill'), 'slow 800');
  const first = store.append(noise(10, 0), []);
  const second = store.append(noise(10, 10), []);
  await withTime(
    clock,
    health(store, ({ state, fix }) => state === 'degraded' && /answers slowly/.test(fix ?? '')),
  );
  rmSync(join(at.dir, 'ill'));
  const appended = await withTime(clock, Promise.all([first, second]));
  expect(appended.map(({ ranges }) => ranges.telemetry?.last)).toEqual([10, 20]);
  await withTime(
    clock,
    health(store, ({ state }) => state === 'ok'),
  );
  await withTime(clock, store[Symbol.asyncDispose]());
});

test.each([['asked'], ['durable']])(
  'the thread dies on a commit (%s): nothing is lost, nothing is doubled',
  async (when) => {
    using at = folder();
    writeFileSync(join(at.dir, 'dies'), `${when} 4`);
    const { store, clock } = await open(at.dir, { entry: DYING });
    const appended: Appended[] = [];
    for (let i = 0; i < 8; i++) appended.push(await withTime(clock, store.append(noise(7, i * 7), [])));
    expect(appended.map(({ ranges }) => ranges.telemetry?.first)).toEqual([1, 8, 15, 22, 29, 36, 43, 50]);
    await withTime(clock, store[Symbol.asyncDispose]());
    const logged = records(store.file, 'telemetry');
    expect(logged.map((one) => (one.kind === 'reading' ? one.value : undefined))).toEqual(
      noise(56, 0).map(({ value }) => value),
    );
    // The process held everything: there is no gap to tell of.
    expect(records(store.file, 'event').some((one) => one.kind === 'event' && one.event === 'gap')).toBe(
      false,
    );
  },
);

test('a store whose folder cannot be made opens ill, and its appends are rejected only at the end', async () => {
  using at = folder();
  writeFileSync(join(at.dir, 'file'), '');
  const clock = new VirtualClock();
  const { store } = await withTime(clock, open(join(at.dir, 'file', 'state'), { clock }));
  const waiting = store.append(noise(3, 0), []);
  waiting.catch(() => {});
  await withTime(clock, health(store, ill));
  expect(store.health().state).toBe('degraded');
  expect(store.epoch).toBeUndefined();
  await withTime(clock, store[Symbol.asyncDispose]());
  await expect(waiting).rejects.toMatchObject({ code: 'store-failed' });
});
