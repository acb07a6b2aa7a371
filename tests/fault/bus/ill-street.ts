/**
 * One ill device and a well one of the same kind under the real driver and line, in virtual time, whatever brings their
 * bytes: a serial line or a caller's connection that talks, datagrams that answer, messages that come. The simulated
 * devices have encoders of their own, and what they say is in the ledger before a fault may damage it.
 */
import { MessageLine } from '../../../agent/bus/message-line.ts';
import { type LineHandle, openLine } from '../../../agent/bus/open.ts';
import type { Pipe, Port } from '../../../agent/bus/port/port.ts';
import type { Message } from '../../../agent/core/driver.ts';
import { AgentError } from '../../../agent/core/errors.ts';
import { silent } from '../../../agent/core/log.ts';
import type { Reading } from '../../../agent/core/reading.ts';
import type { DeviceConfig, LineConfig } from '../../../agent/core/site.ts';
import { wallAt } from '../../../agent/core/time/clock.ts';
import { driverFor } from '../../../drivers/index.ts';
import { createDatagramDevice } from '../../../hw-sim/devices/datagram-devices.ts';
import { MESSAGE_MODELS, sentMessage } from '../../../hw-sim/devices/message-devices.ts';
import type { Fault } from '../../../hw-sim/faults.ts';
import { Ledger } from '../../../hw-sim/ledger.ts';
import type { LineDevice, Utterance } from '../../../hw-sim/lines/wire.ts';
import { createWorld } from '../../../hw-sim/world/world.ts';
import { worldClock } from '../../../hw-sim/world/world-clock.ts';
import { simulatedLine } from '../../support/simulated-line.ts';
import type { VirtualClock } from '../../support/virtual-clock.ts';
import { device, profile } from '../../unit/drivers/load.ts';

export const ILL = 'ill';
export const WELL = 'well';

export interface Street extends AsyncDisposable {
  /** Everything published. */
  readonly readings: readonly Reading[];
  /** What the ill device said. */
  readonly ledger: Ledger;
  readonly device: DeviceConfig;
  /** Of the line of the ill device, then of the device. */
  health(): ReturnType<LineHandle['health']>;
  /** Strikes the ill device until disposed. */
  inject(fault: Fault): Disposable;
  /** The adapter is pulled, the caller's connection or the broker is lost, until disposed. */
  unplug(): Disposable;
}

const START = Date.UTC(2027, 0, 1);

export function world(clock: VirtualClock) {
  return {
    world: createWorld({ seed: 7, start: START, place: { lat: 31.2304, lon: 121.4737 }, utcOffset: 8 }),
    clock: worldClock(START, 1, () => clock.mono()),
  };
}

const never: Disposable = { [Symbol.dispose]() {} };

/** A wire whose bytes nobody reckons: what is said goes through the faults and comes whole, at its time. */
class Ether {
  readonly ledger: Ledger;
  readonly #clock: VirtualClock;
  readonly #faults = new Set<Fault>();

  constructor(clock: VirtualClock) {
    this.#clock = clock;
    this.ledger = new Ledger({ mono: () => clock.mono() });
  }

