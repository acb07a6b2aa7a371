/**
 * Puts the agent together and takes it apart. Lines start first, for the first reading is what a start is measured by;
 * store, console, uplinks, vision and Node-RED come up beside them, and none of them can keep another from starting.
 */
import { DRIVERS, driverFor } from '../../drivers/index.ts';
import { type Lines, openLines } from '../bus/lines.ts';
import { FrameTaps } from '../bus/taps.ts';
import { type ConsoleMemory, startConsole } from '../console/server.ts';
import { Alarms } from '../control/alarms/alarms.ts';
import { ALARM_DEVICE } from '../core/alarm/alarm.ts';
import type { ConfigChanges, PartChange } from '../core/config-change.ts';
import type { Recorder } from '../core/hub.ts';
import type { Log } from '../core/log.ts';
import type { AgentEvent } from '../core/record.ts';
import type { Site } from '../core/site.ts';
import { trusted, wallAt } from '../core/time/clock.ts';
import { LocalDays } from '../core/time/local-days.ts';
import { ToldTime } from '../core/time/told-time.ts';
import { FLEET_DEVICE } from '../core/update.ts';
import { VERSION } from '../core/version.ts';
import type { PartHealth } from '../core/view.ts';
import { startFigures } from '../derive/figures.ts';
import { VirtualPoints } from '../derive/virtual.ts';
import { Hub } from '../hub/hub.ts';
import { sensePlan } from '../sense/plan.ts';
import { MESSAGE_POINT } from '../sign/content/target.ts';
import { openHistory } from '../store/history.ts';
import { openStore } from '../store/store.ts';
import { openAcceptance } from './acceptance/acceptance.ts';
import { Exchanged } from './change/exchanged.ts';
import { followSite } from './change/follow.ts';
import { LiveSense } from './change/live-sense.ts';
import { siteClock, watchClock } from './clock.ts';
import { startCommands } from './commands.ts';
import { agentCommissioning } from './commissioning/agent.ts';
import { displaysOf, displayWrite, startSiteContent } from './content.ts';
import { countCrashes } from './crashes.ts';
import { DerivedPoints } from './derived-points.ts';
import { Directory } from './describe.ts';
import { DeviceMemories } from './device-memory.ts';
import { lateDiagnostics } from './diagnostics/late.ts';
import { startEnergyAccount } from './energy/energy.ts';
import { peakLimitView } from './energy/peak-limit.ts';
import type { Fleet } from './fleet/fleet.ts';
import { frameWatch } from './frames.ts';
import { followGnss } from './gnss-time.ts';
import { HealthBoard } from './health.ts';
import { lampsTonight } from './lamps-tonight.ts';
import { startAgentNodeRed } from './node-red.ts';
import { startPole } from './pole.ts';
import { pulse } from './pulse.ts';
import { startSignParts } from './sign/parts.ts';
import { siteLog } from './site-log.ts';
import { startSiteUplinks } from './uplink/uplinks.ts';
import { agentView, type LateParts } from './view.ts';
import { startSiteVision } from './vision/vision.ts';

export interface RunOptions {
  readonly log: Log;
  /** Aborting it while the agent starts rejects. */
  readonly signal: AbortSignal;
  /** How the site file is changed while the agent runs. Absent: it is not. */
  readonly config?: ConfigChanges;
  /** Who is logged in stays so over restarts inside the process. */
  readonly access?: ConsoleMemory;
}

export interface RunningAgent extends AsyncDisposable {
  /** Address of the console. */
  readonly console: string;
  /** The same with a one-time login, and the code that opens it from another device. */
  readonly link: string;
  readonly code: string;
  /** Address from elsewhere; absent where nobody may come from there. */
  readonly remote: string | undefined;
  /** Resolves while the agent works; rejects with what stands still (`pulse.ts`). */
  readonly pulse: () => Promise<void>;
  readonly health: () => readonly PartHealth[];
  readonly onHealth: (part: PartHealth) => void;
  readonly lines: Lines;
  readonly record: Recorder['record'];
  /** Follows a changed site part by part; only for what `live.ts` allows. */
  readonly change: (site: Site, changes: readonly PartChange[]) => Promise<void>;
}

