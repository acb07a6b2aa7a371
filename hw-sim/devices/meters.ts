/** The meters with a printed address that the simulator can play: they are asked, as Modbus devices are, and share lines with them. */
import type { World } from '../world/world.ts';
import type { WorldClock } from '../world/world-clock.ts';
import { Cjt188Device } from './cjt188-device.ts';
import { CJT188_MODELS } from './cjt188-models.ts';
import { Dlt645Device } from './dlt645-device.ts';
import { DLT645_MODELS } from './dlt645-models.ts';
import { MbusDevice } from './mbus-device.ts';
import { MBUS_MODELS } from './mbus-models.ts';

export type Meter = Dlt645Device | Cjt188Device | MbusDevice;

export interface MeterOptions {
  /** Digits as printed; fewer are filled with leading zeros. */
  readonly address: string;
  /** Of an M-Bus meter besides. */
  readonly primary?: number;
  readonly world: World;
  readonly clock: WorldClock;
  /** ms */
  readonly turnaround?: number;
}

/** Stems of their profiles. */
export const METER_MODELS: readonly string[] = [
  ...DLT645_MODELS.keys(),
  ...CJT188_MODELS.keys(),
  ...MBUS_MODELS.keys(),
];

/** A meter by the stem of its profile; undefined for what is none. */
export function createMeter(stem: string, options: MeterOptions): Meter | undefined {
  const electricity = DLT645_MODELS.get(stem);
  if (electricity !== undefined) {
    return new Dlt645Device({ ...options, model: electricity, address: options.address.padStart(12, '0') });
  }
  const bus = MBUS_MODELS.get(stem);
  if (bus !== undefined) {
    return new MbusDevice({ ...options, model: bus, address: options.address.padStart(8, '0') });
  }
  const model = CJT188_MODELS.get(stem);
  if (model === undefined) return undefined;
  return new Cjt188Device({ ...options, model, address: options.address.padStart(14, '0') });
}
