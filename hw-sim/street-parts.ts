/**
 * A simulated street without the agent: world, lines with their devices, camera, city. Started by `npm start`, by the
 * `hw-sim` command, and by tests in their own process.
 */
import { join } from 'node:path';
import { premises } from './building/premises.ts';
import type { Camera } from './camera/index.ts';
import { startCameraThread } from './camera-link.ts';
import { type CityBroker, type LoopbackHost, startBroker } from './city/broker.ts';
import { type MobileLink, openMobileLink } from './city/mobile-link.ts';
import { ArduinoFirmata } from './devices/arduino-firmata.ts';
import { createDatagramDevice, type DatagramDevice } from './devices/datagram-devices.ts';
import { createMeter, type Meter } from './devices/meters.ts';
import { ModbusDevice } from './devices/modbus-device.ts';
import { MODBUS_MODELS } from './devices/modbus-models.ts';
import { PlantowerPms5003 } from './devices/plantower-pms5003.ts';
import type { SerialTalker } from './devices/serial-talker.ts';
import { SERIAL_TALKERS } from './devices/serial-talkers.ts';
import { runFaultPlan } from './fault-plan.ts';
import { FLEET_SITE, openFleet, type StreetFleet } from './fleet/in-street.ts';
import { Ledger } from './ledger.ts';
import { openPtyLine, type PtyLine } from './lines/pty-line.ts';
import { openTcpLine, type TcpLine } from './lines/tcp-line.ts';
import { realTime } from './lines/timebase.ts';
import { tuned } from './lines/tuned.ts';
import type { UartSettings } from './lines/uart.ts';
import { openUdpLine, type UdpLine } from './lines/udp-line.ts';
import type { LineDevice } from './lines/wire.ts';
import {
  hasLinkFaults,
  loadScenario,
  type Scenario,
  type ScenarioDevice,
  type ScenarioLine,
} from './scenario.ts';
import { fleetOf, stormOf } from './scenario-story.ts';
import { createWorld, type World } from './world/world.ts';
import { type StreetClock, type WorldClock, worldClock } from './world/world-clock.ts';

export interface StreetOptions {
  /** Name, path, or the scenario itself. Default `street`. */
  readonly scenario?: string | Scenario;
  /** World time per real time. Default: the scenario's own. */
  readonly speed?: number;
  /** Folder for the stable names of the serial ports; absent: the terminals' own paths, which change when replugged. */
  readonly ports?: string;
  /** Where broker and TCP lines listen. Default 127.0.0.1. */
  readonly host?: LoopbackHost;
  /** File that the ledger is appended to; absent: kept in memory. */
  readonly ledger?: string;
  /** First port of the embedded broker, 0 for any; `false`: no broker. Default 0. */
  readonly broker?: number | false;
  /** Port of the camera, 0 for any; `false`: no camera. Default 0. */
  readonly camera?: number | false;
  /** File that is there while the city's name is not found, for the agent's name server (city/names.ts). */
  readonly names?: string;
  /** False: the faults of the scenario wait for somebody who runs them (fault-plan.ts). */
  readonly faults?: boolean;
  /** Takes lines for people: what the city receives, which fault comes. */
  readonly say?: (line: string) => void;
  /**
   * Longest time for which an adapter collects bytes of one answer before it hands them over, ms; see
   * `WireOptions.latency`. Default 200, which is a whole answer: on a busy machine a pause of this process between two
   * pieces would look like a line that cuts answers off. The last byte comes at its own time either way.
   */
  readonly latency?: number;
  /** Hits moments to a tenth of a millisecond; see `realTime`. */
  readonly precise?: boolean;
}

export type StreetLine =
  | { readonly kind: 'serial'; readonly plan: ScenarioLine; readonly port: PtyLine }
  | { readonly kind: 'tcp'; readonly plan: ScenarioLine; readonly port: TcpLine }
  | { readonly kind: 'udp'; readonly plan: ScenarioLine; readonly port: UdpLine };

export type StreetDevice =
  | ModbusDevice
  | Meter
  | PlantowerPms5003
  | ArduinoFirmata
  | SerialTalker
  | DatagramDevice;

