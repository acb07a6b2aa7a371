/**
 * What a protocol has to offer to be found by a scan. `asked` ones are asked unit by unit; `talking` ones are recognised
 * by the bytes they send. Neither ever writes: requests are reads.
 */

import { decode } from '../../../drivers/index.ts';
import modbus from '../../../drivers/modbus/index.ts';
import type { PolledDriver } from '../../core/driver.ts';
import { asAgentError } from '../../core/errors.ts';
import type { Exchange } from '../../core/link.ts';
import { silent } from '../../core/log.ts';
import type { Profile } from '../../core/profile.ts';
import type { DeviceConfig, LineConfig } from '../../core/site.ts';
import type { Clock } from '../../core/time/clock.ts';

export interface AskedProtocol {
  readonly driver: PolledDriver;
  /** Whether a device has this unit id. Rejects with `AgentError` where nothing, or nothing sensible, answers. */
  isThere(ask: Ask): Promise<boolean>;
}

export interface Ask {
  readonly unit: number;
  readonly line: LineConfig;
  readonly clock: Clock;
  readonly exchange: Exchange;
  readonly signal: AbortSignal;
}

export interface TalkingProtocol {
  /** Profile to name. */
  readonly profile: string;
  readonly baud: number;
  /** Longest pause between two of its frames, ms. */
  readonly every: number;
  /** True where the bytes hold a whole valid frame. */
  hears(bytes: Uint8Array): boolean;
}

/** Gateway path unavailable, gateway target device failed to respond. Modbus Application Protocol V1.1b3 §7 */
const NOBODY: ReadonlySet<number> = new Set([10, 11]);

const BLANK: Profile = {
  id: 'unknown',
  title: { en: 'Unknown Modbus device' },
  class: 'unknown',
  brand: 'unknown',
  model: 'unknown',
  protocol: 'modbus',
  source: 'none',
  every: 10_000,
  options: { function: 3 },
  points: [
    {
      id: 'first',
      title: { en: 'First register' },
      type: 'number',
      unit: '1',
      access: 'read',
      aggregation: 'last',
      lane: 'telemetry',
      // Two registers from an even address: nobody refuses to split a float that is not split.
      wire: { address: 0, type: 'uint32' },
    },
  ],
};

export const ASKED: readonly AskedProtocol[] = [
  {
    driver: modbus,
    async isThere({ unit, line, clock, exchange, signal }) {
      const session = modbus.open({ device: deviceOf(BLANK, unit), clock, log: silent }, line);
      try {
        for (const poll of [...session.polls]) await poll.execute(exchange, signal);
      } catch (thrown) {
        const error = asAgentError(thrown);
        if (typeof error.context.exception !== 'number') throw error;
        // A device that refuses is there; a gateway that has nobody to ask answers in its place.
        return !NOBODY.has(error.context.exception);
      }
      return true;
    },
  },
];

export const TALKING: readonly TalkingProtocol[] = [
  { profile: 'plantower-pms5003', baud: 9600, every: 2300, hears: hearsPlantower },
];

/** A device of `profile` at `unit`, for a moment. */
export function deviceOf(profile: Profile, unit: number): DeviceConfig {
  return { id: 'scan', title: profile.title, line: 'scan', profile, address: unit, options: {} };
}

/** Frames begin with 42 4D and the length of what follows. Plantower PMS5003 manual, appendix I. */
function hearsPlantower(bytes: Uint8Array): boolean {
  for (let at = 0; at + 4 <= bytes.length; at += 1) {
    if (bytes[at] !== 0x42 || bytes[at + 1] !== 0x4d) continue;
    const length = ((bytes[at + 2] ?? 0) << 8) + (bytes[at + 3] ?? 0) + 4;
    if (at + length <= bytes.length && decode('plantower-pms5003', bytes.subarray(at, at + length)).ok)
      return true;
  }
  return false;
}
