/** What a scan finds: a device that answers or talks, and the profiles that fit it with the reason why. */
import type { Evidence } from '../../core/commissioning.ts';
import type { LineConfig } from '../../core/site.ts';

export interface Candidate {
  readonly profile: string;
  readonly by: Evidence;
  /** Points that were read with a value, and those of them that were not 0. Absent: not tried. */
  readonly points?: number;
  readonly telling?: number;
}

export interface Found {
  readonly line: LineConfig;
  /** Unit id of a Modbus device. */
  readonly unit?: number;
  /** Address of a meter; neither this nor a unit: it talks by itself. */
  readonly address?: number | string;
  /** Fitting profiles, best first. */
  readonly profiles: readonly string[];
  /** The same with their evidence. */
  readonly candidates: readonly Candidate[];
  /** Points the best one read. */
  readonly points: number;
  /** What the device says of itself (Modbus 43/14, the header of an M-Bus meter). */
  readonly says?: string;
  /** Keys of the device that it needs besides. */
  readonly options?: Readonly<Record<string, unknown>>;
}

/** What tells one found device from another, whatever setting it was found at. */
export function keyOf({ unit, address, profiles }: Pick<Found, 'unit' | 'address' | 'profiles'>): string {
  return unit !== undefined ? `unit ${unit}` : address !== undefined ? `meter ${address}` : `${profiles[0]}`;
}
