/** A gateway with three meters, its log, and a centre, in virtual time. */
import { silent } from '../../../agent/core/log.ts';
import type { LoggedReading } from '../../../agent/core/record.ts';
import type { BuildingEnergyUplinkConfig } from '../../../agent/core/site.ts';
import type { PeriodBooks, UplinkContext } from '../../../agent/core/uplink.ts';
import { buildingEnergyOver } from '../../../agent/uplink/building-energy/index.ts';
import { type Pump, startPump } from '../../../agent/uplink/pump.ts';
import { EnergyCentre } from '../../../hw-sim/city/energy-centre.ts';
import type { EnergyStyle } from '../../../hw-sim/city/energy-frames.ts';
import { MemoryLink } from '../../support/memory-dial.ts';
import { MemoryLog } from '../../support/memory-log.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

export const KEY = 'k3rbside-test-01';
export const SECRET = 'a secret of the test';
/** 2027-01-01 08:00 in Shanghai. */
export const START = Date.UTC(2027, 0, 1);
export const MINUTE = 60_000;

const METERS = ['1', '2', '3'];
/** Three meters of two functions. */
export const FUNCTIONS = METERS.flatMap((meter) => [`${meter}/1/01A00`, `${meter}/2/01B00`]);

export function energyConfig(more: Partial<BuildingEnergyUplinkConfig> = {}): BuildingEnergyUplinkConfig {
  return {
    id: 'energy',
    kind: 'building-energy',
    host: 'centre',
    port: 7000,
    platform: 'guideline',
    settings: {},
    building: '310101A064',
    gateway: '01',
    key: KEY,
    secret: SECRET,
    codes: 'national',
    moreCodes: {},
    meters: METERS.map((id) => ({
      id,
      functions: [
        { id: '1', device: `meter-${id}`, point: 'energy', code: '01A00' },
        { id: '2', device: `meter-${id}`, point: 'energy-air', code: '01B00' },
      ],
    })),
    every: 15 * MINUTE,
    periodByCentre: true,
    align: MINUTE,
    gather: 10_000,
    heartBeat: MINUTE,
    timeout: 30_000,
    clock: 'untrusted',
    inFlight: 16,
    replayRate: 0,
    ...more,
  };
}

export interface EnergyStand {
  readonly clock: VirtualClock;
  readonly centre: EnergyCentre;
  readonly link: MemoryLink;
  readonly log: MemoryLog;
  /** What the centre told of the time. */
  readonly times: number[];
  /** What was logged for people. */
  readonly said: string[];
  /** Complaints of health, newest last. */
  readonly down: string[];
  pump: Pump;
  /** The uplink's own books of its period. */
  books(): PeriodBooks | undefined;
  /** Settled numbers survive. */
  crash(lost?: number): Promise<void>;
  /** Lives for `ms`: every `step` all meters are read. */
  live(ms: number, step?: number, quality?: LoggedReading['quality']): Promise<void>;
  stop(): Promise<void>;
}

export function energyStand(
  style: EnergyStyle = 'guideline',
  more: Partial<BuildingEnergyUplinkConfig> = {},
  given: Partial<UplinkContext> = {},
): EnergyStand {
  const clock = new VirtualClock(START);
  const wall = () => START + clock.mono() - 1000;
  const centre = new EnergyCentre({ style, key: KEY, secret: SECRET, time: clock, wall });
  const link = new MemoryLink(centre, clock);
  const log = new MemoryLog();
  const times: number[] = [];
  const said: string[] = [];
  const down: string[] = [];
  const config = energyConfig({ platform: style, ...more });
  const uplink = buildingEnergyOver(link.dial);
  const note = (event: string, facts = {}) => void said.push(`${event} ${JSON.stringify(facts)}`);
  const settled: (() => void)[] = [];
  let present: UplinkContext | undefined;
  const start = () => {
    const context: UplinkContext = {
      site: 'site-1',
      agent: 'pole-1',
      clock,
      log: { ...silent, info: note, warn: note, error: note },
      timezone: 'Asia/Shanghai',
      descriptions: () => [],
      submit: async ({ id }) => ({ id, state: 'rejected', code: 'not-allowed', at: 0 }),
      heardTime: (time) => void times.push(time),
      ...given,
    };
    present = context;
    return startPump({
      uplink: 'energy',
      agent: 'pole-1',
      source: log,
      connect: (signal) => uplink.connect(config, context, signal),
      clock,
      log: silent,
      inFlight: config.inFlight,
      replayRate: 0,
      backoff: { random: () => 0.5 },
      settle: (lane, cursor) => void settled.push(() => log.store('energy', lane, cursor)),
      onState: (state, error) => {
        if (state === 'down' && error !== undefined) down.push(`${error.code}: ${error.message}`);
      },
    });
  };
  let count = 0;
  const read = (quality: LoggedReading['quality']) => {
    count += 1;
    const readings = METERS.flatMap((id) =>
      ['energy', 'energy-air'].map(
        (point): Omit<LoggedReading, 'seq'> => ({
          kind: 'reading',
          device: `meter-${id}`,
          point,
          value: quality === 'bad' ? null : 1000 * Number(id) + count / 10,
          unit: 'kW.h',
          quality,
          ...(quality === 'good' ? {} : { reason: 'timeout' as const }),
          time: wall(),
          rank: 'ntp',
        }),
      ),
    );
    log.commit('meter', readings);
    stand.pump.wake();
  };
  const stand: EnergyStand = {
    clock,
    centre,
    link,
    log,
    times,
    said,
    down,
    pump: start(),
    books: () =>
      present === undefined ? undefined : Object.values(uplink.books?.(config, present) ?? {})[0],
    async crash(lost = 0) {
      await stand.stop();
      for (const store of settled.splice(0, Math.max(0, settled.length - lost))) store();
      settled.length = 0;
      stand.pump = start();
    },
    async live(ms, step = 5 * MINUTE, quality = 'good') {
      for (let lived = 0; lived < ms; lived += step) {
        read(quality);
        await clock.advance(step);
      }
    },
    async stop() {
      const stopped = stand.pump[Symbol.asyncDispose]();
      await clock.advance(3000);
      await stopped;
    },
  };
  return stand;
}
