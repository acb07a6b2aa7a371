/** Uplinks as main sees them: one supervised worker thread that reads the log and sends. */
import { isDeepStrictEqual } from 'node:util';
import type { Worker } from 'node:worker_threads';
import type { BackoffOptions } from '../core/backoff.ts';
import type { Command, CommandResult } from '../core/command.ts';
import type { Log } from '../core/log.ts';
import type { Lane } from '../core/point.ts';
import type { Mono } from '../core/reading.ts';
import type { AgentEvent, Cursor, Heads } from '../core/record.ts';
import { serve } from '../core/rpc.ts';
import type { UplinkConfig } from '../core/site.ts';
import { runThread } from '../core/thread.ts';
import { type Clock, wallAt } from '../core/time/clock.ts';
import type { HealthState, Ledger, PartHealth } from '../core/view.ts';
import { gapsOf, type Refusal, refusalEvent } from './refusal.ts';
import {
  type Described,
  type FromThread,
  NUMBER_LANE,
  reportsPeriods,
  type ThreadData,
  type ToThread,
} from './thread-contract.ts';

export interface UplinksOptions {
  readonly configs: readonly UplinkConfig[];
  /** The store's file, for the thread's own read-only connection. */
  readonly logFile: string;
  /** The thread's composition root: agent/compose/uplink/thread.ts. */
  readonly entry: URL;
  readonly site: string;
  readonly agent: string;
  /** Which unit of the agent this is. Absent: 1. */
  readonly generation?: number;
  /** IANA zone of the site. */
  readonly timezone?: string;
  /** Folder for files of uplinks. */
  readonly stateDir?: string;
  readonly clock: Clock;
  readonly log: Log;
  descriptions(): Described;
  /** The command router. */
  submit(command: Command): Promise<CommandResult>;
  /** Lets the cursor ride in the next commit. */
  settle(uplink: string, lane: Lane, cursor: Cursor): void;
  /** The same, durable when it resolves. Absent: numbers of uplinks begin at 0 with each start. */
  keep?(uplink: string, lane: Lane, cursor: Cursor): Promise<void>;
  /** Keeps records that a receiver refused for good. */
  refuse(uplink: string, lane: Lane, records: readonly Refusal[]): void;
  /** Takes the gap records that tell the receiver, also after a crash, which numbers were refused. */
  event?(event: AgentEvent): void;
  onHealth(part: PartHealth): void;
  /** Told the time by the far end of an uplink, see `UplinkContext.heardTime`. */
  onTime?(uplink: string, wall: number, mono: Mono, uncertaintyMs: number): void;
  /** Restarts of the thread. */
  readonly backoff?: BackoffOptions;
}

/** Disposing ends the thread within 2 s. */
export interface Uplinks extends AsyncDisposable {
  /** Newest known, in the order of the configuration. */
  ledgers(): readonly Ledger[];
  /** Tells of a commit, so that live data leaves at once. */
  wake(heads: Heads): void;
  health(): readonly PartHealth[];
  /** Descriptions changed: those named by later data are published anew. */
  described(): void;
  /** Other uplinks from now on: only what differs ends and begins. False: it needs a thread of its own, begun anew. */
  change(configs: readonly UplinkConfig[]): boolean;
}

