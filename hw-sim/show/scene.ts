/** One moment of the street as the page draws it: plain data, made anew for every frame. */
import { performance } from 'node:perf_hooks';
import type { StreetParts } from '../street-parts.ts';
import type { VehicleClass } from '../world/traffic.ts';
import type { Ground } from './breakable.ts';
import type { SeenBoxes } from './camera-eye.ts';
import type { Broken, Stage } from './stage.ts';
import { momentOf, THINGS, type ThingMoment } from './things.ts';
import type { Tour, TourMoment } from './tour.ts';

export interface Scene {
  /** Street time, Unix epoch ms, and how many times it is as fast as life. */
  readonly now: number;
  readonly rate: number;
  /** Degrees above the horizon. */
  readonly sun: number;
  readonly agent: { readonly up: boolean; readonly starts: number };
  readonly city: { readonly up: boolean; readonly messages: number };
  readonly ledger: Ledger;
  /** Bytes so far, both ways, by line. */
  readonly lines: Readonly<Record<string, number>>;
  readonly devices: Readonly<Record<string, { readonly state: string; readonly readings: number }>>;
  /** Level as the board reads it back, %; light 0…1; watts as the meter sees them. */
  readonly lamp: { readonly level: number | null; readonly light: number; readonly watts: number | null };
  readonly hands: StreetParts['world']['hands'];
  readonly vehicles: readonly ShownVehicle[];
  /** Metres from the pole of those who stand before the sign. */
  readonly people: readonly number[];
  readonly camera: {
    readonly state: string;
    readonly vehicles: number | null;
    readonly passed: number;
    readonly seen: SeenBoxes | null;
  };
  readonly sign: { readonly state: string; readonly rows: readonly SignRow[] };
  readonly alarms: readonly { readonly en: string; readonly zh: string; readonly priority: string }[];
  readonly broken: readonly ShownBroken[];
  readonly tour: TourMoment | undefined;
  /** By id. */
  readonly things: Readonly<Record<string, ThingMoment>>;
}

export interface ShownVehicle {
  readonly id: string;
  readonly kind: VehicleClass;
  readonly lane: number;
  /** Metres from the pole to its middle. */
  readonly position: number;
  /** Metres in a second of the page; below 0: to the left. */
  readonly pace: number;
  readonly length: number;
  /** 0 ≤ x < 1 */
  readonly colour: number;
}

export interface Ledger {
  /** Values that devices have said since the street opened. */
  readonly served: number;
  /** Records in the pole's log, and of them acknowledged by the city. */
  readonly stored: number;
  readonly acknowledged: number;
  /** Waiting in the pole. */
  readonly backlog: number;
  /** Records the city has, each once. */
  readonly received: number;
  /** Numbers the city does not have and that the pole does not hold either. */
  readonly missing: number;
  /** Records that would have been counted twice; the city drops them by their number. */
  readonly doubled: number;
  readonly repeated: number;
}

export interface SignRow {
  readonly line: string;
  readonly terminus: { readonly en: string; readonly zh: string };
  readonly state: string;
  readonly approaching: boolean;
  readonly minutes: number | null;
  readonly stopsAway: number | null;
}

/** Ages in ms, for clocks of two machines differ. */
export interface ShownBroken {
  readonly id: string;
  readonly says: string | null;
  readonly noticedAfter: number | null;
  readonly undone: boolean;
  /** From undoing (or from the blow, where it passes by itself) until all was well. */
  readonly healedAfter: number | null;
  readonly age: number;
}

const SIGN_ROWS = 5;
/** Depth at which an underpass is under water, mm. */
const FLOODED = 150;

