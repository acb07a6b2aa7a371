/** Virtual points: declared in the site file, given by flows and programs over the API, readings like any other. */
import type { Point, Text, ValueType } from './point.ts';
import type { Quality, Reading, Value } from './reading.ts';
import type { Unit } from './unit.ts';

export interface VirtualPoint {
  readonly id: string;
  readonly title: Text;
  readonly type: ValueType;
  readonly unit: Unit;
  readonly decimals?: number;
  /** Values outside are refused. */
  readonly range?: readonly [min: number, max: number];
  /** Values that are taken; absent: any of the type. */
  readonly values?: readonly string[];
  /** Without a new value for so long it is bad, ms. */
  readonly maxAge: number;
  readonly aggregation: Point['aggregation'];
}

export interface VirtualDevice {
  readonly id: string;
  readonly title: Text;
  readonly points: readonly VirtualPoint[];
}

/** A value for a virtual point. */
export interface VirtualValue {
  readonly device: string;
  readonly point: string;
  /** null: there is none just now, which makes the point bad. */
  readonly value: Value | null;
  /** Of the value, where it is another one than that of the point. */
  readonly unit?: Unit;
  /** `uncertain` is published with the reason `substituted`. Default good. */
  readonly quality?: Quality;
  /** Who made it: issuer, and the name of the flow where it is one. */
  readonly source: string;
}

export type VirtualRefusal =
  | 'unknown-point'
  | 'wrong-type'
  | 'wrong-unit'
  | 'out-of-range'
  | 'unknown-value'
  | 'too-fast';
export type VirtualOutcome =
  | { readonly ok: true; readonly reading: Reading }
  | {
      readonly ok: false;
      readonly code: VirtualRefusal;
      /** `what failed: why (facts)`. */
      readonly reason: string;
      readonly fix: string;
    };

export interface VirtualRow {
  readonly device: string;
  readonly point: VirtualPoint;
  /** Of the last value; absent: none since the start. */
  readonly source?: string;
}

export interface VirtualActs {
  rows(): readonly VirtualRow[];
  /** Publishes a value to the hub, or says why not. */
  give(value: VirtualValue): VirtualOutcome;
}

/** The points as everybody knows points. */
export function virtualPoints({ points }: VirtualDevice): readonly Point[] {
  return points.map(({ maxAge: _, values, ...point }) => ({
    ...point,
    access: 'read',
    lane: 'telemetry',
    ...(values === undefined ? {} : { states: Object.fromEntries(values.map((one) => [one, { en: one }])) }),
  }));
}
