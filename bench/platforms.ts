/**
 * What each platform costs: `node bench/platforms.ts [--seconds 120] [--only scada]` runs the agent against the simulated
 * street with no uplink, with each of four alone (MQTT JSON, Sparkplug B, HJ 212, building-energy upload) and with all
 * of them, and prints CPU of the agent's process and bytes over the wire, both directions, scaled to a day. TCP payload
 * alone is counted: headers of TCP/IP and TLS come on top. One JSON line per case.
 */
import { readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { openPlatforms } from '../tests/e2e/platforms.ts';
import { openSite } from '../tests/e2e/site.ts';
import { startAgent } from '../tests/support/agent-process.ts';

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '120' }, only: { type: 'string' } },
});
const SECONDS = Number(values.seconds);
/** Start, descriptions and births are paid once; they are not part of a day's cost. */
const WARM_UP = 20_000;
const DAY = 86_400;

interface Counted extends AsyncDisposable {
  readonly port: number;
  up: number;
  down: number;
}

/** Relays to `target` and counts. */
async function counting(target: number): Promise<Counted> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((client) => {
    const far = connect(target, '127.0.0.1');
    for (const [from, to, way] of [
      [client, far, 'up'],
      [far, client, 'down'],
    ] as const) {
      sockets.add(from);
      from.on('error', () => {});
      from.on('data', (bytes) => {
        counted[way] += bytes.length;
        to.write(bytes);
      });
      from.on('close', () => to.destroy());
    }
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const counted: Counted = {
    port: (server.address() as AddressInfo).port,
    up: 0,
    down: 0,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };
  return counted;
}

/** CPU of a process and its threads so far, s (utime and stime, proc(5)). */
function cpu(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function run(wanted: readonly string[]) {
  await using stack = new AsyncDisposableStack();
  const site = stack.use(await openSite({ camera: false }));
  const relays = new Map<string, Counted>();
  const broker = Number(new URL(site.broker).port);
  const first = stack.use(await openPlatforms({ broker, wall: () => site.street.clock.now() }));
  const targets = new Map<string, number>();
  first.through((id, own) => {
    targets.set(id, own);
    return own;
  });
  for (const [id, port] of targets) relays.set(id, stack.use(await counting(port)));
  const uplinks = first.through((id) => relays.get(id)?.port ?? 0);
  await first.scada.state('scada', true, 1);
  site.rewrite({ uplinks: uplinks.filter(({ id }) => wanted.includes(id)) });
  const agent = stack.use(startAgent(site.file, first.env));
  await agent.ready;
  await new Promise((done) => setTimeout(done, WARM_UP));
  const before = {
    cpu: cpu(agent.pid),
    up: sums(relays, 'up'),
    down: sums(relays, 'down'),
    at: performance.now(),
  };
  await new Promise((done) => setTimeout(done, SECONDS * 1000));
  const seconds = (performance.now() - before.at) / 1000;
  const perDay = (way: 'up' | 'down') =>
    Object.fromEntries(
      wanted.map((id) => [
        id,
        Math.round((((relays.get(id)?.[way] ?? 0) - (before[way][id] ?? 0)) / seconds) * DAY),
      ]),
    );
  return {
    uplinks: wanted,
    cpu_percent: Number((((cpu(agent.pid) - before.cpu) / seconds) * 100).toFixed(2)),
    bytes_a_day_up: perDay('up'),
    bytes_a_day_down: perDay('down'),
    load: loadavg()[0],
  };
}

function sums(relays: ReadonlyMap<string, Counted>, way: 'up' | 'down'): Record<string, number> {
  return Object.fromEntries(Array.from(relays, ([id, counted]) => [id, counted[way]]));
}

const ALL = ['city', 'scada', 'bureau', 'energy'];
const cases = values.only === undefined ? [[], ...ALL.map((id) => [id]), ALL] : [[values.only]];
for (const wanted of cases) {
  process.stdout.write(`${JSON.stringify(await run(wanted))}\n`);
}