export function startUplinks(options: UplinksOptions): Uplinks {
  const { clock } = options;
  let { configs } = options;
  const stop = new AbortController();
  const ledgers = new Map<string, Ledger>();
  const health = new Map<string, PartHealth>();
  let worker: Worker | undefined;

  const isOurs = (uplink: string) => configs.some(({ id }) => id === uplink);
  const say = (message: ToThread) => worker?.postMessage(message);
  const setHealth = (uplink: string, state: HealthState, facts: { message?: string; fix?: string } = {}) => {
    // One that is gone may have had a last word.
    if (!isOurs(uplink)) return;
    const before = health.get(uplink);
    if (before?.state === state && before.message === facts.message) return;
    const now = wallAt(clock.mapping(), clock.mono()).time;
    const part: PartHealth = {
      part: `uplink:${uplink}`,
      state,
      since: before?.state === state ? before.since : now,
      ...facts,
      facts: factsOf(ledgers.get(uplink)),
    };
    health.set(uplink, part);
    options.onHealth(part);
  };
  const hear = (message: FromThread, healthy: () => void) => {
    switch (message.from) {
      case 'ready':
        healthy();
        return;
      case 'settle':
        options.settle(message.uplink, message.lane, message.cursor);
        return;
      case 'refused':
        options.refuse(message.uplink, message.lane, message.records);
        for (const gap of gapsOf(message.records)) {
          options.event?.(refusalEvent(message.uplink, message.lane, gap, clock.mono(), message.epoch));
        }
        return;
      case 'ledger':
        if (isOurs(message.ledger.uplink)) ledgers.set(message.ledger.uplink, message.ledger);
        return;
      case 'link': {
        const up = message.message === undefined ? 'ok' : 'degraded';
        setHealth(message.uplink, message.up ? up : 'down', wordsOf(message));
        return;
      }
      case 'turned-down':
        setHealth(message.uplink, 'degraded', wordsOf(message));
        return;
      case 'time':
        options.onTime?.(message.uplink, message.wall, message.mono, message.uncertaintyMs);
        return;
      case 'log':
        options.log[message.level](message.event, message.facts);
    }
  };
  const start = (started: Worker, healthy: () => void): Disposable => {
    worker = started;
    started.on('message', (message: FromThread) => {
      if (message?.from !== undefined) hear(message, healthy);
    });
    serve(started, {
      submit: (command: Command) => options.submit(command),
      keep: (key: string, value: number) => options.keep?.(key, NUMBER_LANE, { low: value, above: [] }),
    });
    const mapping = clock.onMapping((mapping) => say({ to: 'mapping', mapping }));
    return {
      [Symbol.dispose]: () => {
        mapping[Symbol.dispose]();
        worker = undefined;
      },
    };
  };

  for (const { id } of configs) setHealth(id, 'starting');
  const running =
    configs.length === 0
      ? Promise.resolve()
      : runThread({
          name: 'uplink',
          entry: options.entry,
          data: (): ThreadData => ({
            configs,
            logFile: options.logFile,
            site: options.site,
            agent: options.agent,
            ...(options.generation === undefined ? {} : { generation: options.generation }),
            ...(options.timezone === undefined ? {} : { timezone: options.timezone }),
            ...(options.stateDir === undefined ? {} : { stateDir: options.stateDir }),
            mapping: clock.mapping(),
            descriptions: options.descriptions(),
          }),
          clock,
          log: options.log,
          signal: stop.signal,
          start,
          stop: () => say({ to: 'stop' }),
          ...(options.backoff === undefined ? {} : { backoff: options.backoff }),
          onState: (state, error) => {
            if (state !== 'down') return;
            for (const { id } of configs)
              setHealth(id, 'down', error === undefined ? {} : { message: error.message });
          },
        });

  return {
    ledgers: () => configs.flatMap(({ id }) => ledgers.get(id) ?? []),
    wake: () => say({ to: 'wake' }),
    health: () =>
      configs.flatMap(({ id }) => {
        const part = health.get(id);
        return part === undefined ? [] : { ...part, facts: factsOf(ledgers.get(id)) };
      }),
    change(next) {
      if (configs.length === 0 || next.length === 0) return false;
      if (next.some(reportsPeriods) && !configs.some(reportsPeriods)) return false;
      const before = new Map(configs.map((config) => [config.id, config] as const));
      const gone = configs.filter(({ id }) => !next.some((one) => one.id === id));
      for (const { id } of gone) {
        health.delete(id);
        ledgers.delete(id);
      }
      configs = next;
      for (const config of next)
        if (!isDeepStrictEqual(config, before.get(config.id))) setHealth(config.id, 'starting');
      say({ to: 'configs', configs });
      return true;
    },
    described: () => say({ to: 'descriptions', descriptions: options.descriptions() }),
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await running;
    },
  };
}

function wordsOf({ message, fix }: { readonly message?: string; readonly fix?: string }) {
  return { ...(message === undefined ? {} : { message }), ...(fix === undefined ? {} : { fix }) };
}

function factsOf(ledger: Ledger | undefined): PartHealth['facts'] {
  const { backlog = null, acknowledged = null, refused = null, resent = null } = ledger ?? {};
  const { data } = ledger ?? {};
  return {
    backlog,
    acknowledged,
    refused,
    resent,
    ...(data === undefined
      ? {}
      : { data_bytes: data.bytes, data_forecast_bytes: data.forecast, thinned: data.thinned }),
  };
}
