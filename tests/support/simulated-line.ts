/** A simulated RS-485 line as the port of the agent's own scheduler, byte by byte in virtual time. */
import type { Pipe, Port } from '../../agent/bus/port.ts';
import { Ledger } from '../../hw-sim/ledger.ts';
import { type LineDevice, Wire } from '../../hw-sim/lines/wire.ts';
import type { VirtualClock } from './virtual-clock.ts';

export interface SimulatedLine {
  readonly wire: Wire;
  readonly ledger: Ledger;
  readonly port: Port;
}

export function simulatedLine(
  clock: VirtualClock,
  baud: number,
  format: string,
  devices: readonly LineDevice[],
): SimulatedLine {
  const ledger = new Ledger({ mono: () => clock.mono() });
  let listener: ((bytes: Uint8Array, at: number) => void) | undefined;
  const wire = new Wire({
    id: 'line',
    baud,
    format,
    time: clock,
    ledger,
    deliver: (bytes) => listener?.(bytes, clock.mono()),
  });
  for (const device of devices) wire.attach(device);
  const open = async (): Promise<Pipe> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    return {
      closed: promise,
      failure: undefined,
      onData(heard) {
        listener = heard;
        return {
          [Symbol.dispose]() {
            listener = undefined;
          },
        };
      },
      async write(bytes) {
        wire.hear(bytes);
      },
      async [Symbol.asyncDispose]() {
        resolve();
      },
    };
  };
  return { wire, ledger, port: { name: 'sim', retry: 1000, open } };
}
