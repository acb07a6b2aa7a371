/** A simulated line in virtual time: what a master sends and what it gets, with the moments. */

import { Ledger } from '../../../hw-sim/ledger.ts';
import type { LineDevice } from '../../../hw-sim/lines/wire.ts';
import { Wire, type WireFormat } from '../../../hw-sim/lines/wire.ts';
import { createWorld, type World } from '../../../hw-sim/world/world.ts';
import { type StreetClock, worldClock } from '../../../hw-sim/world/world-clock.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

export const START = Date.UTC(2026, 10, 22, 4);

export interface Play {
  readonly time: VirtualClock;
  readonly world: World;
  readonly clock: StreetClock;
  readonly ledger: Ledger;
  readonly wire: Wire;
  /** What reached the master's port, and when. */
  readonly chunks: { readonly at: number; readonly bytes: Uint8Array }[];
  /** All of it. */
  received(): string;
  /** Sends and lets `ms` go by; gives what came meanwhile, in hex. */
  ask(hex: string, ms?: number): Promise<string>;
}

export function play(
  format: WireFormat & { readonly duplex?: 'half' | 'full' },
  devices: (made: { world: World; clock: StreetClock }) => readonly LineDevice[],
): Play {
  const time = new VirtualClock(START);
  const world = createWorld({ seed: 5, place: { lat: 31.2304, lon: 121.4737 }, utcOffset: 8, start: START });
  const clock = worldClock(START, 1, () => time.mono());
  const ledger = new Ledger({ mono: () => time.mono() });
  const chunks: { at: number; bytes: Uint8Array }[] = [];
  const wire = new Wire({
    id: 'line',
    time,
    ledger,
    ...format,
    deliver: (bytes) => chunks.push({ at: time.mono(), bytes }),
  });
  for (const device of devices({ world, clock })) wire.attach(device);
  const received = () => chunks.map(({ bytes }) => hexOf(bytes)).join('');
  return {
    time,
    world,
    clock,
    ledger,
    wire,
    chunks,
    received,
    async ask(hex, ms = 500) {
      chunks.length = 0;
      wire.hear(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
      await time.advance(ms);
      return received();
    },
  };
}

export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** Hex as printed in manuals. */
export function hex(text: string): string {
  return text.replaceAll(' ', '').toLowerCase();
}
