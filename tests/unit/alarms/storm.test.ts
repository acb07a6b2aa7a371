/**
 * Ten thousand events a second for minutes, in virtual time: what leaves is bounded by the number of alarms, what is
 * remembered too, nothing of priority is lost, and when it is over every alarm says what is true.
 */
import { expect, test } from 'vitest';
import { type AlarmStatus, PRIORITIES } from '../../../agent/core/alarm/alarm.ts';
import { marksOf } from '../../../agent/core/mark.ts';
import { good } from '../../../agent/core/reading.ts';
import { seeded } from '../../support/seeded.ts';
import { alarmOf, configOf, Life, MINUTE, stand } from './stand.ts';

const ALARMS = 400;
const PER_SECOND = 10_000;

test(`a storm of ${PER_SECOND} readings a second over ${ALARMS} alarms`, async () => {
  const random = seeded(18);
  const definitions = Array.from({ length: ALARMS }, (_, i) =>
    alarmOf({ id: `a-${i}`, priority: PRIORITIES[i % 4] ?? 'low' }),
  );
  const life = new Life();
  using site = stand(configOf(...definitions), life);
  const truth = new Array<boolean>(ALARMS).fill(false);
  /** Alarms of high priority whose condition was ever met. */
  const owed = new Set<string>();
  const SECONDS = 30;
  for (let second = 0; second < SECONDS; second++) {
    for (let tenth = 0; tenth < 10; tenth++) {
      const readings = Array.from({ length: PER_SECOND / 10 }, () => {
        // Half of the alarms are never met: they must stay silent.
        const i = Math.floor(random() * ALARMS);
        truth[i] = i < ALARMS / 2 && random() < 0.5;
        if (truth[i] && i % 4 < 2) owed.add(`a-${i}`);
        return good({ device: 'board', point: `a-${i}`, unit: '1' }, truth[i] ?? false, site.clock.mono());
      });
      site.hub.readings(readings);
      await site.clock.advance(100);
    }
  }
  const told = site.events.flatMap(({ body }) => marksOf({ body })) as AlarmStatus[];
  const raised = site.events.filter(({ body }) => body.what === 'raised' || body.what === 'chattering');
  const urgent = new Set(raised.map(({ body }) => body.alarm));
  expect([...owed].filter((id) => !urgent.has(id))).toEqual([]);
  expect(owed.size).toBe(ALARMS / 4);
  // Five of each urgent one until it chatters, less urgent ones together every ten seconds.
  expect(site.events.length).toBeLessThan(
    (ALARMS / 4) * 6 + 11 * 2 + (SECONDS / 10 + 1) * (ALARMS / 4 / 40 + 2) + 10,
  );
  expect(told.some(({ alarm }) => Number(alarm.slice(2)) >= ALARMS / 2)).toBe(false);

  // It ends; what is still met stands, everything else is over, here and in what was committed.
  await site.clock.advance(3 * MINUTE);
  const standing = truth.flatMap((met, i) => (met ? [`a-${i}`] : []));
  const active = site.engine.rows().filter(({ status }) => status.active && status.alarm.startsWith('a-'));
  expect(active.map(({ status }) => status.alarm)).toEqual(standing);
  const kept = life.statuses.filter(({ alarm, active }) => active && alarm.startsWith('a-'));
  expect(kept.map(({ alarm }) => alarm).sort()).toEqual([...standing].sort());
}, 60_000);
