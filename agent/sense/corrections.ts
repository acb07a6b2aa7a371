/**
 * Corrections of points (slope, offset) and ratios of devices (CT, PT): value = raw × CT × PT × slope + offset. Each is a
 * mark with its author and date, so every one that ever was in force is known, and what was in force when.
 */
import { randomUUID } from 'node:crypto';
import { AgentError } from '../core/errors.ts';
import type { Correction, Mark } from '../core/mark.ts';
import type { CorrectionOrder } from '../core/sense.ts';
import { UNITS, type Unit } from '../core/unit.ts';
import { PLAIN, type Scale } from './counters.ts';

export interface CorrectionParts {
  /** Unit of a number of a device; undefined where there is none of that name. */
  unit(device: string, point: string): Unit | undefined;
  isCounter(device: string, point: string): boolean;
  readonly devices: readonly string[];
  /** Unix epoch ms. */
  now(): number;
}

/** How often the ratios of current and voltage transformers count in a quantity. */
const RATIOS: Readonly<Record<string, readonly [ct: 0 | 1, pt: 0 | 1]>> = {
  current: [1, 0],
  charge: [1, 0],
  voltage: [0, 1],
  power: [1, 1],
  'apparent power': [1, 1],
  'reactive power': [1, 1],
  energy: [1, 1],
  'reactive energy': [1, 1],
  'apparent energy': [1, 1],
};

export class Corrections {
  readonly #parts: CorrectionParts;
  /** By device or `device/point`, oldest first. */
  readonly #made = new Map<string, Correction[]>();

  constructor(parts: CorrectionParts) {
    this.#parts = parts;
  }

  /** Keeps a mark; true where it is a correction. */
  take(mark: Mark): mark is Correction {
    if (mark.mark !== 'correction') return false;
    const key = keyOf(mark);
    const before = this.#made.get(key) ?? [];
    const others = before.filter(({ id }) => id !== mark.id);
    this.#made.set(
      key,
      [...others, mark].sort((a, b) => a.since - b.since),
    );
    return true;
  }

  marks(): readonly Correction[] {
    return [...this.#made.values()].flat();
  }

  #at(key: string, at: number | undefined): Correction | undefined {
    const made = this.#made.get(key);
    return at === undefined ? made?.at(-1) : made?.findLast(({ since }) => since <= at);
  }

  /** How a point is read now, or was at `at`. `ratios` stands for those of the device. */
  scale(device: string, point: string, at?: number, ratios?: { ct?: number; pt?: number }): Scale {
    if (this.#made.size === 0 && ratios === undefined) return PLAIN;
    const whole = this.#at(device, at);
    const own = this.#at(`${device}/${point}`, at);
    const { ct = whole?.ct ?? 1, pt = whole?.pt ?? 1 } = ratios ?? {};
    if (own === undefined && ct === 1 && pt === 1) return PLAIN;
    const unit = this.#parts.unit(device, point);
    const [byCt, byPt] = unit === undefined ? [0, 0] : (RATIOS[UNITS[unit].dimension] ?? [0, 0]);
    const ratio = (byCt === 1 ? ct : 1) * (byPt === 1 ? pt : 1);
    return { factor: ratio * (own?.slope ?? 1), offset: own?.offset ?? 0 };
  }

  /** The mark of an order, checked. */
  made(order: CorrectionOrder): Correction {
    const { device, point, slope = 1, offset = 0, by, note, calibration } = order;
    const { devices, unit, isCounter } = this.#parts;
    const refuse = (why: string, fix: string) =>
      new AgentError(
        'config-invalid',
        `correction of ${device}${point === undefined ? '' : ` ${point}`} refused: ${why}`,
        { fix },
      );
    if (!devices.includes(device))
      throw new AgentError('not-found', `there is no device ${device}`, {
        fix: `devices are ${devices.join(', ')}`,
      });
    if (point === undefined) {
      if (order.slope !== undefined || order.offset !== undefined)
        throw refuse('slope and offset are of one point', 'name the point');
      if (order.ct === undefined && order.pt === undefined)
        throw refuse('it changes nothing', 'give --ct 100/5 or --pt 10000/100');
    } else {
      if (unit(device, point) === undefined)
        throw new AgentError('not-found', `${device} has no number ${point}`);
      if (order.ct !== undefined || order.pt !== undefined)
        throw refuse('ratios are of the whole device', 'leave the point out');
      if (!(Number.isFinite(slope) && slope !== 0 && Number.isFinite(offset)))
        throw refuse('slope must not be 0', 'write another slope');
      if (offset !== 0 && isCounter(device, point))
        throw refuse('a register has no offset', 'declare an exchange, or correct its slope');
    }
    const before = this.#at(point === undefined ? device : `${device}/${point}`, undefined);
    return {
      mark: 'correction',
      id: randomUUID(),
      device,
      ...(point === undefined ? {} : { point }),
      slope,
      offset,
      ct: order.ct ?? before?.ct ?? 1,
      pt: order.pt ?? before?.pt ?? 1,
      since: Math.round(this.#parts.now()),
      by,
      ...(note === undefined ? {} : { note }),
      ...(calibration === undefined ? {} : { calibration }),
    };
  }
}

function keyOf({ device, point }: Correction): string {
  return point === undefined ? device : `${device}/${point}`;
}
