/** Opens lines: what agent/compose needs of the bus. Each line is opened, stopped and started apart from the others. */
import { isDeepStrictEqual } from 'node:util';
import type { DeviceMemory, Driver, DriverContext, PointWrite, WriteOutcome } from '../core/driver.ts';
import { AgentError, asAgentError } from '../core/errors.ts';
import type { Publisher } from '../core/hub.ts';
import type { Exchange } from '../core/link.ts';
import { type Log, silent } from '../core/log.ts';
import { bad } from '../core/reading.ts';
import { bareDevice, type DeviceConfig, type LineConfig, lineOfDevice } from '../core/site.ts';
import { type Clock, wallAt } from '../core/time/clock.ts';
import type { PartHealth } from '../core/view.ts';
import { dialInDoor } from './dial-in.ts';
import { SharedLine } from './line.ts';
import { LineContacts } from './line-contacts.ts';
import { httpMailbox } from './mailbox-http.ts';
import { mqttMailbox } from './mailbox-mqtt.ts';
import { MessageLine, type MessageSeat } from './message-line.ts';
import { NetworkLine, type NetworkSeat } from './network-line.ts';
import { callerPort } from './port/caller.ts';
import { dialInPort } from './port/dial-in.ts';
import type { Port } from './port/port.ts';
import { rfc2217Port } from './port/rfc2217.ts';
import { serialPort } from './port/serial.ts';
import { tcpPort } from './port/tcp.ts';
import { udpPort } from './port/udp.ts';
import { Seat } from './seat.ts';
import { StreamLine } from './stream-line.ts';
import type { FrameTaps } from './taps.ts';

export interface OpenLineOptions {
  readonly line: LineConfig;
  /** The devices of this line. */
  readonly devices: readonly DeviceConfig[];
  readonly driver: (protocol: string) => Driver | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly publisher: Publisher;
  /** Told of each change of state of the line or one of its devices. */
  readonly onHealth?: (health: PartHealth) => void;
  /** What the session of a device keeps over restarts. */
  readonly memory?: (device: string) => DeviceMemory;
  /** In place of the configured port; for tests. */
  readonly port?: Port;
  /** 0 ≤ random() < 1; for jitter. */
  readonly random?: () => number;
  /** Who looks at frames; absent: nobody can. */
  readonly taps?: FrameTaps;
}

/** A running line. Disposing it closes the port and ends all turns within 2 s (3 s where outputs
 * are set to their fail-safe state first); writes that wait reject. */
