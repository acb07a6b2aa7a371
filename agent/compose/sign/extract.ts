/** Reads the timetable of a sign, and again whenever an import has put another in its place. */
import { stat } from 'node:fs/promises';
import { asAgentError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { SignConfig } from '../../core/sign/sign.ts';
import { type Clock, wallAt } from '../../core/time/clock.ts';
import type { PartHealth } from '../../core/view.ts';
import { readExtract } from '../../sign/timetable/extract-file.ts';
import { Timetable } from '../../sign/timetable/timetable.ts';

/** A new file is looked for this often, ms. */
const LOOK = 10_000;

export interface ExtractOptions {
  readonly sign: Pick<SignConfig, 'extract'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly onHealth: (part: PartHealth) => void;
}

export class ExtractWatch implements Disposable {
  readonly #options: ExtractOptions;
  readonly #onTimetable: (timetable: Timetable | undefined) => void;
  timetable: Timetable | undefined;
  #seen: string | undefined;
  #timer: Disposable | undefined;
  #stopped = false;

  /** `onTimetable`: called with each that is read, and once with undefined while there is none. */
  constructor(options: ExtractOptions, onTimetable: (timetable: Timetable | undefined) => void) {
    this.#options = options;
    this.#onTimetable = onTimetable;
  }

  [Symbol.dispose](): void {
    this.#stopped = true;
    this.#timer?.[Symbol.dispose]();
  }

  /** Looks now, and from now on by itself. Never rejects. */
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
      if (this.#stopped) return;
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
      since: Math.round(wallAt(clock.mapping(), clock.mono()).time),
      ...(message === undefined ? {} : { message }),
      ...(fix === undefined ? {} : { fix }),
      facts,
    });
  }
}
