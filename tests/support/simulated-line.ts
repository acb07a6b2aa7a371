/** A simulated serial line as the port of the agent's own scheduler, byte by byte in virtual time. */
import type { Pipe, Port } from '../../agent/bus/port/port.ts';
import { AgentError } from '../../agent/core/errors.ts';
import { Ledger } from '../../hw-sim/ledger.ts';
import { type LineDevice, Wire } from '../../hw-sim/lines/wire.ts';
import type { VirtualClock } from './virtual-clock.ts';

export interface SimulatedLine {
  readonly wire: Wire;
  readonly ledger: Ledger;
  readonly port: Port;
  /** The adapter is pulled until disposed: the open pipe is lost and none opens. */
  unplug(): Disposable;
}

export function simulatedLine(
  clock: VirtualClock,
  baud: number,
  format: string,
  devices: readonly LineDevice[],
  duplex: 'half' | 'full' = 'half',
): SimulatedLine {
  const ledger = new Ledger({ mono: () => clock.mono() });
  let listener: ((bytes: Uint8Array, at: number) => void) | undefined;
  let lose: (() => void) | undefined;
  let pulled = 0;
  const wire = new Wire({
    id: 'line',
    baud,
    format,
    duplex,
    time: clock,
    ledger,
    deliver: (bytes) => listener?.(bytes, clock.mono()),
  });
  for (const device of devices) wire.attach(device);
  const open = async (): Promise<Pipe> => {
    if (pulled > 0) throw new AgentError('port-missing', 'port sim failed: it is not there');
    const { promise, resolve } = Promise.withResolvers<void>();
    let failure: AgentError | undefined;
    lose = () => {
      failure = new AgentError('link-lost', 'port sim lost: unplugged');
      listener = undefined;
      resolve();
    };
    return {
      closed: promise,
      get failure() {
        return failure;
      },
      onData(heard) {
        listener = heard;
        return {
          [Symbol.dispose]() {
            listener = undefined;
          },
        };
      },
      async write(bytes) {
        if (failure !== undefined) throw failure;
        wire.hear(bytes);
      },
      async [Symbol.asyncDispose]() {
        resolve();
      },
    };
  };
  const unplug = (): Disposable => {
    pulled += 1;
    lose?.();
    return {
      [Symbol.dispose]() {
        pulled -= 1;
      },
    };
  };
  return { wire, ledger, port: { name: 'sim', retry: 1000, open }, unplug };
}
