/**
 * Who passes the pole and who stands before the sign, at any moment: a pure function of seed and world time.
 *
 * Positions are metres along the street, 0 at the pole, growing to the right as the camera sees it; what is further
 * away than `VIEW_METRES` is not in the list. Every lane has a speed that its vehicles keep within 5 %, and vehicles enter in slots
 * with a gap, so that nothing overtakes or overlaps and each is countable when it crosses the line at 0.
 */
import { chance } from './random.ts';

export type VehicleClass = 'car' | 'bus' | 'truck' | 'motorcycle' | 'bicycle';

export interface Vehicle {
  /** Stable as long as it is in sight, and unique for ever: lane and slot. */
  readonly id: string;
  readonly class: VehicleClass;
  readonly lane: number;
  /** 1: left to right; −1: right to left. */
  readonly direction: 1 | -1;
  /** Metres from the pole to its middle. */
  readonly position: number;
  /** m/s, above 0. */
  readonly speed: number;
  /** Metres. */
  readonly length: number;
  /** 0 ≤ x < 1; the same for the vehicle's whole life: colour and shape. */
  readonly colour: number;
}

export interface Face {
  readonly id: string;
  /** Metres from the pole; places are 1.6 m apart, so faces never overlap. */
  readonly position: number;
  /** Height of the face as a part of the picture's height, 0.12…0.22. */
  readonly size: number;
  /** 0 ≤ x < 1; skin, hair, clothes. */
  readonly look: number;
}

export interface TrafficMoment {
  readonly vehicles: readonly Vehicle[];
  readonly faces: readonly Face[];
}

/** A vehicle's middle over the counting line. */
export interface Passage {
  readonly id: string;
  readonly class: VehicleClass;
  readonly lane: number;
  readonly direction: 1 | -1;
  /** World time, epoch ms. */
  readonly time: number;
  readonly speed: number;
}

export interface Lane {
  readonly id: number;
  readonly direction: 1 | -1;
  /** m/s */
  readonly speed: number;
  /** One vehicle at most enters in each slot, ms. */
  readonly slot: number;
  /** Chance of a slot to be taken at the busiest hour. */
  readonly busy: number;
  readonly mix: readonly (readonly [VehicleClass, number])[];
}

/** Half the length of street in the list, metres. */
export const VIEW_METRES = 60;
/** The bus stop, metres from the pole: out of the camera's sight. */
export const STOP_METRES = 80;

const ROAD: Lane['mix'] = [
  ['car', 0.76],
  ['truck', 0.1],
  ['motorcycle', 0.09],
  ['bus', 0.05],
];

export const LANES: readonly Lane[] = [
  { id: 0, direction: 1, speed: 10, slot: 6000, busy: 0.75, mix: ROAD },
  { id: 1, direction: -1, speed: 9, slot: 7000, busy: 0.7, mix: ROAD },
  {
    id: 2,
    direction: 1,
    speed: 4.5,
    slot: 14_000,
    busy: 0.6,
    mix: [
      ['bicycle', 0.7],
      ['motorcycle', 0.3],
    ],
  },
];

export const VEHICLE_METRES: Readonly<Record<VehicleClass, number>> = {
  car: 4.5,
  bus: 11.5,
  truck: 8,
  motorcycle: 2,
  bicycle: 1.8,
};

/** How full the street is by local hour, 0…1: two rush hours, quiet nights. */
const HOURLY = [
  0.12, 0.08, 0.06, 0.06, 0.1, 0.25, 0.5, 0.85, 1, 0.85, 0.7, 0.7, 0.75, 0.7, 0.7, 0.75, 0.85, 1, 0.95, 0.75,
  0.6, 0.45, 0.3, 0.2,
] as const;

const BUS_LANE = 0;
/** A bus of the timetable every ten minutes from 05:30 to 23:00 local time. */
const BUS_HEADWAY = 600_000;
const BUS_FROM_HOUR = 5.5;
const BUS_TO_HOUR = 23;

const PLACES = [-3.2, -1.6, 0, 1.6, 3.2] as const;
const PLACE_WINDOW = 60_000;

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Keys that keep the draws for different questions apart. */
const KEY = {
  taken: 1,
  delay: 2,
  class: 3,
  speed: 4,
  colour: 5,
  face: 6,
  from: 7,
  stay: 8,
  size: 9,
  look: 10,
  late: 11,
};

export interface TrafficPlan {
  /** Everything in sight at a world time (epoch ms). */
  trafficAt(time: number): TrafficMoment;
  /** Every crossing of the line at `metres` (default 0, the pole) with from ≤ time < to, in order of time. */
  passages(from: number, to: number, metres?: number): readonly Passage[];
  /** Timetable buses at the stop with from ≤ time < to; `planned` is the timetable's, `time` the true one. */
  busArrivals(
    from: number,
    to: number,
  ): readonly { readonly id: string; readonly planned: number; readonly time: number }[];
}

interface Entry {
  readonly id: string;
  readonly class: VehicleClass;
  readonly lane: Lane;
  readonly speed: number;
  readonly colour: number;
  /** When it crosses metre 0, epoch ms. */
  readonly crossing: number;
}

