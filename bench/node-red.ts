/**
 * How late polls get while a flow of Node-RED loops, leaks and crashes: a simulated meter behind a pseudo-terminal that keeps
 * wire time, the agent's own line and hub, and a real Node-RED as its child. `node bench/node-red.ts [--quiet 15]`
 *
 * `late` of a poll: its gap to the one before less the period, ms. Phases last until the flow has been stopped and named.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { openLines } from '../agent/bus/lines.ts';
import { siteDeps } from '../agent/cli/site.ts';
import { loadSite } from '../agent/config/load.ts';
import { silent } from '../agent/core/log.ts';
import type { AgentEvent } from '../agent/core/record.ts';
import { SystemClock } from '../agent/core/time/system-clock.ts';
import { startNodeRed } from '../agent/node-red/node-red.ts';
import { driverFor } from '../drivers/index.ts';
import { eastronSdm120 } from '../hw-sim/devices/eastron-sdm120.ts';
import { ModbusDevice } from '../hw-sim/devices/modbus-device.ts';
import { openPtyLine } from '../hw-sim/lines/pty-line.ts';
import { realTime } from '../hw-sim/lines/timebase.ts';
import { createWorld } from '../hw-sim/world/world.ts';
import { worldClock } from '../hw-sim/world/world-clock.ts';
import { nodeRedAdmin } from '../tests/support/node-red-admin.ts';

const { values: args } = parseArgs({ options: { quiet: { type: 'string', default: '15' } } });
/** Period of the meter, ms. */
const PERIOD = 250;
const BAD = {
  looping: 'setTimeout(() => { for (;;); }, 50);',
  leaking: `const kept = [];
    setInterval(() => { for (let i = 0; i < 20000; i++) kept.push({ i, text: 'kept ' + i }); }, 5);`,
  crashed: `(async () => { throw new Error('nobody catches this'); })();`,
} as const;

await using stack = new AsyncDisposableStack();
const dir = mkdtempSync(join(tmpdir(), 'kerbside-bench-'));
stack.defer(() => rmSync(dir, { recursive: true, force: true }));
const start = Date.now();
const world = createWorld({ seed: 1, start, place: { lat: 36.8131, lon: 118.0548 }, utcOffset: 8 });
const pty = stack.use(
  await openPtyLine({ id: 'l', baud: 9600, duplex: 'half', time: realTime({ precise: true }) }),
);
pty.wire.attach(new ModbusDevice({ model: eastronSdm120, unit: 1, world, clock: worldClock(start) }));
const file = join(dir, 'site.yaml');
writeFileSync(
  file,
  `site: { id: s, timezone: Asia/Shanghai, position: { lat: 36.8, lon: 118.1, datum: WGS84 } }
agent: { id: a }
lines: [{ id: l, port: ${pty.path}, baud: 9600 }]
devices: [{ id: meter, line: l, profile: eastron-sdm120, address: 1, every: ${PERIOD}ms }]
`,
);
const loaded = await loadSite(file, siteDeps());
if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
const clock = new SystemClock();
const [point = ''] = loaded.site.devices.flatMap(({ profile }) => profile.points.map(({ id }) => id));
let polls: number[] = [];
let bad = 0;
stack.use(
  openLines({
    lines: loaded.site.lines,
    devices: loaded.site.devices,
    driver: driverFor,
    clock,
    log: silent,
    publisher: {
      readings: (readings) => {
        for (const reading of readings) {
          if (reading.point !== point) continue;
          polls.push(reading.time);
          if (reading.quality === 'bad') bad += 1;
        }
      },
      event: () => {},
    },
    onHealth: () => {},
    memory: () => ({ read: () => undefined, save: () => {} }),
  }),
);
const events: AgentEvent['body'][] = [];
const nodeRed = stack.use(
  startNodeRed({
    config: { enabled: true, host: '127.0.0.1', port: 0, heap: 128e6 },
    entry: new URL('../flows/runtime/main.js', import.meta.url),
    nodesDir: new URL('../flows/', import.meta.url),
    example: new URL('../flows/examples/dim-by-traffic.json', import.meta.url),
    userDir: join(dir, 'node-red'),
    agent: { url: 'http://127.0.0.1:9', token: 'none' },
    clock,
    log: silent,
    onHealth: () => {},
    onEvent: (_severity, body) => void events.push(body),
  }),
);

async function until<T>(what: string, found: () => T | undefined): Promise<T> {
  for (const since = performance.now(); performance.now() - since < 90_000; await pause(50)) {
    const one = found();
    if (one !== undefined) return one;
  }
  throw new Error(`waited in vain for ${what}`);
}
const admin = async () => nodeRedAdmin(await until('Node-RED', () => nodeRed.ticket()));

/** Lateness of the polls while `work` is under way. */
async function phase(name: string, work: () => Promise<object>): Promise<void> {
  polls = [];
  bad = 0;
  const facts = await work();
  const late = polls.slice(1).map((at, i) => Math.max(0, at - (polls[i] ?? at) - PERIOD));
  late.sort((a, b) => a - b);
  const at = (share: number) => Math.round((late[Math.ceil(share * late.length) - 1] ?? 0) * 10) / 10;
  console.log(
    JSON.stringify({
      phase: name,
      polls: polls.length,
      bad,
      late_p50: at(0.5),
      late_p99: at(0.99),
      late_worst: at(1),
      ...facts,
      load: loadavg()[0]?.toFixed(1),
    }),
  );
}

const editor = await admin();
const flows = Object.entries(BAD).flatMap(([id, func]) => [
  { id, type: 'tab', label: id },
  { id: `${id}-button`, type: 'inject', z: id, x: 100, y: 100, props: [], wires: [[`${id}-code`]] },
  { id: `${id}-code`, type: 'function', z: id, x: 300, y: 100, name: id, func, outputs: 1, wires: [[]] },
]);
await editor.deploy(flows);
await phase('quiet', async () => {
  await pause(Number(args.quiet) * 1000);
  return {};
});
for (const id of Object.keys(BAD)) {
  const { inject } = await admin();
  await phase(id, async () => {
    const since = events.length;
    const begun = performance.now();
    await inject(`${id}-button`);
    const event = await until('the end of the flow', () =>
      events.slice(since).find(({ what }) => what === 'flow-stopped'),
    );
    const after = performance.now() - begun;
    // With the restart that follows, whose work is on the same processors.
    await admin();
    return { named: event.node, why: event.why, stopped_after_s: Math.round(after / 100) / 10 };
  });
}