/** Starts the agent of a checked site. Rejects only where nobody could see or mend anything: no store thread, no console. */
export async function runAgent(
  site: Site,
  { log, signal, config, access }: RunOptions,
): Promise<RunningAgent> {
  await using stack = new AsyncDisposableStack();
  const clock = siteClock(site);
  stack.use(watchClock(clock, site, log));
  const crashes = stack.use(countCrashes(site.state, process.env.RUNTIME_DIRECTORY, clock, log));
  const directory = new Directory(site);
  const showDisplays = () => {
    for (const display of displaysOf(site)) directory.show(display, MESSAGE_POINT);
  };
  showDisplays();

  const store = openStore({
    ...siteLog(site, directory, clock, log),
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
  // In a demonstration time is the street's own, unless its clock is broken on purpose.
  const told =
    site.origin === undefined || !trusted(clock.mapping().rank) ? new ToldTime(clock, log) : undefined;
  const gnss = stack.use(new Exchanged(told && followGnss(site, hub, told)));
  const board = new HealthBoard(clock, log, hub);
  const memories = new DeviceMemories(site.state, clock, log);
  const plan = sensePlan(site.devices, site.rate);
  const derived = new DerivedPoints(directory);
  const { snapshots = true, settlementDay } = site.meters ?? {};
  if (snapshots) derived.snapshots(plan.snapshots, settlementDay !== undefined);
  const sense = stack.use(
    new LiveSense({
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
  const taps = new FrameTaps();
  const lines = openLines({
    taps,
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
  let fleet: Fleet | undefined;
  const commands = stack.use(
    await startCommands({
      site,
      clock,
      log,
      hub,
      journal: opened.journal,
      points: (device) => directory.points(device),
      write: async (device, write, abort) =>
        device === FLEET_DEVICE && fleet !== undefined
          ? fleet.write(write)
          : device === ALARM_DEVICE && alarms !== undefined
            ? alarms.write(write.point, write.value, write.issuer)
            : (displayWrite(content, site, clock, device, write) ??
              (await lines.write(device, write, abort))),
    }),
  );

  stack.use(startPole({ site, content, steer: commands.steer, clock, hub, log }));

  if (alarms !== undefined) {
    void alarms.remember(opened);
    alarms.connect(commands.steer);
  }

  const figuresOf = ({ figures = [] }: Site) =>
    startFigures({
      figures,
      clock,
      hub,
      history: (...asked) => history.query(...asked),
      timezone: site.timezone,
      log,
    });
  const figures = stack.use(new Exchanged(figuresOf(site)));
  const virtual = stack.use(new VirtualPoints({ devices: site.virtual ?? [], clock, hub, log }));

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

  let running = site;
  const audit = (body: AgentEvent['body']) =>
    hub.event({ event: 'audit', severity: 'info', time: clock.mono(), body });
  const commissioning = stack.use(
    agentCommissioning({ site: () => running, lines, config, clock, log, audit }),
  );
  const late: LateParts = {
    history: (...asked) => history.query(...asked),
    events: (...asked) => history.events(...asked),
  };
  const view = agentView({
    site: () => running,
    commissioning,
    clock,
    hub,
    directory,
    board,
    journal: opened.journal,
    submit: commands.submit,
    sense: sense.acts,
    virtual,
    ...(content === undefined ? {} : { templates: content.templates }),
    ...(config === undefined ? {} : { config }),
    lamps: lampsTonight({
      site: () => running,
      now: () => wallAt(clock.mapping(), clock.mono()).time,
      decision: commands.decision,
      override: commands.override,
    }),
    refusals: (limit) => opened.refusals(limit),
    frames: frameWatch(() => running, taps),
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
  late.acceptance = stack.use(
    await openAcceptance({ view: () => view, version: VERSION, dir: site.state, clock, log }),
  );
  const console = stack.use(
    await startConsole({
      view,
      listen: site.console,
      remote: site.console.remote,
      service: site.console.service,
      stateDir: site.state,
      clock,
      log,
      signal,
      ...(access === undefined ? {} : { memory: access }),
    }),
  );
  board.source(console.health);
  const beats = () =>
    pulse({ clock, waitingSince: () => hub.waitingSince, store: () => opened.health(), url: console.url });

  const uplinksOf = ({ uplinks }: Site) =>
    startSiteUplinks(uplinks, {
      site,
      clock,
      log,
      directory,
      submit: commands.submit,
      opened,
      hub,
      board,
      told,
    });
  const uplinks = stack.use(new Exchanged(uplinksOf(site)));
  late.ledgers = () => uplinks.current?.ledgers() ?? [];
  derived.onAdded = () => uplinks.current?.described();
  stack.use(opened.onCommitted((heads) => uplinks.current?.wake(heads)));

  const restartSign = await startSignParts(stack, {
    site,
    clock,
    hub,
    log,
    signal,
    board,
    late,
    content,
    steer: commands.steer,
  });
  const cityActs = site.fleet && (await import('./fleet/fleet.ts'));
  // Before cameras count with a pack that ended the process before.
  await cityActs?.resumeModels(site, clock, log);
  const visionOf = ({ cameras }: Site) =>
    startSiteVision(cameras, { site, clock, hub, log, signal, board, opened, crashes });
  const vision = stack.use(new Exchanged(visionOf(site)));
  const restarts: Record<string, () => Promise<void>> =
    restartSign === undefined ? {} : { sign: restartSign };
  const bundles = lateDiagnostics({ view, clock, log, hub, version: VERSION });
  late.diagnose = bundles.make;
  late.preview = async (camera, blur) => vision.current?.preview(camera, blur);
  late.boxes = async (camera) => vision.current?.boxes(camera);
  if (site.nodeRed.enabled) {
    const token = await console.issueToken('node-red', 'technician');
    const nodeRedOf = () =>
      startAgentNodeRed({ site, clock, log, hub, board, agent: { url: console.url, token } });
    const nodeRed = stack.use(new Exchanged(nodeRedOf()));
    late.nodeRedTicket = (by) => nodeRed.current?.ticket(by);
    restarts['node-red'] = () => nodeRed.exchange(nodeRedOf);
  }
  if (site.fleet !== undefined && cityActs !== undefined) {
    restarts.uplinks = () => uplinks.exchange(() => uplinksOf(running));
    if (site.cameras.length > 0) restarts.vision = () => vision.exchange(() => visionOf(running));
    fleet = stack.use(
      cityActs.startFleet({
        config: site.fleet,
        view,
        clock,
        log,
        hub,
        pulse: beats,
        lines,
        diagnostics: bundles,
        parts: restarts,
      }),
    );
    late.updates = fleet.updates;
    board.source(fleet.health);
  }
  log.info('agent.started', { agent: site.agent.id, drivers: DRIVERS.length, devices: site.devices.length });

  const owned = stack.move();
  const { link, short } = console.login();
  return {
    console: console.url,
    link,
    code: short,
    remote: console.remote,
    health: () => board.all(),
    onHealth: board.set,
    lines,
    record: (events) => hub.record(events),
    change: async (next, changes) => {
      await followSite(next, changes, {
        running: () => running,
        became: (now) => {
          running = now;
        },
        directory,
        showDisplays,
        derived,
        sense,
        lines,
        store: opened,
        board,
        gnss: [gnss, (now) => told && followGnss(now, hub, told)],
        alarms,
        commands,
        figures: [figures, figuresOf],
        virtual,
        uplinks: [uplinks, uplinksOf],
        vision: [vision, visionOf],
      });
    },
    pulse: beats,
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
