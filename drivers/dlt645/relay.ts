/**
 * Relay control (1C): trips or closes the supply of a home, so that nothing here happens unless the site file says so for
 * this one meter, with a password. DL/T 645-2007 §7.14, Annex E
 */
import { AgentError } from '../../agent/core/errors.ts';
import type { Exchange } from '../../agent/core/link.ts';
import { addressBytes } from '../meter-frame.ts';
import { ask, type Path, read } from './reader.ts';
import type { Control } from './schema.ts';

export const RELAY = 0x1c;
const TRIP = 0x1a;
const CLOSE = { allow: 0x1b, direct: 0x1c } as const;
const DATE = '04000101';
const TIME = '04000102';

/**
 * Opens (true) or closes the relay, once. The command is good until `valid` by the meter's own clock, which is read first:
 * one that hangs in a converter for an hour must not act then. Rejects with `device-exception` where the meter refuses.
 */
export async function switchRelay(
  path: Path,
  open: boolean,
  control: Control,
  exchange: Exchange,
  signal: AbortSignal,
): Promise<void> {
  const date = (await read(path, DATE, 4, exchange, signal)).data;
  const time = (await read(path, TIME, 3, exchange, signal)).data;
  const until = validUntil(date, time, control.valid);
  const data = Uint8Array.of(
    Number.parseInt(control.level, 16),
    ...addressBytes(control.password),
    ...addressBytes(control.operator),
    open ? TRIP : CLOSE[control.close],
    0,
    ...until,
  );
  const what = `relay control of ${path.address}`;
  await ask(
    path,
    what,
    { address: path.address, control: RELAY, data },
    new Uint8Array(),
    0,
    exchange,
    signal,
  );
}

/** ss mm hh DD MM YY, `ms` after the meter's date (WW DD MM YY) and time (ss mm hh). */
function validUntil(date: Uint8Array, time: Uint8Array, ms: number): readonly number[] {
  const [, day = 0, month = 0, year = 0] = Array.from(date, digits);
  const [second = 0, minute = 0, hour = 0] = Array.from(time, digits);
  // The meter's local time, reckoned as if it were UTC.
  const now = Date.UTC(2000 + year, month - 1, day, hour, minute, second);
  if (!Number.isFinite(now) || month < 1 || month > 12) {
    throw new AgentError('device-exception', 'relay control failed: the clock of the meter is not set', {
      retryable: false,
    });
  }
  const at = new Date(now + ms);
  const parts = [
    at.getUTCSeconds(),
    at.getUTCMinutes(),
    at.getUTCHours(),
    at.getUTCDate(),
    at.getUTCMonth() + 1,
    at.getUTCFullYear() % 100,
  ];
  return parts.map((part) => Math.floor(part / 10) * 16 + (part % 10));
}

/** Two BCD digits; NaN where they are none. */
function digits(byte: number): number {
  return byte >> 4 > 9 || (byte & 15) > 9 ? Number.NaN : (byte >> 4) * 10 + (byte & 15);
}
