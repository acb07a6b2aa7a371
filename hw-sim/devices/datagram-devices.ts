/** Devices that are asked by datagrams: SNMP agents, BACnet/IP. */
import type { Served } from '../ledger.ts';
import type { World } from '../world/world.ts';
import type { WorldClock } from '../world/world-clock.ts';
import { BacnetDevice } from './bacnet-device.ts';
import { BACNET_MODELS } from './bacnet-models.ts';
import { SnmpAgent } from './snmp-agent.ts';
import { SNMP_MODELS } from './snmp-models.ts';

type Value = number | string | boolean;
export type Believe = (unit: number | undefined, point: string, value: Value) => Value;

export interface DatagramDevice {
  /** What it says to a datagram; undefined where it keeps silent. */
  answer(
    datagram: Uint8Array,
    believe?: Believe,
  ): { readonly bytes: Uint8Array; readonly served: readonly Served[] } | undefined;
}

/** Stems of their profiles. */
export const DATAGRAM_MODELS: readonly string[] = [...SNMP_MODELS.keys(), ...BACNET_MODELS.keys()];

/** A device by the stem of its profile; undefined for what is none of them. */
export function createDatagramDevice(
  stem: string,
  options: { readonly world: World; readonly clock: WorldClock },
): DatagramDevice | undefined {
  const controller = BACNET_MODELS.get(stem);
  if (controller !== undefined) return new BacnetDevice({ ...options, model: controller });
  const agent = SNMP_MODELS.get(stem);
  return agent === undefined ? undefined : new SnmpAgent({ ...options, model: agent });
}
