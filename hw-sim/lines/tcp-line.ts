/**
 * Modbus TCP devices behind a listening socket on the loopback: several unit ids on one port, pipelined requests answered
 * in order. No wire time but the turnaround of each device. MODBUS Messaging on TCP/IP V1.0b §3.
 */
import { createServer, type Socket } from 'node:net';
import type { ModbusDevice } from '../devices/modbus-device.ts';
import type { Fault } from '../faults.ts';
import type { Ledger } from '../ledger.ts';
import { realTime, type Timebase } from './timebase.ts';

/** Transaction, protocol, length, unit. */
const HEADER = 7;
/** Largest PDU and unit id that `length` may announce. */
const LONGEST = 254;
/** No such unit behind this address: "gateway target device failed to respond". */
const NO_TARGET = 0x0b;

export interface TcpLineOptions {
  readonly id: string;
  readonly devices: readonly ModbusDevice[];
  /** 0: any free one. Default 0. */
  readonly port?: number;
  /** Where it listens. Default 127.0.0.1. */
  readonly host?: '127.0.0.1' | '::1';
  /** From a request's last byte to its answer's first, ms. Default 2. */
  readonly turnaround?: number;
  readonly ledger?: Ledger;
  readonly time?: Timebase;
}

export interface TcpLine extends AsyncDisposable {
  readonly id: string;
  readonly host: string;
  readonly port: number;
  /** Connections now open. */
  readonly connections: number;
  /**
   * Switches a fault of values (`jump`, `frozen`, `notANumber`) on until disposed. Faults of bytes belong to serial
   * lines: TCP repairs them or breaks.
   */
  inject(fault: Fault): Disposable;
  /** Every connection is reset, as by a gateway that restarts. */
  drop(): void;
}

/** Rejects with the system's error where the port is taken. */
export async function openTcpLine(options: TcpLineOptions): Promise<TcpLine> {
  const { id, ledger, turnaround = 2, time = realTime(), host = '127.0.0.1' } = options;
  const units = new Map(options.devices.map((device) => [device.unit, device]));
  const faults = new Set<Fault>();
  const sockets = new Set<Socket>();
  const timers = new Set<Disposable>();

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

  const respond = (socket: Socket, frame: Buffer): void => {
    const unit = frame.readUInt8(6);
    const device = units.get(unit);
    const request = frame.subarray(HEADER);
    const answer = device?.answer(request, believe) ?? {
      pdu: Uint8Array.of((request[0] ?? 0) | 0x80, NO_TARGET),
      served: [],
    };
    const head = Buffer.alloc(HEADER);
    frame.copy(head, 0, 0, 4);
    head.writeUInt16BE(answer.pdu.length + 1, 4);
    head.writeUInt8(unit, 6);
    if (socket.destroyed) return;
    ledger?.write(id, answer.served);
    socket.write(Buffer.concat([head, answer.pdu]));
  };

  const server = createServer((socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    let pending = Buffer.alloc(0);
    const queue: Buffer[] = [];
    let busy = false;
    // One after the other: a device has one processor, pipelined requests wait for it.
    const next = (): void => {
      const frame = queue.shift();
      busy = frame !== undefined;
      if (frame === undefined) return;
      const timer = time.after(turnaround, () => {
        timers.delete(timer);
        respond(socket, frame);
        next();
      });
      timers.add(timer);
    };
    socket.on('data', (chunk) => {
      pending = Buffer.concat([pending, chunk]);
      while (pending.length >= HEADER) {
        const length = pending.readUInt16BE(4);
        // Another protocol, or a length nobody may send: the stream cannot be trusted any more.
        if (pending.readUInt16BE(2) !== 0 || length < 2 || length > LONGEST) {
          socket.destroy();
          return;
        }
        if (pending.length < 6 + length) break;
        queue.push(pending.subarray(0, 6 + length));
        pending = pending.subarray(6 + length);
      }
      if (!busy) next();
    });
  });

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const address = server.address();
  const drop = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    id,
    host,
    port: typeof address === 'object' && address !== null ? address.port : 0,
    get connections() {
      return sockets.size;
    },
    inject(fault) {
      faults.add(fault);
      return { [Symbol.dispose]: () => void faults.delete(fault) };
    },
    drop,
    async [Symbol.asyncDispose]() {
      for (const timer of timers) timer[Symbol.dispose]();
      timers.clear();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      drop();
      await closed;
    },
  };
}
