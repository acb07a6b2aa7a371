/** Feeds, each asked again and again: what it told last holds until it tells something else, or until it expires. */

import type { ContentFeedConfig } from '../../../core/content/config.ts';
import { AgentError } from '../../../core/errors.ts';
import type { Log } from '../../../core/log.ts';
import { bodyOf, secureGet } from '../../../core/secure-get.ts';
import { supervise } from '../../../core/supervise.ts';
import type { Clock } from '../../../core/time/clock.ts';
import type { Told } from '../desk.ts';
import { SourceHealth } from '../health.ts';
import { readCapFeed } from './cap.ts';
import { readJsonFeed } from './json.ts';

/** Largest body of a feed, bytes. */
const LARGEST = 256 * 1024;

export interface FeedsOptions {
  readonly feeds: readonly ContentFeedConfig[];
  readonly clock: Clock;
  readonly log: Log;
  readonly onTold: () => void;
}

export class Feeds implements AsyncDisposable {
  readonly #told = new Map<string, Told>();
  readonly #health: ReadonlyMap<string, SourceHealth>;
  readonly #stop = new AbortController();
  readonly #running: readonly Promise<void>[];

  constructor({ feeds, clock, log, onTold }: FeedsOptions) {
    this.#health = new Map(feeds.map(({ id }) => [id, new SourceHealth(`feed-${id}`, clock)] as const));
    this.#running = feeds.map((feed) =>
      supervise((healthy, signal) => this.#read(feed, clock, log, onTold, healthy, signal), {
        clock,
        signal: this.#stop.signal,
        onDown: (error) => {
          this.#health.get(feed.id)?.down(error.message, error.fix);
          log.warn('content.feed-down', { feed: feed.id, error: error.message });
        },
        onUp: () => log.info('content.feed-up', { feed: feed.id }),
      }),
    );
  }

  /** What all of them have told; of weather the first that the site file names. What has expired is still in it. */
  told(): Told {
    const all = [...this.#health.keys()].flatMap((id) => this.#told.get(id) ?? []);
    const weather = all.find((one) => one.weather !== undefined)?.weather;
    return {
      ...(weather === undefined ? {} : { weather }),
      warnings: all.flatMap(({ warnings }) => warnings),
      notices: all.flatMap(({ notices }) => notices),
    };
  }

  health() {
    return [...this.#health.values()].map((one) => one.health());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#running);
  }

  async #read(
    feed: ContentFeedConfig,
    clock: Clock,
    log: Log,
    onTold: () => void,
    healthy: () => void,
    signal: AbortSignal,
  ): Promise<void> {
    const place = new URL(feed.url).host;
    let etag: string | undefined;
    for (;;) {
      const answer = await secureGet(feed, etag === undefined ? {} : { 'If-None-Match': etag }, signal);
      if (answer.status === 200) {
        const body = await bodyOf(answer, LARGEST);
        const read =
          feed.form === 'cap'
            ? readCapFeed(body, feed.source, feed.areas)
            : readJsonFeed(feed.kind, body, feed.source);
        if (!read.ok) {
          throw new AgentError(
            'frame-invalid',
            `reading the feed ${feed.id} of ${place} failed: ${read.reason}`,
            {
              fix: 'docs/sign/content.md says what a feed looks like.',
            },
          );
        }
        etag = answer.headers.etag;
        if (read.dropped > 0)
          log.warn('content.feed-entries-dropped', { feed: feed.id, count: read.dropped });
        this.#told.set(feed.id, read.told);
        onTold();
      } else {
        answer.body.destroy();
        if (answer.status !== 304) {
          throw new AgentError('source-failed', `reading ${place} failed: it answers ${answer.status}`);
        }
      }
      this.#health.get(feed.id)?.up();
      healthy();
      await clock.sleep(feed.every, signal);
    }
  }
}
