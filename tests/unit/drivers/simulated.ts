/** A simulated device with a line of its own behind a byte pipe, in the time of a clock. */

import type { DeviceConfig } from '../../../agent/core/site.ts';
import type { Clock } from '../../../agent/core/time/clock.ts';
import { SERIAL_TALKERS } from '../../../hw-sim/devices/serial-talkers.ts';
import type { Served } from '../../../hw-sim/ledger.ts';
import type { Timebase } from '../../../hw-sim/lines/timebase.ts';
import type { LineDevice } from '../../../hw-sim/lines/wire.ts';
import { createWorld } from '../../../hw-sim/world/world.ts';
import { worldClock } from '../../../hw-sim/world/world-clock.ts';
import { type FakeStream, fakeStream } from './fake-stream.ts';
import { device, profile } from './load.ts';

const START = Date.UTC(2027, 5, 1, 10);

/** What a device of that profile needs besides it. */
const OPTIONS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'dfrobot-a02yyuw': { height: 3000 },
  'quectel-ec25': { used: 0 },
  'huawei-me909s': { used: 0 },
};

/** A device alone on its line. */
export function alone(stem: string, options = OPTIONS[stem] ?? {}): DeviceConfig {
  const { address: _address, ...rest } = device(profile(stem), { options });
  return rest;
}

/** The device played; `say` gets what it says, `time` is its clock. */
export function played(
  stem: string,
  time: Timebase,
  say: (bytes: Uint8Array, served: readonly Served[]) => void,
): LineDevice {
  const world = createWorld({ seed: 7, start: START, place: { lat: 31.2304, lon: -121.4737 }, utcOffset: 8 });
  const made = SERIAL_TALKERS.get(stem)?.({ world, clock: worldClock(START, 1, () => time.mono()) });
  if (made === undefined) throw new Error(`no simulated ${stem}`);
  made.attach({
    time,
    charMs: 1,
    say: ({ bytes, served = [] }) => say(bytes, served),
    believe: (_unit, _point, value) => value,
  });
  return made;
}

/** The device behind a stream; `served` keeps what it told last, by point. */
export function simulated(
  stem: string,
  clock: Clock,
): { readonly stream: FakeStream; readonly served: Map<string, Served>; readonly device: LineDevice } {
  const served = new Map<string, Served>();
  const stream = fakeStream(clock, (bytes) => one.onBytes?.(bytes, clock.mono()));
  const one = played(stem, clock, (bytes, told) => {
    for (const value of told) served.set(value.point, value);
    // As a port hands it over: in pieces.
    const half = bytes.length >> 1;
    stream.send(bytes.subarray(0, half));
    stream.send(bytes.subarray(half));
  });
  return { stream, served, device: one };
}
