/** A device behind a UDP socket on the loopback. No wire time but its turnaround; datagrams that come meanwhile wait. */
import { createSocket } from 'node:dgram';
import type { DatagramDevice } from '../devices/datagram-devices.ts';
import type { Fault } from '../faults.ts';
import type { Ledger } from '../ledger.ts';
import { realTime, type Timebase } from './timebase.ts';

export interface UdpLineOptions {
  readonly id: string;
  readonly device: DatagramDevice;
  /** 0: any free one. Default 0. */
  readonly port?: number;
  /** Where it listens. Default 127.0.0.1. */
  readonly host?: '127.0.0.1' | '::1';
  /** From a question to its answer, ms. Default 2. */
  readonly turnaround?: number;
  readonly ledger?: Ledger;
  readonly time?: Timebase;
}

export interface UdpLine extends AsyncDisposable {
  readonly id: string;
  readonly host: string;
  readonly port: number;
  /** Switches a fault of values (`jump`, `frozen`, `notANumber`) on until disposed. */
  inject(fault: Fault): Disposable;
}

/** Rejects with the system's error where the port is taken. */
export async function openUdpLine(options: UdpLineOptions): Promise<UdpLine> {
  const { id, device, ledger, turnaround = 2, time = realTime(), host = '127.0.0.1' } = options;
  const faults = new Set<Fault>();
  const timers = new Set<Disposable>();
  const socket = createSocket(host === '::1' ? 'udp6' : 'udp4');
  const believe = <V extends number | string | boolean>(
    unit: number | undefined,
    point: string,
    value: V,
  ): V | number => {
    let believed: V | number = value;
    for (const fault of faults) {
      if (fault.value !== undefined && typeof believed === 'number')
        believed = fault.value(unit, point, believed);
    }
    return believed;
  };
  socket.on('error', () => undefined);
  socket.on('message', (datagram, from) => {
    const timer = time.after(turnaround, () => {
      timers.delete(timer);
      const told = device.answer(datagram, believe);
      if (told === undefined) return;
      ledger?.write(id, told.served);
      socket.send(told.bytes, from.port, from.address);
    });
    timers.add(timer);
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(options.port ?? 0, host, () => {
      socket.off('error', reject);
      resolve();
    });
  });
  return {
    id,
    host,
    port: socket.address().port,
    inject(fault) {
      faults.add(fault);
      return { [Symbol.dispose]: () => void faults.delete(fault) };
    },
    async [Symbol.asyncDispose]() {
      for (const timer of timers) timer[Symbol.dispose]();
      timers.clear();
      await new Promise<void>((resolve) => socket.close(() => resolve()));
    },
  };
}
