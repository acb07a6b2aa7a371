/** What the cases of bench/sync.ts share: values as meters have them, a filled log, an uplink that drains it. */
import { silent } from '../agent/core/log.ts';
import type { Reading } from '../agent/core/reading.ts';
import type { MqttUplinkConfig } from '../agent/core/site.ts';
import { SystemClock } from '../agent/core/time/system-clock.ts';
import type { Unit } from '../agent/core/unit.ts';
import { openStore, type Store } from '../agent/store/store.ts';
import { startUplinks, type Uplinks } from '../agent/uplink/uplinks.ts';

export const clock = new SystemClock();

const POINTS: readonly (readonly [
  point: string,
  unit: Unit,
  decimals: number,
  start: number,
  step: number,
])[] = [
  ['voltage', 'V', 1, 230, 0.3],
  ['current', 'A', 3, 4.2, 0.05],
  ['power', 'W', 1, 950, 12],
  ['frequency', 'Hz', 2, 50, 0.02],
  ['energy', 'kW.h', 2, 12_345.67, 0],
];
const DECIMALS = new Map(POINTS.map(([point, , decimals]) => [point, decimals]));
const walk = POINTS.map(([, , , start]) => Array.from({ length: 8 }, () => start));
let polls = 0;

/** mulberry32 */
let state = 1;
export function random(): number {
  state = (state + 0x6d2b79f5) >>> 0;
  let mixed = Math.imul(state ^ (state >>> 15), state | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
}

/** One answer: five readings of one of eight meters, values as they walk. */
export function poll(time: number): Reading[] {
  const device = polls++ % 8;
  return POINTS.map(([point, unit, decimals, , step], i) => {
    const line = walk[i] ?? [];
    const next =
      (line[device] ?? 0) + (point === 'energy' ? (random() < 0.3 ? 0.01 : 0) : (random() - 0.5) * step);
    line[device] = next;
    const value = Math.round(next * 10 ** decimals) / 10 ** decimals;
    return { device: `meter-${device + 1}`, point, value, unit, quality: 'good', time };
  });
}

export function openLog(dir: string, entry?: URL): Promise<Store> {
  return openStore({
    dir,
    agent: 'bench',
    timezone: 'UTC',
    config: { window: 5000, budget: 2 ** 36, maxAge: 3650 * 86_400_000, ring: 2 ** 26 },
    clock,
    log: silent,
    describe: (_, point) => {
      const decimals = DECIMALS.get(point) ?? 1;
      return { type: 'number', unit: 'V', decimals, aggregation: 'mean', lane: 'telemetry' };
    },
    ...(entry === undefined ? {} : { entry }),
  });
}

/** Writes `readings` of a past at 10 a second, `commit` a commit. */
export async function fill(store: Store, readings: number, commit = 1000): Promise<void> {
  const began = clock.mono() - readings * 100;
  for (let n = 0; n < readings; n += commit) {
    const batch: Reading[] = [];
    for (let i = 0; i < commit; i += 5) batch.push(...poll(began + (n + i) * 100));
    await store.append(batch, []);
  }
}

export function configOf(
  port: number,
  agent: string,
  more: Partial<MqttUplinkConfig> = {},
): MqttUplinkConfig {
  return {
    id: agent,
    kind: 'mqtt',
    url: `mqtt://127.0.0.1:${port}`,
    clientId: agent,
    keepAlive: 30_000,
    inFlight: 16,
    maxMessage: 131_072,
    replayRate: 0,
    ...more,
  };
}

/** The uplink thread over a log; `up` is when it was connected, monotonic ms. */
export function uplinkOf(logFile: string, config: MqttUplinkConfig): { uplinks: Uplinks; up: () => number } {
  let up = clock.mono();
  const uplinks = startUplinks({
    configs: [config],
    logFile,
    entry: new URL('../agent/compose/uplink/thread.ts', import.meta.url),
    site: 'bench',
    agent: config.clientId,
    clock,
    log: silent,
    descriptions: () => [],
    submit: async ({ id }) => ({ id, state: 'rejected', code: 'not-allowed', at: 0 }),
    settle: () => {},
    refuse: () => {},
    onHealth: ({ state: now }) => {
      if (now === 'ok') up = clock.mono();
    },
  });
  return { uplinks, up: () => up };
}

/** Waits until all of the log is acknowledged: seconds from the connection on, and how many records that was. */
export async function drained({
  uplinks,
  up,
}: ReturnType<typeof uplinkOf>): Promise<{ seconds: number; records: number }> {
  for (;;) {
    const [ledger] = uplinks.ledgers();
    if (ledger !== undefined && ledger.stored > 0 && ledger.backlog === 0)
      return { seconds: (clock.mono() - up()) / 1000, records: ledger.acknowledged };
    await clock.sleep(5);
  }
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

export function round(value: number, digits = 2): number {
  return Number(value.toFixed(digits));
}
