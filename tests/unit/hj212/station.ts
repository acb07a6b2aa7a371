/**
 * A station and its bureau in virtual time: a real store with its rollups, the real pump, and the bureau of hw-sim at
 * the other end of a connection in memory.
 */
import { join } from 'node:path';
import type { AgentError } from '../../../agent/core/errors.ts';
import { AgentError as Failure } from '../../../agent/core/errors.ts';
import { silent } from '../../../agent/core/log.ts';
import type { Reading, Reason } from '../../../agent/core/reading.ts';
import type { LogSource } from '../../../agent/core/record.ts';
import type { Hj212UplinkConfig } from '../../../agent/core/site.ts';
import type { Periods } from '../../../agent/core/time/period.ts';
import type { DerivedSource, UplinkContext } from '../../../agent/core/uplink.ts';
import { earlierLogs } from '../../../agent/store/aside.ts';
import { openAllPeriods } from '../../../agent/store/periods.ts';
import { openLogSource } from '../../../agent/store/reader.ts';
import { openStore, type PointFacts, type Store } from '../../../agent/store/store.ts';
import { hj212Over } from '../../../agent/uplink/hj212/index.ts';
import type { Dial, Pipe } from '../../../agent/uplink/hj212/pipe.ts';
import { type Pump, startPump } from '../../../agent/uplink/pump.ts';
import { Bureau, type BureauOptions } from '../../../hw-sim/city/bureau.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { folder } from '../store/site.ts';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const MN = '010000A8900016F000169DC0';
/** Friday, 2027-01-01 00:00 in Shanghai. */
export const START = Date.UTC(2026, 11, 31, 16);

const FACTS: Readonly<Record<string, PointFacts>> = {
  'pm2-5': {
    type: 'number',
    unit: 'ug/m3',
    decimals: 1,
    aggregation: 'mean',
    lane: 'telemetry',
    every: MINUTE,
  },
  so2: { type: 'number', unit: '10*-9', decimals: 1, aggregation: 'mean', lane: 'telemetry', every: MINUTE },
  level: { type: 'number', unit: 'dB(A)', decimals: 1, aggregation: 'leq', lane: 'telemetry', every: MINUTE },
  l50: { type: 'number', unit: 'dB(A)', decimals: 1, aggregation: 'last', lane: 'telemetry', every: MINUTE },
  flow: { type: 'number', unit: 'm3', decimals: 2, aggregation: 'counter', lane: 'meter', every: MINUTE },
};

export const CONFIG: Hj212UplinkConfig = {
  id: 'bureau',
  kind: 'hj212',
  urls: ['tcp://bureau.example:5000'],
  edition: '2025',
  mn: MN,
  password: '123456',
  st: '22',
  crc: '212',
  points: [
    { device: 'air', point: 'pm2-5', factor: 'a34004' },
    { device: 'air', point: 'so2', factor: 'a21026', unit: 'ug/m3', decimals: 0 },
    { device: 'air', point: 'level', factor: 'LA' },
  ],
  realTime: 0,
  minute: 10 * MINUTE,
  hour: true,
  day: true,
  acknowledge: true,
  timeout: 10_000,
  resends: 3,
  heartbeat: 0,
  flags: true,
  validShare: 0.75,
  validMinutes: 45,
  validHours: 20,
  backlogAge: 30 * 24 * HOUR,
  clock: 'refuse',
  actions: {},
  inFlight: 4,
  replayRate: 0,
};

/** Two ends of a connection; bytes arrive a turn later. */
function connection(clock: VirtualClock): { station: Pipe; accept(bureau: Bureau): void } {
  const toStation: ((bytes: Uint8Array) => void)[] = [];
  const toBureau: ((bytes: Uint8Array) => void)[] = [];
  const ends: (() => void)[] = [];
  let open = true;
  const close = () => {
    if (!open) return;
    open = false;
    for (const end of ends) end();
  };
  const later = (listeners: readonly ((bytes: Uint8Array) => void)[], bytes: Uint8Array) => {
    const copy = Uint8Array.from(bytes);
    queueMicrotask(() => {
      if (open) for (const listener of listeners) listener(copy);
    });
  };
  void clock;
  return {
    station: {
      write: (bytes) => later(toBureau, bytes),
      onData: (listener) => void toStation.push(listener),
      onClose: (listener) => void ends.push(() => listener('the centre closed the connection')),
      close,
    },
    accept: (bureau) =>
      bureau.accept({
        send: (bytes) => later(toStation, bytes),
        onBytes: (listener) => void toBureau.push(listener),
        onClose: (listener) => void ends.push(listener),
        close,
      }),
  };
}

export class Station implements AsyncDisposable {
  readonly clock: VirtualClock;
  store: Store;
  readonly bureau: Bureau;
  readonly dir: string;
  readonly config: Hj212UplinkConfig;
  /** Whether the bureau can be reached. */
  online = true;
  readonly dialled: string[] = [];
  readonly states: string[] = [];
  readonly complaints: string[] = [];
  readonly submitted: unknown[] = [];
  /** Times that the centre told and that were taken. */
  readonly heard: number[] = [];
  pump!: Pump;
  source!: DerivedSource;

  /** The books by period, by the cursor of the pump. */
  books() {
    return this.source.books(this.pump.tally().cursor);
  }

  #periods!: Periods;
  #records!: LogSource;
  #earlier: LogSource[] = [];
  readonly #stack: AsyncDisposableStack;
  #settled: (() => void)[] = [];

