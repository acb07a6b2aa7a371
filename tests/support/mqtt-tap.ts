/** A relay between MQTT clients and a broker that parses and keeps every packet, and whose link the test cuts. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { type Packet, parser } from 'mqtt-packet';

export interface Tapped {
  /** Which connection, from 1. */
  readonly connection: number;
  readonly from: 'client' | 'server';
  readonly packet: Packet;
}

export class MqttTap implements AsyncDisposable {
  readonly port: number;
  readonly packets: Tapped[] = [];
  connections = 0;
  /** Nothing of the server reaches the client. */
  silent = false;
  readonly #server: Server;
  readonly #target: number;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, target: number) {
    this.#server = server;
    this.#target = target;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (socket) => this.#relay(socket));
  }

  static async to(target: number): Promise<MqttTap> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new MqttTap(server, target);
  }

  /** Packets of the clients, of one kind. */
  sent<T extends Packet['cmd']>(cmd: T): Extract<Packet, { cmd: T }>[] {
    return this.packets.flatMap(({ from, packet }) =>
      from === 'client' && packet.cmd === cmd ? [packet as Extract<Packet, { cmd: T }>] : [],
    );
  }

  /** Everything now open ends, without a word of MQTT. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    await new Promise((done) => this.#server.close(done));
  }

  #relay(client: Socket): void {
    const connection = ++this.connections;
    const server = connect(this.#target, '127.0.0.1');
    let version = 4;
    const heard = parser();
    heard.on('packet', (packet) => {
      if (packet.cmd === 'connect') version = packet.protocolVersion ?? 4;
      this.packets.push({ connection, from: 'client', packet });
    });
    let answers: ReturnType<typeof parser> | undefined;
    this.#pass(client, server, (bytes) => heard.parse(bytes));
    this.#pass(server, client, (bytes) => {
      if (answers === undefined) {
        answers = parser({ protocolVersion: version });
        answers.on('packet', (packet) => this.packets.push({ connection, from: 'server', packet }));
        answers.on('error', () => {});
      }
      answers.parse(bytes);
      return !this.silent;
    });
  }

  #pass(from: Socket, to: Socket, look: (bytes: Buffer) => unknown): void {
    this.#sockets.add(from);
    from.setNoDelay();
    from.on('error', () => {});
    from.on('data', (bytes) => {
      if (look(bytes) !== false && to.writable) to.write(bytes);
    });
    from.on('close', () => {
      this.#sockets.delete(from);
      to.destroy();
    });
  }
}