export interface LineHandle extends AsyncDisposable {
  readonly id: string;
  readonly devices: readonly string[];
  /**
   * Writes a point of a device on this line. Overtakes polling. Rejects with `AgentError`: `not-found`, `aborted`,
   * `queue-full`, `port-…` and `link-lost` while there is no port, or what the driver's session rejects with.
   */
  write(device: string, write: PointWrite, signal: AbortSignal): Promise<WriteOutcome>;
  /** The line first, then its devices, with their metrics as facts. */
  health(): readonly PartHealth[];
  /**
   * Exchanges devices while the line runs, so that those that stay as they are miss no poll. False, and nothing done, where
   * this kind of line or device cannot: then the line has to be opened anew.
   */
  change(devices: readonly DeviceConfig[]): Promise<boolean>;
  /**
   * Lends the line for one turn to a device that is not on it, or not so. Rejects with `unsupported` where it carries no
   * questions, else as `write` or as `work` does.
   */
  visit<T>(
    device: Pick<DeviceConfig, 'id' | 'serial'>,
    work: (exchange: Exchange, signal: AbortSignal) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T>;
}

/** Starts a line; never throws. The port is opened in the background; devices that cannot be served say why. */
export function openLine(given: OpenLineOptions): LineHandle {
  const { line } = given;
  let { devices } = given;
  const contacts = contactsOf(given);
  const publisher = contacts.publisher(given.publisher);
  const options = { ...given, devices: devices.map(bareDevice), publisher };
  let refused: PartHealth[] = [];
  const onHealth = options.onHealth ?? (() => {});
  const refuse = (device: DeviceConfig, error: AgentError) => {
    refused.push(refusal(options, device, error));
    for (const part of refused.slice(-1)) onHealth(part);
  };
  const inner =
    messageLine(options, onHealth, refuse) ??
    networkLine(options, onHealth, refuse) ??
    portLine(options, onHealth, refuse);
  contacts.outputs((device, write, signal) => inner.write(device, write, signal));
  return {
    id: line.id,
    get devices() {
      return devices.map(({ id }) => id);
    },
    write(device, write, signal) {
      contacts.commanded(device, write.point);
      return inner.write(device, write, signal);
    },
    health: () => [...inner.health(), ...refused],
    async change(next) {
      const seated = seatedDevices(devices, next, given.driver, line);
      if (seated === undefined || inner instanceof MessageLine || inner instanceof StreamLine) return false;
      const removed = seated.removed.map(({ id }) => id);
      await contacts.remove(removed);
      refused = refused.filter(({ part }) => !removed.includes(part.replace('device:', '')));
      devices = next;
      const bare = { ...options, devices: seated.added.map(bareDevice) };
      if (inner instanceof NetworkLine) {
        contacts.add(seated.added);
        await inner.change(removed, networkSeats(bare, refuse));
      } else {
        const seats = sharedSeats(bare, refuse);
        contacts.add(seated.added);
        inner.change(removed, seats);
      }
      return true;
    },
    visit(device, work, signal) {
      if (!(inner instanceof SharedLine)) {
        const error = new AgentError(
          'unsupported',
          `line ${line.id} is not asked: what is on it talks by itself`,
        );
        return Promise.reject(error);
      }
      const { serial } = lineOfDevice(line, device);
      return inner.visit({ device: device.id, serial, signal }, work);
    },
    async [Symbol.asyncDispose]() {
      await contacts.stop();
      await inner[Symbol.asyncDispose]();
      contacts[Symbol.dispose]();
    },
  };
}

/** Devices that go and come; undefined where one of them is of a kind that such a line cannot exchange while it runs. */
function seatedDevices(
  before: readonly DeviceConfig[],
  after: readonly DeviceConfig[],
  driver: OpenLineOptions['driver'],
  line: LineConfig,
): { readonly removed: readonly DeviceConfig[]; readonly added: readonly DeviceConfig[] } | undefined {
  const kinds = new Set([...before, ...after].map(({ profile }) => driver(profile.protocol)?.kind));
  const kind = line.kind === 'network' || line.kind === 'ocpp' ? 'network' : 'polled';
  if ([...kinds].some((one) => one !== kind)) return undefined;
  const same = (one: DeviceConfig, others: readonly DeviceConfig[]) =>
    others.some((other) => isDeepStrictEqual(one, other));
  return {
    removed: before.filter((one) => !same(one, after)),
    added: after.filter((one) => !same(one, before)),
  };
}

function contactsOf({ devices, driver, clock, memory }: OpenLineOptions): LineContacts {
  return new LineContacts({
    devices,
    asked: ({ profile }) => {
      const kind = driver(profile.protocol)?.kind;
      return kind === 'polled' || kind === 'network';
    },
    clock,
    ...(memory === undefined ? {} : { memory }),
  });
}

/** The gateway's own network, and who calls us over it; undefined for every other kind. */
function networkLine(
  options: OpenLineOptions,
  onHealth: (health: PartHealth) => void,
  refuse: (device: DeviceConfig, error: AgentError) => void,
): NetworkLine | undefined {
  const { line, clock, publisher } = options;
  if (line.kind !== 'network' && line.kind !== 'ocpp') return undefined;
  return new NetworkLine({ line, seats: networkSeats(options, refuse), clock, publisher, onHealth });
}

function networkSeats(
  options: OpenLineOptions,
  refuse: (device: DeviceConfig, error: AgentError) => void,
): readonly NetworkSeat[] {
  const { line, devices } = options;
  const seats: NetworkSeat[] = [];
  for (const device of devices) {
    const driver = options.driver(device.profile.protocol);
    if (driver?.kind === 'network' && (driver.by ?? 'network') === line.kind)
      seats.push({ driver, context: contextOf(options, device) });
    else refuse(device, unserved(device, driver));
  }
  return seats;
}

/** A line of bytes: one device that talks, or several that are asked. */
function portLine(
  options: OpenLineOptions,
  onHealth: (health: PartHealth) => void,
  refuse: (device: DeviceConfig, error: AgentError) => void,
): StreamLine | SharedLine {
  const { line, clock, log } = options;
  const port = options.port ?? portOf(line, clock, log);
  return streamLine(options, port, onHealth) ?? sharedLine(options, port, onHealth, refuse);
}

/** The port that a line's configuration names. */
export function portOf(line: LineConfig, clock: Clock, log: Log = silent): Port {
  if (line.kind === 'dial-in') {
    const { host, port, registration, heartbeat } = line;
    return dialInPort({
      door: dialInDoor(host, port, clock, log),
      registration: Buffer.from(registration, 'hex'),
      ...(heartbeat === undefined ? {} : { heartbeat: Buffer.from(heartbeat, 'hex') }),
      clock,
    });
  }
  if (line.kind === 'caller') return callerPort({ ...line, clock, log });
  if (line.kind === 'udp') return udpPort(line.host, line.port, clock);
  if (line.kind === 'tcp') {
    const port = tcpPort(line.host, line.port, clock);
    if (line.framing !== 'rfc2217' || line.serial === undefined) return port;
    return rfc2217Port(port, line.serial, clock);
  }
  if (line.kind !== 'serial') {
    throw new AgentError('unsupported', `line ${line.id} has no port: it brings messages of ${line.kind}`);
  }
  return serialPort({
    path: line.port,
    serial: line.serial,
    clock,
    ...(line.rts === undefined ? {} : { rts: line.rts }),
  });
}

/** A line of messages; undefined for every other kind. */
function messageLine(
  options: OpenLineOptions,
  onHealth: (health: PartHealth) => void,
  refuse: (device: DeviceConfig, error: AgentError) => void,
): MessageLine | undefined {
  const { line, devices, clock, log, publisher } = options;
  if (line.kind !== 'mqtt' && line.kind !== 'http') return undefined;
  const seats: MessageSeat[] = [];
  for (const device of devices) {
    const driver = options.driver(device.profile.protocol);
    try {
      if (driver?.kind !== 'message') throw unserved(device, driver);
      const context = contextOf(options, device);
      const session = driver.open(context, line);
      const { memory } = context;
      seats.push({ device, driver, session, ...(memory === undefined ? {} : { memory }) });
    } catch (thrown) {
      refuse(device, asAgentError(thrown, 'config-invalid'));
    }
  }
  const mailbox = line.kind === 'mqtt' ? mqttMailbox(line, clock) : httpMailbox(line, clock);
  return new MessageLine({ line, mailbox, seats, clock, log, publisher, onHealth, ...extras(options) });
}

function streamLine(
  options: OpenLineOptions,
  port: Port,
  onHealth: (health: PartHealth) => void,
): StreamLine | undefined {
  const { line, devices, publisher } = options;
  const [device] = devices;
  if (device === undefined || devices.length > 1) return undefined;
  const driver = options.driver(device.profile.protocol);
  if (driver?.kind !== 'stream') return undefined;
  const context = contextOf(options, device);
  return new StreamLine({ line, port, driver, context, publisher, onHealth, ...extras(options) });
}

/** What not every line is given. */
function extras({ random, taps }: OpenLineOptions): Pick<OpenLineOptions, 'random' | 'taps'> {
  return { ...(random === undefined ? {} : { random }), ...(taps === undefined ? {} : { taps }) };
}

function contextOf({ clock, log, memory }: OpenLineOptions, device: DeviceConfig): DriverContext {
  const kept = memory === undefined ? {} : { memory: memory(device.id) };
  return { device, clock, log: log.with({ device: device.id }), ...kept };
}

function sharedLine(
  options: OpenLineOptions,
  port: Port,
  onHealth: (health: PartHealth) => void,
  refuse: (device: DeviceConfig, error: AgentError) => void,
): SharedLine {
  const { line, clock, log, publisher } = options;
  const seats = sharedSeats(options, refuse);
  return new SharedLine({ line, port, seats, clock, log, publisher, onHealth, ...extras(options) });
}

function sharedSeats(
  options: OpenLineOptions,
  refuse: (device: DeviceConfig, error: AgentError) => void,
): readonly Seat[] {
  const { line, devices, clock, random, onHealth = () => {} } = options;
  const jitter = random === undefined ? {} : { random };
  const seats: Seat[] = [];
  for (const device of devices) {
    const driver = options.driver(device.profile.protocol);
    try {
      if (driver?.kind !== 'polled') throw unserved(device, driver);
      const own = lineOfDevice(line, device);
      const session = driver.open(contextOf(options, device), own);
      seats.push(new Seat({ device, session, line: own, clock, onHealth, ...jitter }));
    } catch (thrown) {
      refuse(device, asAgentError(thrown, 'config-invalid'));
    }
  }
  return seats;
}

function unserved(device: DeviceConfig, driver: Driver | undefined): AgentError {
  const { protocol } = device.profile;
  return driver === undefined
    ? new AgentError('config-invalid', `device ${device.id} refused: no driver for protocol ${protocol}`, {
        fix: 'Choose a profile of this version; `kerbside profiles` lists them.',
      })
    : new AgentError('config-invalid', `device ${device.id} refused: ${protocol} needs another line`, {
        fix:
          driver.kind === 'message' || driver.kind === 'network'
            ? `Give the device a line with ${driver.by ?? 'network'}:.`
            : 'Give the device a line and port that no other device has.',
      });
}

/** A device that cannot be served: its points have no value, and its health says why. */
function refusal(
  { clock, log, line, publisher }: OpenLineOptions,
  device: DeviceConfig,
  error: AgentError,
): PartHealth {
  const time = clock.mono();
  log.error('device.refused', { line: line.id, device: device.id, error: error.message });
  publisher.readings(
    device.profile.points.map((point) =>
      bad({ device: device.id, point: point.id, unit: point.unit }, 'configuration', time),
    ),
  );
  return {
    part: `device:${device.id}`,
    state: 'down',
    since: wallAt(clock.mapping(), time).time,
    message: error.message,
    ...(error.fix === undefined ? {} : { fix: error.fix }),
    facts: {},
  };
}