  private constructor(
    clock: VirtualClock,
    store: Store,
    bureau: Bureau,
    dir: string,
    config: Hj212UplinkConfig,
    stack: AsyncDisposableStack,
  ) {
    this.clock = clock;
    this.store = store;
    this.bureau = bureau;
    this.dir = dir;
    this.config = config;
    this.#stack = stack;
  }

  static async open(
    change: Partial<Hj212UplinkConfig> = {},
    bureau: Partial<BureauOptions> = {},
  ): Promise<Station> {
    const stack = new AsyncDisposableStack();
    const { dir } = stack.use(folder());
    const clock = new VirtualClock(START);
    const config: Hj212UplinkConfig = { ...CONFIG, ...change };
    const store = await openOwn(dir, clock, 'test:1');
    const version = { '2005': 0, '2017': 1, '2025': 2 } as const;
    const there = new Bureau({
      clock,
      version: version[config.edition],
      mn: MN,
      password: '123456',
      ...(config.key === undefined ? {} : { key: config.key }),
      ...bureau,
    });
    const station = new Station(clock, store, there, dir, config, stack);
    station.begin();
    return station;
  }

  /** The agent starts (again). `settled`: cursors that were stored. */
  begin(config = this.config): void {
    const before = () => earlierLogs(this.dir);
    this.#periods = openAllPeriods(this.store.file, 'pole-1', before);
    this.#records = openLogSource(this.store.file);
    this.#earlier = before().map((file) => openLogSource(file));
    const dial: Dial = async (url) => {
      this.dialled.push(url);
      if (!this.online)
        throw new Failure('broker-unreachable', `connection to ${url} failed: nobody is there`);
      const { station, accept } = connection(this.clock);
      accept(this.bureau);
      return station;
    };
    const uplink = hj212Over(dial);
    const context: UplinkContext = {
      site: 'site-1',
      agent: 'pole-1',
      clock: this.clock,
      log: silent,
      timezone: 'Asia/Shanghai',
      records: this.#records,
      periods: this.#periods,
      earlier: () => this.#earlier,
      heardTime: (wall) => void this.heard.push(wall),
      stateDir: join(this.dir, 'uplinks'),
      descriptions: () => [],
      submit: async (command) => {
        this.submitted.push(command);
        return { id: command.id, state: 'done', at: 0 };
      },
    };
    // A new object, as a new process would have: what is remembered has to be on the disk.
    const settings = { ...config };
    const source = uplink.source?.(settings, context);
    if (source === undefined) throw new Error('no source');
    this.source = source;
    this.pump = startPump({
      uplink: settings.id,
      agent: 'pole-1',
      source,
      selection: source,
      connect: (signal) => uplink.connect(settings, context, signal),
      clock: this.clock,
      log: silent,
      inFlight: settings.inFlight,
      replayRate: settings.replayRate,
      backoff: { random: () => 0.5 },
      settle: (lane, cursor) => void this.#settled.push(() => this.store.settle(settings.id, lane, cursor)),
      note: (key, lane, cursor) => void this.#settled.push(() => this.store.settle(key, lane, cursor)),
      onState: (state, error?: AgentError) => void this.states.push(error?.message ?? state),
      onTurnedDown: (reason) => void (reason !== undefined && this.complaints.push(reason)),
    });
  }

  async stop(): Promise<void> {
    const stopped = this.pump[Symbol.asyncDispose]();
    await this.clock.advance(1000);
    await stopped;
    this.#periods[Symbol.dispose]();
    this.#records[Symbol.dispose]();
    for (const log of this.#earlier) log[Symbol.dispose]();
  }

  /** The card is found in another machine: a new epoch begins. The agent has to be stopped. */
  async renew(hardware: string): Promise<void> {
    await this.store[Symbol.asyncDispose]();
    this.store = await openOwn(this.dir, this.clock, hardware);
  }

  /** Time goes on by `ms` in steps: readings are taken once a minute, committed, and the uplink is woken. */
  async live(ms: number, step = 10 * MINUTE, reason?: Reason): Promise<void> {
    for (let left = ms; left > 0; left -= step) {
      const now = this.clock.mono();
      const readings: Reading[] = [];
      for (let at = 0; at < step; at += MINUTE) readings.push(...this.minute(now + at + 1000, reason));
      await this.clock.advance(step);
      for (const settle of this.#settled.splice(0)) settle();
      await this.store.append(readings, []);
      this.pump.wake();
      await this.clock.advance(0);
    }
  }

  /** Readings of one minute at a monotonic time. */
  minute(time: number, reason?: Reason): Reading[] {
    return Object.entries(FACTS).map(([point, { unit }]) =>
      reason === undefined
        ? { device: 'air', point, value: VALUES[point] ?? 0, unit, quality: 'good', time }
        : { device: 'air', point, value: null, unit, quality: 'bad', reason, time },
    );
  }

  /** Time goes on and nothing is measured. */
  async wait(ms: number): Promise<void> {
    await this.clock.advance(ms);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.store[Symbol.asyncDispose]();
    await this.#stack[Symbol.asyncDispose]();
  }
}

const VALUES: Readonly<Record<string, number>> = { 'pm2-5': 35.5, so2: 10, level: 56.1, l50: 54.2, flow: 12 };

function openOwn(dir: string, clock: VirtualClock, hardware: string): Promise<Store> {
  return openStore({
    dir,
    agent: 'pole-1',
    timezone: 'Asia/Shanghai',
    config: { window: 5000, budget: 512 * 2 ** 20, maxAge: 30 * 86_400_000, ring: 2 ** 22 },
    log: silent,
    hardware,
    describe: (_, point) => FACTS[point],
    clock,
  });
}
