/**
 * What riders say with one tap: an event record that is on the disk before the screen thanks for it, so that it reaches the
 * city also after days without a network. Bounded: a child that plays with the buttons fills no log.
 */
import type { Feedback } from '../core/board.ts';
import { AgentError } from '../core/errors.ts';
import type { Recorder } from '../core/hub.ts';
import type { Clock } from '../core/time/clock.ts';

export interface FeedbackOptions {
  /** Id of the sign. */
  readonly sign: string;
  readonly clock: Clock;
  readonly hub: Pick<Recorder, 'record'>;
  /** What the rider was looking at, for whoever reads it: lines with their states. */
  readonly seen: () => Readonly<Record<string, string | number | boolean | null>>;
}

/** The same answer again within this is the same rider, ms. */
const SAME_WITHIN = 10_000;
/** Answers in an hour; more are refused, and not thanked for. */
const MOST_AN_HOUR = 120;
const HOUR = 3_600_000;

export class FeedbackBox {
  readonly #options: FeedbackOptions;
  readonly #last = new Map<Feedback, number>();
  #hour = { from: Number.NEGATIVE_INFINITY, count: 0 };

  constructor(options: FeedbackOptions) {
    this.#options = options;
  }

  /** Resolves when the answer is kept. Rejects with `queue-full` where there are too many, and as the store does. */
  readonly take = async (answer: Feedback): Promise<void> => {
    const { sign, clock, hub, seen } = this.#options;
    const now = clock.mono();
    if (now - (this.#last.get(answer) ?? Number.NEGATIVE_INFINITY) < SAME_WITHIN) return;
    if (now - this.#hour.from >= HOUR) this.#hour = { from: now, count: 0 };
    if (this.#hour.count >= MOST_AN_HOUR) {
      throw new AgentError('queue-full', `feedback failed: ${MOST_AN_HOUR} answers were taken this hour`);
    }
    this.#hour = { ...this.#hour, count: this.#hour.count + 1 };
    this.#last.set(answer, now);
    await hub.record([
      {
        event: 'content',
        severity: 'info',
        device: sign,
        time: now,
        body: { what: 'feedback', answer, count: this.#hour.count, ...seen() },
      },
    ]);
  };
}
