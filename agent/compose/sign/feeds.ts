/** The feeds of a sign: opened with its first timetable, led to the arrivals and the alerts, told when something is wrong. */

import type { Publisher } from '../../core/hub.ts';
import type { Log } from '../../core/log.ts';
import type { Json } from '../../core/record.ts';
import type { SignConfig } from '../../core/sign/sign.ts';
import type { FeedEvent, FeedListener, FeedState } from '../../core/sign/transit.ts';
import type { Clock } from '../../core/time/clock.ts';
import { type Feeds, openFeeds } from '../../sign/feeds/open.ts';
import type { Timetable } from '../../sign/timetable/timetable.ts';

export interface SignFeedsOptions {
  readonly sign: Pick<SignConfig, 'id' | 'feeds'>;
  readonly clock: Clock;
  readonly hub: Pick<Publisher, 'event'>;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly listener: Omit<FeedListener, 'event'>;
}

export class SignFeeds implements AsyncDisposable {
  readonly #options: SignFeedsOptions;
  #feeds: Feeds | undefined;

  constructor(options: SignFeedsOptions) {
    this.#options = options;
  }

  /** Without a timetable nothing of a feed can be placed. */
  use(timetable: Timetable | undefined): void {
    if (timetable === undefined) return;
    if (this.#feeds !== undefined) {
      this.#feeds.retime(timetable);
      return;
    }
    const { sign, clock, log, signal, listener } = this.#options;
    this.#feeds = openFeeds(sign.feeds, {
      clock,
      log,
      timetable,
      signal,
      listener: {
        vehicles: (reports) => listener.vehicles(reports),
        predictions: (...told) => listener.predictions(...told),
        alerts: (...told) => listener.alerts(...told),
        event: (event) => this.#event(event),
      },
    });
  }

  states(): readonly FeedState[] {
    return this.#feeds?.states() ?? [];
  }

  /** Port that a feed is posted to. */
  port(id: string): number | undefined {
    return this.#feeds?.port(id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#feeds?.[Symbol.asyncDispose]();
  }

  #event(event: FeedEvent): void {
    const { hub, clock, sign } = this.#options;
    const ill = event.type === 'datum' ? event.likely !== undefined : event.state.condition !== 'fresh';
    const body: Record<string, Json> =
      event.type === 'datum'
        ? {
            type: 'datum',
            feed: event.feed,
            declared: event.declared,
            likely: event.likely ?? null,
            offset_m: Math.round(event.offset),
            positions: event.positions,
            vehicles: event.vehicles,
          }
        : {
            type: 'feed',
            feed: event.state.feed,
            condition: event.state.condition,
            before: event.before,
            reason: event.state.reason ?? null,
            fix: event.state.fix ?? null,
          };
    hub.event({
      event: 'sign',
      severity: ill ? 'warning' : 'info',
      device: sign.id,
      time: clock.mono(),
      body,
    });
  }
}
