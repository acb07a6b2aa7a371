/** A feed under test: the made-up city's centre on loopback, a clock that moves when told, and what came out. */
import { vi } from 'vitest';
import { silent } from '../../../../agent/core/log.ts';
import type { FeedConfig } from '../../../../agent/core/sign/feed.ts';
import type {
  FeedCondition,
  FeedEvent,
  FeedListener,
  ServiceAlert,
  TripPrediction,
  VehicleReport,
} from '../../../../agent/core/sign/transit.ts';
import { type Feeds, openFeeds } from '../../../../agent/sign/feeds/open.ts';
import { Timetable } from '../../../../agent/sign/timetable/timetable.ts';
import { Centre } from '../../../../hw-sim/city/transit/centre.ts';
import { Fleet } from '../../../../hw-sim/city/transit/fleet.ts';
import { serveTransit, type TransitServer } from '../../../../hw-sim/city/transit/server.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';
import { CITY, imported } from '../timetable/feed.ts';

/** Monday, 08:10 in Shanghai. */
export const NOW = Date.UTC(2027, 5, 21, 0, 10);
export const EVERY = 15_000;

const { extract } = await imported();
export const timetable = new Timetable(extract);

export class Heard implements FeedListener {
  readonly reports: VehicleReport[] = [];
  readonly events: FeedEvent[] = [];
  predicted: { source: string; predictions: readonly TripPrediction[]; whole: boolean }[] = [];
  told: readonly ServiceAlert[] = [];

  vehicles(reports: readonly VehicleReport[]): void {
    this.reports.push(...reports);
  }

  predictions(source: string, predictions: readonly TripPrediction[], whole: boolean): void {
    this.predicted.push({ source, predictions, whole });
  }

  alerts(_source: string, alerts: readonly ServiceAlert[]): void {
    this.told = alerts;
  }

  event(event: FeedEvent): void {
    this.events.push(event);
  }

  conditions(): FeedCondition[] {
    return this.events.flatMap((event) => (event.type === 'condition' ? [event.state.condition] : []));
  }
}

export function config(change: Partial<FeedConfig>): FeedConfig {
  return {
    id: 'city',
    format: 'gtfs-rt',
    datum: 'wgs84',
    via: { kind: 'http', url: 'http://127.0.0.1:9/', every: EVERY, timeout: 5000 },
    alerts: true,
    maxBytes: 1024 ** 2,
    lateAfter: 90_000,
    frozenAfter: 120_000,
    names: { lines: {}, stops: {} },
    ...change,
  };
}

export class Stand implements AsyncDisposable {
  readonly clock = new VirtualClock(NOW);
  readonly centre = new Centre(new Fleet(CITY));
  readonly heard = new Heard();
  server!: TransitServer;
  feeds!: Feeds;

  /** `timeout` is longer than what tests let pass at once, for answers come in real time. */
  static async open(path: string, change: Partial<FeedConfig> = {}, timeout = 3_600_000): Promise<Stand> {
    const stand = new Stand();
    stand.server = await serveTransit(stand.centre, () => stand.now());
    const url = `${stand.server.url}${path}`;
    stand.start(config({ via: { kind: 'http', url, every: EVERY, timeout }, ...change }));
    await stand.answered(1);
    return stand;
  }

  start(feed: FeedConfig): void {
    this.feeds = openFeeds([feed], {
      clock: this.clock,
      log: silent,
      timetable,
      listener: this.heard,
      random: () => 1,
      signal: new AbortController().signal,
    });
  }

  now(): number {
    const { wall, mono } = this.clock.mapping();
    return wall + this.clock.mono() - mono;
  }

  get state() {
    const [state] = this.feeds.states();
    if (state === undefined) throw new Error('no feed');
    return state;
  }

  /** Answers and failures so far. */
  get settled(): number {
    const { received, refused, failed } = this.state.counters;
    return received + refused + failed;
  }

  async answered(count: number): Promise<void> {
    await vi.waitFor(
      () => {
        if (this.settled < count) throw new Error(`${this.settled} of ${count} answers`);
      },
      { interval: 2, timeout: 15_000 },
    );
    // What follows on the answer runs.
    await this.clock.advance(0);
  }

  /** So many further polls, each after its period. */
  async polls(count: number, every = EVERY): Promise<void> {
    for (let i = 0; i < count; i++) {
      const before = this.settled;
      await this.clock.advance(every);
      await this.answered(before + 1);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.feeds[Symbol.asyncDispose]();
    await this.server?.[Symbol.asyncDispose]();
  }
}
