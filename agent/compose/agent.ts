/**
 * Puts the agent together and takes it apart. Lines start first, for the first reading is what a start is measured by;
 * store, console, uplinks, vision and Node-RED come up beside them, and none of them can keep another from starting.
 */
import { join } from 'node:path';
import { DRIVERS, driverFor } from '../../drivers/index.ts';
import { openLines } from '../bus/open.ts';
import { startConsole } from '../console/server.ts';
import { Alarms } from '../control/alarms/alarms.ts';
import { ALARM_DEVICE } from '../core/alarm.ts';
import { wallAt } from '../core/clock.ts';
import { LocalDays } from '../core/local-days.ts';
import type { Log } from '../core/log.ts';
import type { Site } from '../core/site.ts';
import { ToldTime } from '../core/told-time.ts';
import { startFigures } from '../derive/figures.ts';
import { Hub } from '../hub/hub.ts';
import { startNodeRed } from '../node-red/node-red.ts';
import { sensePlan } from '../sense/plan.ts';
import { Sense } from '../sense/sense.ts';
import { MESSAGE_POINT } from '../sign/content/target.ts';
import { openHistory } from '../store/history.ts';
import { openStore } from '../store/store.ts';
import { startUplinks } from '../uplink/uplinks.ts';
import { watchBays } from '../vision/bay-charging.ts';
import { startVision } from '../vision/vision.ts';
import { siteClock, watchClock } from './clock.ts';
import { startCommands } from './commands.ts';
import { displaysOf, displayWrite, startSiteContent } from './content.ts';
import { countCrashes } from './crashes.ts';
import { DerivedPoints } from './derived-points.ts';
import { Directory } from './describe.ts';
import { DeviceMemories } from './device-memory.ts';
import { startEnergyAccount } from './energy.ts';
import { followGnss } from './gnss-time.ts';
import { HealthBoard } from './health.ts';
import { peakLimitView } from './peak-limit.ts';
import { startPole } from './pole.ts';
import { pulse } from './pulse.ts';
import { agentView, type LateParts } from './view.ts';

export interface RunOptions {
  readonly log: Log;
  /** Aborting it while the agent starts rejects. */
  readonly signal: AbortSignal;
}

export interface RunningAgent extends AsyncDisposable {
  /** Address of the console. */
  readonly console: string;
  /** The same with a one-time login. */
  readonly link: string;
  /** Resolves while the agent works; rejects with what stands still (`pulse.ts`). */
  readonly pulse: () => Promise<void>;
}

