/** The monitor between meter and hub: findings as alarm points and events, energy as amounts, in the units of the meter. */
import { expect, test } from 'vitest';
import type { Decision } from '../../../agent/control/lighting/evaluate.ts';
import { LampMonitor } from '../../../agent/control/lighting/monitor.ts';
import { FINDINGS } from '../../../agent/control/lighting/verification.ts';
import { silent } from '../../../agent/core/log.ts';
import { good, type Reading } from '../../../agent/core/reading.ts';
import type { AgentEvent } from '../../../agent/core/record.ts';
import { Hub } from '../../../agent/hub/hub.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const MINUTE = 60_000;

/** A lamp of 120 W at half light whose meter tells kilowatts every 10 s. */
async function play(minutes: number, kilowatts: (minute: number) => number) {
  const clock = new VirtualClock();
  const hub = new Hub({ clock, log: silent, window: 5000, lane: () => 'telemetry', append: async () => {} });
  const readings: Reading[] = [];
  const events: AgentEvent[] = [];
  hub.onReadings((list) => void readings.push(...list.filter(({ device }) => device === 'lamp-1')));
  hub.onEvent((event) => void events.push(event));
  const decision: Decision = { level: 50, rung: 'calendar', lit: true };
  const power = { device: 'meter', point: 'power', rated: 120, settle: MINUTE };
  const lamp = { id: 'lamp-1', device: 'board', point: 'lamp-level', overrideFor: MINUTE };
  using _ = new LampMonitor({ lamp, power, clock, hub, decision: () => decision });
  for (let i = 0; i < minutes * 6; i++) {
    const time = clock.mono();
    hub.readings([good({ device: 'board', point: 'lamp-level', unit: '%' }, 50, time)]);
    hub.readings([good({ device: 'meter', point: 'power', unit: 'kW' }, kilowatts(i / 6), time)]);
    await clock.advance(10_000);
  }
  return { readings, events, of: (point: string) => readings.filter((one) => one.point === point) };
}

test('a healthy lamp: every finding is told to be none, every minute, and the energy of each quarter of an hour', async () => {
  const { of, events } = await play(31, () => 0.06);
  expect(events).toEqual([]);
  for (const finding of FINDINGS) {
    const told = of(finding.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`));
    expect(told.length).toBeGreaterThanOrEqual(30);
    expect(told.length).toBeLessThanOrEqual(33);
    expect(told.every(({ value, quality }) => value === false && quality === 'good')).toBe(true);
  }
  const used = of('energy').map(({ value }) => Number(value));
  const saved = of('saved').map(({ value }) => Number(value));
  expect(used).toHaveLength(2);
  expect(used[0]).toBeCloseTo(0.015, 4);
  expect(saved[0]).toBeCloseTo(0.015, 2);
});

test('a burnt lamp is an alarm with its watts, and is taken back when it shines again', async () => {
  const { of, events } = await play(30, (minute) => (minute > 10 && minute < 20 ? 0.0001 : 0.06));
  expect(events.map(({ severity, body }) => [severity, body.finding, body.found])).toEqual([
    ['alarm', 'lampFailure', true],
    ['info', 'lampFailure', false],
  ]);
  expect(events[0]?.body).toMatchObject({ level: 50, expected: 60 });
  const states = of('lamp-failure').map(({ value }) => value);
  expect(states.filter((value, i) => i === 0 || states[i - 1] !== value)).toEqual([false, true, false]);
});
