/** Over thousands of seeded schedules of faults no wrong value is published, and the line heals when they end. */
import { expect, test } from 'vitest';
import { openLine } from '../../../agent/bus/open.ts';
import { silent } from '../../../agent/core/log.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { readAnswer } from './modbus-words.ts';
import { type Back, type Behaviour, honest, SimLine, seeded } from './sim-line.ts';
import { device, type PollSpec, Sink, serialLine, testDriver } from './test-driver.ts';

const SEEDS = 2000;
const SECONDS = 12;

/** Plans with equal lengths, where a stale answer is hardest to tell, and with different ones. */
const PLANS: readonly (readonly PollSpec[])[] = [
  [{ address: 0, count: 2, period: 500 }],
  [{ address: 0, count: 1, period: 400 }],
  [
    { address: 0, count: 4, period: 500 },
    { address: 100, count: 4, period: 700 },
  ],
  [
    { address: 0, count: 3, period: 600 },
    { address: 50, count: 9, period: 900 },
  ],
];

/** Everything that may happen to one answer. Lateness stays below the guard's horizon (2 s), beyond which is no proof. */
function chaos(random: () => number, strength: number): Behaviour {
  return (heard) => {
    const usual = honest(heard);
    if (random() > strength) return usual;
    const kind = Math.floor(random() * 9);
    const late = (ms: number): readonly Back[] => usual.map((back) => ({ ...back, after: back.after + ms }));
    switch (kind) {
      case 0:
        return [];
      case 1:
        return usual.map((back) => {
          const bytes = back.bytes.slice();
          const at = Math.floor(random() * bytes.length);
          bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(random() * 8));
          return { ...back, bytes };
        });
      case 2:
        return usual.map((back) => ({
          ...back,
          bytes: back.bytes.slice(0, Math.floor(random() * back.bytes.length)),
        }));
      case 3:
        return [{ after: 1, bytes: readAnswer(99, [1, 2, 3, 4]) }, ...late(20)];
      case 4:
        return [{ after: 0, bytes: heard.request }, ...late(12)];
      case 5:
        return usual.map((back) => ({ ...back, spread: 1 + random() * 12 }));
      case 6:
        return [
          { after: 0, bytes: Uint8Array.from({ length: 1 + random() * 12 }, () => random() * 256) },
          ...late(25),
        ];
      default:
        return late(250 + random() * 1400);
    }
  };
}

/** Keeps answers of one unit in order, as a device does. */
function inOrder(behaviour: Behaviour, now: () => number): Behaviour {
  const lastOf = new Map<number, number>();
  return (heard) => {
    const unit = heard.request[0] ?? 0;
    const last = lastOf.get(unit) ?? 0;
    const at = now();
    const backs = behaviour(heard).map((back) => ({ ...back, after: Math.max(back.after, last + 5 - at) }));
    const end = backs.reduce(
      (most, back) => Math.max(most, at + back.after + back.bytes.length * (back.spread ?? 1.1)),
      last,
    );
    lastOf.set(unit, end);
    return backs;
  };
}

async function schedule(seed: number) {
  const random = seeded(seed);
  const clock = new VirtualClock();
  const line = { ...serialLine, timeout: 200 };
  const sim = new SimLine(clock, line);
  const units = [1, 2, 3].slice(0, 1 + Math.floor(random() * 3));
  for (const unit of units) sim.units.add(unit);
  let behaviour = chaos(random, 0.1 + random() * 0.6);
  sim.behaviour = inOrder(
    (heard) => behaviour(heard),
    () => clock.mono(),
  );
  const { driver, wrong } = testDriver(sim);
  const sink = new Sink();
  const handle = openLine({
    line,
    devices: units.map((unit) => device(unit, PLANS[Math.floor(random() * PLANS.length)] ?? [])),
    driver: () => driver,
    clock,
    log: silent,
    publisher: sink,
    port: sim,
    random,
  });
  for (let at = 0; at < SECONDS; at++) {
    if (random() < 0.1) {
      const unit = units[Math.floor(random() * units.length)] ?? 1;
      const write = { point: 'r9', value: Math.floor(random() * 1000) };
      handle.write(`meter-${unit}`, write, new AbortController().signal).catch(() => {});
    }
    await clock.advance(1000);
  }
  behaviour = honest;
  // The longest wait of a breaker's probe is 30 s: every fourth schedule is watched until it has healed.
  const watch = seed % 4 === 0;
  await clock.advance(watch ? 34_000 : 2000);
  sink.clear();
  await clock.advance(watch ? 3000 : 0);
  const healed =
    !watch ||
    units.every(
      (unit) =>
        sink.of(`meter-${unit}`).every(({ quality }) => quality === 'good') && sink.good(`meter-${unit}`) > 0,
    );
  const closing = handle[Symbol.asyncDispose]();
  await clock.advance(3000);
  await closing;
  return { wrong, healed, open: sim.openPipes };
}

test(`${SEEDS} seeded schedules: nothing wrong is published, the line heals`, {
  timeout: 300_000,
}, async () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { wrong, healed, open } = await schedule(seed);
    expect({ seed, wrong, healed, open }).toEqual({ seed, wrong: [], healed: true, open: 0 });
  }
});
