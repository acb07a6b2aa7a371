/** The register map of a device: profile, point wires and device options resolved into what is read where and how. */
import type { Profile, ProfilePoint } from '../../agent/core/profile.ts';
import type { DeviceConfig } from '../../agent/core/site.ts';
import {
  type DeviceOptions,
  deviceSchema,
  type Options,
  type Order,
  optionsSchema,
  type Wire,
  type WireType,
  WORDS,
  wireSchema,
} from './schema.ts';

export type ReadFunction = 1 | 2 | 3 | 4;

/** A point and its place in the register map. */
export interface Mapped {
  readonly point: ProfilePoint;
  readonly wire: Wire;
  readonly function: ReadFunction;
  readonly type: WireType;
  readonly order: Order;
  /** First register (or bit, for functions 1 and 2). */
  readonly address: number;
  /** Registers (or bits) of the value. */
  readonly words: number;
  /** Registers (or bits) to be read in one request, the scale register included: [start, end). */
  readonly start: number;
  readonly end: number;
  /** Register that scales the value: with an exponent, or with the number of its decimals. */
  readonly scaleRegister: number | undefined;
  readonly notAvailable: readonly string[];
  readonly fault: readonly string[];
  /** ms */
  readonly period: number;
}

export interface DeviceMap {
  readonly options: Options;
  readonly points: readonly Mapped[];
  /** Points whose place is known only after the SunSpec chain was walked. */
  readonly sunspec: readonly ProfilePoint[];
}

/** The map of a device whose profile and options have passed their checks; throws a `ZodError` otherwise. */
export function deviceMap(device: DeviceConfig): DeviceMap {
  const own = deviceSchema.parse(device.options);
  const options = withDevice(optionsSchema.parse(device.profile.options ?? {}), own);
  const points: Mapped[] = [];
  const sunspec: ProfilePoint[] = [];
  for (const point of device.profile.points) {
    const wire = wireSchema.parse(point.wire ?? {});
    if (wire.sunspec !== undefined) sunspec.push(point);
    else if (wire.address !== undefined) points.push(place(point, wire, options, device, wire.address));
  }
  return { options, points, sunspec };
}

function withDevice(options: Options, own: DeviceOptions): Options {
  return {
    ...options,
    maxBlock: own.maxBlock ?? options.maxBlock,
    maxGap: own.maxGap ?? options.maxGap,
    order: own.order ?? options.order,
    turnaround: own.turnaround ?? options.turnaround,
    minInterval: own.minInterval ?? options.minInterval,
  };
}

/** Resolves the defaults of one point. */
export function place(
  point: ProfilePoint,
  wire: Wire,
  options: Options,
  device: { readonly every?: number; readonly profile: Profile },
  address: number,
): Mapped {
  const code = wire.function ?? options.function;
  const type = wire.type ?? (code <= 2 ? 'bit' : 'uint16');
  const words = type === 'string' ? (wire.words ?? 1) : type === 'bit' ? 1 : WORDS[type];
  const scaleRegister = wire.scaleRegister ?? wire.decimalsRegister;
  return {
    point,
    wire,
    function: code,
    type,
    order: wire.order ?? options.order,
    address,
    words,
    start: scaleRegister === undefined ? address : Math.min(address, scaleRegister),
    end: Math.max(address + words, scaleRegister === undefined ? 0 : scaleRegister + 1),
    scaleRegister,
    notAvailable: wire.notAvailable ?? options.notAvailable[type] ?? [],
    fault: wire.fault ?? options.fault[type] ?? [],
    period: device.every ?? point.every ?? device.profile.every,
  };
}
