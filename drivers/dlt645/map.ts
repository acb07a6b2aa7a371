/** What a device is asked for: points, grouped by the identifier that reads them. */
import type { ProfilePoint } from '../../agent/core/profile.ts';
import type { DeviceConfig, LineConfig } from '../../agent/core/site.ts';
import { characterTime, meterAddress } from '../line-settings.ts';
import { type Format, number } from './format.ts';
import { ANYBODY } from './frame.ts';
import { formatOf, type Version } from './items.ts';
import { type Control, deviceSchema, optionsSchema, type Wire, wireSchema } from './schema.ts';

/** A point and where it stands. */
export interface Mapped {
  readonly point: ProfilePoint;
  readonly wire: Wire;
  readonly format: Format;
  /** ms */
  readonly period: number;
}

export interface DeviceMap {
  readonly version: Version;
  /** Twelve digits; AA where the line has one meter and nobody has said which. */
  readonly address: string;
  /** ms */
  readonly delay: number;
  /** Time of one character, ms. */
  readonly character: number;
  readonly points: readonly Mapped[];
  /** What the meter may be told; absent: nothing. */
  readonly control: Control | undefined;
}

/** The map of a device whose profile and options have passed their checks; throws a `ZodError` otherwise. */
export function deviceMap(device: DeviceConfig, line: LineConfig): DeviceMap {
  const options = optionsSchema.parse(device.profile.options ?? {});
  const points = device.profile.points.flatMap((point): readonly Mapped[] => {
    const wire = wireSchema.parse(point.wire);
    const format = formatFor(options.version, wire);
    if (format === undefined) return [];
    return [{ point, wire, format, period: device.every ?? point.every ?? device.profile.every }];
  });
  const own = deviceSchema.parse(device.options);
  return {
    control: own.control,
    version: options.version,
    address: device.address === undefined ? ANYBODY : (meterAddress(device.address, 12) ?? ANYBODY),
    delay: own.delay ?? options.delay,
    character: characterTime(line),
    points,
  };
}

/** The format of a point: the standard's, with the layout that the profile says it has instead. */
export function formatFor(version: Version, wire: Wire): Format | undefined {
  const listed = formatOf(version, wire.di);
  if (wire.number === undefined) return listed;
  const { bytes, decimals, signed } = wire.number;
  const block = /FF/.test(wire.di) || (version === '1997' && wire.di.endsWith('F'));
  const bare: Format = {
    name: wire.di,
    layout: number(bytes, decimals, signed),
    ...(block ? { slots: [] } : {}),
  };
  return listed === undefined ? bare : { ...listed, layout: bare.layout };
}

/** The identifier that reads place `index` of a block alone; undefined where there is none. */
export function singleOf(version: Version, di: string, index: number): string | undefined {
  if (version === '1997') {
    if (!di.endsWith('F')) return undefined;
    // Energies count from the total, 0; voltages and currents from phase A, 1.
    const first = /^B6[12]/.test(di) ? 1 : 0;
    return `${di.slice(0, 3)}${(index + first).toString(16).toUpperCase()}`;
  }
  const parts = /^(..)(..)FF(..)$/.exec(di);
  if (parts === null) return undefined;
  const [, group = '', kind = '', rest = ''] = parts;
  if (group !== '00' && group !== '01' && group !== '02') return undefined;
  const first = group === '02' && ['01', '02', '07', '08', '09'].includes(kind) ? 1 : 0;
  return `${group}${kind}${(index + first).toString(16).padStart(2, '0').toUpperCase()}${rest}`;
}
