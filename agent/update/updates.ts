/**
 * Updates of the agent: takes bundles, puts them in force, watches whether they do what was there before, and takes them
 * back by itself where they do not. What happens is written into the boot state first and told as events from there, so that
 * a return is explained whoever is running when it can be told.
 */
import { mkdirSync } from 'node:fs';
import type { ConfigChanges } from '../core/config-change.ts';
import { asAgentError } from '../core/errors.ts';
import type { Recorder } from '../core/hub.ts';
import type { Log } from '../core/log.ts';
import { type Clock, wallAt } from '../core/time/clock.ts';
import {
  type FleetConfig,
  nameOf,
  type UpdateManifest,
  type UpdateNews,
  type UpdateOutcome,
  type UpdateRefusal,
  type UpdateStatus,
  type Updates,
  type UpdateWish,
} from '../core/update.ts';
import {
  type Answered,
  type BootState,
  FACTORY,
  freshState,
  isWhole,
  readBootState,
  withNews,
  writeBootState,
} from './boot-state.ts';
import { applyConfig, followConfig } from './config.ts';
import { returned } from './decide.ts';
import { bundleSource } from './fetch.ts';
import { freeBytes } from './files.ts';
import { type Bundle, type Here, judge } from './judge.ts';
import { type ModelPlace, settleModel, takeModel } from './models.ts';
import { bytesNeeded, layRelease, markerOf, PartRefused, type Step, stagedIn, sweep } from './releases.ts';
import { answeredNow, type Look, watchTrial } from './trial.ts';

export interface UpdatesOptions {
  /** Folder of the releases and the boot state. */
  readonly dir: string;
  readonly config: FleetConfig;
  readonly here: Omit<Here, 'keys' | 'channel' | 'clock'>;
  /** Version of the package. */
  readonly factory: string;
  /** Folder of the package's release; absent: a launcher that does not say. */
  readonly factoryHome?: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly hub: Recorder;
  readonly look: Look;
  /** Ends this agent so that whoever supervises it starts the release that is to run. */
  restart(why: string): void;
  /** Absent: the site file cannot be changed from here. */
  readonly changes?: Pick<ConfigChanges, 'apply' | 'change' | 'onChange' | 'state'>;
  /** Absent: no camera, no models. */
  readonly models?: ModelPlace;
  readonly step?: Step;
  /** Bytes free on the disk of a folder; absent: as the system says. */
  readonly free?: (folder: string) => Promise<number>;
}

/** What stays free on the disk beside a release, bytes. */
const RESERVE = 64 * 1024 * 1024;

export class AgentUpdates implements Updates, AsyncDisposable {
  readonly #options: UpdatesOptions;
  readonly #stop = new AbortController();
  readonly #step: Step;
  #busy: string | undefined;
  #missing: readonly string[] = [];
  readonly #work = new Set<Promise<unknown>>();
  #telling: Promise<void> = Promise.resolve();

  constructor(options: UpdatesOptions) {
    this.#options = options;
    this.#step = options.step ?? (() => {});
    mkdirSync(options.dir, { recursive: true, mode: 0o700 });
  }

