/** What a shipped alarm says of itself. The alarms are data: shipped-street.ts, shipped-plant.ts. */
import type { Priority } from '../../core/alarm/alarm.ts';
import type { Text } from '../../core/point.ts';
import type { Value } from '../../core/reading.ts';
import type { Unit } from '../../core/unit.ts';

export type ShippedTest =
  | { readonly is: Value }
  | { readonly not: Value }
  | {
      readonly unit: Unit;
      readonly hi?: number;
      readonly hihi?: number;
      readonly lo?: number;
      readonly deadband: number;
    };

export interface Shipped {
  readonly name: ShippedName;
  /** Title of the alarm; the device's own title stands before it. */
  readonly title: Text;
  readonly priority: Priority;
  /** Classes of devices; absent: any. */
  readonly classes?: readonly string[];
  /** Profiles; absent: any. */
  readonly profiles?: readonly string[];
  /** Ids of points; `*` stands for digits or a name. */
  readonly points: readonly string[];
  readonly test: ShippedTest;
  readonly delay?: number;
  readonly clearDelay?: number;
  readonly latch?: true;
  readonly person?: true;
  readonly remind?: number;
  readonly shelve?: number;
  /** Points of the same device whose alarms explain this one. */
  readonly causes?: readonly string[];
  readonly group?: string;
  readonly advice: Text;
  readonly basis: string;
}

/** What cannot be looked at point by point is made in catalogue.ts: parts that are down, registers that jump. */
export const SHIPPED_NAMES = [
  'sos',
  'cabinet-door',
  'tilt',
  'subsidence',
  'residual-current',
  'cable-temperature',
  'smoke',
  'fire',
  'gas',
  'water-level',
  'flooding',
  'noise',
  'dust',
  'crowd',
  'bin-level',
  'manhole-cover',
  'meter-tamper',
  'power-failure',
  'voltage',
  'lamp-fault',
  'people-trapped',
  'sensor-fault',
  'battery',
  'line-down',
  'device-silent',
  'camera-down',
  'sign-down',
  'values-doubtful',
  'uplink-down',
  'store-down',
] as const;
export type ShippedName = (typeof SHIPPED_NAMES)[number];

/** The device says it by itself: a switch in it, or its own judgement. */
export const DEVICE = "the device's own contact or judgement";
