/**
 * One simulated pole in virtual time, byte by byte: a Firmata board behind johnny-five on one line, the lamp's Modbus meter
 * on another, and the agent's own lines, hub, router, controller and monitor. The agent can be killed and started again.
 */
import { type LineHandle, openLine } from '../../agent/bus/open.ts';
import { CommandRouter } from '../../agent/command/router.ts';
import { type Lighting, startLighting } from '../../agent/control/lighting/lighting.ts';
import type { Command, CommandJournal, CommandResult } from '../../agent/core/command.ts';
import type { LightingProgramme } from '../../agent/core/lighting/lighting.ts';
import { silent } from '../../agent/core/log.ts';
import { good, type Reading } from '../../agent/core/reading.ts';
import type { AgentEvent } from '../../agent/core/record.ts';
import type { DeviceConfig, LampConfig } from '../../agent/core/site.ts';
import { Hub } from '../../agent/hub/hub.ts';
import firmata from '../../drivers/firmata/index.ts';
import modbus from '../../drivers/modbus/index.ts';
import { ArduinoFirmata } from '../../hw-sim/devices/arduino-firmata.ts';
import { eastronSdm120 } from '../../hw-sim/devices/eastron-sdm120.ts';
import { ModbusDevice } from '../../hw-sim/devices/modbus-device.ts';
import { createWorld } from '../../hw-sim/world/world.ts';
import { worldClock } from '../../hw-sim/world/world-clock.ts';
import { device, profile } from '../unit/drivers/load.ts';
import { simulatedLine } from './simulated-line.ts';
import { VirtualClock } from './virtual-clock.ts';

export interface PoleStreetOptions {
  /** Unix epoch ms. */
  readonly start: number;
  /** Wall time per monotonic time. Default 1. */
  readonly rate?: number;
  readonly seed?: number;
  readonly place: { readonly lat: number; readonly lon: number };
  readonly timezone: string;
  /** Local time minus UTC, hours. */
  readonly utcOffset: number;
  readonly programme: LightingProgramme;
  /** Period of the lamp's meter and the camera's counts, ms of the monotonic clock. Default 5 s. */
  readonly every?: number;
}

export const LAMP: LampConfig = {
  id: 'lamp-1',
  device: 'board',
  point: 'lamp-level',
  programme: 'street',
  overrideFor: 3_600_000,
  power: {
    device: 'meter-lamp',
    point: 'power-active-total',
    voltage: 'voltage-l1',
    rated: 120,
    settle: 5000,
  },
};

interface Running {
  readonly hub: Hub;
  readonly router: CommandRouter;
  readonly lighting: Lighting;
  readonly stack: AsyncDisposableStack;
}

export class PoleStreet {
  readonly clock: VirtualClock;
  readonly board: ArduinoFirmata;
  readonly world;
  readonly boardLine;
  /** Of all lives of the agent. */
  readonly events: AgentEvent[] = [];
  onReadings: (readings: readonly Reading[]) => void = () => {};
  readonly #options: PoleStreetOptions;
  readonly #meterLine;
  readonly #now;
  readonly #accepted = new Map<string, Command>();
  readonly #results = new Map<string, CommandResult>();
  #agent: Running | undefined;
  #ids = 0;

