/** What a city may do to the agent itself, wired to its parts; loaded only where the site file asks for it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Lines } from '../bus/lines.ts';
import type { Clock } from '../core/clock.ts';
import { wallAt } from '../core/clock.ts';
import type { ConfigChanges } from '../core/config-change.ts';
import type { WriteOutcome } from '../core/driver.ts';
import type { Recorder } from '../core/hub.ts';
import type { Log } from '../core/log.ts';
import type { Value } from '../core/reading.ts';
import type { Site } from '../core/site.ts';
import type { FleetConfig, UpdateStatus, Updates } from '../core/update.ts';
import type { Ledger, PartHealth } from '../core/view.ts';
import { SCHEMA_VERSION } from '../store/schema-version.ts';
import { type FleetActs, fleetWrite } from '../update/acts.ts';
import { FACTORY } from '../update/boot-state.ts';
import type { ModelPlace } from '../update/models.ts';
import { AgentUpdates } from '../update/updates.ts';

export interface FleetOptions {
  readonly config: FleetConfig;
  readonly site: () => Site;
  readonly clock: Clock;
  readonly log: Log;
  readonly hub: Recorder;
  readonly health: () => readonly PartHealth[];
  readonly ledgers: () => readonly Ledger[];
  readonly pulse: () => Promise<void>;
  readonly lines: Pick<Lines, 'change' | 'lines'>;
  /** Parts that can be started anew by themselves, by name; undefined while there is none. */
  readonly parts: Readonly<Record<string, (() => Promise<void>) | undefined>>;
  readonly changes?: ConfigChanges;
  readonly models?: ModelPlace;
  readonly acts: Pick<FleetActs, 'trace' | 'diagnose'>;
}

export interface Fleet extends AsyncDisposable {
  readonly updates: Updates;
  readonly health: () => readonly PartHealth[];
  write(write: {
    readonly point: string;
    readonly value: Value;
    readonly issuer: string;
  }): Promise<WriteOutcome>;
}

/** The version of the tree that runs, and whether a launcher started it (`agent/update/launch.ts`). */
export function runningRelease(env: NodeJS.ProcessEnv): {
  readonly running: string;
  readonly factory: string;
  readonly switchable: boolean;
} {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  const { version } = JSON.parse(text) as { readonly version: string };
  const { KERBSIDE_RELEASE: release, KERBSIDE_FACTORY: factory, KERBSIDE_RELEASES: dir } = env;
  if (release === undefined || factory === undefined || dir === undefined)
    return { running: version, factory: version, switchable: false };
  return { running: release === FACTORY ? factory : release, factory, switchable: true };
}

export function startFleet(options: FleetOptions): Fleet {
  const { config, site, clock, log, hub, health, ledgers, pulse, parts, changes, models } = options;
  const { env } = process;
  const { running, factory, switchable } = runningRelease(env);
  const { id, agent, state, devices } = site();
  const lineOf = new Map(devices.map((device) => [device.id, device.line]));
  const updates = new AgentUpdates({
    dir: env.KERBSIDE_RELEASES ?? join(state, 'releases'),
    config,
    here: {
      site: id,
      agent: agent.id,
      architecture: process.arch === 'x64' ? 'amd64' : process.arch,
      running,
      logSchema: SCHEMA_VERSION,
      switchable,
    },
    factory,
    clock,
    log,
    hub,
    look: { health, ledgers, pulse, lineOf: (device) => lineOf.get(device) },
    restart: (why) => restartAgent(log, why),
    ...(changes === undefined ? {} : { changes }),
    ...(models === undefined ? {} : { models }),
  });
  updates.start();
  const acts: FleetActs = {
    ...options.acts,
    updates,
    async restart(part) {
      log.warn('fleet.restart', { part });
      if (part === 'agent') {
        if (!supervised(env)) return 'nobody would start the agent again: it runs under no service manager';
        // The answer leaves first.
        clock.after(2000, () => restartAgent(log, 'asked for'));
        return undefined;
      }
      const line = /^line:(.+)$/.exec(part)?.[1];
      if (line !== undefined) return restartLine(line, options);
      const anew = parts[part];
      if (anew === undefined)
        return `${part} cannot be restarted; line:<id>, ${Object.keys(parts).join(', ')} and agent can`;
      await anew();
      return undefined;
    },
  };
  const since = Math.round(wallAt(clock.mapping(), clock.mono()).time);
  return {
    updates,
    health: () => [healthOf(updates.status(), since)],
    write: (write) => fleetWrite(acts, clock, write),
    [Symbol.asyncDispose]: () => updates[Symbol.asyncDispose](),
  };
}

/** Ends this process in order: whoever supervises it starts what is to run. */
function restartAgent(log: Log, why: string): void {
  log.warn('agent.restarting', { why });
  process.kill(process.pid, 'SIGTERM');
}

function supervised(env: NodeJS.ProcessEnv): boolean {
  return env.KERBSIDE_RELEASES !== undefined || env.NOTIFY_SOCKET !== undefined;
}

/** Closes a line and opens it again; the others miss no poll. */
async function restartLine(id: string, { lines, site }: FleetOptions): Promise<string | undefined> {
  const { lines: configs, devices } = site();
  if (!configs.some((line) => line.id === id)) return `there is no line ${id}`;
  await lines.change(
    configs.filter((line) => line.id !== id),
    devices,
  );
  await lines.change(configs, devices);
  return undefined;
}

function healthOf({ running, trial, busy, staged, history }: UpdateStatus, since: number): PartHealth {
  const last = history.at(-1);
  const facts = {
    version: running,
    staged: staged.join(', '),
    last: last === undefined ? '' : `${last.what} ${last.version}`,
  };
  const base = { part: 'updates', since, facts } as const;
  if (trial !== undefined) {
    const waits = trial.missing.length === 0 ? '' : `: ${trial.missing[0]}`;
    return { ...base, state: 'starting', message: `${trial.version} is on trial${waits}` };
  }
  if (busy !== undefined) return { ...base, state: 'ok', message: `${busy} is being taken` };
  if (last?.what === 'returned' || last?.what === 'refused') {
    return {
      ...base,
      state: 'degraded',
      message: `${last.version} was ${last.what === 'returned' ? 'taken back' : 'refused'}: ${last.reason ?? ''}`,
      fix: 'Mend what the reason names and sign the bundle anew.',
    };
  }
  return { ...base, state: 'ok' };
}
