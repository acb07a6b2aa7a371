/** The bitmaps of everything that moves, drawn when first needed and kept. */
import { type Bitmap, rasterize } from './bitmap.ts';
import { facePlace, laneView, type SeenFace, type SeenVehicle } from './scene.ts';
import { bus } from './sprites/bus.ts';
import { car } from './sprites/car.ts';
import { FACE_UNITS, face } from './sprites/face.ts';
import type { Drawing } from './sprites/sprite.ts';
import { truck } from './sprites/truck.ts';
import { bicycle, motorcycle } from './sprites/two-wheeler.ts';

const VEHICLES: Readonly<Record<SeenVehicle['class'], (look: number) => Drawing>> = {
  car,
  bus,
  truck,
  motorcycle,
  bicycle,
};

/** So many looks of each kind, so that few bitmaps are enough. */
const LOOKS = 12;
const KEPT = 160;

export class Drawings {
  readonly #bitmaps = new Map<string, Promise<Bitmap>>();

  vehicle(vehicle: SeenVehicle): Promise<Bitmap> {
    const look = Math.floor(vehicle.colour * LOOKS);
    const { scale } = laneView(vehicle.lane);
    return this.#kept(`${vehicle.class}/${look}/${scale}/${vehicle.direction}`, () =>
      rasterize(VEHICLES[vehicle.class]((look + 0.5) / LOOKS), scale / 100, vehicle.direction === -1),
    );
  }

  face(seen: SeenFace): Promise<Bitmap> {
    const look = Math.floor(seen.look * LOOKS);
    const height = Math.round(facePlace(seen).height / 2) * 2;
    return this.#kept(`face/${look}/${height}`, () =>
      rasterize(face((look + 0.5) / LOOKS), height / FACE_UNITS, false),
    );
  }

  #kept(key: string, draw: () => Promise<Bitmap>): Promise<Bitmap> {
    const known = this.#bitmaps.get(key);
    if (known !== undefined) return known;
    const oldest = this.#bitmaps.keys().next().value;
    if (this.#bitmaps.size >= KEPT && oldest !== undefined) this.#bitmaps.delete(oldest);
    const drawn = draw();
    this.#bitmaps.set(key, drawn);
    return drawn;
  }
}