  say(utterance: Utterance, deliver: (bytes: Uint8Array) => void): void {
    let all: readonly Utterance[] = [{ ...utterance, at: this.#clock.mono() }];
    for (const { answer } of this.#faults) if (answer !== undefined) all = all.flatMap((one) => answer(one));
    for (const { bytes, at = 0, served, intact } of all) {
      this.ledger.write('line', served ?? [], intact ?? true);
      this.#clock.after(at - this.#clock.mono(), () => deliver(bytes));
    }
  }

  inject(fault: Fault, deliver?: (bytes: Uint8Array) => void): Disposable {
    this.#faults.add(fault);
    const running =
      deliver === undefined
        ? never
        : fault.start?.({ time: this.#clock, charMs: 1, say: ({ bytes }) => deliver(bytes) });
    return {
      [Symbol.dispose]: () => {
        this.#faults.delete(fault);
        running?.[Symbol.dispose]();
      },
    };
  }
}

function published() {
  const readings: Reading[] = [];
  return {
    readings,
    publisher: { readings: (more: readonly Reading[]) => void readings.push(...more), event() {} },
  };
}

/** Two devices, each alone on a line with a port of the test. */
function twoLines(
  clock: VirtualClock,
  line: LineConfig,
  config: DeviceConfig,
  ports: readonly [ill: Port, well: Port],
) {
  const { readings, publisher } = published();
  const kept = new Map<string, string>();
  const handles = [ILL, WELL].map((id, i) =>
    openLine({
      line: { ...line, id: `line-${id}` },
      devices: [{ ...config, id, line: `line-${id}` }],
      driver: driverFor,
      clock,
      log: silent,
      publisher,
      memory: (of) => ({ read: () => kept.get(of), save: (text) => void kept.set(of, text) }),
      port: ports[i] as Port,
      random: () => 0.5,
    }),
  );
  return {
    readings,
    device: { ...config, id: ILL },
    health: () => handles[0]?.health() ?? [],
    async [Symbol.asyncDispose]() {
      const closing = Promise.all(handles.map((handle) => handle[Symbol.asyncDispose]()));
      await clock.advance(3000);
      await closing;
    },
  };
}

/** Devices that talk, or that call: bytes with wire time. */
export function talking(
  clock: VirtualClock,
  line: LineConfig & { readonly serial: { readonly baud: number } },
  config: DeviceConfig,
  make: () => LineDevice,
): Street {
  const lines = [0, 1].map(() => simulatedLine(clock, line.serial.baud, '8N1', [make()], 'full'));
  const [ill, well] = lines;
  if (ill === undefined || well === undefined) throw new Error('no line');
  return {
    ...twoLines(clock, line, config, [ill.port, well.port]),
    ledger: ill.ledger,
    inject: (fault) => ill.wire.inject(fault),
    unplug: () => ill.unplug(),
  };
}

/** Devices that answer datagrams. */
export function answering(clock: VirtualClock, line: LineConfig, config: DeviceConfig): Street {
  const ethers = [new Ether(clock), new Ether(clock)] as const;
  const gone = new Set<Ether>();
  const portOf = (ether: Ether): Port => {
    const played = createDatagramDevice(config.profile.id, world(clock));
    if (played === undefined) throw new Error(`no simulated ${config.profile.id}`);
    return {
      name: 'sim',
      retry: 1000,
      async open(): Promise<Pipe> {
        const listeners = new Set<Parameters<Pipe['onData']>[0]>();
        const { promise: closed, resolve } = Promise.withResolvers<void>();
        return {
          closed,
          failure: undefined,
          onData(listener) {
            listeners.add(listener);
            return { [Symbol.dispose]: () => void listeners.delete(listener) };
          },
          async write(bytes) {
            const told = played.answer(bytes);
            if (told === undefined || gone.has(ether)) return;
            clock.after(2, () =>
              ether.say(told, (answer) => {
                if (!gone.has(ether)) for (const listener of listeners) listener(answer, clock.mono());
              }),
            );
          },
          async [Symbol.asyncDispose]() {
            listeners.clear();
            resolve();
          },
        };
      },
    };
  };
  const [ill, well] = ethers;
  return {
    ...twoLines(clock, line, config, [portOf(ill), portOf(well)]),
    ledger: ill.ledger,
    inject: (fault) => ill.inject(fault),
    // Datagrams know no connection: the host is away.
    unplug() {
      gone.add(ill);
      return { [Symbol.dispose]: () => void gone.delete(ill) };
    },
  };
}

/** Devices that send messages, both on one line, one every `every` ms. */
export function sending(
  clock: VirtualClock,
  line: LineConfig,
  stem: string,
  [ill, well]: readonly [string, string],
  every: number,
): Street {
  const model = MESSAGE_MODELS.get(stem);
  const driver = driverFor(profile(stem).protocol);
  if (model === undefined || driver?.kind !== 'message') throw new Error(`no simulated ${stem}`);
  const { readings, publisher } = published();
  const configs = [
    { ...device(profile(stem), { address: ill }), id: ILL },
    { ...device(profile(stem), { address: well }), id: WELL },
  ] as const;
  const ether = new Ether(clock);
  const sound = new Ether(clock);
  let open: { deliver(message: Message): unknown; lose(error: AgentError): void } | undefined;
  let away = 0;
  const mailbox = {
    name: 'sim',
    async open(_filters: readonly string[], deliver: (message: Message) => unknown) {
      if (away > 0) throw new AgentError('link-lost', 'connection to sim failed: refused');
      const { promise: lost, resolve: lose } = Promise.withResolvers<AgentError>();
      open = { deliver, lose };
      return {
        lost,
        async [Symbol.asyncDispose]() {
          open = undefined;
        },
      };
    },
  };
  const deliver = (topic: string) => (payload: Uint8Array) =>
    void open?.deliver({ topic, payload, retained: false, time: clock.mono() });
  let timer: Disposable = never;
  const send = (): void => {
    for (const [address, through] of [
      [ill, ether],
      [well, sound],
    ] as const) {
      const time = clock.mono();
      const wall = wallAt(clock.mapping(), time).time;
      const { topic, payload, served } = sentMessage(model, {
        address,
        world: world(clock).world,
        time,
        wall,
      });
      through.say({ bytes: payload, served }, deliver(topic));
    }
    timer = clock.after(every, send);
  };
  timer = clock.after(1000, send);
  const seats = configs.map((config) => ({
    device: config,
    driver,
    session: driver.open({ device: config, clock, log: silent }, line),
  }));
  const running = new MessageLine({
    line,
    mailbox: mailbox as ConstructorParameters<typeof MessageLine>[0]['mailbox'],
    seats,
    clock,
    log: silent,
    publisher,
    onHealth: () => {},
    random: () => 0.5,
  });
  return {
    readings,
    ledger: ether.ledger,
    device: configs[0],
    health: () => running.health(),
    inject(fault) {
      const topic = sentMessage(model, { address: ill, world: world(clock).world, time: 0, wall: 0 }).topic;
      return ether.inject(fault, deliver(topic));
    },
    unplug() {
      away += 1;
      open?.lose(new AgentError('link-lost', 'connection to sim lost'));
      return {
        [Symbol.dispose]() {
          away -= 1;
        },
      };
    },
    async [Symbol.asyncDispose]() {
      timer[Symbol.dispose]();
      const closing = running[Symbol.asyncDispose]();
      await clock.advance(3000);
      await closing;
    },
  };
}
