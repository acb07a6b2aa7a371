/** A forwarder with its log and a fire centre, in virtual time. */
import type { Command } from '../../../agent/core/command.ts';
import { silent } from '../../../agent/core/log.ts';
import type { Lane } from '../../../agent/core/point.ts';
import type { LoggedReading } from '../../../agent/core/record.ts';
import type { Gb26875UplinkConfig } from '../../../agent/core/site.ts';
import type { UplinkContext } from '../../../agent/core/uplink.ts';
import { gb26875Over } from '../../../agent/uplink/gb26875/index.ts';
import { type Pump, startPump } from '../../../agent/uplink/pump.ts';
import { FireCentre } from '../../../hw-sim/city/fire-centre.ts';
import { analogue, partState } from '../../../hw-sim/devices/fire-frames.ts';
import { MemoryLink } from '../../support/memory-dial.ts';
import { MemoryLog } from '../../support/memory-log.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

export const START = Date.UTC(2027, 0, 1);
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

export const FIRE_CONFIG: Gb26875UplinkConfig = {
  id: 'fire',
  kind: 'gb26875',
  host: 'centre',
  port: 5200,
  transport: 'tcp',
  source: 889,
  centre: 88_888,
  userVersion: 1,
  forward: [{ device: 'panel', points: ['event', 'value'] }],
  points: [
    {
      device: 'cabinet',
      point: 'smoke',
      system: { type: 1, address: 9 },
      part: { type: 40, address: 7, text: '机柜 7' },
      state: 1,
    },
    {
      device: 'hydrant',
      point: 'pressure',
      system: { type: 11, address: 1 },
      part: { type: 92, address: 3 },
      analogue: { type: 5 },
    },
  ],
  types: { 150: 'analogue' },
  heartBeat: 20_000,
  timeout: 5000,
  resends: 3,
  retry: 5000,
  analogueEvery: MINUTE,
  dutyCheck: { device: 'panel', point: 'duty-check' },
  dutyAnswer: { device: 'button', point: 'pressed' },
  operator: 3,
  clock: 'untrusted',
  version: '1.4',
  configuration: 'Kerbside',
  inFlight: 16,
  replayRate: 0,
};

export function fireStand(more: Partial<Gb26875UplinkConfig> = {}) {
  const config = { ...FIRE_CONFIG, ...more };
  const clock = new VirtualClock(START);
  const wall = () => START + clock.mono() - 1000;
  const centre = new FireCentre({ time: clock, wall });
  const link = new MemoryLink(centre, clock);
  const log = new MemoryLog();
  const commands: Command[] = [];
  const times: number[] = [];
  const down: string[] = [];
  const refusals: { seq: number; reason: string }[] = [];
  const uplink = gb26875Over({ tcp: link.dial, udp: link.dial });
  const settled: (() => void)[] = [];
  const start = () => {
    const context: UplinkContext = {
      site: 'site-1',
      agent: 'pole-1',
      clock,
      log: silent,
      timezone: 'Asia/Shanghai',
      descriptions: () => [],
      submit: async (command) => {
        commands.push(command);
        return { id: command.id, state: 'done', at: 0 };
      },
      heardTime: (time) => void times.push(time),
    };
    return startPump({
      uplink: 'fire',
      agent: 'pole-1',
      source: log,
      connect: (signal) => uplink.connect(config, context, signal),
      clock,
      log: silent,
      inFlight: config.inFlight,
      replayRate: 0,
      backoff: { max: config.retry, random: () => 0.5 },
      settle: (lane, cursor) => void settled.push(() => log.store('fire', lane, cursor)),
      refused: (_, found) => void refusals.push(...found),
      onState: (state, error) => {
        if (state === 'down' && error !== undefined) down.push(`${error.code}: ${error.message}`);
      },
    });
  };
  const at = {
    clock,
    centre,
    link,
    log,
    commands,
    times,
    down,
    refusals,
    pump: start() as Pump,
    local: () => new Date(wall() + 8 * HOUR),
    reading(
      lane: Lane,
      device: string,
      point: string,
      value: LoggedReading['value'],
      unit: LoggedReading['unit'] = '1',
    ) {
      log.commit(lane, [
        {
          kind: 'reading',
          device,
          point,
          value,
          unit,
          quality: value === null ? 'bad' : 'good',
          ...(value === null ? { reason: 'timeout' as const } : {}),
          time: wall(),
          rank: 'ntp',
        },
      ]);
      at.pump.wake();
    },
    /** What a panel says, as its driver logs it. */
    panel(type: number, bytes: Uint8Array, lane: Lane = 'alarm') {
      const hex = Buffer.from(bytes).toString('hex').toUpperCase().match(/../g)?.join(' ') ?? '';
      at.reading(lane, 'panel', lane === 'alarm' ? 'event' : 'value', `${type} ${hex}`);
      return Buffer.from(bytes).toString('hex');
    },
    fire(address = 7) {
      return at.panel(2, partState({ type: 40, address, bits: 2 }, at.local()));
    },
    value(raw = 1) {
      return at.panel(3, analogue({ type: 92, address: 1, kind: 5, raw }, at.local()), 'telemetry');
    },
    /** Objects as they came first, without resends. */
    came: (type?: number) =>
      centre.objects
        .filter((one) => !one.again && (type === undefined || one.type === type))
        .map(({ hex }) => hex),
    async crash(lost: number) {
      await at.stop();
      for (const store of settled.splice(0, Math.max(0, settled.length - lost))) store();
      settled.length = 0;
      at.pump = start();
    },
    async stop() {
      const stopped = at.pump[Symbol.asyncDispose]();
      await clock.advance(3000);
      await stopped;
    },
    whole() {
      const heads = log.heads();
      return {
        settled: at.pump.tally().settled,
        stored: Object.values(heads).reduce((all, head) => all + head, 0),
      };
    },
  };
  return at;
}
