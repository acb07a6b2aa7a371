/** Three real NATS servers on loopback ports, from deploy/city/nats/city.conf as it is. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Account, natsUsers } from '../../deploy/city/credentials.ts';
import { freePort } from './free-port.ts';

export interface NatsCluster extends AsyncDisposable {
  /** mqtt://127.0.0.1:… of each node. */
  readonly urls: readonly string[];
  /** Does nothing any more, while its connections stay open: as a machine that is ill. */
  hang(node: number): void;
  /** No chance to tidy up. */
  kill(node: number): Promise<void>;
  /** Back with what it had on its disk; resolves when it serves. */
  revive(node: number): Promise<void>;
  /** Whether each is there. */
  readonly alive: readonly boolean[];
  /** Of those that are there. */
  readonly pids: readonly number[];
  /** The last lines of each node's log. */
  tails(lines: number): Promise<string>;
}

interface Node {
  readonly log: string;
  readonly env: NodeJS.ProcessEnv;
  readonly monitor: number;
  child: ChildProcess | undefined;
}

const CONFIG = new URL('../../deploy/city/nats/city.conf', import.meta.url);
/** A loaded machine starts three servers and elects their leaders within this, ms. */
const PATIENCE = 60_000;

/** `path`: nats-server. */
export async function natsCluster(
  path: string,
  site: string,
  accounts: readonly Account[],
): Promise<NatsCluster> {
  const folder = await mkdtemp(join(tmpdir(), 'kerbside-nats-'));
  await copyFile(CONFIG, join(folder, 'city.conf'));
  await writeFile(join(folder, 'users.conf'), natsUsers(site, accounts));
  const ports = await Promise.all(Array.from({ length: 12 }, () => freePort()));
  const at = (kind: number, node: number) => `127.0.0.1:${ports[kind * 3 + node]}`;
  const nodes = await Promise.all(
    [0, 1, 2].map(async (node): Promise<Node> => {
      await mkdir(join(folder, `store-${node}`));
      return {
        monitor: ports[6 + node] ?? 0,
        child: undefined,
        log: join(folder, `log-${node}`),
        env: {
          KERBSIDE_NODE: `city-${node + 1}`,
          KERBSIDE_NATS: `"${at(0, node)}"`,
          KERBSIDE_MQTT: `"${at(1, node)}"`,
          KERBSIDE_MONITOR: `"${at(2, node)}"`,
          KERBSIDE_CLUSTER: `"${at(3, node)}"`,
          KERBSIDE_STORE: `"${join(folder, `store-${node}`)}"`,
          ...Object.fromEntries([0, 1, 2].map((n) => [`KERBSIDE_ROUTE_${n + 1}`, `"nats://${at(3, n)}"`])),
        },
      };
    }),
  );
  const begin = (node: Node): void => {
    const log = openSync(node.log, 'a');
    node.child = spawn(path, ['-c', join(folder, 'city.conf')], {
      stdio: ['ignore', 'ignore', log],
      env: { PATH: process.env.PATH ?? '', ...node.env },
    });
    closeSync(log);
  };
  const tail = async ({ log }: Node, lines: number): Promise<string> =>
    (await readFile(log, 'utf8').catch(() => '')).trimEnd().split('\n').slice(-lines).join('\n');
  const tails = async (lines: number): Promise<string> =>
    (await Promise.all(nodes.map(async (node, i) => `node ${i}:\n${await tail(node, lines)}`))).join('\n');
  /**
   * Whether the node serves; at the first start also whether the cluster has a leader. Later that would ask for more: each
   * consumer of each agent to be caught up, while agents come and go.
   */
  const whole = async (node: Node, first: boolean): Promise<boolean> => {
    const { child, monitor } = node;
    if (child === undefined || child.exitCode !== null)
      throw new Error(`nats-server ended: ${await tail(node, 40)}`);
    try {
      return (await fetch(`http://127.0.0.1:${monitor}/healthz${first ? '' : '?js-enabled=true'}`)).ok;
    } catch {
      return false;
    }
  };
  const untilWhole = async (some: readonly Node[], first = false): Promise<void> => {
    for (const end = performance.now() + PATIENCE; ; ) {
      const states = await Promise.all(some.map((node) => whole(node, first)));
      if (states.every(Boolean)) return;
      if (performance.now() > end)
        throw new Error(`nats-server is not whole after ${PATIENCE} ms: ${await tails(40)}`);
      await new Promise((done) => setTimeout(done, 100));
    }
  };
  const end = async (node: Node | undefined, signal: NodeJS.Signals): Promise<void> => {
    const child = node?.child;
    if (node === undefined || child === undefined) return;
    node.child = undefined;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  };
  const close = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => end(node, 'SIGKILL')));
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  };
  try {
    for (const node of nodes) begin(node);
    await untilWhole(nodes, true);
  } catch (thrown) {
    await close();
    throw thrown;
  }
  return {
    urls: [0, 1, 2].map((node) => `mqtt://${at(1, node)}`),
    get alive() {
      return nodes.map(({ child }) => child !== undefined);
    },
    get pids() {
      return nodes.flatMap(({ child }) => child?.pid ?? []);
    },
    tails,
    hang: (node) => void nodes[node]?.child?.kill('SIGSTOP'),
    kill: (node) => end(nodes[node], 'SIGKILL'),
    revive: async (index) => {
      const node = nodes[index];
      if (node === undefined || node.child !== undefined) return;
      begin(node);
      await untilWhole([node]);
    },
    [Symbol.asyncDispose]: close,
  };
}
