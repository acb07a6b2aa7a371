import { afterEach, describe, expect, test } from 'vitest';
import { type LineHandle, openLine } from '../../../agent/bus/open.ts';
import { silent } from '../../../agent/core/log.ts';
import type { LineConfig } from '../../../agent/core/site.ts';
import type { PartHealth } from '../../../agent/core/view.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { framed, readAnswer } from './modbus-words.ts';
import { type Behaviour, honest, SimLine, seeded } from './sim-line.ts';
import { device, type PollSpec, Sink, serialLine, testDriver } from './test-driver.ts';

const second = { address: 0, count: 4, period: 1000 };
let open: { readonly handle: LineHandle; readonly clock: VirtualClock } | undefined;

function street(
  units: readonly number[],
  polls: readonly PollSpec[] = [second],
  config: LineConfig = serialLine,
) {
  const clock = new VirtualClock();
  const sim = new SimLine(clock, config);
  for (const unit of units) sim.units.add(unit);
  const { driver, wrong } = testDriver(sim);
  const sink = new Sink();
  const health: PartHealth[] = [];
  const handle = openLine({
    line: config,
    devices: units.map((unit) => device(unit, polls)),
    driver: (protocol) => (protocol === 'test' ? driver : undefined),
    clock,
    log: silent,
    publisher: sink,
    port: sim,
    onHealth: (part) => health.push(part),
    random: seeded(7),
  });
  open = { handle, clock };
  return { clock, sim, sink, handle, wrong, health };
}

afterEach(async () => {
  if (open === undefined) return;
  const closing = open.handle[Symbol.asyncDispose]();
  await open.clock.advance(3000);
  await closing;
  open = undefined;
});

describe('a healthy line', () => {
  test('reads every device once per period, at once after the start, never inside the silence', async () => {
    const { clock, sim, sink, wrong } = street([1, 2, 3]);
    await clock.advance(200);
    for (const unit of [1, 2, 3]) expect(sink.good(`meter-${unit}`)).toBe(1);
    await clock.advance(60_000);
    for (const unit of [1, 2, 3]) {
      expect(sink.good(`meter-${unit}`)).toBeGreaterThanOrEqual(60);
      expect(sink.good(`meter-${unit}`)).toBeLessThanOrEqual(62);
    }
    expect(sink.all.every((reading) => reading.quality === 'good')).toBe(true);
    expect(sim.intrusions).toBe(0);
    expect(wrong).toEqual([]);
  });

  test('periods do not drift', async () => {
    const { clock, sim } = street([1]);
    await clock.advance(100_000);
    const times = sim.requestLog.slice(1).map(({ at }) => at);
    const [first = 0] = times;
    for (const [i, at] of times.entries()) expect(Math.abs(at - first - i * 1000)).toBeLessThan(0.01);
  });

  test('a command overtakes the polls that are due, and waits only for the exchange under way', async () => {
    const { clock, sim, handle } = street([1, 2, 3, 4, 5, 6, 7, 8], [{ address: 0, count: 60, period: 500 }]);
    await clock.advance(5020);
    const before = sim.requests;
    const asked = clock.mono();
    const done = handle.write('meter-5', { point: 'r0', value: 42 }, new AbortController().signal);
    let at = 0;
    void done.then(() => {
      at = clock.mono();
    });
    await clock.advance(400);
    expect((await done).kind).toBe('done');
    expect(sim.written.get('5/256')).toBe(42);
    const own = sim.requestLog.findIndex(({ bytes }, i) => i >= before && bytes[1] === 6);
    expect(own).toBe(before);
    // One transaction (8 + 125 characters) and its own.
    expect(at - asked).toBeLessThan(200);
  });

  test('an aborted command never reaches the wire', async () => {
    const { clock, sim, handle } = street([1, 2], [{ address: 0, count: 100, period: 300 }]);
    await clock.advance(3010);
    const abort = new AbortController();
    const first = handle.write('meter-1', { point: 'r0', value: 1 }, new AbortController().signal);
    const second = handle.write('meter-1', { point: 'r0', value: 2 }, abort.signal);
    const refused = expect(second).rejects.toMatchObject({ code: 'aborted' });
    abort.abort();
    await refused;
    await clock.advance(1000);
    await first;
    expect(sim.requestLog.filter(({ bytes }) => bytes[1] === 6)).toHaveLength(1);
  });

  test('a flood of commands leaves turns to polls', async () => {
    const { clock, sink, handle } = street([1]);
    await clock.advance(2000);
    sink.clear();
    const writes = Array.from({ length: 60 }, (_, i) =>
      handle.write('meter-1', { point: 'r9', value: i }, new AbortController().signal),
    );
    await clock.advance(3000);
    await Promise.all(writes);
    expect(sink.all.filter(({ point }) => point === 'r0').length).toBeGreaterThanOrEqual(2);
  });

  test('overload is shed fairly, said once, and over once', async () => {
    // Each poll takes about 148 ms: 10 devices want 1.5 s in every second.
    const units = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
    const { clock, sim, sink, handle, health } = street(units, [{ address: 0, count: 60, period: 1000 }]);
    await clock.advance(60_000);
    const counts = units.map((unit) => sink.good(`meter-${unit}`));
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(2);
    expect(sink.events.filter(({ body }) => body.change === 'overload')).toHaveLength(1);
    expect(handle.health()[0]).toMatchObject({ state: 'degraded' });
    expect(handle.health()[0]?.fix).toContain('baud');
    const skipped = handle.health()[0]?.facts.skipped_periods;
    expect(Number(skipped)).toBeGreaterThan(100);
    // No burst: what was missed is not made up for, and no device has two turns close together.
    for (let i = 0; i < sim.requestLog.length - 5; i++) {
      const round = sim.requestLog.slice(i, i + 5).map(({ bytes }) => bytes[0]);
      expect(new Set(round).size).toBe(5);
    }
    sim.units.clear();
    for (const unit of [1, 2, 3]) sim.units.add(unit);
    await clock.advance(120_000);
    expect(sink.events.filter(({ body }) => body.change === 'overload-over')).toHaveLength(1);
    expect(health.filter(({ part }) => part === 'line:rs485').map(({ state }) => state)).toEqual([
      'ok',
      'degraded',
      'ok',
    ]);
  });
});

