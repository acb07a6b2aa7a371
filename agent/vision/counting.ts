/** All that is drawn in a camera's picture, counted together: lines, zones, lanes and bays, from the tracks of each frame. */
import type { CameraConfig } from '../core/camera.ts';
import type { PictureSize } from '../core/model.ts';
import { bad, good, type Mono, type Place, type Reading, type Reason, uncertain } from '../core/reading.ts';
import type { Unit } from '../core/unit.ts';
import { Bay } from './bay.ts';
import { cameraPoints, linePoint } from './description.ts';
import { LaneMeter } from './lane.ts';
import { LineCounter } from './line.ts';
import type { Tally } from './tally.ts';
import type { Track } from './tracker.ts';
import { ZoneCounter } from './zone.ts';

/** Tracks of one frame by what they are of; absent where the frame was not looked at for it. */
export interface SeenTracks {
  readonly vehicles?: readonly Track[];
  readonly people?: readonly Track[];
  readonly faces?: readonly Track[];
}

export class Counting {
  readonly #camera: CameraConfig;
  readonly #tally: Tally;
  readonly #units: ReadonlyMap<string, Unit>;
  readonly #lines: readonly { readonly id: string; readonly counter: LineCounter }[];
  readonly #zones: readonly ZoneCounter[];
  readonly #lanes: readonly LaneMeter[];
  readonly #bays: readonly Bay[];

  constructor(camera: CameraConfig, tally: Tally) {
    this.#camera = camera;
    this.#tally = tally;
    this.#units = new Map(cameraPoints(camera).map(({ id, unit }) => [id, unit]));
    this.#lines = (camera.lines ?? []).map((line) => ({ id: line.id, counter: new LineCounter(line) }));
    this.#zones = (camera.zones ?? []).map((zone) => new ZoneCounter(zone));
    this.#lanes = (camera.lanes ?? []).map((lane) => new LaneMeter(lane));
    this.#bays = (camera.bays ?? []).map((bay) => new Bay(bay));
  }

  /** Takes the tracks of a frame. Gives the readings that cannot wait: a bus, a bay, crowding. */
  update(seen: SeenTracks, frame: PictureSize, time: Mono): readonly Reading[] {
    const news: Reading[] = [];
    const { vehicles } = seen;
    for (const zone of this.#zones) {
      const tracks = tracksFor(zone, seen);
      if (tracks !== undefined && zone.update(tracks, frame, time))
        news.push(...this.#zoneStates(zone, time));
    }
    if (vehicles === undefined) return news;
    for (const { id, counter } of this.#lines) {
      for (const passage of counter.update(vehicles, frame)) {
        this.#tally.add(linePoint(id, passage.direction), 1);
        const own = linePoint(id, passage.direction, passage.class);
        if (this.#units.has(own)) this.#tally.add(own, 1);
      }
    }
    for (const lane of this.#lanes) {
      this.#tally.add(`${lane.spec.id}-vehicles`, lane.update(vehicles, frame, time));
    }
    for (const bay of this.#bays) {
      if (bay.update(vehicles, frame, time)) news.push(...this.#bayState(bay, time));
    }
    return news;
  }

  /** What is so at `now`, sums apart: those are the tally's. */
  states(now: Mono): readonly Reading[] {
    return [
      ...this.#zones.flatMap((zone) => [...this.#zoneStates(zone, now), ...this.#zoneCounts(zone, now)]),
      ...this.#lanes.flatMap((lane) => this.#laneStates(lane, now)),
      ...this.#bays.flatMap((bay) => this.#bayState(bay, now)),
    ];
  }

  /** All of it bad, for `reason`. */
  unknown(reason: Reason, now: Mono): readonly Reading[] {
    const own = new Set(this.states(now).map(({ point }) => point));
    return [...own].map((point) => bad(this.#at(point), reason, now));
  }

  /** Nothing was seen for a while. */
  interrupted(): void {
    for (const zone of this.#zones) zone.interrupted();
    for (const lane of this.#lanes) lane.interrupted();
    for (const bay of this.#bays) bay.interrupted();
  }

  #zoneStates(zone: ZoneCounter, now: Mono): readonly Reading[] {
    const { id, counts, capacity } = zone.spec;
    const { bus, crowded } = zone.state;
    if (counts === 'bus') return [this.#known(`${id}-bus`, bus, now)];
    return capacity === undefined ? [] : [this.#known(`${id}-crowded`, crowded, now)];
  }

  #zoneCounts(zone: ZoneCounter, now: Mono): readonly Reading[] {
    const { id, counts, area } = zone.spec;
    if (counts === 'bus') return [];
    const { occupancy, queue } = zone.state;
    const density = area === undefined || occupancy === undefined ? undefined : occupancy / area;
    return [
      this.#known(`${id}-occupancy`, occupancy, now),
      this.#known(`${id}-queue`, queue, now),
      this.#measured(`${id}-dwell`, zone.takeDwell(), now),
      ...(area === undefined ? [] : [this.#known(`${id}-density`, density, now)]),
    ];
  }

  #laneStates(lane: LaneMeter, now: Mono): readonly Reading[] {
    const { speed, headway } = lane.take();
    const { id } = lane.spec;
    return [this.#measured(`${id}-speed`, speed, now), this.#measured(`${id}-headway`, headway, now)];
  }

  #bayState(bay: Bay, now: Mono): readonly Reading[] {
    return [this.#known(`${bay.spec.id}-occupied`, bay.occupied, now)];
  }

  #known(point: string, value: number | boolean | undefined, now: Mono): Reading {
    return value === undefined ? bad(this.#at(point), 'warming-up', now) : good(this.#at(point), value, now);
  }

  /** A mean over what there was in the interval; nothing is no zero. */
  #measured(point: string, value: number | undefined, now: Mono): Reading {
    if (value === undefined) return bad(this.#at(point), 'not-available', now);
    const slow = this.#tally.rate(now) < PASS_RATE;
    return slow ? uncertain(this.#at(point), value, 'low-rate', now) : good(this.#at(point), value, now);
  }

  #at(point: string): Place {
    return { device: this.#camera.id, point, unit: this.#units.get(point) ?? '1' };
  }
}

/** Frames per second below which a vehicle can pass unseen; a tenth is left for jitter. */
export const PASS_RATE = 6 * 0.9;

function tracksFor(zone: ZoneCounter, seen: SeenTracks): readonly Track[] | undefined {
  switch (zone.spec.counts) {
    case 'vehicles':
      return seen.vehicles;
    case 'people':
      return seen.people;
    case 'faces':
      return seen.faces;
    case 'bus':
      return seen.vehicles?.filter((track) => track.class === 'bus');
  }
}
