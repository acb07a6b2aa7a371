/**
 * The media of playlists: fetched one after another, kept within a budget, and thrown away only when what follows them
 * is complete. A file is here or it is not; half of one has no name that anybody plays.
 */
import { mkdir, readdir, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { Backoff } from '../../core/backoff.ts';
import type { ContentRefusal, MediaItem } from '../../core/content/content.ts';
import { asAgentError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { Clock } from '../../core/time/clock.ts';
import { Turns } from '../../core/turns.ts';
import { download, isIntact, type MediaSource, mediaName } from './download.ts';

export interface MediaOptions {
  readonly dir: string;
  /** Bytes that all files together may take. */
  readonly budget: number;
  readonly sources: readonly MediaSource[];
  readonly clock: Clock;
  readonly log: Log;
  readonly refuse: (code: ContentRefusal, reason: string, from: string) => void;
  /** Called when another file is here. */
  readonly onReady: () => void;
  /** Share of the disk that stays free. */
  readonly free?: number;
}

/** A source that does not answer within this is tried again later, ms. */
const DEADLINE = 10 * 60_000;
/** Old files stay this long after the new list is complete: a screen may still be showing one, ms. */
const GRACE = 60_000;
const FREE = 0.05;

export class Media implements AsyncDisposable {
  readonly #options: MediaOptions;
  readonly #here = new Map<string, string>();
  readonly #stop = new AbortController();
  #wanted: readonly MediaItem[] = [];
  #kept: readonly MediaItem[] = [];
  #run: AbortController | undefined;
  readonly #working = new Turns();
  #sweep: Disposable | undefined;
  #trouble: string | undefined;

  constructor(options: MediaOptions) {
    this.#options = options;
  }

  /** Path of a file that is here and whole; undefined while it is not. */
  file(item: MediaItem): string | undefined {
    return this.#here.get(item.sha256);
  }

  /** Path by hash, for whoever serves the files. */
  byHash(sha256: string): string | undefined {
    return this.#here.get(sha256);
  }

  /** What keeps files away; undefined where all are here or coming. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** How many of the wanted files are here. */
  get progress(): { readonly wanted: number; readonly here: number } {
    const here = this.#wanted.filter((item) => this.#here.has(item.sha256)).length;
    return { wanted: this.#wanted.length, here };
  }

  /** From now on `wanted` is fetched, and `kept` (what is shown until then) stays until all of it is here. */
  want(wanted: readonly MediaItem[], kept: readonly MediaItem[]): void {
    this.#wanted = distinct(wanted);
    this.#kept = distinct(kept);
    this.#run?.abort();
    const run = new AbortController();
    this.#run = run;
    const signal = AbortSignal.any([run.signal, this.#stop.signal]);
    this.#working.take(() => this.#fetchAll(signal)).catch(() => {});
  }

  /** Resolves when the work of the last `want` is done or has been given up for now. */
  settled(): Promise<void> {
    return this.#working.over();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#sweep?.[Symbol.dispose]();
    await this.#working.over();
  }

  async #fetchAll(signal: AbortSignal): Promise<void> {
    const { clock, log, dir, onReady } = this.#options;
    this.#trouble = undefined;
    // What is shown meanwhile is looked at first.
    for (const item of [...this.#kept, ...this.#wanted]) {
      if (this.#here.has(item.sha256) || signal.aborted) continue;
      const path = join(dir, mediaName(item));
      if (await isIntact(item, path)) this.#here.set(item.sha256, path);
    }
    onReady();
    const missing = () => this.#wanted.filter((item) => !this.#here.has(item.sha256));
    if (missing().length > 0) {
      const room = await this.#room();
      if (room !== undefined) {
        this.#trouble = room;
        this.#options.refuse('no-room', room, 'playlist');
        return;
      }
    }
    const backoff = new Backoff({ first: 5_000, max: 15 * 60_000 });
    for (let first = true; missing().length > 0 && !signal.aborted; first = false) {
      if (!first) await clock.sleep(backoff.next(clock.mono()), signal);
      for (const item of missing()) {
        if (signal.aborted) return;
        if (await this.#fetch(item, signal)) onReady();
      }
    }
    if (signal.aborted) return;
    log.info('content.media-complete', { files: this.#wanted.length });
    this.#sweep?.[Symbol.dispose]();
    this.#sweep = clock.after(GRACE, () => {
      this.#working.take(() => this.#throwAway()).catch(() => {});
    });
  }

  async #fetch(item: MediaItem, signal: AbortSignal): Promise<boolean> {
    const { dir, sources, refuse } = this.#options;
    if (sources.length === 0) this.#trouble = 'no source of media is set (content.media)';
    for (const source of sources) {
      try {
        const timeout = AbortSignal.timeout(DEADLINE);
        const got = await download(item, dir, source, AbortSignal.any([signal, timeout]));
        if (got.kind === 'done') {
          this.#here.set(item.sha256, got.file);
          this.#trouble = undefined;
          return true;
        }
        if (got.kind === 'refused') refuse(got.code, got.reason, source.name);
        this.#trouble = {
          missing: `${source.name} has no ${mediaName(item)}`,
          partial: `the link to ${source.name} broke`,
          refused: `what ${source.name} sent was refused`,
        }[got.kind];
      } catch (thrown) {
        if (signal.aborted) return false;
        this.#trouble = `${source.name}: ${asAgentError(thrown).message}`;
      }
    }
    return false;
  }

  /** Why there is no room for what is wanted beside what is kept; undefined where there is. */
  async #room(): Promise<string | undefined> {
    const { budget, dir, free = FREE } = this.#options;
    const all = bytesOf(distinct([...this.#kept, ...this.#wanted]));
    if (all > budget) {
      const together =
        bytesOf(this.#wanted) > budget ? 'the playlists take' : 'the playlists and the ones before take';
      return `${together} ${all} bytes, content.media_budget is ${budget}`;
    }
    const needed = bytesOf(this.#wanted.filter((item) => !this.#here.has(item.sha256)));
    try {
      await mkdir(dir, { recursive: true, mode: 0o700 });
      const { bavail, bsize, blocks } = await statfs(dir);
      const left = (bavail - blocks * free) * bsize;
      return needed > left
        ? `${needed} bytes are to come, and the disk has ${Math.max(0, Math.floor(left))} to give`
        : undefined;
    } catch {
      return undefined;
    }
  }

  async #throwAway(): Promise<void> {
    if (this.#wanted.some((item) => !this.#here.has(item.sha256))) return;
    const { dir, log } = this.#options;
    const stay = new Set(this.#wanted.map(mediaName));
    const hashes = new Set(this.#wanted.map(({ sha256 }) => sha256));
    for (const hash of [...this.#here.keys()]) if (!hashes.has(hash)) this.#here.delete(hash);
    this.#kept = [];
    let gone = 0;
    for (const name of await readdir(dir).catch(() => [])) {
      if (stay.has(name) || !/^[0-9a-f]{64}\.[a-z0-9]{3,5}$/.test(name)) continue;
      await rm(join(dir, name), { force: true });
      gone += 1;
    }
    if (gone > 0) log.info('content.media-thrown-away', { files: gone });
  }
}

function distinct(items: readonly MediaItem[]): readonly MediaItem[] {
  return [...new Map(items.map((item) => [item.sha256, item])).values()];
}

function bytesOf(items: readonly MediaItem[]): number {
  return items.reduce((sum, { size }) => sum + size, 0);
}
