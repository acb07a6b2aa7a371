/**
 * Where things are in the picture. The camera looks across the street: lanes lie one above the other, far enough apart
 * that nothing hides behind a bus. People stand before the sign, at the lower edge.
 */

/** What the camera needs of the world's traffic: a part of what hw-sim/world gives. */
export interface StreetMoment {
  readonly vehicles: readonly SeenVehicle[];
  readonly faces: readonly SeenFace[];
}

export interface SeenVehicle {
  readonly id: string;
  readonly class: 'car' | 'bus' | 'truck' | 'motorcycle' | 'bicycle';
  readonly lane: number;
  /** 1: left to right; −1: right to left. */
  readonly direction: 1 | -1;
  /** Metres from the middle of the picture to the vehicle's middle. */
  readonly position: number;
  /** Metres. */
  readonly length: number;
  /** 0 ≤ x < 1 */
  readonly colour: number;
}

export interface SeenFace {
  readonly id: string;
  /** Metres from the middle of the picture. */
  readonly position: number;
  /** Height of the face as a part of the picture's height. */
  readonly size: number;
  /** 0 ≤ x < 1 */
  readonly look: number;
}

export const WIDTH = 1280;
export const HEIGHT = 720;

export interface LaneView {
  /** Where wheels touch the road, pixels from the top. */
  readonly ground: number;
  /** Pixels per metre. */
  readonly scale: number;
}

/** Far lane, near lane, cycle lane: by the lane's number in the world. */
const LANES: Readonly<Record<number, LaneView>> = {
  0: { ground: 410, scale: 54 },
  1: { ground: 250, scale: 52 },
  2: { ground: 540, scale: 80 },
};

/** Pixels per metre where people stand: 1.6 m between two of them. */
const PEOPLE_SCALE = 140;
/** Where chins are at most, pixels from the top. */
const CHIN = 708;

export function laneView(lane: number): LaneView {
  return LANES[lane] ?? { ground: 392, scale: 54 };
}

/** Middle of a vehicle, pixels from the left. */
export function vehicleX(vehicle: SeenVehicle): number {
  return WIDTH / 2 + vehicle.position * laneView(vehicle.lane).scale;
}

/** How much of a vehicle's length is in the picture, 0…1. */
export function visibleShare(vehicle: SeenVehicle): number {
  const half = (vehicle.length * laneView(vehicle.lane).scale) / 2;
  const x = vehicleX(vehicle);
  const inside = Math.min(WIDTH, x + half) - Math.max(0, x - half);
  return Math.max(0, inside) / (2 * half);
}

/** Middle of a face, lower end of its chin and its height, pixels. */
export function facePlace(face: SeenFace): {
  readonly x: number;
  readonly chin: number;
  readonly height: number;
} {
  return { x: WIDTH / 2 + face.position * PEOPLE_SCALE, chin: CHIN, height: face.size * HEIGHT };
}

/** What an observer of one frame must count. */
export interface Truth {
  /** Vehicles of which at least half is in the picture, by class. */
  readonly vehicles: Readonly<Record<string, number>>;
  readonly vehicleCount: number;
  readonly faces: number;
  /**
   * False while a vehicle is cut by the edge so that one may count it or not (between a tenth and all but a tenth of
   * it is to be seen).
   */
  readonly settled: boolean;
}

export function truthOf({ vehicles, faces }: StreetMoment): Truth {
  const byClass: Record<string, number> = {};
  let count = 0;
  let settled = true;
  for (const vehicle of vehicles) {
    const share = visibleShare(vehicle);
    if (share > 0.1 && share < 0.9) settled = false;
    if (share < 0.5) continue;
    byClass[vehicle.class] = (byClass[vehicle.class] ?? 0) + 1;
    count += 1;
  }
  return { vehicles: byClass, vehicleCount: count, faces: faces.length, settled };
}
