/** One night of a simulated pole, from the afternoon to the morning, with what a night may bring; for a test and a picture. */

import { programmeOf } from '../../agent/config/lighting/resolve.ts';
import { programme as programmeSchema } from '../../agent/config/lighting/schema.ts';
import type { Reading } from '../../agent/core/reading.ts';
import type { AgentEvent } from '../../agent/core/record.ts';
import { LAMP, PoleStreet } from './pole-street.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** Wall time per monotonic time: sixteen hours in half an hour of the line's time. */
const RATE = 30;

export interface Sample {
  /** Unix epoch ms. */
  readonly time: number;
  readonly value: number;
}

/** What happened, in the words of a picture. */
export interface Happening {
  readonly time: number;
  readonly text: string;
}

export interface PoleNight {
  readonly from: number;
  readonly to: number;
  readonly timezone: string;
  readonly rated: number;
  /** Illuminance at the photocell, lx. */
  readonly lux: readonly Sample[];
  /** What the controller wants and what the board says it shows, %. */
  readonly wanted: readonly Sample[];
  readonly level: readonly Sample[];
  /** Vehicles per quarter of an hour. */
  readonly counts: readonly Sample[];
  /** By the lamp's meter. */
  readonly watts: readonly Sample[];
  /** kWh taken, and saved against full light, by the monitor. */
  readonly used: number;
  readonly saved: number;
  readonly happenings: readonly Happening[];
  readonly events: readonly AgentEvent[];
  /** Wall time of a moment of the monotonic clock. */
  at(mono: number): number;
}

/** What is done to the pole, minutes after 16:00. */
const PLAN: readonly (readonly [number, string, (street: PoleStreet) => Promise<void> | void])[] = [
  [310, 'city: 30 % for 40 min', async (street) => void (await street.order(30, 40 * MINUTE))],
  [395, 'board reset', (street) => street.board.reset()],
  [500, 'SOS pressed', (street) => street.world.setHands({ sosPressed: true })],
  [506, 'SOS released', (street) => street.world.setHands({ sosPressed: false })],
  [600, 'agent killed', (street) => street.kill()],
  [612, 'agent started', (street) => street.boot()],
  [690, 'cabinet opened', (street) => street.world.setHands({ doorOpen: true })],
  [712, 'cabinet shut', (street) => street.world.setHands({ doorOpen: false })],
];

export async function playNight(): Promise<PoleNight> {
  const timezone = 'Asia/Shanghai';
  const from = Date.parse('2027-03-04T16:00+08:00');
  const to = from + 15 * HOUR;
  const programme = programmeOf(
    programmeSchema.parse({
      id: 'street',
      class: 30,
      levels: [
        { from: 'dusk', level: 100 },
        { from: '21:30', level: 60 },
        { from: '23:00', level: 40 },
        { from: '05:00', level: 80 },
      ],
      photocell: { device: 'board', point: 'photocell', on: 15, off: 25, dwell: '5s' },
      traffic: {
        device: 'camera-1',
        point: 'vehicles-passed',
        window: '1min',
        // The street runs thirty times as fast as the windows' clock.
        steps: [
          { above: 0, level: 40 },
          { above: 160 * RATE, level: 60 },
          { above: 500 * RATE, level: 80 },
        ],
      },
      boosts: [
        {
          title: 'SOS',
          when: { device: 'board', point: 'sos-button', is: true },
          hold: '20s',
          always: true,
        },
      ],
      safety: [{ title: 'cabinet door', device: 'board', point: 'cabinet-door', is: true }],
    }),
  );
  const street = new PoleStreet({
    start: from,
    rate: RATE,
    seed: 817,
    place: { lat: 36.8, lon: 118.05 },
    timezone,
    utcOffset: 8,
    programme,
  });
  const begun = street.clock.mono();
  const at = (mono: number) => from + (mono - begun) * RATE;
  const series: Readonly<Record<string, Sample[]>> = {
    'board/photocell': [],
    'lamp-1/wanted': [],
    'board/lamp-level': [],
    'meter-lamp/power-active-total': [],
    'camera-1/vehicles-passed': [],
    'lamp-1/energy': [],
    'lamp-1/saved': [],
  };
  street.onReadings = (readings: readonly Reading[]) => {
    for (const { device, point, value, time } of readings) {
      if (typeof value === 'number') series[`${device}/${point}`]?.push({ time: at(time), value });
    }
  };
  const happenings: Happening[] = [];
  await street.boot();
  // The libraries of the board are loaded before anything is of weight.
  await street.pass(
    10_000,
    () => street.alive && typeof street.agent.hub.latest('board', LAMP.point)?.value === 'number',
  );
  for (const [minute, text, act] of PLAN) {
    await street.clock.advance((from + minute * MINUTE - street.now) / RATE);
    happenings.push({ time: street.now, text });
    await meanwhile(street, act(street));
  }
  await street.clock.advance((to - street.now) / RATE);
  await meanwhile(street, street.kill());
  const of = (key: string) => series[key] ?? [];
  const sum = (key: string) => of(key).reduce((total, { value }) => total + value, 0);
  return {
    from,
    to,
    timezone,
    rated: LAMP.power?.rated ?? 0,
    lux: of('board/photocell'),
    wanted: of('lamp-1/wanted'),
    level: of('board/lamp-level'),
    watts: of('meter-lamp/power-active-total'),
    counts: quarters(of('camera-1/vehicles-passed'), from),
    used: sum('lamp-1/energy'),
    saved: sum('lamp-1/saved'),
    happenings,
    events: street.events,
    at,
  };
}

/** Lets time pass until `done`. */
async function meanwhile(street: PoleStreet, done: Promise<void> | void): Promise<void> {
  let over = false;
  const end = () => {
    over = true;
  };
  const settled = Promise.resolve(done).finally(end);
  await street.pass(60_000, () => over);
  await settled;
}

function quarters(counts: readonly Sample[], from: number): Sample[] {
  const sums = new Map<number, number>();
  for (const { time, value } of counts) {
    const quarter = Math.floor((time - from) / (15 * MINUTE));
    sums.set(quarter, (sums.get(quarter) ?? 0) + value);
  }
  return [...sums].map(([quarter, value]) => ({ time: from + quarter * 15 * MINUTE, value }));
}
