/** The feeds of a sign: each by itself, so that one that is ill costs the others nothing. */
import type { FeedConfig } from '../../core/sign/feed.ts';
import type { FeedState } from '../../core/sign/transit.ts';
import type { Timetable } from '../timetable/timetable.ts';
import { Feed, type FeedContext } from './feed.ts';

export interface Feeds extends AsyncDisposable {
  /** How each of them does now, in the order of the site file. */
  states(): readonly FeedState[];
  /** Port that a feed is posted to, by its id; undefined while it does not listen. */
  port(id: string): number | undefined;
  /** A newer timetable was imported. */
  retime(timetable: Timetable): void;
}

/** Starts `configs`. Never rejects: what cannot be reached is a state. Disposing waits until none runs any more. */
export function openFeeds(
  configs: readonly FeedConfig[],
  context: FeedContext & { readonly signal: AbortSignal },
): Feeds {
  const own = new AbortController();
  const signal = AbortSignal.any([own.signal, context.signal]);
  const feeds = new Map(configs.map((config) => [config.id, new Feed(config, context)]));
  const running = [...feeds.values()].map((feed) => feed.run(signal));
  return {
    states: () => [...feeds.values()].map((feed) => feed.state()),
    port: (id) => feeds.get(id)?.port,
    retime(timetable) {
      for (const feed of feeds.values()) feed.retime(timetable);
    },
    async [Symbol.asyncDispose]() {
      own.abort();
      await Promise.all(running);
    },
  };
}
