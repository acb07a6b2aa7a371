/** A simulated camera before a street that can be changed by hand, and what a watched one says. */
import { type Camera, startCamera } from '../../../hw-sim/camera/index.ts';
import type { SeenVehicle, StreetMoment } from '../../../hw-sim/camera/scene.ts';

export const NOON = Date.UTC(2027, 5, 1, 4);

export interface HandStreet extends AsyncDisposable {
  readonly camera: Camera;
  street: StreetMoment;
}

const EMPTY: StreetMoment = { vehicles: [], faces: [] };

/** World time stands still unless `now` says otherwise; the camera's noise still changes from frame to frame. */
export async function handStreet(now: () => number = () => NOON): Promise<HandStreet> {
  const state = { street: EMPTY };
  const camera = await startCamera({
    world: { trafficAt: () => state.street, sun: () => 60, lampLight: () => 0 },
    clock: { now },
  });
  return {
    camera,
    get street() {
      return state.street;
    },
    set street(street) {
      state.street = street;
    },
    [Symbol.asyncDispose]: () => camera[Symbol.asyncDispose](),
  };
}

export const car = (position: number, lane = 0, direction: 1 | -1 = 1): SeenVehicle => ({
  id: `car-${lane}-${position}`,
  class: 'car',
  lane,
  direction,
  position,
  length: 4.5,
  colour: 0.4,
});

export const bus = (position: number): SeenVehicle => ({
  ...car(position, 1, -1),
  class: 'bus',
  length: 11.5,
});

export const people = (count: number): StreetMoment['faces'] =>
  Array.from({ length: count }, (_, i) => ({
    id: `f${i}`,
    position: i * 1.6 - 1.6,
    size: 0.17,
    look: (i * 0.3) % 1,
  }));

/** Resolves when `check` gives something; rejects with `what` after 90 s. */
export async function until<T>(
  what: string,
  check: () => T | undefined | Promise<T | undefined>,
): Promise<T> {
  const end = performance.now() + 90_000;
  for (;;) {
    const found = await check();
    if (found !== undefined) return found;
    if (performance.now() > end) throw new Error(`not within 90 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
