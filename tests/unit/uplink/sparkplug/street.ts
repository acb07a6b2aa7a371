/** An agent with a meter and a lamp as an edge node: a pump over a log in memory, with what it was told and asked. */
import type { Command, CommandResult } from '../../../../agent/core/command.ts';
import type { AgentError } from '../../../../agent/core/errors.ts';
import type { Log } from '../../../../agent/core/log.ts';
import type { LoggedReading } from '../../../../agent/core/record.ts';
import type { Description, SparkplugUplinkConfig } from '../../../../agent/core/site.ts';
import { SystemClock } from '../../../../agent/core/time/system-clock.ts';
import type { Numbers, UplinkContext } from '../../../../agent/core/uplink.ts';
import { NewestReadings } from '../../../../agent/uplink/newest.ts';
import { type Pump, startPump } from '../../../../agent/uplink/pump.ts';
import { sparkplug } from '../../../../agent/uplink/sparkplug/index.ts';
import { MemoryLog } from '../../../support/memory-log.ts';

const number = { type: 'number', aggregation: 'mean', lane: 'telemetry', decimals: 1 } as const;
export const METER: Description = {
  device: 'meter-1',
  title: { en: 'Feeder meter' },
  class: 'electricity-meter',
  brand: 'Eastron',
  model: 'SDM630',
  points: [
    { ...number, id: 'voltage', title: { en: 'Voltage' }, unit: 'V', access: 'read', range: [0, 500] },
    { ...number, id: 'energy', title: { en: 'Energy' }, unit: 'kW.h', access: 'read', lane: 'meter' },
  ],
};
export const LAMP: Description = {
  device: 'lamp-1',
  title: { en: 'Lamp' },
  class: 'lamp-controller',
  brand: 'Test',
  model: 'board',
  asset: 'L-0001',
  points: [
    { ...number, id: 'level', title: { en: 'Level' }, unit: '%', access: 'read-write', range: [0, 100] },
    { ...number, id: 'door', title: { en: 'Door' }, type: 'boolean', unit: '1', access: 'read' },
    { ...number, id: 'text', title: { en: 'Text' }, type: 'string', unit: '1', access: 'read' },
  ],
};

export function configOf(port: number, more: Partial<SparkplugUplinkConfig> = {}): SparkplugUplinkConfig {
  return {
    id: 'scada',
    kind: 'sparkplug',
    url: `mqtt://127.0.0.1:${port}`,
    clientId: 'pole-1-spb',
    keepAlive: 30_000,
    group: 'street',
    node: 'pole-1',
    hostWait: 2000,
    aliases: true,
    types: false,
    rebirthEvery: 300,
    commandLife: 60_000,
    inFlight: 16,
    maxMessage: 131_072,
    replayRate: 0,
    ...more,
  };
}

export interface Agent extends AsyncDisposable {
  readonly pump: Pump;
  readonly log: MemoryLog;
  readonly commands: Command[];
  readonly said: { event: string; facts: unknown }[];
  readonly states: { readonly state: 'up' | 'down'; readonly error?: AgentError; readonly remark?: string }[];
  /** Commits readings of one lane and wakes the pump. */
  read(lane: 'telemetry' | 'meter', ...readings: readonly Partial<LoggedReading>[]): void;
  describe(hash: string, description: Description): void;
  result: (command: Command) => CommandResult;
}

export interface AgentOptions {
  readonly log?: MemoryLog;
  readonly numbers?: Map<string, number>;
  readonly descriptions?: readonly Description[];
}

export function agent(config: SparkplugUplinkConfig, options: AgentOptions = {}): Agent {
  const { log = new MemoryLog(), numbers = new Map<string, number>() } = options;
  const clock = new SystemClock();
  const commands: Command[] = [];
  const said: Agent['said'] = [];
  const states: Agent['states'] = [];
  const tell = (event: string, facts?: unknown) => void said.push({ event, facts });
  const listening: Log = { debug: tell, info: tell, warn: tell, error: tell, with: () => listening };
  let descriptions = (options.descriptions ?? [METER, LAMP]).map((description, i) => ({
    hash: `h${i}`,
    description,
  }));
  const kept: Numbers = {
    last: (name) => numbers.get(name) ?? 0,
    keep: async (name, value) => void numbers.set(name, value),
  };
  const context: UplinkContext = {
    site: 'demo',
    agent: 'pole-1',
    clock,
    log: listening,
    descriptions: () => descriptions,
    newest: () => [...new NewestReadings(log).since().values.values()],
    numbers: kept,
    submit: async (command) => {
      commands.push(command);
      return one.result(command);
    },
  };
  const pump = startPump({
    uplink: 'scada',
    agent: 'pole-1',
    source: log,
    connect: (signal) => sparkplug.connect(config, context, signal),
    clock,
    log: listening,
    inFlight: config.inFlight,
    replayRate: 0,
    backoff: { first: 20, max: 100 },
    settle: (lane, cursor) => log.store('scada', lane, cursor),
    onState: (state, error, remark) =>
      void states.push({
        state,
        ...(error === undefined ? {} : { error }),
        ...(remark === undefined ? {} : { remark }),
      }),
  });
  let at = Date.UTC(2027, 0, 1);
  const one: Agent = {
    pump,
    log,
    commands,
    said,
    states,
    read: (lane, ...readings) => {
      log.commit(
        lane,
        readings.map((reading) => ({
          kind: 'reading',
          device: 'meter-1',
          point: 'voltage',
          value: 230,
          unit: 'V',
          quality: 'good',
          time: ++at,
          rank: 'ntp',
          ...reading,
        })),
      );
      pump.wake();
    },
    describe: (hash, description) => {
      const others = descriptions.filter((known) => known.description.device !== description.device);
      descriptions = [...others, { hash, description }];
    },
    result: ({ id, value }) => ({ id, state: 'done', readback: value, at: Date.UTC(2027, 0, 1) }),
    [Symbol.asyncDispose]: () => pump[Symbol.asyncDispose](),
  };
  return one;
}