export interface StreetParts extends AsyncDisposable {
  readonly scenario: Scenario;
  readonly world: World;
  /** The world as the meters of the building see it, by device; empty where the scenario has none. */
  readonly seenBy: ReadonlyMap<string, World>;
  readonly clock: StreetClock;
  /** World time per real time as it was started; its clock may be turned meanwhile. */
  readonly speed: number;
  readonly ledger: Ledger;
  /** By id. */
  readonly lines: ReadonlyMap<string, StreetLine>;
  /** By id: lines that stand in no site file. */
  readonly spare: ReadonlyMap<string, StreetLine>;
  /** By id. */
  readonly devices: ReadonlyMap<string, StreetDevice>;
  readonly broker: CityBroker | undefined;
  readonly camera: Camera | undefined;
  /** The way to the city, where the scenario has faults on it. */
  readonly link: MobileLink | undefined;
  /** Where the agent finds the city's broker: at the broker itself, or at the link's door. */
  readonly cityUrl: string | undefined;
  /** The rest of the city, if the scenario has one. */
  readonly fleet: StreetFleet | undefined;
  say(line: string): void;
}

/** Rejects where the scenario is wrong, a port is taken, or the machine has no pseudo-terminals; then nothing is left. */
export async function startStreet(options: StreetOptions = {}): Promise<StreetParts> {
  const scenario = await resolveScenario(options.scenario ?? 'street');
  const say = options.say ?? (() => undefined);
  await using started = new AsyncDisposableStack();
  const start = scenario.start === 'now' ? Date.now() : Date.parse(scenario.start);
  const clock = worldClock(start, options.speed ?? scenario.speed);
  const world = createWorld({
    seed: scenario.seed,
    place: scenario.site.position,
    utcOffset: utcOffset(scenario.site.timezone, start),
    start,
    density: scenario.traffic,
    ...(scenario.storm === undefined ? {} : { storm: stormOf(scenario.storm, start) }),
  });
  const ledger = started.use(new Ledger(options.ledger === undefined ? {} : { file: options.ledger }));

  const seenBy: ReadonlyMap<string, World> =
    scenario.building === undefined ? new Map() : premises(scenario.building.seed, world);
  const devices = new Map<string, StreetDevice>();
  const opened = async (plans: readonly ScenarioLine[]) => {
    const lines = new Map<string, StreetLine>();
    for (const plan of plans) {
      for (const one of plan.devices)
        devices.set(one.id, createDevice(one, seenBy.get(one.id) ?? world, clock));
      const line = await openLine(plan, devices, ledger, options);
      started.use(line.port);
      lines.set(plan.id, line);
    }
    return lines;
  };
  const lines = await opened(scenario.lines);
  const spare = await opened(scenario.spare);

  const broker =
    options.broker === false
      ? undefined
      : started.use(
          await startBroker({
            port: options.broker ?? 0,
            ...(options.host === undefined ? {} : { host: options.host }),
            ...(options.say === undefined ? {} : { say: (text) => say(`city: ${text}`) }),
            unsaid: `kerbside/v1/${FLEET_SITE}/`,
          }),
        );
  const camera =
    options.camera === false || scenario.cameras.length === 0
      ? undefined
      : started.use(await startCameraThread(world, clock, options.camera ?? 0));

  const link =
    broker !== undefined && hasLinkFaults(scenario) ? started.use(openMobileLink(options.names)) : undefined;
  const cityUrl =
    broker === undefined || link === undefined ? broker?.url : `mqtt://${await link.doorTo(broker.port)}`;
  const fleet =
    broker === undefined || scenario.fleet === undefined
      ? undefined
      : started.use(await openFleet(fleetOf(scenario.fleet, scenario.seed), broker, say));

  const ground = { lines, devices, broker, link, camera, fleet, world, clock, say };
  if (options.faults !== false) started.use(runFaultPlan(scenario.faults, ground, scenario.clock));
  const parts = started.move();
  return {
    scenario,
    world,
    seenBy,
    clock,
    speed: clock.rate,
    ledger,
    lines,
    spare,
    devices,
    broker,
    camera,
    link,
    cityUrl,
    fleet,
    say,
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

async function resolveScenario(given: string | Scenario): Promise<Scenario> {
  return typeof given === 'string' ? await loadScenario(given) : given;
}

function createDevice(plan: ScenarioDevice, world: World, clock: WorldClock): StreetDevice {
  if (plan.model === 'plantower-pms5003') return new PlantowerPms5003({ world, clock });
  if (plan.model === 'arduino-firmata') return new ArduinoFirmata({ world, clock });
  const talker = SERIAL_TALKERS.get(plan.model);
  if (talker !== undefined) return talker({ world, clock });
  const asked = createDatagramDevice(plan.model, { world, clock });
  if (asked !== undefined) return asked;
  const pace = plan.turnaround === undefined ? {} : { turnaround: plan.turnaround };
  const meter = createMeter(plan.model, { world, clock, address: plan.address ?? '1', ...pace });
  if (meter !== undefined) return meter;
  const model = MODBUS_MODELS.get(plan.model);
  if (model === undefined) throw new Error(`device "${plan.id}": no simulated model "${plan.model}"`);
  return new ModbusDevice({
    model,
    world,
    clock,
    ...(plan.unit === undefined ? {} : { unit: plan.unit }),
    ...pace,
  });
}

async function openLine(
  plan: ScenarioLine,
  devices: ReadonlyMap<string, StreetDevice>,
  ledger: Ledger,
  options: StreetOptions,
): Promise<StreetLine> {
  const present = plan.devices.map((one) => devices.get(one.id)).filter((device) => device !== undefined);
  const time = realTime({ precise: options.precise ?? false });
  const datagrams = present.find(isDatagramDevice);
  if (datagrams !== undefined) {
    const { host = '127.0.0.1' } = options;
    const port = await openUdpLine({ id: plan.id, device: datagrams, ledger, time, host });
    return { kind: 'udp', plan, port };
  }
  if (plan.tcp) {
    const modbus = present.filter((device) => device instanceof ModbusDevice);
    const { host = '127.0.0.1' } = options;
    return {
      kind: 'tcp',
      plan,
      port: await openTcpLine({ id: plan.id, devices: modbus, ledger, time, host }),
    };
  }
  const { id, baud, format, duplex } = plan;
  const link = options.ports === undefined ? {} : { link: join(options.ports, id) };
  const latency = plan.latency ?? options.latency ?? 200;
  const own = plan.devices.some((one) => one.baud !== undefined || one.format !== undefined);
  const settingsOf = (one: Pick<ScenarioDevice, 'baud' | 'format'>): UartSettings => ({
    baud: one.baud ?? baud,
    format: one.format ?? format,
  });
  const rates = new Map(
    [plan, ...plan.devices].map(settingsOf).map((one) => [one.baud, one.format] as const),
  );
  const port = await openPtyLine({
    id,
    baud,
    format,
    duplex,
    ledger,
    time,
    latency,
    ...(own ? { rates } : {}),
    ...link,
  });
  for (const one of plan.devices) {
    const device = devices.get(one.id);
    if (device === undefined || isDatagramDevice(device)) continue;
    const line: LineDevice = device;
    const host = () => ({ format, ...port.settings() });
    port.wire.attach(own ? tuned(line, settingsOf(one), host) : line);
  }
  return { kind: 'serial', plan, port };
}

function isDatagramDevice(device: StreetDevice): device is DatagramDevice {
  return !('attach' in device);
}

/** Local time minus UTC in a zone at a moment, hours. */
export function utcOffset(timezone: string, time: number): number {
  const format = new Intl.DateTimeFormat('en', { timeZone: timezone, timeZoneName: 'longOffset' });
  const name = format.formatToParts(time).find((part) => part.type === 'timeZoneName')?.value ?? 'GMT';
  const match = /^GMT(?:([+-])(\d\d):(\d\d))?$/.exec(name);
  const hours = Number(match?.[2] ?? 0) + Number(match?.[3] ?? 0) / 60;
  return match?.[1] === '-' ? -hours : hours;
}
