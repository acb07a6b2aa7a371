/** The drivers there are: one line each. */
import type { Driver } from '../agent/core/driver.ts';
import firmata from './firmata/index.ts';
import modbus from './modbus/index.ts';
import plantower from './plantower/index.ts';

export const DRIVERS: readonly Driver[] = [modbus, plantower, firmata];

/** The driver of a profile's `protocol`; undefined where there is none. */
export function driverFor(protocol: string): Driver | undefined {
  return DRIVERS.find((driver) => driver.protocol === protocol);
}
