/** What the meter says of the lamp: every fault is found within minutes, and a healthy lamp is never accused. */
import { describe, expect, test } from 'vitest';
import { LampAccount } from '../../../agent/control/lighting/account.ts';
import { type Finding, LampVerification } from '../../../agent/control/lighting/verification.ts';
import { seeded } from '../../support/seeded.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A LED of 118 W at full light: not quite linear, 2 W of standby never seen by day (the relay cuts it), 2 % of noise. */
function led(level: number, random: () => number): number {
  return level <= 0 ? 0.3 * random() : (4 + 1.14 * level) * (0.98 + 0.04 * random());
}

/** A night's levels, in minutes after noon. */
function levelAt(time: number): number {
  const minute = (time % DAY) / MINUTE;
  if (minute < 6 * 60 || minute >= 18 * 60) return 0;
  return minute < 11 * 60 ? 100 : minute < 17 * 60 ? 50 : 80;
}

/** `nights` healthy nights, then `fault` from a moment on; gives what was found and when after it began. */
function play(
  nights: number,
  fault: { at: number; watts: (level: number, time: number) => number; volts?: number },
) {
  const random = seeded(7);
  const lamp = new LampVerification({ rated: 120, settle: MINUTE });
  const raised: { readonly finding: Finding; readonly after: number }[] = [];
  const from = nights * DAY + fault.at;
  for (let time = 0; time < from + 2 * HOUR; time += 10 * SECOND) {
    const level = levelAt(time);
    const watts = time < from ? led(level, random) : fault.watts(level, time);
    const volts = time < from ? 230 : (fault.volts ?? 230);
    for (const finding of lamp.take({ watts, volts, level, time }).raised)
      raised.push({ finding, after: time - from });
  }
  return { raised, lamp };
}

const EVENING = 7 * HOUR;
const NIGHT = 13 * HOUR;
const NOON = 2 * HOUR;
const random = seeded(1);

describe('findings', () => {
  test.each<[Finding, string, Parameters<typeof play>[1]]>([
    ['lampFailure', 'a burnt lamp', { at: EVENING, watts: () => 0.2 }],
    ['lampFailure', 'a relay stuck open', { at: NIGHT, watts: () => 0 }],
    [
      'lampUnexpectedOn',
      'a day-burner, or a relay stuck closed',
      { at: NOON, watts: () => led(100, random) },
    ],
    ['dimmingFailure', 'a dimming wire torn off', { at: NIGHT, watts: () => led(100, random) }],
    ['powerTooLow', 'half of the modules gone', { at: EVENING, watts: (level) => led(level, random) * 0.5 }],
    ['powerTooHigh', 'another load on the wire', { at: EVENING, watts: (level) => led(level, random) + 60 }],
    [
      'cyclingFailure',
      'a lamp that cools and strikes again',
      {
        at: EVENING,
        watts: (level, time) => (Math.floor(time / (90 * SECOND)) % 2 === 0 ? 0 : led(level, random)),
      },
    ],
    ['supplyLoss', 'no supply', { at: EVENING, watts: () => 0, volts: 0 }],
  ])('%s: %s, within five minutes', (finding, _, fault) => {
    const { raised } = play(8, fault);
    expect(raised[0]?.after).toBeGreaterThanOrEqual(0);
    const found = raised.find((one) => one.finding === finding);
    expect(found?.after).toBeLessThan(finding === 'cyclingFailure' ? 10 * MINUTE : 5 * MINUTE);
  });

  test('the first night without anything learned: a failure is found, a lamp of 90 W in place of 120 is not accused', () => {
    expect(play(0, { at: EVENING, watts: () => 0 }).raised.map(({ finding }) => finding)).toEqual([
      'lampFailure',
    ]);
    expect(play(0, { at: 6 * HOUR, watts: (level) => led(level, random) * 0.75 }).raised).toEqual([]);
  });

  test('supply that comes back clears the loss, and no lamp failure is left', () => {
    const lamp = new LampVerification({ rated: 120, settle: MINUTE });
    const told: string[] = [];
    for (let time = 0; time < HOUR; time += 10 * SECOND) {
      const away = time > 20 * MINUTE && time < 30 * MINUTE;
      const { raised, cleared } = lamp.take({
        watts: away ? 0 : 118,
        volts: away ? 0 : 231,
        level: 100,
        time,
      });
      told.push(...raised.map((one) => `+${one}`), ...cleared.map((one) => `-${one}`));
    }
    expect(told).toEqual(['+supplyLoss', '-supplyLoss']);
  });
});

test('a healthy lamp is not accused in a year: noise, mains, cold, age, and every level', () => {
  const noise = seeded(2027);
  const lamp = new LampVerification({ rated: 120, settle: MINUTE });
  let raised = 0;
  for (let time = 0; time < 365 * DAY; time += MINUTE) {
    const day = Math.floor(time / DAY);
    const plan = levelAt(time);
    // Now and then somebody sets another level for an hour.
    const level =
      plan > 0 && day % 9 === 0 && (time % DAY) / HOUR > 12 && (time % DAY) / HOUR < 13
        ? 10 + (day % 80)
        : plan;
    const cold = 1 + 0.03 * Math.cos((2 * Math.PI * day) / 365);
    const age = 1 - (0.04 * day) / 365;
    raised += lamp.take({ watts: led(level, noise) * cold * age, volts: 225 + 15 * noise(), level, time })
      .raised.length;
  }
  expect(raised).toBe(0);
});

test('a wrong wiring: the level of another lamp', () => {
  // The meter sees a lamp that follows the neighbour's levels: full while this one is dimmed, dark while it is lit.
  expect(play(0, { at: NIGHT, watts: () => led(0, random) }).raised.map(({ finding }) => finding)).toContain(
    'lampFailure',
  );
});

test('the account: a night at half light saves what full light would have taken, a hole counts for nothing', () => {
  const account = new LampAccount();
  for (let minute = 0; minute <= 600; minute++) account.take(minute * MINUTE, 60, 120);
  const night = account.close();
  expect(night.used).toBeCloseTo(0.6, 6);
  expect(night.saved).toBeCloseTo(0.6, 6);
  account.take(20 * HOUR, 60, 120);
  expect(account.close()).toEqual({ used: 0, saved: 0 });
});
