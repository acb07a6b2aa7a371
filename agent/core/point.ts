/** A point: a named quantity of a device. */
import type { Unit } from './unit.ts';

/** What readings are logged in; numbered apart, kept apart, sent by priority (first first, dropped last). */
export const LANES = ['alarm', 'event', 'meter', 'telemetry', 'bulk'] as const;
export type Lane = (typeof LANES)[number];

/**
 * How many readings become one.
 * `mean` time average · `sum` of amounts · `counter` difference of a cumulative register · `leq` energy average of a
 * level in dB · `vector` mean of an angle (weighted by `weight`, the wind speed, where given) · `weighted` mean by
 * `weight` (flow) · `state` duration per state · `last`.
 */
export const AGGREGATIONS = ['mean', 'sum', 'counter', 'leq', 'vector', 'weighted', 'state', 'last'] as const;
export type Aggregation = (typeof AGGREGATIONS)[number];

export type Text = { readonly en: string; readonly zh?: string };
export type ValueType = 'number' | 'boolean' | 'string';
export type Access = 'read' | 'write' | 'read-write';

export interface Point {
  /** `[A-Za-z0-9_-]{1,64}`, unique in its device. */
  readonly id: string;
  readonly title: Text;
  readonly type: ValueType;
  readonly unit: Unit;
  /** Decimals the device resolves; such values are stored as scaled integers. Absent: float64. */
  readonly decimals?: number;
  /** Values outside become `bad` with `over-range` or `under-range`. */
  readonly range?: readonly [min: number, max: number];
  readonly access: Access;
  /** What is written here is seen or heard in public: no command writes it, only what shows signed content does. */
  readonly signed?: boolean;
  readonly aggregation: Aggregation;
  /** Point of the same device that weighs a `weighted` or `vector` mean. */
  readonly weight?: string;
  readonly lane: Lane;
  /** Names of the values of a state, by value as text. */
  readonly states?: Readonly<Record<string, Text>>;
}

export const ID_PATTERN = /^[A-Za-z0-9_-]{1,64}$/;
