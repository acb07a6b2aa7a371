/**
 * A storm of alarms in real time: readings at a given rate over many alarms, the engine, hub and the log on the disk.
 * `node bench/alarms.ts [--rate 10000] [--seconds 30] [--alarms 400]`. Says what came in, what left, how late the event
 * loop was, what the engine costs a reading, and how memory grew.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { AlarmEngine } from '../agent/control/alarms/engine.ts';
import { type AlarmDefinition, DEFAULT_FLOOD, PRIORITIES } from '../agent/core/alarm/alarm.ts';
import { silent } from '../agent/core/log.ts';
import { good } from '../agent/core/reading.ts';
import { SystemClock } from '../agent/core/time/system-clock.ts';
import { Hub } from '../agent/hub/hub.ts';
import { openLogSource } from '../agent/store/reader.ts';
import { openStore } from '../agent/store/store.ts';
import { seeded } from '../tests/support/seeded.ts';

const { values: args } = parseArgs({
  options: {
    rate: { type: 'string', default: '10000' },
    seconds: { type: 'string', default: '30' },
    alarms: { type: 'string', default: '400' },
  },
});
const [RATE, SECONDS, ALARMS] = [Number(args.rate), Number(args.seconds), Number(args.alarms)];

const definitions = Array.from(
  { length: ALARMS },
  (_, i): AlarmDefinition => ({
    id: `alarm-${i}`,
    title: { en: `Alarm ${i}` },
    priority: PRIORITIES[i % 4] ?? 'low',
    device: 'storm',
    condition: { kind: 'state', device: 'storm', point: `p-${i}`, is: [true], not: false },
    onDelay: 0,
    offDelay: 0,
    latching: false,
    causes: [],
    acknowledgedBy: 'anyone',
    shelving: 0,
  }),
);

await using stack = new AsyncDisposableStack();
const dir = mkdtempSync(join(tmpdir(), 'kerbside-storm-'));
stack.defer(() => rmSync(dir, { recursive: true, force: true }));
const clock = new SystemClock();
const store = stack.use(
  await openStore({
    dir,
    agent: 'a',
    timezone: 'UTC',
    config: { window: 5000, budget: 2 ** 30, maxAge: 1e12, ring: 20 * 2 ** 20 },
    clock,
    log: silent,
    describe: () => ({ type: 'boolean', unit: '1', aggregation: 'state', lane: 'event' }),
  }),
);
const hub = stack.use(
  new Hub({
    clock,
    log: silent,
    window: 5000,
    lane: () => 'event',
    append: (...all) => store.append(...all),
  }),
);
let events = 0;
const urgentTold = new Set<string>();
stack.use(
  hub.onEvent(({ event, body }) => {
    if (event !== 'alarm') return;
    events += 1;
    if (body.what === 'raised' || body.what === 'chattering') urgentTold.add(String(body.alarm));
  }),
);
const engine = stack.use(
  new AlarmEngine({ config: { definitions, sos: [], flood: DEFAULT_FLOOD }, clock, hub, log: silent }),
);
engine.restore([]);

const random = seeded(7);
const delay = monitorEventLoopDelay({ resolution: 5 });
const met = new Set<string>();
let [sent, spent] = [0, 0];
globalThis.gc?.();
const before = process.memoryUsage().rss;
const cpu = process.cpuUsage();
delay.enable();
const began = performance.now();
for (let elapsed = 0; elapsed < SECONDS * 1000; elapsed = performance.now() - began) {
  const due = Math.floor((elapsed / 1000) * RATE) - sent;
  const readings = Array.from({ length: due }, () => {
    const i = Math.floor(random() * ALARMS);
    const value = random() < 0.5;
    if (value && i % 4 < 2) met.add(`alarm-${i}`);
    return good({ device: 'storm', point: `p-${i}`, unit: '1' }, value, clock.mono());
  });
  const at = performance.now();
  hub.readings(readings);
  spent += performance.now() - at;
  sent += due;
  await pause(5);
}
const { user, system } = process.cpuUsage(cpu);
await hub.commit();
const heads = store.heads();
const source = openLogSource(store.file);
let logged = 0;
for (let next = 1; next <= heads.alarm; ) {
  const slice = source.read('alarm', next, 500);
  if (slice === undefined) break;
  logged += slice.records.filter((record) => record.kind === 'event' && record.event === 'alarm').length;
  next = slice.last + 1;
}
source[Symbol.dispose]();
console.log(
  JSON.stringify({
    rate: RATE,
    alarms: ALARMS,
    seconds: SECONDS,
    readings: sent,
    events,
    eventsPerSecond: Number((events / SECONDS).toFixed(2)),
    logged,
    urgentMet: met.size,
    urgentLost: [...met].filter((id) => !urgentTold.has(id)).length,
    microsecondsPerReading: Number(((spent * 1000) / sent).toFixed(2)),
    cpuOfOneCore: Number(((user + system) / 1e6 / SECONDS).toFixed(2)),
    loopDelayP99Ms: Number((delay.percentile(99) / 1e6).toFixed(1)),
    rssGrownMb: Math.round((process.memoryUsage().rss - before) / 2 ** 20),
    load: loadavg()[0]?.toFixed(1),
  }),
);
