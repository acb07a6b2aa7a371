/**
 * From the press of a help button to its beacon, in real time: simulated contacts behind pseudo-terminals that keep wire
 * time, and the agent's own lines, hub, log on the disk, alarms and router. `node bench/sos.ts [--presses 100] [--case firmata|modbus]`
 *
 * firmata: the board tells a change by itself; the beacon is its PWM output. modbus: a module of contacts asked every 100 ms
 * beside a meter on a 9600 baud line; the beacon is one of its coils. `ms` is press to beacon by the simulator's eyes.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { openLines } from '../agent/bus/lines.ts';
import { siteDeps } from '../agent/cli/site.ts';
import { startCommands } from '../agent/compose/commands.ts';
import { Directory } from '../agent/compose/describe.ts';
import { loadSite } from '../agent/config/load.ts';
import { Alarms } from '../agent/control/alarms/alarms.ts';
import { silent } from '../agent/core/log.ts';
import { LocalDays } from '../agent/core/time/local-days.ts';
import { SystemClock } from '../agent/core/time/system-clock.ts';
import { Hub } from '../agent/hub/hub.ts';
import { openStore } from '../agent/store/store.ts';
import { driverFor } from '../drivers/index.ts';
import { ArduinoFirmata } from '../hw-sim/devices/arduino-firmata.ts';
import { eastronSdm120 } from '../hw-sim/devices/eastron-sdm120.ts';
import { ModbusDevice } from '../hw-sim/devices/modbus-device.ts';
import type { ModbusModel } from '../hw-sim/devices/modbus-model.ts';
import { openPtyLine } from '../hw-sim/lines/pty-line.ts';
import { realTime } from '../hw-sim/lines/timebase.ts';
import { createWorld } from '../hw-sim/world/world.ts';
import { worldClock } from '../hw-sim/world/world-clock.ts';
import { seeded } from '../tests/support/seeded.ts';

const { values: args } = parseArgs({
  options: { presses: { type: 'string', default: '100' }, case: { type: 'string' } },
});
const PRESSES = Number(args.presses);
const PLACE = { lat: 36.8131, lon: 118.0548 };

/** Contacts whose first input is the button. */
const CONTACTS: ModbusModel = {
  stem: 'waveshare-modbus-rtu-io-8ch',
  functions: [],
  serial: { baud: 9600, format: '8N1' },
  value: () => 0,
  registers: [],
  discretes: Array.from({ length: 8 }, (_, address) => ({
    point: `input-${address + 1}`,
    address,
    value: ({ hands }) => address === 0 && hands.sosPressed,
  })),
  coils: Array.from({ length: 8 }, (_, address) => ({
    point: `output-${address + 1}`,
    address,
    access: 'read-write',
    value: () => false,
  })),
};

const CASES = {
  firmata: {
    line: { baud: 57_600, duplex: 'full' },
    devices: '  - { id: io, line: l, profile: arduino-firmata }',
    button: 'sos-button',
    output: '{ device: io, point: lamp-level, on: 100, off: 0 }',
  },
  modbus: {
    line: { baud: 9600, duplex: 'half' },
    devices: `  - { id: io, line: l, profile: waveshare-modbus-rtu-io-8ch, address: 1, every: 100ms }
  - { id: meter, line: l, profile: eastron-sdm120, address: 2, every: 2s }`,
    button: 'input-1',
    output: '{ device: io, point: output-1 }',
  },
} as const;

for (const name of ['firmata', 'modbus'] as const) {
  if (args.case === undefined || args.case === name) console.log(JSON.stringify(await run(name)));
}

