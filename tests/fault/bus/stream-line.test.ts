/** A line of one device that talks by itself: silence, hang-up, start that fails, writes. */
import { expect, test } from 'vitest';
import { openLine } from '../../../agent/bus/open.ts';
import { defineDriver } from '../../../agent/core/driver.ts';
import { AgentError } from '../../../agent/core/errors.ts';
import { silent } from '../../../agent/core/log.ts';
import { good } from '../../../agent/core/reading.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { SimLine, seeded } from './sim-line.ts';
import { device, Sink, serialLine } from './test-driver.ts';

function talker() {
  const clock = new VirtualClock();
  const sim = new SimLine(clock, serialLine);
  const sink = new Sink();
  const state = { sessions: 0, refuse: false, starts: 0 };
  const driver = defineDriver({
    kind: 'stream',
    protocol: 'test',
    checkProfile: () => [],
    checkDevice: () => [],
    staleAfter: () => 3000,
    async open({ device, clock }, stream, emit) {
      state.starts += 1;
      if (state.refuse) throw new AgentError('timeout', 'start failed: the board does not answer');
      state.sessions += 1;
      const listener = stream.onData(([value = 0]) =>
        emit([good({ device: device.id, point: 'r0', unit: 'V' }, value, clock.mono())]),
      );
      return {
        async write({ point, value }, signal) {
          await stream.write(Uint8Array.of(Number(value)), signal);
          return {
            kind: 'done',
            readback: good({ device: device.id, point, unit: 'V' }, value, clock.mono()),
          };
        },
        async [Symbol.asyncDispose]() {
          state.sessions -= 1;
          listener[Symbol.dispose]();
        },
      };
    },
  });
  const open = () =>
    openLine({
      line: serialLine,
      devices: [device(1, [{ address: 0, count: 1, period: 1000 }])],
      driver: () => driver,
      clock,
      log: silent,
      publisher: sink,
      port: sim,
      random: seeded(5),
    });
  return { clock, sim, sink, state, open };
}

test('publishes what comes, says once per stale time that nothing came, and is good again by itself', async () => {
  const { clock, sim, sink, open } = talker();
  const handle = open();
  for (let i = 0; i < 5; i++) {
    await clock.advance(1000);
    sim.inject(Uint8Array.of(40 + i));
  }
  await clock.advance(100);
  expect(sink.all.map(({ value }) => value)).toEqual([40, 41, 42, 43, 44]);
  sink.clear();
  await clock.advance(10_000);
  expect(sink.all.map(({ reason }) => reason)).toEqual(['timeout', 'timeout', 'timeout']);
  expect(handle.health()[1]).toMatchObject({ state: 'degraded', message: /silent/ });
  sim.inject(Uint8Array.of(50));
  await clock.advance(10);
  expect(sink.all.at(-1)).toMatchObject({ value: 50, quality: 'good' });
  expect(handle.health()[1]).toMatchObject({ state: 'ok' });
  await handle[Symbol.asyncDispose]();
  sink.clear();
  await clock.advance(20_000);
  expect(sink.all).toEqual([]);
});

test('a pulled adapter ends the session; it is opened again, said once down and once up', async () => {
  const { clock, sim, sink, state, open } = talker();
  const handle = open();
  await clock.advance(500);
  sim.inject(Uint8Array.of(1));
  await clock.advance(500);
  sim.unplug();
  await clock.advance(20_000);
  expect(state.sessions).toBe(0);
  expect(handle.health()[0]).toMatchObject({ state: 'down', message: /not there/ });
  expect(sink.all.at(-1)).toMatchObject({ quality: 'bad', reason: 'communication-failure' });
  await expect(
    handle.write('meter-1', { point: 'r0', value: 3 }, AbortSignal.timeout(1000)),
  ).rejects.toMatchObject({
    code: 'port-missing',
  });
  sim.plugged = true;
  await clock.advance(2000);
  sim.inject(Uint8Array.of(2));
  await clock.advance(100);
  expect(sink.all.at(-1)).toMatchObject({ value: 2, quality: 'good' });
  expect(sink.events.map(({ body }) => body.change)).toEqual(['down', 'up']);
  expect(state.sessions).toBe(1);
  const outcome = await handle.write('meter-1', { point: 'r0', value: 3 }, AbortSignal.timeout(1000));
  expect(outcome).toMatchObject({ kind: 'done', readback: { value: 3 } });
  await handle[Symbol.asyncDispose]();
  expect({ sessions: state.sessions, pipes: sim.openPipes }).toEqual({ sessions: 0, pipes: 0 });
});

test('a start that fails is tried again with the port closed in between', async () => {
  const { clock, sim, state, open } = talker();
  state.refuse = true;
  const handle = open();
  await clock.advance(10_000);
  expect(state.starts).toBeGreaterThan(5);
  expect(state.starts).toBeLessThan(60);
  expect(handle.health()[1]).toMatchObject({ state: 'down', message: /board does not answer/ });
  expect(sim.openPipes).toBe(0);
  state.refuse = false;
  await clock.advance(1500);
  expect(state.sessions).toBe(1);
  await handle[Symbol.asyncDispose]();
  expect(sim.openPipes).toBe(0);
});
