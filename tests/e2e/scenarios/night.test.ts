/**
 * The scenario `night` in half a minute: the real agent lights the lamp by the sun, dims it by the hour, raises it for a bus that is
 * due, shows riders the last bus and then the first of tomorrow, and goes dark at dawn, all by read-back.
 */
import { expect, test } from 'vitest';
import { loadScenario } from '../../../hw-sim/scenario.ts';
import { nextNight } from '../../../hw-sim/show/sunset.ts';
import { play } from './play.ts';

const SPEED = 1800;
/** While the sun sets, so that seconds of a busy machine are minutes of the street. */
const AT_DUSK = 150;

interface Board {
  readonly lines: readonly {
    readonly line: string;
    readonly state: string;
    readonly last?: number;
    readonly next?: number;
  }[];
}

test('dusk, hours, buses, the last one, the first one, dawn', { timeout: 300_000 }, async () => {
  const scenario = await loadScenario('night');
  await using played = await play(scenario, { speed: SPEED });
  const { street, city, person } = played;
  const hour = (time: number) => street.world.localHour(time);
  const dawn = Date.parse('2027-02-11T07:20:00+08:00');
  const lines = new Map<string, Set<string>>();
  const boosted = () => played.events('light').some(({ body }) => body.rung === 'boost');
  const of = (device: string, point: string) =>
    [...city.records.values()]
      .filter((one) => one.device === device && one.point === point && typeof one.value === 'number')
      .map(({ time, value }) => ({ time: Date.parse(time), value: Number(value) }));
  const lit = () => of('board', 'lamp-level').some(({ value }) => value >= 99);
  /** Slower while the lamp is about to come on, and until a bus that is due has been seen. */
  const speedAt = (time: number): number => {
    if (time < Date.parse('2027-02-10T19:00:00+08:00')) return hour(time) > 17.6 && !lit() ? AT_DUSK : SPEED;
    return hour(time) >= 22.05 && hour(time) < 22.6 && !boosted() ? 60 : SPEED;
  };
  let told = false;
  while (street.clock.now() < dawn) {
    const asked = street.clock.now();
    const speed = speedAt(asked);
    if (speed !== street.clock.rate) street.clock.turn(speed);
    const board = await person.get<Board>('/sign/arrivals');
    for (const { line, state, last, next } of board.lines) {
      lines.set(line, (lines.get(line) ?? new Set()).add(state));
      // What riders are told at night: that the last bus is gone, and when the first one comes.
      if (state !== 'last-gone' || next === undefined || last === undefined) continue;
      expect(last, line).toBeLessThan(asked + 20 * SPEED * 100);
      expect(next, line).toBeGreaterThan(asked);
      told ||= hour(next) > 4 && hour(next) < 8;
    }
    await new Promise((done) => setTimeout(done, 150));
  }
  const seen = JSON.stringify([...lines].map(([line, states]) => [line, ...states]));
  expect(told, seen).toBe(true);
  expect([...(lines.get('L7') ?? [])]).toEqual(expect.arrayContaining(['running', 'last-gone']));
  // The night bus sleeps by day.
  expect([...(lines.get('N1') ?? [])]).toContain('running');

  await expect.poll(() => of('board', 'lamp-level').at(-1)?.value, { timeout: 20_000 }).toBe(0);
  const levels = of('board', 'lamp-level');
  const within = (from: string, to: string) =>
    levels.filter(({ time }) => time >= Date.parse(from) && time < Date.parse(to)).map(({ value }) => value);
  const on = levels.find(({ value }) => value >= 99);
  const off = levels.findLast(({ value }) => value > 0);
  // Lit in civil twilight, dark again in the morning's: by the read-back of the board.
  expect(street.world.sun(on?.time ?? 0), new Date(on?.time ?? 0).toISOString()).toBeLessThan(-1);
  const night = nextNight(street.world.sun, street.world.start) ?? 0;
  expect(on?.time ?? 0).toBeLessThan(night + 15_000 * AT_DUSK);
  expect(hour(off?.time ?? 0)).toBeGreaterThan(5.9);
  // The ramp down at dawn is ten seconds of life, whatever the street's time.
  expect((off?.time ?? 0) - dawn).toBeLessThan(30 * SPEED * 1000);
  expect(Math.max(0, ...within('2027-02-10T16:59:00+08:00', '2027-02-10T17:40:00+08:00'))).toBe(0);
  const asked = of('lamp-1', 'wanted').map(({ value }) => value);
  expect(asked).toEqual(expect.arrayContaining([100, 90, 70, 40, 80, 0]));
  const decisions = played.events('light').map(({ body }) => body);
  expect(
    decisions.some(({ rung, why, level }) => rung === 'boost' && why === 'Bus due' && level === 90),
  ).toBe(true);
  expect(decisions.at(-1)).toMatchObject({ rung: 'day', level: 0 });
  expect(played.events('alarm').filter(({ body }) => String(body.alarm).startsWith('lamp-1'))).toEqual([]);
  await expect
    .poll(() => city.ledger.report(), { timeout: 20_000 })
    .toMatchObject({ missing: 0, conflicts: 0, outOfOrder: 0 });
});
