/** Packs readings into columns of shared memory, lane by lane, and numbers their points. Runs on main: it is the hot path. */
import { LANES, type Lane, type ValueType } from '../core/point.ts';
import type { Reading } from '../core/reading.ts';
import { type AgentEvent, laneOf } from '../core/record.ts';
import type { Unit } from '../core/unit.ts';
import { allocate, ENTRY_BYTES, KIND, qualityCode } from './columns.ts';
import type { PointFacts } from './contract.ts';
import type { LanePack, NumberedPoint } from './messages.ts';

interface Known {
  readonly index: number;
  readonly unit: Unit;
  readonly lane: number;
}

const BAD_CODE = qualityCode('bad', 'not-available');
/** About 139 years, ms. */
const MAX_TIME = 2 ** 42;
/** What an event costs in the ring besides its text, bytes. */
const EVENT_BYTES = 64;

export class Packer {
  readonly #describe: (device: string, point: string) => PointFacts | undefined;
  readonly #known = new Map<string, Map<string, Known>>();
  /** All points numbered so far; grows only. */
  readonly points: NumberedPoint[] = [];

  constructor(describe: (device: string, point: string) => PointFacts | undefined) {
    this.#describe = describe;
  }

  /** Asks `describe` again for every point, as it comes. */
  forget(): void {
    this.#known.clear();
  }

  #find(reading: Reading): Known {
    let points = this.#known.get(reading.device);
    if (points === undefined) {
      points = new Map();
      this.#known.set(reading.device, points);
    }
    const known = points.get(reading.point);
    if (known !== undefined && known.unit === reading.unit) return known;
    const added = this.#number(reading);
    points.set(reading.point, added);
    return added;
  }

  #number({ device, point, unit, value }: Reading): Known {
    const facts = this.#describe(device, point);
    const { lane = 'telemetry', aggregation = 'last', weight, every, range, wire } = facts ?? {};
    const type: ValueType = facts?.type ?? typeOf(value);
    const index = this.points.length;
    this.points.push({
      index,
      facts: {
        device,
        point,
        type,
        unit,
        // Decimals belong to the unit of the profile.
        decimals: facts?.unit === unit ? (facts.decimals ?? -1) : -1,
        aggregation: facts === undefined && type === 'number' ? 'mean' : aggregation,
        ...(weight === undefined ? {} : { weight }),
        ...(every === undefined ? {} : { every }),
        ...(range === undefined ? {} : { range }),
        ...(wire === undefined ? {} : { wire }),
      },
    });
    return { index, unit, lane: LANES.indexOf(lane) };
  }

  /** One pack per lane that has records. */
  pack(readings: readonly Reading[], events: readonly AgentEvent[]): LanePack[] {
    const known = new Array<Known>(readings.length);
    const counts = [0, 0, 0, 0, 0];
    for (let i = 0; i < readings.length; i++) {
      const reading = readings[i];
      if (reading === undefined) continue;
      const at = this.#find(reading);
      known[i] = at;
      counts[at.lane] = (counts[at.lane] ?? 0) + 1;
    }
    const packs: LanePack[] = [];
    for (const [index, lane] of LANES.entries()) {
      const count = counts[index] ?? 0;
      const mine = eventsOf(lane, events);
      if (count === 0 && mine.length === 0) continue;
      packs.push(fill(readings, known, index, lane, count, mine));
    }
    return packs;
  }
}

function eventsOf(lane: Lane, events: readonly AgentEvent[]): readonly AgentEvent[] {
  if (events.length === 0 || (lane !== 'alarm' && lane !== 'event')) return [];
  return events.filter((event) => laneOf(event) === lane);
}

function fill(
  readings: readonly Reading[],
  known: readonly Known[],
  index: number,
  lane: Lane,
  count: number,
  events: readonly AgentEvent[],
): LanePack {
  const texts: string[] = [];
  const { buffer, columns } = allocate(count, texts);
  const { point, time, kind, value, code } = columns;
  let n = 0;
  for (let i = 0; i < readings.length; i++) {
    const at = known[i];
    const reading = readings[i];
    if (at === undefined || reading === undefined || at.lane !== index) continue;
    point[n] = at.index;
    time[n] = sane(reading.time);
    code[n] = reading.quality === 'good' ? 0 : qualityCode(reading.quality, reading.reason);
    const held = reading.quality === 'bad' ? null : reading.value;
    if (typeof held === 'number' && Number.isFinite(held)) {
      kind[n] = KIND.number;
      value[n] = held;
    } else if (typeof held === 'boolean') kind[n] = held ? KIND.true : KIND.false;
    else if (typeof held === 'string') {
      kind[n] = KIND.text;
      value[n] = texts.push(held) - 1;
    } else if (reading.quality !== 'bad') code[n] = BAD_CODE;
    n++;
  }
  return { lane, count, buffer, texts, events };
}

/** A time that is none, or is centuries away, would not fit the codec: it becomes the beginning of the boot. */
function sane(time: number): number {
  return time > -MAX_TIME && time < MAX_TIME ? time : 0;
}

function typeOf(value: Reading['value']): ValueType {
  if (typeof value === 'boolean') return 'boolean';
  return typeof value === 'string' ? 'string' : 'number';
}

/** Memory that a pack takes, bytes. */
export function packBytes({ count, texts, events }: LanePack): number {
  let bytes = count * ENTRY_BYTES;
  for (const text of texts) bytes += 2 * text.length;
  for (const event of events) bytes += EVENT_BYTES + 2 * JSON.stringify(event.body).length;
  return bytes;
}
