/**
 * The mobile network between the pole and its city: a door on loopback for each thing in the city, and what such networks do.
 * Troubles lie on top of each other; the worst one decides what happens to a byte.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';

/**
 * `slow`: every byte takes `delay` ms, and `rate` of them pass a second, each way. `half-open`: connections stand and nothing
 * passes; what they carried is lost for good. `refused`: they break, and none comes about. `no-names`: the name of the city is
 * not found; what is connected stays so.
 */
export type LinkTrouble =
  | { readonly kind: 'slow'; readonly delay: number; readonly rate: number }
  | { readonly kind: 'half-open' }
  | { readonly kind: 'refused' }
  | { readonly kind: 'no-names' };

export interface MobileLink extends AsyncDisposable {
  /** Kinds of trouble there are now. */
  readonly troubles: readonly LinkTrouble['kind'][];
  /** Address of the door to a port of this machine, `localhost:40001`. */
  doorTo(port: number): Promise<string>;
  /** Lasts until disposed. */
  trouble(trouble: LinkTrouble): Disposable;
}

const HOST = '127.0.0.1';
/** A sender that is so far ahead of a slow link waits, bytes. */
const AHEAD = 65_536;

interface Door {
  server: Server | undefined;
  readonly port: number;
  readonly target: number;
}

/** `names`: a file that is there while no name is found (`names.ts`). */
export function openMobileLink(names?: string): MobileLink {
  const troubles = new Set<LinkTrouble>();
  const doors: Door[] = [];
  /** Both ends of each connection, and whether bytes of it are lost. */
  const ways = new Set<{ readonly ends: readonly Socket[]; broken: boolean }>();
  const has = (kind: LinkTrouble['kind']) => [...troubles].some((one) => one.kind === kind);

  const relay = (client: Socket, target: number): void => {
    const city = connect(target, HOST);
    const way = { ends: [client, city], broken: false };
    ways.add(way);
    for (const [from, to] of [
      [client, city],
      [city, client],
    ] as const) {
      const pace = pacer(from, to, () => [...troubles].find((one) => one.kind === 'slow'));
      from.setNoDelay(true);
      from.on('error', () => undefined);
      from.on('data', (bytes) => {
        if (has('half-open')) way.broken = true;
        if (!way.broken) pace(bytes);
      });
      from.on('close', () => {
        ways.delete(way);
        to.destroy();
      });
    }
  };

  const open = async (door: { readonly target: number; readonly port: number }): Promise<Server> => {
    const server = createServer((socket) => relay(socket, door.target));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(door.port, HOST, resolve);
    });
    return server;
  };
  const shut = (door: Door): void => {
    door.server?.close();
    door.server = undefined;
  };
  const cut = (broken = false): void => {
    for (const way of ways) if (!broken || way.broken) for (const end of way.ends) end.destroy();
  };

  /** Makes doors and names what the troubles say. */
  const settle = async (): Promise<void> => {
    if (names !== undefined) {
      if (has('no-names')) writeFileSync(names, '');
      else rmSync(names, { force: true });
    }
    if (has('refused')) {
      for (const door of doors) shut(door);
      cut();
      return;
    }
    // The network has forgotten what it lost bytes of.
    if (!has('half-open')) cut(true);
    for (const door of doors) door.server ??= await open(door);
  };
  let turn: Promise<void> = settle();
  const soon = (): void => {
    turn = turn.then(settle).catch(() => undefined);
  };

  return {
    get troubles() {
      return [...troubles].map(({ kind }) => kind);
    },
    async doorTo(target) {
      const server = await open({ target, port: 0 });
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      doors.push({ server, port, target });
      soon();
      return `localhost:${port}`;
    },
    trouble(trouble) {
      troubles.add(trouble);
      soon();
      return {
        [Symbol.dispose]: () => {
          if (troubles.delete(trouble)) soon();
        },
      };
    },
    async [Symbol.asyncDispose]() {
      troubles.clear();
      await turn;
      for (const door of doors) shut(door);
      cut();
      if (names !== undefined) rmSync(names, { force: true });
    },
  };
}

/** Hands bytes on at once, or as a slow link does; whatever was on the way before comes first. */
function pacer(
  from: Socket,
  to: Socket,
  slow: () => Extract<LinkTrouble, { kind: 'slow' }> | undefined,
): (bytes: Buffer) => void {
  const queue: { readonly bytes: Buffer; readonly due: number }[] = [];
  /** When the last byte has left the sender. */
  let free = 0;
  let waiting = 0;
  const drain = (): void => {
    for (let head = queue[0]; head !== undefined; head = queue[0]) {
      const left = head.due - performance.now();
      if (left > 0) return void setTimeout(drain, left);
      queue.shift();
      waiting -= head.bytes.length;
      if (to.writable) to.write(head.bytes);
    }
    from.resume();
  };
  return (bytes) => {
    const limits = slow();
    if (limits === undefined && queue.length === 0) {
      if (to.writable) to.write(bytes);
      return;
    }
    const now = performance.now();
    free = Math.max(now, free) + (limits === undefined ? 0 : (bytes.length * 1000) / limits.rate);
    queue.push({ bytes, due: free + (limits?.delay ?? 0) });
    waiting += bytes.length;
    if (waiting > AHEAD) from.pause();
    if (queue.length === 1) drain();
  };
}
