/** The electronic stop sign of an agent: its parts started together, each kept alive by itself, taken apart in reverse. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Publisher, Subscription } from '../../core/hub.ts';
import type { Log } from '../../core/log.ts';
import type { SignConfig } from '../../core/sign/sign.ts';
import type { FeedCondition, FeedEvent, FeedListener, FeedState } from '../../core/sign/transit.ts';
import type { Site } from '../../core/site.ts';
import { type Clock, wallAt } from '../../core/time/clock.ts';
import type { HealthState, PartHealth } from '../../core/view.ts';
import { AlertStore } from '../../sign/alerts.ts';
import { SignArrivals } from '../../sign/arrivals/arrivals.ts';
import { type Feeds, openFeeds } from '../../sign/feeds/open.ts';
import type { Timetable } from '../../sign/timetable/timetable.ts';
import { ExtractWatch } from './extract.ts';

export interface SignOptions {
  readonly sign: SignConfig;
  readonly site: Pick<Site, 'id' | 'timezone' | 'position' | 'state' | 'rate'>;
  readonly clock: Clock;
  readonly hub: Publisher & Subscription;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly onHealth: (part: PartHealth) => void;
}

export interface Sign extends AsyncDisposable {
  /** Folder that parts of the sign keep their state in; each in a file or folder of its own. */
  readonly folder: string;
  readonly arrivals: SignArrivals;
  readonly alerts: AlertStore;
  /** The timetable in force; undefined while there is none that can be read. */
  timetable(): Timetable | undefined;
  /** How its sources do. */
  feeds(): readonly FeedState[];
  health(): readonly PartHealth[];
  /** Closes its sources and opens them again; what the sign knows of buses, alerts and link times stays. */
  reopen(): Promise<void>;
}

const HEALTH: Readonly<Record<FeedCondition, HealthState>> = {
  starting: 'starting',
  fresh: 'ok',
  late: 'degraded',
  frozen: 'degraded',
  malformed: 'degraded',
  'too-large': 'degraded',
  unreachable: 'down',
};

export function signFolder(state: string): string {
  return join(state, 'sign');
}

/** Starts the sign. Rejects only where its folder cannot be made. */
export async function startSign(options: SignOptions): Promise<Sign> {
  await using stack = new AsyncDisposableStack();
  const { sign, site, clock, hub, log, signal } = options;
  const folder = signFolder(site.state);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const now = () => wallAt(clock.mapping(), clock.mono()).time;
  const alerts = stack.use(new AlertStore({ file: join(folder, 'alerts'), clock, log, now }));
  let feeds: Feeds | undefined;
  const states = () => feeds?.states() ?? [];
  const arrivals = stack.use(
    await SignArrivals.start({
      sign,
      timezone: site.timezone,
      clock,
      hub,
      log,
      file: join(folder, 'learned'),
      feeds: states,
    }),
  );
  const listener: FeedListener = {
    vehicles: (reports) => arrivals.vehicles(reports),
    predictions: (source, predictions, whole) => arrivals.predictions(source, predictions, whole),
    alerts: (source, list) => alerts.take(source, list),
    event: (event) => tell(event, options),
  };
  const opened = (timetable: Timetable) => openFeeds(sign.feeds, { clock, log, timetable, listener, signal });
  // Feeds need a timetable to know whom they speak of; they open with the first that can be read.
  stack.defer(() => feeds?.[Symbol.asyncDispose]());
  const extract = stack.use(
    new ExtractWatch(options, (timetable) => {
      arrivals.use(timetable);
      if (timetable === undefined) return;
      if (feeds === undefined) feeds = opened(timetable);
      else feeds.retime(timetable);
    }),
  );
  await extract.look();
  const owned = stack.move();
  return {
    folder,
    arrivals,
    alerts,
    timetable: () => extract.timetable,
    feeds: states,
    health: () => states().map((state) => healthOf(state, clock)),
    async reopen() {
      // Until they are closed no import opens others, which would listen at the same address.
      await feeds?.[Symbol.asyncDispose]();
      const { timetable } = extract;
      feeds = timetable === undefined ? undefined : opened(timetable);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** A feed that changed its condition is on the health board; a datum that does not fit is news of its own. */
function tell(event: FeedEvent, { hub, clock, sign, onHealth }: SignOptions): void {
  if (event.type === 'condition') {
    onHealth(healthOf(event.state, clock));
    return;
  }
  const { feed, declared, likely, offset, positions, vehicles } = event;
  hub.event({
    event: 'sign',
    severity: likely === undefined ? 'info' : 'warning',
    device: sign.id,
    time: clock.mono(),
    body: {
      what: likely === undefined ? 'datum-right' : 'datum-wrong',
      feed,
      declared,
      ...(likely === undefined ? {} : { likely, fix: `write datum: ${likely} at this feed` }),
      offset_m: Math.round(offset),
      positions,
      vehicles,
    },
  });
}

function healthOf({ feed, condition, since, reason, fix, counters }: FeedState, clock: Clock): PartHealth {
  const { received, refused, failed, vehicles, predictions } = counters;
  return {
    part: `sign:${feed}`,
    state: HEALTH[condition],
    since: Math.round(wallAt(clock.mapping(), since).time),
    ...(reason === undefined ? {} : { message: `${condition}: ${reason}` }),
    ...(fix === undefined ? {} : { fix }),
    facts: { condition, received, refused, failed, vehicles, predictions },
  };
}
