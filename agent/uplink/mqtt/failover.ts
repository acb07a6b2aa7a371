/**
 * Which of several brokers is next: in the order of the configuration, on to the next one on failure, back to the first
 * after a while of health. Lives as long as its configuration.
 */

import { AgentError } from '../../core/errors.ts';
import type { Clock } from '../../core/time/clock.ts';
import { withoutSecrets } from '../address.ts';
import { isOverdue } from './reason.ts';

/** A connection that ends sooner says that this broker is not well, ms. */
const SHORT = 60_000;
/** At a further broker the first one is looked for so often, ms. */
export const RETURN_EVERY = 600_000;

/** What is needed of a connection that is watched. */
export interface Watched {
  /** Rejects with the reason when the connection ends. */
  readonly lost: Promise<never>;
  drop(reason: AgentError): void;
}

/** Whether a broker answers at `url`; never rejects. */
export type Answers = (url: string, clock: Clock, signal: AbortSignal) => Promise<boolean>;

export class Failover {
  readonly #urls: readonly string[];
  readonly #answers: Answers;
  #at = 0;

  readonly #what: string;

  /** `urls`: at least one. `what` they are, in words for people. */
  constructor(urls: readonly string[], answers: Answers, what = 'broker') {
    this.#urls = urls;
    this.#answers = answers;
    this.#what = what;
  }

  /** The broker to try. */
  get url(): string {
    return this.#urls[this.#at] ?? '';
  }

  /** For health, where it is not the first. */
  get remark(): string | undefined {
    const [first = ''] = this.#urls;
    return this.#at === 0
      ? undefined
      : `at ${this.#what} ${withoutSecrets(this.url)}, because ${withoutSecrets(first)} failed`;
  }

  /** The present one cannot be used. */
  failed(): void {
    this.#at = (this.#at + 1) % this.#urls.length;
  }

  /** Judges a connection by how it ends, and ends it where the first broker is back. */
  watch(connection: Watched, clock: Clock): void {
    if (this.#urls.length < 2) return;
    const began = clock.mono();
    const end = new AbortController();
    let timer: Disposable | undefined;
    const look = () => {
      timer = clock.after(RETURN_EVERY, () => {
        void this.#answers(this.#urls[0] ?? '', clock, end.signal).then((there) => {
          if (end.signal.aborted) return;
          if (!there) return look();
          this.#at = 0;
          connection.drop(
            new AgentError('link-lost', `link ended: back to ${this.#what} ${withoutSecrets(this.url)}`),
          );
        });
      });
    };
    if (this.#at !== 0) look();
    const at = this.#at;
    connection.lost.catch((reason: unknown) => {
      end.abort();
      timer?.[Symbol.dispose]();
      const short = clock.mono() - began < SHORT;
      if (this.#at === at && (short || isOverdue(reason))) this.failed();
    });
  }
}