async function run(name: keyof typeof CASES) {
  await using stack = new AsyncDisposableStack();
  const { line, devices, button, output } = CASES[name];
  const dir = mkdtempSync(join(tmpdir(), 'kerbside-sos-'));
  stack.defer(() => rmSync(dir, { recursive: true, force: true }));
  const start = Date.now();
  const world = createWorld({ seed: 1, start, place: PLACE, utcOffset: 8 });
  const now = worldClock(start);
  const pty = stack.use(
    await openPtyLine({ id: 'l', baud: line.baud, duplex: line.duplex, time: realTime({ precise: true }) }),
  );
  const io = new ModbusDevice({ model: CONTACTS, unit: 1, world, clock: now });
  if (name === 'firmata') pty.wire.attach(new ArduinoFirmata({ world, clock: now }));
  else {
    pty.wire.attach(io);
    pty.wire.attach(new ModbusDevice({ model: eastronSdm120, unit: 2, world, clock: now }));
  }
  const file = join(dir, 'site.yaml');
  writeFileSync(
    file,
    `site: { id: s, timezone: Asia/Shanghai, position: { lat: 36.8, lon: 118.1, datum: WGS84 } }
agent: { id: a }
lines:
  - { id: l, port: ${pty.path}, baud: ${line.baud} }
devices:
${devices}
alarms:
  sos: [{ id: sos, device: io, point: ${button}, outputs: [${output}] }]
`,
  );
  const loaded = await loadSite(file, siteDeps());
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  const { site } = loaded;
  const config = site.alarms;
  if (config === undefined) throw new Error('no alarms');
  const clock = new SystemClock();
  const directory = new Directory(site);
  const store = stack.use(
    await openStore({
      dir,
      agent: 'a',
      timezone: site.timezone,
      config: site.log,
      clock,
      log: silent,
      describe: (device, point) => directory.plan(device, point)?.point,
    }),
  );
  const hub = stack.use(
    new Hub({
      clock,
      log: silent,
      window: 5000,
      lane: (device, point) => directory.plan(device, point)?.point.lane ?? 'telemetry',
      append: (readings, events) => store.append(readings, events),
    }),
  );
  const alarms = stack.use(
    new Alarms({ config, clock, hub, log: silent, days: new LocalDays(site.timezone) }),
  );
  const lines = stack.use(
    openLines({
      lines: site.lines,
      devices: site.devices,
      driver: driverFor,
      clock,
      log: silent,
      publisher: hub,
      onHealth: () => {},
      memory: () => ({ read: () => undefined, save: () => {} }),
    }),
  );
  const commands = stack.use(
    await startCommands({
      site,
      clock,
      log: silent,
      hub,
      journal: store.journal,
      points: (device) => directory.points(device),
      write: (device, write, abort) => lines.write(device, write, abort),
    }),
  );
  await alarms.remember(store);
  alarms.connect(commands.steer);
  const lit = () =>
    name === 'firmata' ? world.lampLevel(now.now()) > 0.5 : io.settings.get('output-1') === 1;
  const until = async (what: string, holds: () => boolean) => {
    const since = performance.now();
    while (!holds()) {
      if (performance.now() - since > 20_000) throw new Error(`waited in vain for ${what}`);
      await pause(1);
    }
    return performance.now();
  };
  await until('the button', () => hub.latest('io', button)?.value === false);
  const acts = alarms.acts(async () => []);
  const random = seeded(3);
  const times: number[] = [];
  for (let i = 0; i < PRESSES; i++) {
    await pause(200 + random() * 300);
    const pressed = performance.now();
    world.setHands({ sosPressed: true });
    times.push((await until('the beacon', lit)) - pressed);
    world.setHands({ sosPressed: false });
    await until('the release', () => hub.latest('io', button)?.value === false);
    await acts.act({ act: 'reset', alarm: 'sos', by: 'console:technician', person: true });
    await until('dark', () => !lit());
  }
  times.sort((a, b) => a - b);
  const at = (share: number) => Math.round((times[Math.ceil(share * times.length) - 1] ?? 0) * 10) / 10;
  return {
    case: name,
    presses: times.length,
    p50: at(0.5),
    p90: at(0.9),
    p99: at(0.99),
    worst: at(1),
    under200: times.filter((ms) => ms < 200).length / times.length,
    load: loadavg()[0]?.toFixed(1),
  };
}
