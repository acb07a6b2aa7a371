/**
 * The other side of `bench/tcp.ts`, a process of its own: Modbus TCP devices, each behind a port of its own on the
 * loopback, and the city's broker. Small and quick, so that the machine is the agent's: answers are made beforehand,
 * one number in them changes. Counts the reads of every device by its own clock.
 *
 * Speaks by IPC: says `{ ports, broker }`; `mark` begins the count anew; `count` is answered with `StreetCount`.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { Aedes } from 'aedes';

export interface StreetReady {
  readonly ports: readonly number[];
  readonly broker: number;
}

export interface StreetCount {
  readonly reads: number;
  /** Periods in which a device was not read. */
  readonly missed: number;
  /** Longest time between two reads of one device, ms. */
  readonly longest: number;
  /** Records that the broker took, by the envelopes' counts. */
  readonly records: number;
  readonly messages: number;
  /** Of this process, s. */
  readonly cpu: number;
}

interface Device {
  reads: number;
  first: number;
  last: number;
  longest: number;
}

const [count = 500, period = 1000] = process.argv.slice(2).map(Number);
const devices: Device[] = Array.from({ length: count }, () => ({ reads: 0, first: 0, last: 0, longest: 0 }));
let [records, messages, value] = [0, 0, 0];

const ports = await Promise.all(devices.map((device) => listen((socket) => serve(socket, device))));
const aedes = await Aedes.createBroker();
aedes.on('publish', ({ payload }, client) => {
  if (client === null) return;
  messages += 1;
  const head = (typeof payload === 'string' ? payload : payload.toString('utf8', 0, 400)).match(
    /"count":(\d+)/,
  );
  records += Number(head?.[1] ?? 0);
});
aedes.on('clientError', () => {});
const broker = await listen((socket) => void aedes.handle(socket));

process.on('message', (question) => {
  if (question === 'mark') {
    for (const device of devices) Object.assign(device, { reads: 0, first: 0, last: 0, longest: 0 });
    [records, messages] = [0, 0];
  } else {
    send(counted());
  }
});
process.on('disconnect', () => process.exit());
send({ ports, broker } satisfies StreetReady);

function counted(): StreetCount {
  const now = performance.now();
  const { user, system } = process.cpuUsage();
  let [reads, missed, longest] = [0, 0, 0];
  for (const device of devices) {
    reads += device.reads;
    // One that has its read just now may have it a little later than a period ago.
    missed += Math.max(0, Math.floor((now - device.first) / period - 0.5) - device.reads + 1);
    longest = Math.max(longest, device.longest, now - device.last);
  }
  return { reads, missed, longest, records, messages, cpu: (user + system) / 1e6 };
}

/** Functions 3 and 4 only. MODBUS Messaging on TCP/IP V1.0b §3.1.3 */
function serve(socket: Socket, device: Device): void {
  socket.on('data', (bytes) => {
    for (let at = 0; at + 12 <= bytes.length; at += 12) {
      const now = performance.now();
      if (device.reads === 0) device.first = now;
      else device.longest = Math.max(device.longest, now - device.last);
      device.last = now;
      device.reads += 1;
      const registers = bytes.readUInt16BE(at + 10);
      const answer = Buffer.alloc(9 + 2 * registers);
      bytes.copy(answer, 0, at, at + 8);
      answer.writeUInt16BE(3 + 2 * registers, 4);
      answer.writeUInt8(2 * registers, 8);
      value = (value + 1) % 50_000;
      for (let i = 0; i < registers; i++) answer.writeUInt16BE((value + 17 * i) % 50_000, 9 + 2 * i);
      socket.write(answer);
    }
  });
}

async function listen(onSocket: (socket: Socket) => void): Promise<number> {
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => {});
    onSocket(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

function send(message: StreetReady | StreetCount): void {
  process.send?.(message);
}