describe('a device that falls silent', () => {
  test('is down after three failures, costs the others next to nothing and comes back by itself', async () => {
    const units = [1, 2, 3, 4, 5, 6, 7, 8];
    const { clock, sim, sink, wrong } = street(units, [{ address: 0, count: 40, period: 1000 }]);
    await clock.advance(10_000);
    sim.units.delete(8);
    await clock.advance(10_000);
    sink.clear();
    await clock.advance(100_000);
    for (const unit of units.slice(0, 7)) expect(sink.good(`meter-${unit}`)).toBeGreaterThanOrEqual(97);
    const silentOnes = sink.of('meter-8');
    expect(silentOnes.length).toBeGreaterThanOrEqual(98);
    expect(silentOnes.length).toBeLessThanOrEqual(101);
    expect(
      silentOnes.every(
        ({ quality, reason, value }) => quality === 'bad' && reason === 'timeout' && value === null,
      ),
    ).toBe(true);
    sim.units.add(8);
    sink.clear();
    await clock.advance(31_000);
    expect(sink.good('meter-8')).toBeGreaterThan(0);
    expect(sink.events.map(({ body }) => body.change)).toEqual(['up']);
    expect(wrong).toEqual([]);
    expect(sim.intrusions).toBe(0);
  });

  test('from the start: the others are read within their period all the same', async () => {
    const { clock, sim, sink } = street([1, 2, 3]);
    sim.units.delete(1);
    await clock.advance(20_000);
    expect(sink.good('meter-2')).toBeGreaterThanOrEqual(19);
    expect(sink.good('meter-3')).toBeGreaterThanOrEqual(19);
    expect(sink.good('meter-1')).toBe(0);
  });

  test('one that answers with exceptions is heard, not down', async () => {
    const { clock, sink, handle } = street([1], [second, { address: 0xf000, count: 2, period: 1000 }]);
    await clock.advance(20_000);
    expect(sink.of('meter-1').filter(({ quality }) => quality === 'good').length).toBeGreaterThan(18);
    const refused = sink.of('meter-1').filter(({ point }) => point === 'r61440');
    expect(refused.length).toBeGreaterThan(18);
    expect(refused.every(({ reason }) => reason === 'device-failure')).toBe(true);
    expect(handle.health()[1]).toMatchObject({ part: 'device:meter-1', state: 'degraded' });
  });
});

describe('an adapter that is pulled out', () => {
  test('gives bad readings while it is gone and a good one within 5 s after it is back', async () => {
    const { clock, sim, sink, handle, health } = street([1, 2]);
    await clock.advance(5000);
    sim.unplug();
    sink.clear();
    await clock.advance(60_000);
    expect(sink.good('meter-1')).toBe(0);
    expect(sink.of('meter-1').length).toBeGreaterThanOrEqual(57);
    expect(sink.of('meter-1').length).toBeLessThanOrEqual(61);
    expect(sink.of('meter-1').every(({ reason }) => reason === 'communication-failure')).toBe(true);
    expect(sink.events.map(({ body }) => body.change)).toEqual(['down']);
    expect(handle.health()[0]).toMatchObject({ state: 'down', fix: 'Plug it in.' });
    await expect(
      handle.write('meter-1', { point: 'r0', value: 1 }, new AbortController().signal),
    ).rejects.toMatchObject({ code: 'port-missing' });
    const opens = sim.opens;
    sim.plugged = true;
    sink.clear();
    await clock.advance(2000);
    expect(sink.good('meter-1')).toBeGreaterThan(0);
    expect(sink.good('meter-2')).toBeGreaterThan(0);
    expect(sim.opens).toBe(opens + 1);
    expect(health.filter(({ part }) => part === 'line:rs485').map(({ state }) => state)).toEqual([
      'ok',
      'down',
      'ok',
    ]);
  });

  test('in the middle of an exchange: the poll fails, the command rejects, nothing is left open', async () => {
    const { clock, sim, sink, handle } = street([1], [{ address: 0, count: 100, period: 1000 }]);
    await clock.advance(5030);
    const done = handle.write('meter-1', { point: 'r0', value: 3 }, new AbortController().signal);
    const refused = expect(done).rejects.toMatchObject({ code: 'link-lost' });
    await clock.advance(1);
    sim.unplug();
    await clock.advance(10);
    await refused;
    sim.plugged = true;
    await clock.advance(5000);
    expect(sink.all.at(-1)?.quality).toBe('good');
    const closing = handle[Symbol.asyncDispose]();
    await clock.advance(2500);
    await closing;
    expect(sim.openPipes).toBe(0);
  });
});

