/**
 * A stop whose hours pass sixty times as fast as life: buses by headway with positions every 15 s, rush and night, outages,
 * alerts, an emergency now and then. Seeded by time alone: the same moment is the same board.
 */

import type { ShownContent } from '../../agent/core/content/content.ts';
import type { ArrivalBoard, ArrivalRow, LineBoard } from '../../agent/core/sign/arrival.ts';
import type { ServiceAlert } from '../../agent/core/sign/transit.ts';
import {
  alert,
  CONTENT,
  grown,
  line,
  MORNING,
  row,
  STREET_EXTRACT,
} from '../../tests/support/sign-street.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** 00:00 in Shanghai of the day that `MORNING` is on. */
const MIDNIGHT = MORNING - 8 * HOUR - 31 * MINUTE - 20_000;
const HEADWAYS = [6, 9, 12, 15, 20];
const FIRST = 5.5 * HOUR;
const LAST = 22.5 * HOUR;
const AHEAD = 26 * MINUTE;
const strip = Object.keys(STREET_EXTRACT.stops);

/** An outage of 12 minutes every three hours. */
function outage(time: number): number {
  const inside = (time % (3 * HOUR)) - 2 * HOUR;
  return inside > 0 && inside < 12 * MINUTE ? inside : 0;
}

export function quietAt(now: number): boolean {
  const time = (now - MIDNIGHT) % DAY;
  return time < FIRST - 30 * MINUTE || time > LAST + 30 * MINUTE;
}

export function arrivalsAt(now: number): ArrivalBoard {
  const midnight = now - ((now - MIDNIGHT) % DAY);
  const silent = outage(now - midnight);
  const lines: LineBoard[] = [];
  const rows: ArrivalRow[] = [];
  for (const [index, minutes] of HEADWAYS.entries()) {
    const every = minutes * MINUTE;
    const [first, last] = [midnight + FIRST, midnight + LAST];
    const running = now < last + 2 * MINUTE && now > first - AHEAD;
    const state = running ? 'running' : now < first ? 'not-yet' : 'last-gone';
    lines.push(
      line(index, {
        state,
        first,
        last,
        lastSoon: running && last - now < 30 * MINUTE,
        ...(state === 'running' ? {} : { next: now < first ? first : first + DAY }),
      }),
    );
    if (!running) continue;
    for (let k = Math.max(0, Math.ceil((now - first) / every)); rows.length < 100; k += 1) {
      const passes = first + k * every + ((k * 7919) % 120) * 1000;
      const left = passes - now;
      if (left > AHEAD || passes > last + 2 * MINUTE) break;
      if (left < 0) continue;
      rows.push(bus(index, k, passes, left, silent, now, last));
    }
  }
  return {
    at: now,
    clock: 'trusted',
    version: now,
    rows: rows.sort((a, b) => (a.due ?? a.scheduled ?? 0) - (b.due ?? b.scheduled ?? 0)),
    lines,
    sources: [],
    timetable: 'valid',
    ...(silent > 0 ? { offlineSince: now - silent } : {}),
  };
}

function bus(
  index: number,
  k: number,
  passes: number,
  left: number,
  silent: number,
  now: number,
  last: number,
): ArrivalRow {
  const age = silent > 0 ? silent / 1000 : (now / 1000 + k) % 15;
  const minutes = Math.floor(left / MINUTE);
  const one = row(index, minutes, {
    key: `${index}:${k}`,
    due: passes - 20_000,
    minutes,
    scheduled: passes - 60_000,
    age,
    approaching: left < 30_000 && silent === 0,
    stopsAway: Math.max(1, Math.ceil(left / (2 * MINUTE))),
    last: passes > last - 10 * MINUTE,
    strip,
    place: {
      after: Math.max(0, 4 - Math.floor(left / (4 * MINUTE))),
      share: 1 - (left % (4 * MINUTE)) / (4 * MINUTE),
    },
  });
  if (silent === 0) return one;
  const aged = grown(age).find(({ line: of }) => of === one.line)?.state ?? 'timetable';
  if (aged === 'live' || aged === 'about') return { ...one, state: aged };
  const { due: _, minutes: __, ...rest } = one;
  return { ...rest, state: aged };
}

export function alertsAt(now: number): readonly ServiceAlert[] {
  const hour = Math.floor(now / HOUR);
  if (hour % 2 === 0) return [];
  return [
    alert(`a${hour}`, { active: [{ from: hour * HOUR, to: (hour + 1) * HOUR }], updated: hour * HOUR }),
  ];
}

export function contentAt(now: number, playlist: NonNullable<ShownContent['playlist']>): ShownContent {
  const hour = Math.floor(now / HOUR);
  const emergency = hour % 6 === 4 && now % HOUR < 10 * MINUTE;
  return {
    ...CONTENT,
    playlist,
    ...(CONTENT.weather === undefined
      ? {}
      : { weather: { ...CONTENT.weather, temperature: hour % 13, issued: now, expires: now + 2 * HOUR } }),
    ...(emergency
      ? {
          takeover: {
            id: `k${hour}`,
            priority: 9,
            severity: 'emergency',
            title: { 'zh-CN': '演练：请听从工作人员指挥', en: 'Drill: please follow the staff' },
            text: { 'zh-CN': '这是一次演练。', en: 'This is a drill.' },
            spoken: false,
            until: hour * HOUR + 10 * MINUTE,
          },
        }
      : {}),
    notices: (CONTENT.notices ?? []).map((one) => ({ ...one, expires: now + DAY })),
  };
}
