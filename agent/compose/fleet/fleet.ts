/** What a city may do to the agent itself, wired to its parts; loaded only where the site file asks for it. */
import { join } from 'node:path';
import type { Lines } from '../../bus/lines.ts';
import type { WriteOutcome } from '../../core/driver.ts';
import { asAgentError } from '../../core/errors.ts';
import type { Recorder } from '../../core/hub.ts';
import type { Log } from '../../core/log.ts';
import type { Value } from '../../core/reading.ts';
import type { Site } from '../../core/site.ts';
import type { Clock } from '../../core/time/clock.ts';
import { wallAt } from '../../core/time/clock.ts';
import type { FleetConfig, UpdateStatus, Updates } from '../../core/update.ts';
import { VERSION } from '../../core/version.ts';
import type { AgentView, PartHealth } from '../../core/view.ts';
import { SCHEMA_VERSION } from '../../store/schema-version.ts';
import { type FleetActs, fleetWrite } from '../../update/acts.ts';
import { FACTORY, freshState, readBootState, writeBootState } from '../../update/boot-state.ts';
import { resumeModel } from '../../update/models.ts';
import { AgentUpdates } from '../../update/updates.ts';
import type { Diagnostics } from '../diagnostics/late.ts';
import { fleetModels, packsOf } from './models.ts';

/** Between a command that restarts something and the restart, ms. */
const ANSWER_LEAVES = 2000;

export interface FleetOptions {
  readonly config: FleetConfig;
  readonly view: AgentView;
  readonly clock: Clock;
  readonly log: Log;
  readonly hub: Recorder;
  readonly pulse: () => Promise<void>;
  readonly lines: Pick<Lines, 'change'>;
  readonly diagnostics: Diagnostics;
  /** Parts that can be started anew by themselves, by name. */
  readonly parts: Readonly<Record<string, () => Promise<void>>>;
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
  /** Folder of the package's release, as a launcher says. */
  readonly factoryHome?: string;
  readonly switchable: boolean;
} {
  const { KERBSIDE_RELEASE: release, KERBSIDE_FACTORY: factory, KERBSIDE_RELEASES: dir } = env;
  const { KERBSIDE_FACTORY_HOME: factoryHome } = env;
  if (release === undefined || factory === undefined || dir === undefined)
    return { running: VERSION, factory: VERSION, switchable: false };
  const home = factoryHome === undefined ? {} : { factoryHome };
  return { running: release === FACTORY ? factory : release, factory, ...home, switchable: true };
}

/** Where releases and the boot state lie: as the launcher says, else in the state folder. */
export function releasesFolder(state: string): string {
  return process.env.KERBSIDE_RELEASES ?? join(state, 'releases');
}

/** Takes a model pack back that ended this process again and again, or that the power failed upon; before vision starts. */
export async function resumeModels(site: Site, clock: Clock, log: Log): Promise<void> {
  const dir = releasesFolder(site.state);
  const models = packsOf(site.state);
  const state = () => readBootState(dir).state ?? freshState(runningRelease(process.env).factory);
  await resumeModel({
    models,
    clock,
    log,
    state,
    write: (change) => void writeBootState(dir, change(state())),
  });
}

export function startFleet(options: FleetOptions): Fleet {
  const { config, view, clock, log, hub, pulse, parts, diagnostics } = options;
  const site = view.site;
  const { env } = process;
  const { running, factory, factoryHome, switchable } = runningRelease(env);
  const { id, agent, state, cameras } = site;
  const updates = new AgentUpdates({
    dir: releasesFolder(state),
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
    ...(factoryHome === undefined ? {} : { factoryHome }),
    clock,
    log,
    hub,
    look: {
      health: () => view.health(),
      ledgers: () => view.ledgers(),
      pulse,
      lineOf: (device) => view.site.devices.find((one) => one.id === device)?.line,
    },
    restart: (why) => restartAgent(log, why),
    ...(view.config === undefined ? {} : { changes: view.config }),
    ...(cameras.length === 0
      ? {}
      : {
          models: fleetModels({
            state,
            clock,
            hub: view.hub,
            health: () => view.health(),
            reload: () => void parts.vision?.(),
          }),
        }),
  });
  updates.start();
  const acts: FleetActs = {
    updates,
    trace: diagnostics.trace,
    diagnose: (why) =>
      void diagnostics
        .make(why)
        .catch((thrown: unknown) => log.error('diagnostics.failed', { error: asAgentError(thrown).message })),
    async restart(part) {
      log.warn('fleet.restart', { part });
      if (part === 'agent') {
        if (!supervised(env)) return 'nobody would start the agent again: it runs under no service manager';
        clock.after(ANSWER_LEAVES, () => restartAgent(log, 'asked for'));
        return undefined;
      }
      const line = /^line:(.+)$/.exec(part)?.[1];
      if (line !== undefined) return restartLine(line, options);
      const anew = parts[part];
      if (anew === undefined)
        return `${part} cannot be restarted; line:<id>, ${Object.keys(parts).join(', ')} and agent can`;
      // The answer leaves first: it may go through what is restarted.
      clock.after(ANSWER_LEAVES, () => void anew());
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
async function restartLine(id: string, { lines, view }: FleetOptions): Promise<string | undefined> {
  const { lines: configs, devices } = view.site;
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
