/**
 * One scan as a job: searches, keeps what was found, then reads the found devices again and again until they are saved or
 * nobody looks any more. It has its port from beginning to end and asks one thing at a time.
 */
import { randomUUID } from 'node:crypto';
import type { FoundDevice, ScanPhase, ScanState } from '../../core/commissioning.ts';
import { AgentError, asAgentError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { Profile } from '../../core/profile.ts';
import type { Site } from '../../core/site.ts';
import { type Clock, wallAt } from '../../core/time/clock.ts';
import type { OpenStage } from '../scan/access.ts';
import type { Found } from '../scan/found.ts';
import { type Stage, settingText } from '../scan/plan.ts';
import { search } from '../scan/search.ts';
import { candidatesOf, foundKey, freeId, knownDevice, suggestedId, takenIds } from './identity.ts';
import { readAgain, type TrialResult, type Tried } from './trial.ts';

/** Changes are told together, ms. */
const TELL_MS = 250;
/** Found devices are read so long after somebody asked for it, ms. */
export const READ_MS = 10 * 60_000;

export interface ScanJobOptions {
  readonly port: string;
  /** Line of the site that lends its time. */
  readonly line?: string;
  readonly thorough: boolean;
  readonly by: string;
  readonly stages: readonly Stage[];
  /** Units that their line asks already. */
  readonly taken: ReadonlySet<number>;
  readonly open: OpenStage;
  readonly profiles: () => Promise<readonly Profile[]>;
  readonly site: () => Site;
  readonly clock: Clock;
  readonly log: Log;
  readonly onChange: (job: ScanJob) => void;
}

interface Kept {
  readonly found: Found;
  readonly id: string;
  profile?: string;
  result?: TrialResult;
}

export class ScanJob implements AsyncDisposable {
  readonly id = randomUUID().slice(0, 8);
  readonly #options: ScanJobOptions;
  readonly #started: number;
  readonly #kept = new Map<string, Kept>();
  readonly #noise = new Set<string>();
  #profiles: ReadonlyMap<string, Profile> = new Map();
  #phase: ScanPhase = 'searching';
  #ended: number | undefined;
  #setting: string | undefined;
  #unit: number | undefined;
  #step = 0;
  /** When the search would end if nothing else answers, mono. */
  #end = 0;
  #error: AgentError | undefined;
  #saved: ScanState['saved'];
  #readingUntil: number | undefined;
  #stop = new AbortController();
  #running: Promise<void>;
  #telling: Disposable | undefined;

  constructor(options: ScanJobOptions) {
    this.#options = options;
    this.#started = this.#wall();
    this.#running = this.#search();
  }

  get port(): string {
    return this.#options.port;
  }

  get searching(): boolean {
    return this.#phase === 'searching';
  }

  found(key: string): Found | undefined {
    return this.#kept.get(key)?.found;
  }

  profile(id: string): Profile | undefined {
    return this.#profiles.get(id);
  }

  state(): ScanState {
    const { port, line, thorough, by, stages, clock } = this.#options;
    const searching = this.searching;
    return {
      id: this.id,
      port,
      ...(line === undefined ? {} : { line }),
      thorough,
      phase: this.#phase,
      by,
      started: this.#started,
      ...(this.#ended === undefined ? {} : { ended: this.#ended }),
      ...(searching && this.#setting !== undefined ? { setting: this.#setting } : {}),
      ...(searching && this.#unit !== undefined ? { unit: this.#unit } : {}),
      step: searching ? this.#step : stages.length,
      steps: stages.length,
      left: searching ? Math.max(0, Math.round(this.#end - clock.mono())) : 0,
      noise: [...this.#noise],
      found: [...this.#kept].map(([key, kept]) => this.#device(key, kept)),
      ...(this.#readingUntil === undefined ? {} : { readingUntil: this.#readingUntil }),
      ...(this.#error === undefined
        ? {}
        : {
            error: {
              message: this.#error.message,
              ...(this.#error.fix === undefined ? {} : { fix: this.#error.fix }),
            },
          }),
      ...(this.#saved === undefined ? {} : { saved: this.#saved }),
    };
  }

  /** Ends the search or the reading. Resolves when the port is free. */
  async stop(): Promise<void> {
    if (this.searching) this.#become('stopped');
    this.#stop.abort(new AgentError('aborted', 'the scan was stopped'));
    await this.#running;
    this.#readingUntil = undefined;
    this.#changed();
  }

  /** Reads these with these profiles from now on; throws `not-found` for one that was not found or does not exist. */
  async read(wanted: readonly { readonly key: string; readonly profile: string }[]): Promise<void> {
    const tried = wanted.map(({ key, profile: id }): Tried => {
      const [kept, profile] = [this.#kept.get(key), this.#profiles.get(id)];
      if (kept === undefined) throw new AgentError('not-found', `the scan found no device ${key}`);
      if (profile === undefined) throw new AgentError('not-found', `there is no profile ${id}`);
      return { key, found: kept.found, profile };
    });
    await this.stop();
    for (const kept of this.#kept.values()) delete kept.profile;
    for (const { key, profile } of tried) {
      const kept = this.#kept.get(key);
      if (kept === undefined) continue;
      if (kept.result?.profile !== profile.id) delete kept.result;
      kept.profile = profile.id;
    }
    if (tried.length > 0) this.#running = this.#read(tried);
    this.#changed();
  }

  saved(saved: NonNullable<ScanState['saved']>): void {
    this.#saved = saved;
    this.#become('saved');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    this.#telling?.[Symbol.dispose]();
    this.#telling = undefined;
  }

  async #search(): Promise<void> {
    const { stages, taken, open, clock, log, port, by } = this.#options;
    const { signal } = this.#stop;
    log.info('commissioning.scan', { port, by, settings: stages.length });
    try {
      const profiles = await this.#options.profiles();
      this.#profiles = new Map(profiles.map((profile) => [profile.id, profile]));
      signal.throwIfAborted();
      await search({
        stages,
        taken,
        profiles,
        clock,
        signal,
        known: [],
        open,
        onFound: (found) => this.#take(found),
        onStage: (setting, left, step) => {
          this.#setting = setting;
          this.#unit = undefined;
          this.#step = step + 1;
          this.#end = clock.mono() + left;
          this.#changed();
        },
        onUnit: (unit) => {
          this.#unit = unit;
          this.#changed();
        },
        onNoise: (setting) => {
          this.#noise.add(setting);
          this.#changed();
        },
      });
      if (this.searching) this.#become('ended');
    } catch (thrown) {
      const error = asAgentError(thrown);
      if (signal.aborted && error.code === 'aborted') return;
      this.#error = error;
      if (this.searching) this.#become('failed');
      log.warn('commissioning.scan_failed', { port, error: error.message });
    }
  }

  #take(found: Found): void {
    const taken = takenIds(this.#options.site());
    for (const { id } of this.#kept.values()) taken.add(id);
    const key = freeId(foundKey(found), new Set(this.#kept.keys()));
    this.#kept.set(key, { found, id: suggestedId(found, taken) });
    this.#changed();
  }

  async #read(tried: readonly Tried[]): Promise<void> {
    this.#stop = new AbortController();
    const { clock, open } = this.#options;
    const late = clock.after(READ_MS, () => this.#stop.abort(new AgentError('timeout', 'nobody looks')));
    this.#readingUntil = this.#wall() + READ_MS;
    try {
      await readAgain({
        tried,
        open,
        clock,
        signal: this.#stop.signal,
        onResult: (key, result) => {
          const kept = this.#kept.get(key);
          if (kept?.profile !== result.profile) return;
          kept.result = result;
          this.#changed();
        },
      });
    } finally {
      late[Symbol.dispose]();
      this.#readingUntil = undefined;
      this.#changed();
    }
  }

  #device(key: string, { found, id, profile, result }: Kept): FoundDevice {
    const { site, line } = this.#options;
    const known = knownDevice(site(), line, found)?.id;
    const address = found.unit ?? found.address;
    return {
      key,
      ...(address === undefined ? {} : { address }),
      setting: settingText(found.line),
      candidates: candidatesOf(found, this.#profiles),
      ...(found.says === undefined ? {} : { says: found.says }),
      ...(known === undefined ? {} : { known }),
      id,
      ...(profile === undefined ? {} : { profile }),
      values: (result?.values ?? []).map(({ mono, ...value }) => ({ ...value, time: this.#wall(mono) })),
      ...(result?.read === undefined ? {} : { read: result.read }),
      ...(result?.trouble === undefined ? {} : { trouble: result.trouble }),
    };
  }

  #become(phase: ScanPhase): void {
    this.#phase = phase;
    this.#ended ??= this.#wall();
    this.#changed();
  }

  #changed(): void {
    const { clock, onChange } = this.#options;
    this.#telling ??= clock.after(TELL_MS, () => {
      this.#telling = undefined;
      onChange(this);
    });
  }

  #wall(mono = this.#options.clock.mono()): number {
    return Math.round(wallAt(this.#options.clock.mapping(), mono).time);
  }
}
