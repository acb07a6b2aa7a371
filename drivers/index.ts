/** The drivers there are: one line each. */
import type { Driver } from '../agent/core/driver.ts';
import modbus from './modbus/index.ts';

export const DRIVERS: readonly Driver[] = [modbus];

/** The driver of a profile's `protocol`; undefined where there is none. */
export function driverFor(protocol: string): Driver | undefined {
  return DRIVERS.find((driver) => driver.protocol === protocol);
}
