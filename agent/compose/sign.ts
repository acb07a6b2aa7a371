/** The electronic stop sign of an agent: its parts started together, each kept alive by itself, taken apart in reverse. */
import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../core/clock.ts';
import { asAgentError } from '../core/errors.ts';
import type { Publisher, Subscription } from '../core/hub.ts';
import type { Log } from '../core/log.ts';
import type { SignConfig } from '../core/sign.ts';
import type { Site } from '../core/site.ts';
import type { FeedState } from '../core/transit.ts';
import type { PartHealth } from '../core/view.ts';
import { SignArrivals } from '../sign/arrivals/arrivals.ts';
import { readExtract } from '../sign/timetable/extract-file.ts';
import { Timetable } from '../sign/timetable/timetable.ts';

/** A new extract is looked for this often, ms. */
const LOOK = 10_000;

export interface SignOptions {
  readonly sign: SignConfig;
  readonly site: Pick<Site, 'id' | 'timezone' | 'position' | 'state' | 'rate'>;
  readonly clock: Clock;
  readonly hub: Publisher & Subscription;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly onHealth: (part: PartHealth) => void;
}

export interface Sign extends AsyncDisposable {
  /** Folder that parts of the sign keep their state in; each in a file or folder of its own. */
  readonly folder: string;
  readonly arrivals: SignArrivals;
  /** The timetable in force; undefined while there is none that can be read. */
  timetable(): Timetable | undefined;
}

export function signFolder(state: string): string {
  return join(state, 'sign');
}

/** Starts the sign. Rejects only where its folder cannot be made. */
export async function startSign(options: SignOptions): Promise<Sign> {
  await using stack = new AsyncDisposableStack();
  const { sign, site, clock, hub, log } = options;
  const folder = signFolder(site.state);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const feeds: (() => readonly FeedState[])[] = [];
  const arrivals = stack.use(
    await SignArrivals.start({
      sign,
      timezone: site.timezone,
      clock,
      hub,
      log,
      file: join(folder, 'learned'),
      feeds: () => feeds.flatMap((states) => states()),
    }),
  );
  const extract = stack.use(new ExtractWatch(options, (timetable) => arrivals.use(timetable)));
  await extract.look();
  const owned = stack.move();
  return {
    folder,
    arrivals,
    timetable: () => extract.timetable,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Reads the extract, and again whenever an import has put another in its place. */
class ExtractWatch implements Disposable {
  readonly #options: SignOptions;
  readonly #onTimetable: (timetable: Timetable | undefined) => void;
  timetable: Timetable | undefined;
  #seen: string | undefined;
  #timer: Disposable | undefined;
  #stopped = false;

  constructor(options: SignOptions, onTimetable: (timetable: Timetable | undefined) => void) {
    this.#options = options;
    this.#onTimetable = onTimetable;
  }

  [Symbol.dispose](): void {
    this.#stopped = true;
    this.#timer?.[Symbol.dispose]();
  }

  /** Never rejects. */
  async look(): Promise<void> {
    const { sign, clock } = this.#options;
    const seen = await stat(sign.extract).then(
      ({ mtimeMs, size, ino }) => `${mtimeMs} ${size} ${ino}`,
      () => 'missing',
    );
    if (seen !== this.#seen) {
      this.#seen = seen;
      await this.#read();
    }
    if (!this.#stopped) this.#timer = clock.after(LOOK, () => void this.look());
  }

  async #read(): Promise<void> {
    const { sign, log } = this.#options;
    try {
      const timetable = new Timetable(await readExtract(sign.extract));
      this.timetable = timetable;
      this.#onTimetable(timetable);
      const { from, to } = timetable.extract.feed;
      log.info('sign.timetable', { from, to, lines: timetable.lines.size });
      this.#say('ok', { from, to });
    } catch (thrown) {
      const { message, fix } = asAgentError(thrown);
      // What was read before still holds: an import that went wrong takes no timetable from the riders.
      if (this.timetable === undefined) this.#onTimetable(undefined);
      log.warn('sign.timetable-unread', { error: message });
      this.#say('degraded', {}, message, fix);
    }
  }

  #say(state: PartHealth['state'], facts: PartHealth['facts'], message?: string, fix?: string): void {
    const { onHealth, clock } = this.#options;
    onHealth({
      part: 'sign:timetable',
      state,
      since: clock.mapping().wall + (clock.mono() - clock.mapping().mono) * clock.mapping().rate,
      ...(message === undefined ? {} : { message }),
      ...(fix === undefined ? {} : { fix }),
      facts,
    });
  }
}
