/** Real MQTT brokers on loopback ports: the embedded one (3.1.1) and mosquitto as a process of its own (5). */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { Aedes, type AedesOptions } from 'aedes';
import { freePort } from './free-port.ts';

export interface Broker extends AsyncDisposable {
  readonly port: number;
}

/** A broker that is a process of its own. */
export interface BrokerProcess extends Broker {
  readonly pid: number;
}

export interface EmbeddedBroker extends Broker {
  readonly aedes: Aedes;
}

/** With `tls` it listens for mqtts. */
export async function embeddedBroker(
  options: AedesOptions = {},
  tls?: TlsOptions,
  host = '127.0.0.1',
): Promise<EmbeddedBroker> {
  const aedes = await Aedes.createBroker(options);
  const server = tls === undefined ? createServer(aedes.handle) : createTlsServer(tls, aedes.handle);
  server.on('tlsClientError', () => {});
  server.listen(0, host);
  await once(server, 'listening');
  return {
    aedes,
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      await new Promise<void>((done) => aedes.close(() => done()));
      await new Promise<void>((done) => {
        server.close(() => done());
      });
    },
  };
}

/** `settings`: further lines of mosquitto.conf. */
export async function mosquitto(path: string, settings: readonly string[] = []): Promise<BrokerProcess> {
  const port = await freePort();
  const lines = [`listener ${port} 127.0.0.1`, 'allow_anonymous true', 'persistence false', ...settings];
  return mosquittoWith(path, port, lines);
}

/** With all of mosquitto.conf, which makes it listen at `port` of the loopback. */
export async function mosquittoWith(
  path: string,
  port: number,
  lines: readonly string[],
): Promise<BrokerProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'kerbside-mosquitto-'));
  const file = join(folder, 'mosquitto.conf');
  await writeFile(file, `${lines.join('\n')}\n`);
  const child = spawn(path, ['-c', file], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (bytes: Buffer) => {
    said += bytes.toString();
  });
  await answers(port, child, () => said);
  return {
    port,
    pid: child.pid ?? 0,
    [Symbol.asyncDispose]: async () => {
      const gone = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined;
      child.kill('SIGTERM');
      await gone;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function answers(port: number, child: ChildProcess, said: () => string): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (child.exitCode !== null) throw new Error(`mosquitto ended with ${child.exitCode}: ${said()}`);
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true));
      socket.on('error', () => resolve(false));
      socket.on('connect', () => socket.destroy());
    });
    if (open) return;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error(`mosquitto does not listen on port ${port}: ${said()}`);
}