/** `utcOffset`: local time minus UTC, hours. `density`: factor on the chance of a vehicle or a face (0: an empty street). */
export function trafficPlan(seed: number, utcOffset: number, density = 1): TrafficPlan {
  const localHour = (time: number): number => ((((time + utcOffset * HOUR) % DAY) + DAY) % DAY) / HOUR;

  const fullness = (time: number): number => {
    const hour = localHour(time);
    const from = HOURLY[Math.floor(hour)] ?? 0;
    const to = HOURLY[(Math.floor(hour) + 1) % 24] ?? 0;
    return (from + (to - from) * (hour % 1)) * density;
  };

  /** The vehicle of one slot of one lane, or none. */
  const entry = (lane: Lane, slot: number): Entry | undefined => {
    const start = slot * lane.slot;
    const scheduled = lane.id === BUS_LANE && busOfSlot(lane, slot);
    if (!scheduled && chance(seed, KEY.taken, lane.id, slot) >= lane.busy * fullness(start)) return undefined;
    // Entering in the first half of the slot keeps half a slot of gap to the next one.
    const crossing = start + chance(seed, KEY.delay, lane.id, slot) * (lane.slot / 2);
    return {
      id: `v${lane.id}-${slot}`,
      class: scheduled ? 'bus' : pick(lane.mix, chance(seed, KEY.class, lane.id, slot)),
      lane,
      speed: lane.speed * (0.95 + 0.1 * chance(seed, KEY.speed, lane.id, slot)),
      colour: chance(seed, KEY.colour, lane.id, slot),
      crossing,
    };
  };

  const busOfSlot = (lane: Lane, slot: number): boolean => {
    if (density === 0) return false;
    const headway = Math.floor((slot * lane.slot) / BUS_HEADWAY);
    return [headway - 1, headway].some((bus) => busSlot(lane, bus) === slot);
  };

  /** The slot the timetable's bus number `bus` (headways since 1970) enters in: up to two minutes late. */
  const busSlot = (lane: Lane, bus: number): number | undefined => {
    const planned = bus * BUS_HEADWAY;
    const hour = localHour(planned);
    if (hour < BUS_FROM_HOUR || hour > BUS_TO_HOUR) return undefined;
    return Math.ceil((planned + chance(seed, KEY.late, bus) * 120_000) / lane.slot);
  };

  const entriesBetween = (lane: Lane, from: number, to: number): Entry[] => {
    const found: Entry[] = [];
    for (let slot = Math.floor(from / lane.slot) - 1; slot * lane.slot < to; slot++) {
      const one = entry(lane, slot);
      if (one !== undefined) found.push(one);
    }
    return found;
  };

  const faceAt = (place: number, time: number): Face | undefined => {
    const window = Math.floor(time / PLACE_WINDOW);
    // Fewer people than cars: at the busiest hour two of five places are taken on average.
    if (chance(seed, KEY.face, place, window) >= 0.55 * fullness(window * PLACE_WINDOW)) return undefined;
    const from = chance(seed, KEY.from, place, window) * PLACE_WINDOW * 0.3;
    const until = from + PLACE_WINDOW * (0.4 + 0.29 * chance(seed, KEY.stay, place, window));
    const at = time - window * PLACE_WINDOW;
    if (at < from || at >= until) return undefined;
    return {
      id: `f${place}-${window}`,
      position: PLACES[place] ?? 0,
      size: 0.12 + 0.1 * chance(seed, KEY.size, place, window),
      look: chance(seed, KEY.look, place, window),
    };
  };

  return {
    trafficAt(time) {
      const vehicles: Vehicle[] = [];
      for (const lane of LANES) {
        const reach = (VIEW_METRES / (lane.speed * 0.95)) * 1000;
        for (const one of entriesBetween(lane, time - reach, time + reach)) {
          const position = (lane.direction * one.speed * (time - one.crossing)) / 1000;
          if (Math.abs(position) > VIEW_METRES) continue;
          vehicles.push({
            id: one.id,
            class: one.class,
            lane: lane.id,
            direction: lane.direction,
            position,
            speed: one.speed,
            length: VEHICLE_METRES[one.class],
            colour: one.colour,
          });
        }
      }
      const faces = PLACES.map((_, place) => faceAt(place, time)).filter((face) => face !== undefined);
      return { vehicles, faces };
    },

    passages(from, to, metres = 0) {
      const found: Passage[] = [];
      for (const lane of LANES) {
        const spread = (Math.abs(metres) / (lane.speed * 0.95)) * 1000;
        for (const one of entriesBetween(lane, from - spread, to + spread)) {
          const time = one.crossing + (lane.direction * metres * 1000) / one.speed;
          if (time < from || time >= to) continue;
          const { id, speed } = one;
          found.push({ id, class: one.class, lane: lane.id, direction: lane.direction, time, speed });
        }
      }
      return found.sort((a, b) => a.time - b.time);
    },

    busArrivals(from, to) {
      const lane = LANES[BUS_LANE];
      if (lane === undefined || density === 0) return [];
      const found: { id: string; planned: number; time: number }[] = [];
      for (let bus = Math.floor((from - 200_000) / BUS_HEADWAY); bus * BUS_HEADWAY < to; bus++) {
        const slot = busSlot(lane, bus);
        const one = slot === undefined ? undefined : entry(lane, slot);
        if (one === undefined) continue;
        const way = (STOP_METRES / one.speed) * 1000;
        const time = one.crossing + way;
        const planned = bus * BUS_HEADWAY + (STOP_METRES / lane.speed) * 1000;
        if (time >= from && time < to) found.push({ id: one.id, planned, time });
      }
      return found;
    },
  };
}

function pick(mix: Lane['mix'], draw: number): VehicleClass {
  let sum = 0;
  for (const [name, share] of mix) {
    sum += share;
    if (draw < sum) return name;
  }
  return mix[0]?.[0] ?? 'car';
}