  constructor(options: PoleStreetOptions) {
    const { start, rate = 1, seed = 7, place, utcOffset } = options;
    this.#options = options;
    this.clock = new VirtualClock(start, rate);
    const begun = this.clock.mono();
    this.#now = worldClock(start, rate, () => this.clock.mono() - begun);
    this.world = createWorld({ seed, start, place, utcOffset });
    this.board = new ArduinoFirmata({ world: this.world, clock: this.#now });
    const meter = new ModbusDevice({ model: eastronSdm120, unit: 1, world: this.world, clock: this.#now });
    this.boardLine = simulatedLine(this.clock, 57_600, '8N1', [this.board], 'full');
    this.#meterLine = simulatedLine(this.clock, 9600, '8N1', [meter]);
  }

  /** Wall time, whatever the agent believes. */
  get now(): number {
    return this.#now.now();
  }

  get agent(): Running {
    if (this.#agent === undefined) throw new Error('the agent is down');
    return this.#agent;
  }

  /** Whether the agent runs. */
  get alive(): boolean {
    return this.#agent !== undefined;
  }

  /** What shines, %. */
  get shines(): number {
    return Math.round(this.world.lampLevel(this.now) * 100);
  }

  async boot(): Promise<void> {
    const { clock } = this;
    const { programme, place, timezone, every = 5000 } = this.#options;
    const stack = new AsyncDisposableStack();
    const hub = new Hub({
      clock,
      log: silent,
      window: 5000,
      lane: () => 'telemetry',
      append: async () => {},
    });
    hub.onEvent((event) => void this.events.push(event));
    hub.onReadings((readings) => this.onReadings(readings));
    const { address: _, ...board } = device(profile('arduino-firmata'), { id: 'board', line: 'uart' });
    const meter = device(profile('eastron-sdm120'), { id: 'meter-lamp', line: 'rs485', every });
    const line = (config: DeviceConfig, baud: number, port: typeof this.boardLine.port): LineHandle =>
      stack.use(
        openLine({
          line: {
            id: config.line,
            kind: 'serial',
            port: 'sim',
            timeout: 300,
            serial: { baud, dataBits: 8, parity: 'none', stopBits: 1 },
          },
          devices: [config],
          driver: (protocol) => (protocol === 'firmata' ? firmata : modbus),
          clock,
          log: silent,
          publisher: hub,
          port,
          random: () => 0.5,
        }),
      );
    const lines = new Map([
      ['board', line(board, 57_600, this.boardLine.port)],
      ['meter-lamp', line(meter, 9600, this.#meterLine.port)],
    ]);
    let lighting: Lighting | undefined;
    const router = stack.use(
      await CommandRouter.start({
        clock,
        log: silent,
        hub,
        journal: this.#journal,
        points: (id) => (id === 'board' ? board.profile.points : undefined),
        write: (id, write, signal) => {
          const found = lines.get(id);
          if (found === undefined) throw new Error(`no line of ${id}`);
          return found.write(id, write, signal);
        },
        fallback: () => 100,
        holds: () => LAMP.overrideFor,
        onOverride: (id, point) => lighting?.onOverride(id, point),
      }),
    );
    const site = {
      lamps: [LAMP],
      programmes: [programme],
      position: { ...place, datum: 'WGS84' as const },
      timezone,
    };
    lighting = stack.use(
      startLighting({ site, clock, hub, log: silent, steer: router.steer, override: router.override }),
    );
    this.#agent = { hub, router, lighting, stack };
    stack.defer(this.#count(hub, every));
  }

  async kill(): Promise<void> {
    const stack = this.#agent?.stack;
    this.#agent = undefined;
    await stack?.disposeAsync();
  }

  /** An order of the city. */
  order(value: number, lease: number): Promise<CommandResult> {
    return this.agent.router.submit({
      id: `order-${this.#ids++}`,
      device: LAMP.device,
      point: LAMP.point,
      value,
      issuer: 'uplink:city',
      issued: this.now,
      expires: this.now + 600_000,
      lease,
    });
  }

  /** Lets `ms` of the monotonic clock pass, or less where `until` holds; libraries are loaded in real time meanwhile. */
  async pass(ms: number, until: () => boolean = () => false): Promise<void> {
    for (let gone = 0; gone < ms && !until(); gone += 250) {
      if (this.#agent !== undefined && !this.#libraries) await new Promise((done) => setTimeout(done, 1));
      await this.clock.advance(250);
      this.#libraries ||= typeof this.#agent?.hub.latest('board', LAMP.point)?.value === 'number';
    }
  }
  #libraries = false;

  /** Vehicles as the street knows them, told as a camera tells them. */
  #count(hub: Hub, every: number): () => void {
    let last = this.now;
    let timer: Disposable | undefined;
    const turn = () => {
      timer = this.clock.after(every, () => {
        const now = this.now;
        const passed = this.world.passages(last, now).length;
        last = now;
        hub.readings([
          good({ device: 'camera-1', point: 'vehicles-passed', unit: '1' }, passed, this.clock.mono()),
        ]);
        turn();
      });
    };
    turn();
    return () => timer?.[Symbol.dispose]();
  }

  readonly #journal: CommandJournal = {
    accept: async (command) => {
      this.#accepted.set(command.id, command);
      return { fresh: true };
    },
    finish: async (result) => void this.#results.set(result.id, result),
    open: async () => [...this.#accepted.values()].filter(({ id }) => !this.#results.has(id)),
    recent: async (limit) =>
      [...this.#accepted.values()]
        .reverse()
        .slice(0, limit)
        .flatMap((command) => {
          const result = this.#results.get(command.id);
          return result === undefined ? [] : [{ command, result }];
        }),
  };
}
