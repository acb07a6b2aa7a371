/** A TCP relay between a client and a server whose link the test cuts, stalls (half-open) or makes one-way. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export class TcpProxy implements AsyncDisposable {
  readonly port: number;
  /** Connections so far. */
  connections = 0;
  /** Bytes that passed, both ways together, and in how many pieces. */
  bytes = 0;
  pieces = 0;
  /** Nothing of the server reaches the client: what is sent arrives, but no answer comes back. */
  silent = false;
  /** Nothing passes either way, and nobody is told: a half-open link. */
  stalled = false;
  readonly #server: Server;
  readonly #target: number;
  readonly #sockets = new Set<Socket>();
  #away = false;

  private constructor(server: Server, target: number) {
    this.#server = server;
    this.#target = target;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (socket) => this.#relay(socket));
  }

  static async to(target: number): Promise<TcpProxy> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TcpProxy(server, target);
  }

  /** Connections end, and new ones are turned away until `back`. */
  away(): void {
    this.#away = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  back(): void {
    this.#away = false;
  }

  /** Everything now open ends; new connections are welcome. */
  cut(): void {
    this.away();
    this.back();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.away();
    await new Promise((done) => this.#server.close(done));
  }

  #relay(client: Socket): void {
    this.connections += 1;
    if (this.#away) return void client.destroy();
    const server = connect(this.#target, '127.0.0.1');
    this.#pass(client, server, () => this.stalled);
    this.#pass(server, client, () => this.stalled || this.silent);
  }

  #pass(from: Socket, to: Socket, dropped: () => boolean): void {
    this.#sockets.add(from);
    from.setNoDelay();
    from.on('error', () => {});
    from.on('data', (bytes) => {
      if (dropped() || !to.writable) return;
      this.bytes += bytes.length;
      this.pieces += 1;
      to.write(bytes);
    });
    from.on('close', () => {
      this.#sockets.delete(from);
      to.destroy();
    });
  }
}
