/**
 * Says what the sign shows: the next buses when somebody presses the button, a bus that comes, an emergency. Every
 * announcement is a text first, which can be read whether or not there is an engine to speak it.
 */
import type { Board } from '../../core/board.ts';
import type { ShownMessage } from '../../core/content/content.ts';
import { asAgentError } from '../../core/errors.ts';
import type { Publisher } from '../../core/hub.ts';
import type { Log } from '../../core/log.ts';
import type { SignLanguage } from '../../core/sign/sign.ts';
import type { Clock } from '../../core/time/clock.ts';
import type { HealthState, PartHealth } from '../../core/view.ts';
import { textIn } from '../content/template.ts';
import type { Face } from '../screen/face.ts';
import type { SpeechEngine } from './engine.ts';
import { approaching, nextBuses, takeoverText } from './texts.ts';

export interface AnnouncerOptions {
  readonly sign: string;
  readonly languages: readonly SignLanguage[];
  /** The board now, and its face. */
  readonly showing: () => {
    readonly board: Board;
    readonly face: (languages: readonly SignLanguage[]) => Face;
  };
  /** Signed messages that are shown now; those that may be spoken are, once. */
  readonly messages: () => readonly ShownMessage[];
  readonly engine: SpeechEngine | undefined;
  /** % by day; half of it in quiet hours, when only buttons and emergencies speak. */
  readonly volume: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly hub: Pick<Publisher, 'event'>;
}

export type Occasion = 'button' | 'approach' | 'takeover' | 'message';

export interface Announced {
  readonly occasion: Occasion;
  readonly language: SignLanguage;
  readonly text: string;
  /** Monotonic ms. */
  readonly at: number;
  /** `spoken`, or why it was not: there is no engine, it failed, it is quiet, another came before. */
  outcome: 'waiting' | 'spoken' | 'no-engine' | 'failed' | 'quiet' | 'dropped';
}

/** Announcements that are remembered, and such that may wait. */
const KEPT = 30;
const MOST_WAITING = 6;
/** A button held down is one press, ms. */
const PRESS_AGAIN = 4_000;
/** A bus that has been called is not called again within this, ms. */
const CALLED = 15 * 60_000;
const MOST_CALLED = 200;
const RANK: Readonly<Record<Occasion, number>> = { takeover: 3, message: 2, button: 1, approach: 0 };

export class Announcer implements AsyncDisposable {
  readonly #options: AnnouncerOptions;
  readonly #stop = new AbortController();
  readonly #said: Announced[] = [];
  readonly #waiting: Announced[] = [];
  readonly #called = new Map<string, number>();
  #pressed = Number.NEGATIVE_INFINITY;
  #takeover: string | undefined;
  #messages: ReadonlySet<string> = new Set();
  #speaking: Promise<void> | undefined;
  #trouble: { readonly message: string; readonly fix: string | undefined } | undefined;

  constructor(options: AnnouncerOptions) {
    this.#options = options;
  }

  /** Newest first. */
  transcript(): readonly Announced[] {
    return this.#said.toReversed();
  }

