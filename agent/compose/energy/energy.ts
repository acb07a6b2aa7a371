/** The energy account of a site in the agent: its thread, its controller, and what console and API ask of it. */
import type { Worker } from 'node:worker_threads';
import { BillCalendar } from '../../control/energy/calendar.ts';
import type { EnergyCalls } from '../../control/energy/calls.ts';
import { startEnergy } from '../../control/energy/controller.ts';
import type { DeviceSenses } from '../../control/energy/diagnosis/replay.ts';
import { sensesOf } from '../../control/energy/diagnosis/senses.ts';
import { DiagnosisWatch } from '../../control/energy/diagnosis/watch.ts';
import { FINDINGS_POINT } from '../../control/energy/points.ts';
import type { EnergyConfig } from '../../core/energy/energy.ts';
import type { EnergyView } from '../../core/energy/view.ts';
import { AgentError } from '../../core/errors.ts';
import type { Publisher, Subscription } from '../../core/hub.ts';
import type { Log } from '../../core/log.ts';
import type { Point } from '../../core/point.ts';
import { caller, type Remote } from '../../core/rpc.ts';
import { runThread } from '../../core/thread.ts';
import { type Clock, wallAt } from '../../core/time/clock.ts';
import { LocalDays } from '../../core/time/local-days.ts';
import type { Store } from '../../store/store.ts';

/** A bill of a year's building on a small gateway takes seconds. */
const DEADLINE = 60_000;

export interface EnergyThreadData {
  readonly file: string;
  readonly config: EnergyConfig;
  readonly timezone: string;
  readonly settlementDay: number;
  readonly senses: Readonly<Record<string, DeviceSenses>>;
}

export interface EnergyParts {
  readonly config: EnergyConfig;
  readonly timezone: string;
  readonly settlementDay: number;
  /** Points of a device; undefined for one that is not known. */
  readonly points: (device: string) => readonly Point[] | undefined;
  readonly store: Pick<Store, 'file' | 'latest'>;
  readonly clock: Clock;
  readonly hub: Publisher & Subscription;
  readonly log: Log;
}

export interface RunningEnergy extends AsyncDisposable {
  readonly view: EnergyView;
}

export function startEnergyAccount(parts: EnergyParts): RunningEnergy {
  const { config, timezone, settlementDay, store, clock, hub, log } = parts;
  const senses = Object.fromEntries(
    config.meters.flatMap((meter) =>
      meter.kind === 'register' ? [[meter.device, sensesOf(parts.points(meter.device) ?? [])]] : [],
    ),
  );
  const ending = new AbortController();
  let remote: Remote<EnergyCalls> | undefined;
  const running = runThread({
    name: 'energy',
    entry: new URL('./thread.ts', import.meta.url),
    data: () => ({ file: store.file, config, timezone, settlementDay, senses }) satisfies EnergyThreadData,
    clock,
    log,
    signal: ending.signal,
    start: (worker: Worker, healthy: () => void) => {
      const mine = caller<EnergyCalls>(worker, { deadline: DEADLINE, peer: "the energy account's thread" });
      remote = mine;
      worker.once('online', healthy);
      return {
        [Symbol.dispose]: () => {
          if (remote === mine) remote = undefined;
          mine[Symbol.dispose]();
        },
      };
    },
    stop: (worker) => worker.postMessage({ close: true }),
  });
  const ask = (): Remote<EnergyCalls> => {
    if (remote === undefined)
      throw new AgentError('thread-died', 'the energy account is not there: its thread is not running', {
        fix: 'ask again in a moment',
      });
    return remote;
  };
  const calls: Remote<EnergyCalls> = {
    tick: async (...asked) => ask().tick(...asked),
    day: async (...asked) => ask().day(...asked),
    account: async (...asked) => ask().account(...asked),
    completeness: async (...asked) => ask().completeness(...asked),
    bill: async (...asked) => ask().bill(...asked),
    diagnose: async (...asked) => ask().diagnose(...asked),
    demand: async (...asked) => ask().demand(...asked),
  };
  const controller = startEnergy({
    config,
    timezone,
    settlementDay,
    clock,
    hub,
    log,
    calls,
    latest: async (points) => store.latest(points.map((point) => ({ device: config.id, point }))),
  });
  const watch = new DiagnosisWatch({
    device: config.id,
    timezone,
    clock,
    hub,
    log,
    diagnose: (now) => calls.diagnose(now),
    toldUpTo: async () => {
      const [told] = await store.latest([{ device: config.id, point: FINDINGS_POINT }]);
      return told?.time;
    },
  });
  const calendar = new BillCalendar(new LocalDays(timezone), settlementDay, config);
  const now = () => wallAt(clock.mapping(), clock.mono()).time;
  return {
    view: {
      account: (from, to) => calls.account(from, to, now()),
      completeness: (from, to) => calls.completeness(from, to, now()),
      bill: (account, month) => calls.bill(account, month, now()),
      demand: () => controller.demand(),
      day: (date) => calendar.day(date ?? calendar.date(now())),
      findings: () => watch.findings(),
      period: (month) => calendar.period(month ?? calendar.monthOf(now())),
    },
    async [Symbol.asyncDispose]() {
      watch[Symbol.dispose]();
      controller[Symbol.dispose]();
      ending.abort();
      await running;
    },
  };
}
