/**
 * Says signed messages through a module with recorded clips: the highest that may be spoken and has a clip, at once, and again
 * while it holds. What nobody has signed has no clip.
 */

import type { CommandResult } from '../../core/command.ts';
import type { Content } from '../../core/content/content.ts';
import type { Log } from '../../core/log.ts';
import type { SpeakerConfig } from '../../core/pole.ts';
import type { Clock } from '../../core/time/clock.ts';

const LOOK = 1000;
const AFTER_FAILURE = 5000;

export interface SpeakerOptions {
  readonly speaker: SpeakerConfig;
  readonly content: Content;
  /** Plays a clip; 0 is silence. Never rejects. */
  readonly play: (clip: number) => Promise<CommandResult>;
  readonly clock: Clock;
  readonly log: Log;
}

export class Speaker implements AsyncDisposable {
  readonly #options: SpeakerOptions;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #failed = false;

  constructor(options: SpeakerOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  /** Clip to be heard now; undefined: none. */
  #wanted(): { readonly message: string; readonly clip: number } | undefined {
    const { speaker, content } = this.#options;
    for (const { id, template, spoken } of content.shown(speaker.device).messages) {
      const clip = spoken ? speaker.clips[template] : undefined;
      if (clip !== undefined) return { message: id, clip };
    }
    return undefined;
  }

  async #run(): Promise<void> {
    const { clock, speaker } = this.#options;
    const { signal } = this.#stop;
    let said: { readonly message: string; readonly at: number } | undefined;
    // Whatever it said before the start: it is silent until something is to be said.
    let silent = await this.#play(0);
    while (!signal.aborted) {
      const wanted = this.#wanted();
      const now = clock.mono();
      if (wanted === undefined) {
        if (!silent) silent = await this.#play(0);
        said = undefined;
      } else if (said?.message !== wanted.message || now - said.at >= speaker.every) {
        // A clip that is over may stand there still: it begins anew after a silence.
        if ((await this.#play(0)) && (await this.#play(wanted.clip)))
          said = { message: wanted.message, at: now };
        silent = false;
      }
      await clock.sleep(this.#failed ? AFTER_FAILURE : LOOK, signal).catch(() => {});
    }
  }

  async #play(clip: number): Promise<boolean> {
    if (this.#stop.signal.aborted) return false;
    const { log, speaker, play } = this.#options;
    const { state, reason } = await play(clip);
    const done = state === 'done';
    if (!done && !this.#failed)
      log.warn('speaker.failed', { speaker: speaker.device, clip, reason: reason ?? state });
    if (done && this.#failed) log.info('speaker.back', { speaker: speaker.device });
    this.#failed = !done;
    return done;
  }
}
