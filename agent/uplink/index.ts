/** Uplinks, one line per kind. */
import type { UplinkConfig } from '../core/site.ts';
import type { DerivedSource, PeriodBooks, Uplink, UplinkContext, UplinkSession } from '../core/uplink.ts';
import { buildingEnergy } from './building-energy/index.ts';
import { gb26875 } from './gb26875/index.ts';
import { hj212 } from './hj212/index.ts';
import { http } from './http/index.ts';
import { mqtt } from './mqtt/index.ts';
import { sparkplug } from './sparkplug/index.ts';

export const UPLINKS = { mqtt, http, sparkplug, 'building-energy': buildingEnergy, hj212, gb26875 } as const;

/** Opens a session of the kind that `config` is of. */
export function connectUplink(
  config: UplinkConfig,
  context: UplinkContext,
  signal: AbortSignal,
): Promise<UplinkSession> {
  const uplink: Uplink<UplinkConfig> = UPLINKS[config.kind];
  return uplink.connect(config, context, signal);
}

/** Books by period of an uplink that carries records; undefined where it has none. */
export function booksOf(
  config: UplinkConfig,
  context: UplinkContext,
): Readonly<Record<string, PeriodBooks>> | undefined {
  const uplink: Uplink<UplinkConfig> = UPLINKS[config.kind];
  return uplink.books?.(config, context);
}

/** What the uplink carries in place of the log's records; undefined for the records themselves. */
export function sourceOf(config: UplinkConfig, context: UplinkContext): DerivedSource | undefined {
  const uplink: Uplink<UplinkConfig> = UPLINKS[config.kind];
  return uplink.source?.(config, context);
}