/** Starts the agent of a checked site. Rejects only where nobody could see or mend anything: no store thread, no console. */
export async function runAgent(site: Site, { log, signal }: RunOptions): Promise<RunningAgent> {
  await using stack = new AsyncDisposableStack();
  const clock = siteClock(site);
  stack.use(watchClock(clock, site, log));
  const crashes = stack.use(countCrashes(site.state, process.env.RUNTIME_DIRECTORY, clock, log));
  const directory = new Directory(site);
  for (const display of displaysOf(site)) directory.show(display, MESSAGE_POINT);

  const store = openStore({
    dir: site.state,
    agent: site.agent.id,
    timezone: site.timezone,
    config: site.log,
    clock,
    log,
    describe: (device, point) => {
      const plan = directory.plan(device, point);
      return plan && { ...plan.point, every: plan.every };
    },
    // A demonstration has its own time, which may begin anew.
    ...(site.origin === undefined ? { onLastKnown: (wall: number) => clock.atLeast(wall) } : {}),
    onEvent: ({ event: kind, body }) => log.info('store.event', { kind, ...body }),
  });
  let window = () => site.log.window;
  const hub = new Hub({
    clock,
    log,
    window: () => window(),
    lane: (device, point) => directory.plan(device, point)?.point.lane ?? 'telemetry',
    append: async (readings, events) => (await store).append(readings, events),
  });
  sayFirstReading(hub, log);
  // In a demonstration time is the street's own.
  const told = site.origin === undefined ? new ToldTime(clock, log) : undefined;
  if (told !== undefined) stack.use(followGnss(site, hub, told));
  const board = new HealthBoard(clock, log, hub);
  const memories = new DeviceMemories(site.state, clock, log);
  const plan = sensePlan(site.devices, site.rate);
  const derived = new DerivedPoints(directory);
  const { snapshots = true, settlementDay } = site.meters ?? {};
  if (snapshots) derived.snapshots(plan.snapshots, settlementDay !== undefined);
  const sense = stack.use(
    new Sense({
      plan,
      clock,
      log,
      hub,
      onHealth: board.set,
      days: new LocalDays(site.timezone),
      snapshots,
      ...(settlementDay === undefined ? {} : { settlementDay }),
      onDerived: (device, point) => derived.raw(device, point),
    }),
  );
  // Before the lines, so that a press in the first second is seen.
  const alarms =
    site.alarms === undefined
      ? undefined
      : new Alarms({ config: site.alarms, clock, hub, log, days: new LocalDays(site.timezone) });
  const lines = openLines({
    memory: (device) => memories.of(device),
    lines: site.lines,
    devices: site.devices,
    driver: driverFor,
    clock,
    log,
    publisher: sense,
    onHealth: board.set,
  });
  board.source(() => lines.health());

  // Taken apart in reverse: first what brings new things in, then the hub with its last commit, then the store.
  const opened = stack.use(await store);
  void sense.remember(opened);
  window = () => opened.window;
  stack.use(hub);
  stack.use(alarms);
  stack.use(memories);
  stack.use(lines);
  board.source(() => [opened.health()]);
  stack.use(opened.onHealth(board.set));
  const openOwnHistory = () => openHistory({ file: opened.file, timezone: site.timezone, clock, log });
  let history = openOwnHistory();
  stack.defer(() => history[Symbol.asyncDispose]());
  // A log that was set aside leaves its readers with a file nobody writes to.
  stack.use(
    opened.onEpoch(() => {
      void history[Symbol.asyncDispose]();
      history = openOwnHistory();
    }),
  );
  const content = await startSiteContent({ site, clock, log, hub });
  if (content !== undefined) {
    stack.use(content);
    board.source(content.health);
  }
  const commands = stack.use(
    await startCommands({
      site,
      clock,
      log,
      hub,
      journal: opened.journal,
      points: (device) => directory.points(device),
      write: async (device, write, abort) =>
        device === ALARM_DEVICE && alarms !== undefined
          ? alarms.write(write.point, write.value, write.issuer)
          : (displayWrite(content, site, clock, device, write) ?? (await lines.write(device, write, abort))),
    }),
  );

  stack.use(startPole({ site, content, steer: commands.steer, clock, hub, log }));

  if (alarms !== undefined) {
    void alarms.remember(opened);
    alarms.connect(commands.steer);
  }

  stack.use(
    startFigures({
      figures: site.figures ?? [],
      clock,
      hub,
      history: (...asked) => history.query(...asked),
      timezone: site.timezone,
      log,
    }),
  );

  const energy =
    site.energy === undefined
      ? undefined
      : startEnergyAccount({
          config: site.energy,
          timezone: site.timezone,
          settlementDay: settlementDay ?? 1,
          points: (device) => directory.points(device),
          store: opened,
          clock,
          hub,
          log,
        });
  if (energy !== undefined) stack.use(energy);

  const late: LateParts = { history: (...asked) => history.query(...asked) };
  const view = agentView({
    site,
    clock,
    hub,
    directory,
    board,
    journal: opened.journal,
    submit: commands.submit,
    sense,
    alarms: alarms?.acts((limit) => history.alarms(limit)),
    ...(energy === undefined ? {} : { energy: energy.view }),
    ...(commands.peakLimit === undefined || site.peakLimit === undefined
      ? {}
      : {
          peakLimit: peakLimitView(commands.peakLimit, site.peakLimit, {
            now: () => wallAt(clock.mapping(), clock.mono()).time,
            history: (...asked) => history.query(...asked),
            unit: directory.plan(site.peakLimit.power.device, site.peakLimit.power.point)?.point.unit ?? 'kW',
          }),
        }),
    late,
  });
  const console = stack.use(
    await startConsole({ view, listen: site.console, stateDir: site.state, clock, log, signal }),
  );

  const uplinks = stack.use(
    startUplinks({
      configs: site.uplinks,
      logFile: opened.file,
      entry: new URL('./uplink-thread.ts', import.meta.url),
      site: site.id,
      agent: site.agent.id,
      timezone: site.timezone,
      stateDir: join(site.state, 'uplinks'),
      clock,
      log,
      descriptions: () => directory.descriptions,
      submit: commands.submit,
      settle: (uplink, lane, cursor) => opened.settle(uplink, lane, cursor),
      keep: (uplink, lane, cursor) => opened.keep(uplink, lane, cursor),
      refuse: (uplink, lane, records) => opened.refuse(uplink, lane, records),
      event: (event) => hub.event(event),
      onHealth: board.set,
      onTime: (uplink, wall, mono, uncertaintyMs) =>
        void told?.take({ rank: 'server', by: `uplink:${uplink}`, mono, wall, uncertaintyMs }),
    }),
  );
  late.ledgers = uplinks.ledgers;
  derived.onAdded = uplinks.described;
  stack.use(opened.onCommitted(uplinks.wake));

  if (site.sign !== undefined) {
    const options = { sign: site.sign, site, clock, hub, log, signal, onHealth: board.set };
    // Most poles have no sign: its parts are loaded where there is one, and not before the first reading.
    const { startSign } = await import('./sign.ts');
    const sign = stack.use(await startSign(options));
    late.arrivals = () => sign.arrivals.board();
    board.source(sign.health);
    const { screen } = site.sign;
    if (screen !== undefined) {
      const preview = async (camera: string) => late.preview?.(camera, true);
      const { keepSignFace } = await import('./sign-face.ts');
      const face = stack.use(
        await keepSignFace({ ...options, screen, parts: sign, content, preview, steer: commands.steer }),
      );
      late.screen = face.view;
      board.source(face.health);
    }
  }
  if (site.cameras.length > 0) {
    const vision = stack.use(
      startVision({
        cameras: site.cameras,
        entry: new URL('./vision-thread.ts', import.meta.url),
        state: site.state,
        logFile: opened.file,
        crashMark: crashes.mark,
        leftOut: crashes.leftOut('vision'),
        clock,
        log,
        publisher: hub,
        signal,
      }),
    );
    stack.use(watchBays(site.cameras, hub));
    late.preview = vision.preview;
    board.source(vision.health);
  }
  if (site.nodeRed.enabled) {
    const nodeRed = stack.use(
      startNodeRed({
        config: site.nodeRed,
        entry: new URL('../../flows/runtime/main.js', import.meta.url),
        nodesDir: new URL('../../flows/nodes/', import.meta.url),
        example: new URL('../../flows/examples/dim-by-traffic.json', import.meta.url),
        userDir: join(site.state, 'node-red'),
        agent: { url: console.url, token: await console.issueToken('node-red', 'technician') },
        clock,
        log,
        onHealth: board.set,
      }),
    );
    late.nodeRedTicket = nodeRed.ticket;
    board.source(() => [nodeRed.health()]);
  }
  log.info('agent.started', { agent: site.agent.id, drivers: DRIVERS.length, devices: site.devices.length });

  const owned = stack.move();
  return {
    console: console.url,
    link: console.link(),
    pulse: () =>
      pulse({ clock, waitingSince: () => hub.waitingSince, store: () => opened.health(), url: console.url }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** What a start is measured by. */
function sayFirstReading(hub: Hub, log: Log): void {
  const listener = hub.onReadings((readings) => {
    const first = readings.find(({ quality }) => quality === 'good');
    if (first === undefined) return;
    listener[Symbol.dispose]();
    log.info('agent.first-reading', { device: first.device, after_ms: Math.round(process.uptime() * 1000) });
  });
}
