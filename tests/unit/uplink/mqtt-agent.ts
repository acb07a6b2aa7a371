/** An agent's MQTT side as tests need it: a pump over a log in memory, with what it was told and asked. */
import type { Command, CommandResult } from '../../../agent/core/command.ts';
import type { AgentError } from '../../../agent/core/errors.ts';
import type { Log } from '../../../agent/core/log.ts';
import type { Description, MqttUplinkConfig } from '../../../agent/core/site.ts';
import { SystemClock } from '../../../agent/core/time/system-clock.ts';
import type { Machine, UplinkContext } from '../../../agent/core/uplink.ts';
import { mqtt } from '../../../agent/uplink/mqtt/index.ts';
import { type Pump, startPump } from '../../../agent/uplink/pump.ts';
import { Selection } from '../../../agent/uplink/selection.ts';
import { MemoryLog } from '../../support/memory-log.ts';

export const METER: Description = {
  device: 'meter-1',
  title: { en: 'Feeder meter', zh: '进线电表' },
  class: 'electricity-meter',
  brand: 'eastron',
  model: 'SDM630',
  asset: '310000-XX-0001',
  position: { lat: 31.2304, lon: 121.4737, datum: 'WGS84' },
  points: [
    {
      id: 'energy',
      title: { en: 'Energy', zh: '电能' },
      type: 'number',
      unit: 'kW.h',
      decimals: 2,
      range: [0, 999_999],
      access: 'read',
      aggregation: 'counter',
      lane: 'meter',
    },
  ],
};

export function configOf(port: number, more: Partial<MqttUplinkConfig> = {}): MqttUplinkConfig {
  return {
    id: 'city',
    kind: 'mqtt',
    url: `mqtt://127.0.0.1:${port}`,
    clientId: 'pole-1',
    keepAlive: 30_000,
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
  /** Times the far end told, Unix ms. */
  readonly times: number[];
  readonly said: { event: string; facts: unknown }[];
  readonly states: { readonly state: 'up' | 'down'; readonly error?: AgentError }[];
  /** The description of the meter has changed. */
  describe(hash: string, description: Description): void;
  wake(): void;
}

/** `machine`: asked about, as in the field. */
export function agent(config: MqttUplinkConfig, machine?: Machine): Agent {
  const log = new MemoryLog();
  const clock = new SystemClock();
  const commands: Command[] = [];
  const times: number[] = [];
  const said: Agent['said'] = [];
  const states: Agent['states'] = [];
  const tell = (event: string, facts?: unknown) => void said.push({ event, facts });
  const listening: Log = { debug: tell, info: tell, warn: tell, error: tell, with: () => listening };
  let descriptions = [{ hash: 'd1', description: METER }];
  const context: UplinkContext = {
    site: 'demo',
    agent: 'pole-1',
    ...(machine === undefined ? {} : { machine }),
    clock,
    log: listening,
    descriptions: () => descriptions,
    heardTime: (wall) => void times.push(wall),
    submit: async (command): Promise<CommandResult> => {
      commands.push(command);
      return { id: command.id, state: 'done', readback: command.value, at: Date.UTC(2027, 0, 1) };
    },
  };
  const pump = startPump({
    uplink: 'city',
    agent: 'pole-1',
    source: log,
    connect: (signal) => mqtt.connect(config, context, signal),
    clock,
    log: listening,
    inFlight: config.inFlight,
    replayRate: 0,
    ...(config.select === undefined ? {} : { selection: new Selection(config.select, () => METER.class) }),
    backoff: { first: 20, max: 100 },
    settle: (lane, cursor) => log.store('city', lane, cursor),
    onState: (state, error) => void states.push(error === undefined ? { state } : { state, error }),
  });
  return {
    pump,
    log,
    commands,
    times,
    said,
    states,
    describe: (hash, description) => {
      descriptions = [{ hash, description }];
    },
    wake: () => pump.wake(),
    [Symbol.asyncDispose]: () => pump[Symbol.asyncDispose](),
  };
}