export function sceneOf(ground: Ground, stage: Stage, tour: Tour): Scene {
  const { street, eye, city, camera } = ground;
  const { world, clock } = street;
  const now = clock.now();
  const number = (key: string): number | null => {
    const value = eye.readings.get(key)?.value;
    return typeof value === 'number' ? value : null;
  };
  const moment = world.trafficAt(now);
  const uplink = eye.ledgers.find((one) => one.uplink === 'city');
  return {
    now: Math.round(now),
    rate: clock.rate,
    sun: round(world.sun(now), 1),
    agent: { up: eye.up, starts: eye.starts },
    city: { up: reaches(street), messages: city.messages },
    ledger: withFleet(street, {
      served: street.ledger.count,
      stored: uplink?.stored ?? 0,
      acknowledged: uplink?.acknowledged ?? 0,
      backlog: uplink?.backlog ?? 0,
      received: city.received,
      missing: eye.up ? Math.max(0, city.missing - (uplink?.backlog ?? 0)) : 0,
      doubled: city.doubled,
      repeated: city.repeated,
    }),
    lines: Object.fromEntries(
      [...street.lines].map(([id, line]) => {
        const bytes = line.kind === 'serial' ? line.port.wire.bytes : { heard: 0, said: 0 };
        return [id, bytes.heard + bytes.said];
      }),
    ),
    devices: Object.fromEntries(
      [...street.devices.keys()].map((id) => [
        id,
        { state: eye.parts.get(`device:${id}`)?.state ?? 'off', readings: eye.counts.get(id) ?? 0 },
      ]),
    ),
    lamp: {
      level: number('board/lamp-level'),
      light: round(world.lampLight(now), 3),
      watts: number('meter-lamp/power-active-total'),
    },
    hands: { ...world.hands, flooded: world.hands.flooded || world.water(now) > FLOODED },
    vehicles: moment.vehicles.map(
      ({ id, lane, position, speed, length, direction, colour, class: kind }) => ({
        id,
        kind,
        lane,
        position: round(position, 1),
        pace: round(direction * speed * clock.rate, 2),
        length,
        colour: round(colour, 2),
      }),
    ),
    people: moment.faces.map(({ position }) => position),
    camera: {
      state: eye.parts.get(`camera:${camera?.camera}`)?.state ?? 'off',
      vehicles: number(`${camera?.camera}/vehicles`),
      passed: camera?.passed ?? 0,
      seen: camera?.seen ?? null,
    },
    sign: {
      state: eye.parts.get('sign:screen')?.state ?? 'off',
      rows: eye.arrivals
        .slice(0, SIGN_ROWS)
        .map(({ lineName, terminus, state, approaching, minutes, stopsAway }) => ({
          line: lineName.text,
          terminus: { zh: terminus.text, en: terminus.translations?.en ?? terminus.text },
          state,
          approaching,
          minutes: minutes ?? null,
          stopsAway: stopsAway ?? null,
        })),
    },
    alarms: eye.alarms
      .filter(({ status }) => status.active)
      .map(({ title, status }) => ({ en: title.en, zh: title.zh ?? title.en, priority: status.priority })),
    broken: stage.broken.map((one) => shown(one, performance.now())),
    tour: tour.moment,
    things: Object.fromEntries(THINGS.map((thing) => [thing.id, momentOf(thing, ground)])),
  };
}

/** Whether anything passes to the city now. */
function reaches({ broker, link }: StreetParts): boolean {
  const broken = link?.troubles.some((kind) => kind === 'half-open' || kind === 'refused') ?? false;
  return broker?.up === true && !broken;
}

/** With a fleet around the street the figures are those of the whole city. */
function withFleet({ fleet }: StreetParts, own: Ledger): Ledger {
  if (fleet === undefined) return own;
  const all = fleet.now();
  return {
    served: own.served,
    stored: own.stored + all.stored,
    acknowledged: own.acknowledged + all.acknowledged,
    backlog: own.backlog + all.backlog,
    received: own.received + all.received,
    missing: own.missing + all.missing,
    doubled: own.doubled + all.doubled,
    repeated: own.repeated + all.repeated,
  };
}

function shown({ id, struck, noticed, says, undone, healed }: Broken, now: number): ShownBroken {
  return {
    id,
    says: says ?? null,
    noticedAfter: noticed === undefined ? null : Math.round(noticed - struck.at),
    undone: undone !== undefined,
    healedAfter: healed === undefined || undone === undefined ? null : Math.round(healed - undone),
    age: Math.round(now - struck.at),
  };
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