  /** Somebody wants to hear the next buses. Gives the texts at once. */
  press(): readonly string[] {
    const { clock, showing, languages } = this.#options;
    const now = clock.mono();
    if (now - this.#pressed < PRESS_AGAIN) return [];
    this.#pressed = now;
    const { board, face } = showing();
    // Who presses again does not want the rest of the last one.
    this.#drop(({ occasion }) => occasion === 'button');
    const texts = languages.map((language) => ({
      language,
      text: nextBuses(board, face([language]), language),
    }));
    return this.#announce('button', texts);
  }

  /** Looks at the board: a bus that comes now is called once, an emergency is said when it begins. */
  look(): void {
    const { showing, languages, clock } = this.#options;
    const { board, face } = showing();
    const takeover = board.takeover;
    if (takeover?.id !== this.#takeover) {
      this.#takeover = takeover?.id;
      if (takeover !== undefined && takeover.spoken === true) {
        this.#announce(
          'takeover',
          languages.map((language, i) => ({ language, text: takeoverText(takeover, i > 0) })),
        );
      }
    }
    this.#tellMessages();
    const now = clock.mono();
    for (const [id, at] of this.#called)
      if (now - at > CALLED || this.#called.size > MOST_CALLED) this.#called.delete(id);
    for (const bus of approaching(board)) {
      if (this.#called.has(bus.id)) continue;
      this.#called.set(bus.id, now);
      if (board.takeover !== undefined) continue;
      this.#announce(
        'approach',
        languages.flatMap((language) => {
          const text = bus.text(face([language]), language);
          return text === undefined ? [] : [{ language, text }];
        }),
      );
    }
  }

  /** The same words under the same id are one message, however often the board is made. */
  #tellMessages(): void {
    const { messages, languages } = this.#options;
    const shown = messages().filter(({ spoken }) => spoken);
    const told = new Set(shown.map(({ id, texts }) => `${id} ${Object.values(texts).join(' ')}`));
    for (const { id, texts } of shown) {
      if (this.#messages.has(`${id} ${Object.values(texts).join(' ')}`)) continue;
      this.#announce(
        'message',
        languages.map((language) => ({ language, text: textIn(texts, language) })),
      );
    }
    this.#messages = told;
  }

  health(): PartHealth {
    const { engine, clock } = this.#options;
    const state: HealthState = this.#trouble === undefined ? 'ok' : 'degraded';
    const none = {
      message: 'no speech engine was found: announcements can be read, and are not heard',
      fix: 'Install espeak-ng, or piper with a voice (sign.speech.voices) and alsa-utils, and start the agent again.',
    };
    const { message, fix } = this.#trouble ?? (engine === undefined ? none : {});
    const { mono, wall, rate } = clock.mapping();
    return {
      part: 'sign:speech',
      state: engine === undefined ? 'degraded' : state,
      since: wall + (clock.mono() - mono) * rate,
      ...(message === undefined ? {} : { message }),
      ...(fix === undefined ? {} : { fix }),
      facts: { engine: engine?.name ?? null, announcements: this.#said.length },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#drop(() => true);
    await this.#speaking;
  }

  #announce(
    occasion: Occasion,
    texts: readonly { readonly language: SignLanguage; readonly text: string }[],
  ): readonly string[] {
    const { engine, clock, hub, sign, showing } = this.#options;
    const quiet = showing().board.quiet && (occasion === 'approach' || occasion === 'message');
    for (const { language, text } of texts) {
      const one: Announced = { occasion, language, text, at: clock.mono(), outcome: 'waiting' };
      this.#said.push(one);
      if (quiet) one.outcome = 'quiet';
      else if (engine === undefined || !engine.languages.includes(language)) one.outcome = 'no-engine';
      else this.#waiting.push(one);
    }
    this.#said.splice(0, Math.max(0, this.#said.length - KEPT));
    this.#waiting.sort((a, b) => RANK[b.occasion] - RANK[a.occasion]);
    for (const late of this.#waiting.splice(MOST_WAITING)) late.outcome = 'dropped';
    if (texts.length > 0) {
      hub.event({
        event: 'content',
        severity: 'info',
        device: sign,
        time: clock.mono(),
        body: { what: 'announcement', occasion, texts: texts.map(({ text }) => text) },
      });
    }
    this.#speaking ??= this.#speak().finally(() => {
      this.#speaking = undefined;
    });
    return texts.map(({ text }) => text);
  }

  #drop(which: (one: Announced) => boolean): void {
    for (let i = this.#waiting.length - 1; i >= 0; i -= 1) {
      const one = this.#waiting[i];
      if (one === undefined || !which(one)) continue;
      one.outcome = 'dropped';
      this.#waiting.splice(i, 1);
    }
  }

  async #speak(): Promise<void> {
    const { engine, volume, showing, log } = this.#options;
    // What comes in this turn is sorted first.
    await Promise.resolve();
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      if (engine === undefined || this.#stop.signal.aborted) return;
      const loud = showing().board.quiet && next.occasion !== 'takeover' ? volume / 2 : volume;
      try {
        await engine.say({ text: next.text, language: next.language, volume: loud }, this.#stop.signal);
        next.outcome = 'spoken';
        this.#trouble = undefined;
      } catch (thrown) {
        next.outcome = 'failed';
        if (this.#stop.signal.aborted) return;
        const { message, fix } = asAgentError(thrown);
        if (this.#trouble === undefined) log.warn('sign.speech-failed', { error: message });
        this.#trouble = { message, fix };
      }
    }
  }
}