  /** Tells what happened before this start, and watches what is on trial. */
  start(): void {
    const { state, torn } = readBootState(this.#options.dir);
    if (torn) this.#options.log.warn('update.state-torn', { dir: this.#options.dir });
    this.#telling = this.#tell();
    if (state?.trial !== undefined && state.current === this.#options.here.running) {
      this.#background(() => this.#tryRelease());
    }
    if (state?.model !== undefined) this.#background(() => this.#tryModel());
    if (state?.config !== undefined) this.#background(() => this.#followConfig());
  }

  status(): UpdateStatus {
    const { here, dir } = this.#options;
    const state = this.#state();
    const { trial, model, config } = state;
    const watched = model?.version ?? config?.version;
    return {
      running: here.running,
      factory: state.current === FACTORY,
      switchable: here.switchable,
      ...(state.current === FACTORY ? {} : { previous: state.previous }),
      staged: stagedIn(dir, state),
      ...(trial === undefined
        ? {}
        : { trial: { version: trial.version, starts: trial.starts, missing: this.#missing } }),
      floor: state.floor,
      ...(watched === undefined ? {} : { watched }),
      ...(this.#busy === undefined ? {} : { busy: this.#busy }),
      history: state.history as readonly UpdateNews[],
    };
  }

  async take(wish: UpdateWish, signal: AbortSignal): Promise<UpdateOutcome> {
    if (this.#busy !== undefined) return refusal('busy', `${this.#busy} is being taken`);
    const { trial, model, config } = this.#state();
    const tried = trial?.version ?? model?.version ?? config?.version;
    if (tried !== undefined) return refusal('busy', `${tried} is on trial`);
    this.#busy = wish.source;
    const either = AbortSignal.any([signal, this.#stop.signal]);
    const work = this.#take(wish, either).finally(() => {
      this.#busy = undefined;
    });
    this.#hold(work);
    return work;
  }

  /** Resolves when everything that is known has been told. */
  told(): Promise<void> {
    return this.#telling;
  }

  /** What answers now; the launcher's next release is held against it. */
  answered(): Answered {
    return answeredNow(this.#options.look);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('the agent stops'));
    await Promise.all(this.#work);
    await this.#telling;
  }

  async #take(wish: UpdateWish, signal: AbortSignal): Promise<UpdateOutcome> {
    const { config, here, clock, log, dir, factoryHome } = this.#options;
    let known: UpdateManifest | undefined;
    try {
      const source = bundleSource(wish.source, config);
      const envelope = await source.manifest(signal);
      const judged = judge(envelope, this.#state(), { ...here, ...config, clock });
      if (!judged.ok) return this.#refuse(judged.code, judged.reason, judged.manifest);
      const { manifest } = judged;
      known = manifest;
      log.info('update.taken', {
        kind: manifest.kind,
        version: nameOf(manifest),
        by: wish.by,
        act: wish.act,
      });
      const lay = {
        dir,
        source,
        signal,
        step: this.#step,
        pause: this.#pause(signal),
        ...(factoryHome === undefined ? {} : { factoryHome }),
      };
      switch (manifest.kind) {
        case 'release':
          return await this.#takeRelease({ ...judged, manifest }, wish, lay);
        case 'model': {
          const { models } = this.#options;
          if (models === undefined) return this.#refuse('not-here', 'this agent counts nothing', manifest);
          if (wish.act === 'stage') return this.#refuse('not-here', 'models are applied at once', manifest);
          await takeModel(manifest, { ...lay, models, write: this.#write, now: () => this.#now() });
          break;
        }
        case 'config': {
          const { changes } = this.#options;
          if (changes === undefined || wish.act === 'stage')
            return this.#refuse(
              'not-here',
              'a configuration is applied where a site file is, at once',
              manifest,
            );
          const outcome = await applyConfig(
            { ...judged, manifest },
            { changes, by: wish.by, signal, write: this.#write, now: () => this.#now() },
          );
          if (outcome !== undefined) return this.#refuse('failed-trial', outcome, manifest);
          this.#background(() => this.#followConfig());
        }
      }
      this.#telling = this.#tell();
      if (manifest.kind === 'model') this.#background(() => this.#tryModel());
      return { ok: true, version: nameOf(manifest), kind: manifest.kind };
    } catch (thrown) {
      if (this.#stop.signal.aborted) throw thrown;
      const { message } = asAgentError(thrown);
      return this.#refuse(thrown instanceof PartRefused ? thrown.code : 'unreachable', message, known);
    }
  }

  async #takeRelease(
    {
      manifest,
      digest,
    }: Bundle & { readonly manifest: Extract<UpdateManifest, { readonly kind: 'release' }> },
    wish: UpdateWish,
    lay: Parameters<typeof layRelease>[2],
  ): Promise<UpdateOutcome> {
    const { dir, look, factory, log, free: freeIn = freeBytes } = this.#options;
    const { version } = manifest;
    if ((await markerOf(dir, version))?.digest !== digest) {
      const { current, previous } = this.#state();
      await sweep(dir, [current, previous, version]);
      const [needed, free] = [await bytesNeeded(manifest, dir, lay.factoryHome), await freeIn(dir)];
      if (free - RESERVE < needed) {
        const mb = (bytes: number) => `${Math.ceil(bytes / 1e6)} MB`;
        return this.#refuse('no-room', `it needs ${mb(needed + RESERVE)}, ${mb(free)} are free`, manifest);
      }
      await layRelease(manifest, digest, lay);
      this.#write((state) => withNews(state, this.#news('staged', manifest)));
      this.#step('staged written');
    }
    if (wish.act === 'apply') {
      const before = answeredNow(look);
      this.#write((state) =>
        withNews(
          {
            ...state,
            current: version,
            base: factory,
            previous: state.current,
            trial: { version, digest, starts: 0, floor: manifest.floor, before, ...manifest.trial },
          },
          this.#news('switched', manifest, { from: this.#options.here.running }),
        ),
      );
      this.#step('switch written');
      log.info('update.switched', { version, from: this.#options.here.running });
      this.#telling = this.#tell();
      await this.#telling;
      this.#options.restart(`update to ${version}`);
    } else this.#telling = this.#tell();
    return { ok: true, version, kind: 'release' };
  }

  /** Watches the release that runs on trial, and says or takes it back. */
  async #tryRelease(): Promise<void> {
    const { clock, look, log, dir, here } = this.#options;
    const { trial } = this.#state();
    if (trial === undefined) return;
    const verdict = await watchTrial(trial, look, clock, this.#stop.signal, (missing) => {
      this.#missing = missing;
    });
    const { version } = trial;
    if (verdict.good) {
      this.#write((state) => {
        const { trial: done, ...rest } = state;
        if (done?.version !== version) return state;
        const floor = here.running === version ? done.floor : rest.floor;
        return withNews({ ...rest, floor }, this.#told('good', 'release', version, { from: rest.previous }));
      });
      this.#step('good written');
      log.info('update.good', { version });
      this.#telling = this.#tell();
      const { current, previous } = this.#state();
      await sweep(dir, [current, previous]);
      return;
    }
    this.#write((state) =>
      returned(state, verdict.reason, this.#now(), { whole: (one) => isWhole(dir, one) }),
    );
    this.#step('return written');
    log.error('update.returned', { version, reason: verdict.reason });
    // The release that comes back tells it too, should nobody hear it now.
    this.#options.restart(`update ${version} is taken back`);
  }

  async #tryModel(): Promise<void> {
    const { models, clock, log } = this.#options;
    if (models === undefined) return;
    await settleModel({
      models,
      clock,
      log,
      state: () => this.#state(),
      write: this.#write,
      signal: this.#stop.signal,
    });
    this.#telling = this.#tell();
  }

  async #followConfig(): Promise<void> {
    const { changes } = this.#options;
    const { config } = this.#state();
    if (changes === undefined || config === undefined) return;
    await followConfig(config, { changes, write: this.#write, signal: this.#stop.signal });
    this.#telling = this.#tell();
  }

  #refuse(code: UpdateRefusal, reason: string, manifest?: UpdateManifest): UpdateOutcome {
    const news =
      manifest === undefined
        ? this.#told('refused', 'unknown', '?', { code, reason })
        : this.#news('refused', manifest, { code, reason });
    this.#options.log.warn('update.refused', { code, reason, version: news.version });
    try {
      this.#write((state) => withNews(state, news));
      this.#telling = this.#tell();
    } catch (thrown) {
      this.#options.log.error('update.unwritten', { error: asAgentError(thrown).message });
    }
    return refusal(code, reason);
  }

  #news(what: UpdateNews['what'], manifest: UpdateManifest, more: Partial<UpdateNews> = {}): UpdateNews {
    return this.#told(what, manifest.kind, nameOf(manifest), more);
  }

  #told(
    what: UpdateNews['what'],
    kind: UpdateNews['kind'],
    version: string,
    more: Partial<UpdateNews> = {},
  ): UpdateNews {
    return { what, kind, version, ...more, at: this.#now() };
  }

  /** Tells what has not been told; what an end of the process cuts off is told by the next start. */
  async #tell(): Promise<void> {
    await this.#telling.catch(() => {});
    const { hub, clock, log } = this.#options;
    try {
      const { news } = this.#state();
      if (news.length === 0) return;
      await hub.record(
        news.map((one) => ({
          event: 'update' as const,
          severity:
            one.what === 'returned' || one.what === 'refused' ? ('warning' as const) : ('info' as const),
          time: clock.mono(),
          body: { ...one },
        })),
      );
      const told = new Set(news.map((one) => JSON.stringify(one)));
      this.#write((state) => ({
        ...state,
        news: state.news.filter((one) => !told.has(JSON.stringify(one))),
      }));
      this.#step('news told');
    } catch (thrown) {
      log.warn('update.untold', { error: asAgentError(thrown).message });
    }
  }

  readonly #write = (change: (state: BootState) => BootState): void => {
    const { dir } = this.#options;
    const before = this.#state();
    const after = change(before);
    if (after !== before) writeBootState(dir, after);
  };

  #state(): BootState {
    const { dir, factory } = this.#options;
    return readBootState(dir).state ?? freshState(factory);
  }

  #background(work: () => Promise<void>): void {
    this.#hold(
      work().catch((thrown: unknown) => {
        if (!this.#stop.signal.aborted)
          this.#options.log.error('update.failed', { error: asAgentError(thrown).message });
      }),
    );
  }

  /** What stopping waits for. */
  #hold(work: Promise<unknown>): void {
    const held = work.catch(() => {}).finally(() => this.#work.delete(held));
    this.#work.add(held);
  }

  #pause(signal: AbortSignal): (attempt: number) => Promise<void> {
    return (attempt) => this.#options.clock.sleep(Math.min(60_000, 2000 * 2 ** (attempt - 1)), signal);
  }

  #now(): number {
    const { clock } = this.#options;
    return Math.round(wallAt(clock.mapping(), clock.mono()).time);
  }
}

function refusal(code: UpdateRefusal, reason: string): UpdateOutcome {
  return { ok: false, code, reason };
}
