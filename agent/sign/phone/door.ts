/** Keeps the phone page reachable: an address that is taken is tried again, and keeps nothing else of the sign from starting. */
import { aborted } from '../../core/aborted.ts';
import { supervise } from '../../core/supervise.ts';
import type { Clock } from '../../core/time/clock.ts';
import type { PartHealth } from '../../core/view.ts';
import { type PhoneServerOptions, startPhoneServer } from './server.ts';

export class PhoneDoor implements AsyncDisposable {
  readonly #clock: Clock;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  readonly #tried = Promise.withResolvers<void>();
  #url: string | undefined;
  #since: number;
  #trouble: { readonly message: string; readonly fix: string | undefined } | undefined;

  constructor(options: PhoneServerOptions) {
    const { clock, log } = options;
    this.#clock = clock;
    this.#since = this.#now();
    this.#running = supervise((healthy, signal) => this.#open(options, healthy, signal), {
      clock,
      signal: this.#stop.signal,
      onDown: ({ message, fix }) => {
        this.#trouble = { message, fix };
        this.#since = this.#now();
        this.#tried.resolve();
        log.warn('sign.phone-down', { error: message });
      },
      onUp: () => log.info('sign.phone-up', {}),
    });
  }

  /** Address of the page; undefined while it is not there. */
  get url(): string | undefined {
    return this.#url;
  }

  /** Resolves when the address has been tried once. */
  tried(): Promise<void> {
    return this.#tried.promise;
  }

  health(): PartHealth {
    const { message, fix } = this.#trouble ?? {};
    return {
      part: 'sign:phone',
      state: this.#trouble !== undefined ? 'down' : this.#url === undefined ? 'starting' : 'ok',
      since: this.#since,
      ...(message === undefined ? {} : { message }),
      ...(fix === undefined ? {} : { fix }),
      facts: { url: this.#url ?? null },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #open(options: PhoneServerOptions, healthy: () => void, signal: AbortSignal): Promise<void> {
    await using server = await startPhoneServer(options);
    this.#url = server.url;
    this.#trouble = undefined;
    this.#since = this.#now();
    healthy();
    this.#tried.resolve();
    await aborted(signal);
    this.#url = undefined;
  }

  #now(): number {
    const { mono, wall, rate } = this.#clock.mapping();
    return wall + (this.#clock.mono() - mono) * rate;
  }
}