const noise = Uint8Array.of(0x00, 0xff, 0x13);
const faults: Readonly<
  Record<string, { readonly behaviour: (n: () => number) => Behaviour; readonly good: number }>
> = {
  'a silent moment': { good: 40, behaviour: () => (heard) => (heard.number % 7 === 3 ? [] : honest(heard)) },
  'a checksum error': {
    good: 40,
    behaviour: () => (heard) => {
      const bytes = heard.answer?.slice() ?? noise;
      if (heard.number % 7 === 3) bytes[4] = (bytes[4] ?? 0) ^ 0x10;
      return [{ after: heard.turnaround, bytes }];
    },
  },
  'an echo of the request': {
    good: 59,
    behaviour: () => (heard) => [
      { after: 0, bytes: heard.request },
      ...honest(heard).map((b) => ({ ...b, after: b.after + 10 })),
    ],
  },
  'noise before the answer': {
    good: 59,
    behaviour: () => (heard) => [
      { after: 1, bytes: noise },
      ...honest(heard).map((back) => ({ ...back, after: back.after + 4 })),
    ],
  },
  'a foreign frame before the answer': {
    good: 59,
    behaviour: () => (heard) => [
      { after: 1, bytes: readAnswer(77, [1, 2, 3]) },
      ...honest(heard).map((back) => ({ ...back, after: back.after + 15 })),
    ],
  },
  'foreign frame and answer glued in one piece': {
    good: 59,
    behaviour: () => (heard) => [
      {
        after: heard.turnaround,
        bytes: Uint8Array.from([...readAnswer(77, [1]), ...(heard.answer ?? []), ...framed(9, 3, 2, 0, 1)]),
      },
    ],
  },
  'an answer cut off': {
    good: 30,
    behaviour: () => (heard) => [
      {
        after: heard.turnaround,
        bytes: heard.answer?.slice(0, heard.number % 5 === 2 ? 6 : undefined) ?? noise,
      },
    ],
  },
  'bytes that drip 5 ms apart': {
    good: 59,
    behaviour: () => (heard) => [{ after: heard.turnaround, bytes: heard.answer ?? noise, spread: 5 }],
  },
  'answers later than the time-out now and then': {
    good: 35,
    behaviour: (random) => (heard) =>
      honest(heard).map((back) => ({
        ...back,
        after: back.after + (random() < 0.15 ? 310 + random() * 900 : 0),
      })),
  },
};

describe('faults of a device', () => {
  for (const [name, { behaviour, good }] of Object.entries(faults)) {
    test(`${name}: no wrong value, the other device keeps its rate`, async () => {
      const { clock, sim, sink, wrong } = street([1, 2]);
      const faulty = behaviour(seeded(11));
      let own = 0;
      sim.behaviour = (heard) =>
        heard.request[0] === 1 ? faulty({ ...heard, number: ++own }) : honest(heard);
      await clock.advance(60_000);
      expect(wrong).toEqual([]);
      expect(sink.good('meter-1')).toBeGreaterThanOrEqual(good);
      expect(sink.good('meter-2')).toBeGreaterThanOrEqual(55);
      sim.behaviour = honest;
      await clock.advance(35_000);
      sink.clear();
      await clock.advance(10_000);
      expect(sink.good('meter-1')).toBeGreaterThanOrEqual(9);
      expect(sim.intrusions).toBe(0);
    });
  }

  test('babble stops the line with a reason and the line recovers when it ends', async () => {
    const { clock, sim, sink, handle, wrong } = street([1, 2]);
    await clock.advance(3000);
    const random = seeded(3);
    for (let at = 0; at < 10_000; at += 2) {
      clock.after(at, () => sim.inject(Uint8Array.of(Math.floor(random() * 256))));
    }
    await clock.advance(8000);
    expect(handle.health()[1]?.message).toMatch(/never silent|no valid answer|cut off/);
    sink.clear();
    await clock.advance(34_000);
    expect(sink.good('meter-1')).toBeGreaterThan(0);
    expect(sink.good('meter-2')).toBeGreaterThan(0);
    expect(wrong).toEqual([]);
  });
});
