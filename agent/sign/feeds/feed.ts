/** One feed: its messages in, what of it can be believed out, and how it does. */
import { Backoff } from '../../core/backoff.ts';
import { asAgentError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { FeedConfig } from '../../core/sign/feed.ts';
import type { FeedEvent, FeedListener, FeedState, Sourced, TripReference } from '../../core/sign/transit.ts';
import { type Clock, trusted, wallAt } from '../../core/time/clock.ts';
import type { Timetable } from '../timetable/timetable.ts';
import { FeedJudge } from './condition.ts';
import { type FeedContent, Malformed, Tally } from './content.ts';
import { fingerprint } from './fingerprint.ts';
import { decodeGpsJson } from './gps-json/decode.ts';
import { decodeGtfsRt } from './gtfs-rt/decode.ts';
import type { WantedTrip } from './gtfs-rt/pick.ts';
import { HttpGetter } from './http-get.ts';
import { openDoor, type Verdict } from './http-listen.ts';
import { Intake } from './intake.ts';
import { subscribe } from './mqtt-subscription.ts';
import { resolve } from './resolve.ts';
import { decodeSiri } from './siri/decode.ts';
import { siriRequest } from './siri/request.ts';
import { AlertShelf } from './text.ts';

/** How often its condition is looked at besides its messages, ms. */
const LOOK_EVERY = 5000;
/** Of SIRI: how far ahead is asked, ms, and for how many buses of a stop. */
const SIRI_HORIZON = 90 * 60_000;
const SIRI_VISITS = 40;

const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', '[::1]', 'localhost']);

const DECODE = { 'gtfs-rt': decodeGtfsRt, 'gps-json': decodeGpsJson, 'siri-sm': decodeSiri } as const;

export interface FeedContext {
  readonly clock: Clock;
  readonly log: Log;
  readonly timetable: Timetable;
  readonly listener: FeedListener;
  readonly random?: () => number;
}

export class Feed {
  readonly #config: FeedConfig;
  readonly #context: FeedContext;
  readonly #judge: FeedJudge;
  readonly #shelf = new AlertShelf();
  #intake: Intake;
  #timetable: Timetable;
  /** Port of the door, where it is posted to; for tests and the health board. */
  port: number | undefined;

  constructor(config: FeedConfig, context: FeedContext) {
    this.#config = config;
    this.#context = context;
    this.#timetable = context.timetable;
    this.#intake = new Intake(config.id, config.datum, context.timetable);
    this.#judge = new FeedJudge(
      config,
      context.clock,
      () => this.#running(),
      () => this.#wall(),
    );
  }

  state(): FeedState {
    return this.#judge.state();
  }

  /** A newer timetable was imported. */
  retime(timetable: Timetable): void {
    this.#timetable = timetable;
    this.#intake = new Intake(this.#config.id, this.#config.datum, timetable);
  }

  /** Runs until `signal` aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { via } = this.#config;
    const looking = this.#look(signal);
    if (via.kind === 'http') await this.#poll(via, signal);
    else if (via.kind === 'mqtt') await this.#subscribe(via, signal);
    else await this.#listen(via, signal);
    await looking;
  }

  async #look(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#context.clock.sleep(LOOK_EVERY, signal).catch(() => {});
      if (!signal.aborted) this.#tell();
    }
  }

  async #poll(via: Extract<FeedConfig['via'], { kind: 'http' }>, signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#context;
    using getter = new HttpGetter(via, this.#config.maxBytes, clock);
    const backoff = new Backoff({
      first: via.every,
      max: 60_000,
      ...(random === undefined ? {} : { random }),
    });
    while (!signal.aborted) {
      try {
        const answer = await getter.fetch(signal, this.#question());
        let wait = via.every;
        if (answer.kind === 'same') this.#judge.same();
        else if (answer.kind === 'body') {
          if (this.#take(answer.bytes) !== 'taken') getter.forget();
          backoff.healthy(clock.mono());
        } else {
          this.#judge.failed(answer.failure);
          wait = Math.max(via.every, answer.retryAfter ?? 0, backoff.next(clock.mono()));
        }
        this.#tell();
        await clock.sleep(wait, signal);
      } catch (thrown) {
        if (signal.aborted) return;
        // Not a way a feed can fail: a mistake of ours, which must not end it.
        this.#context.log.error('feed.failed', {
          feed: this.#config.id,
          error: asAgentError(thrown).message,
        });
        await clock.sleep(via.every, signal).catch(() => {});
      }
    }
  }

  async #subscribe(via: Extract<FeedConfig['via'], { kind: 'mqtt' }>, signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#context;
    const backoff = new Backoff(random === undefined ? {} : { random });
    while (!signal.aborted) {
      try {
        await subscribe(
          via,
          clock,
          signal,
          () => backoff.healthy(clock.mono()),
          (payload, retained) => {
            // What a broker kept is of an unknown age; the next one comes soon.
            if (!retained) this.#take(payload);
            this.#tell();
          },
        );
      } catch (thrown) {
        if (signal.aborted) return;
        this.#judge.failed({
          condition: 'unreachable',
          reason: `the broker of this feed: ${asAgentError(thrown).message}`.slice(0, 200),
          fix: 'Check address, user and certificate of this feed, and that the broker runs.',
        });
        this.#tell();
        await clock.sleep(backoff.next(clock.mono()), signal).catch(() => {});
      }
    }
  }

  async #listen(via: Extract<FeedConfig['via'], { kind: 'listen' }>, signal: AbortSignal): Promise<void> {
    const { clock } = this.#context;
    const backoff = new Backoff();
    while (!signal.aborted) {
      try {
        await using door = await openDoor(via, this.#config.maxBytes, (body) => {
          const verdict = body === undefined ? this.#large() : this.#take(body);
          this.#tell();
          return verdict;
        });
        this.port = door.port;
        await new Promise<void>((done) => {
          if (signal.aborted) done();
          else signal.addEventListener('abort', () => done(), { once: true });
        });
      } catch (thrown) {
        this.#judge.failed({
          condition: 'unreachable',
          reason: `cannot listen at ${via.host}:${via.port}: ${asAgentError(thrown).message}`,
          fix: 'Stop the other program, or write another port.',
        });
        this.#tell();
        await clock.sleep(backoff.next(clock.mono()), signal).catch(() => {});
      }
    }
  }

  #question(): Uint8Array | undefined {
    const { format, requestor = 'kerbside', names } = this.#config;
    if (format !== 'siri-sm') return undefined;
    // Their names of our stops.
    const theirs = new Map(Object.entries(names.stops).map(([centre, ours]) => [ours, centre]));
    const { clock } = this.#context;
    return siriRequest({
      requestor,
      stops: this.#timetable.extract.here.map((stop) => theirs.get(stop) ?? stop),
      now: Math.round(wallAt(clock.mapping(), clock.mono()).time),
      horizon: SIRI_HORIZON,
      visits: SIRI_VISITS,
    });
  }

  #large(): Verdict {
    this.#judge.failed({
      condition: 'too-large',
      reason: `a message of more than ${this.#config.maxBytes} bytes`,
      fix: 'Send the lines of this stop only, or raise max_bytes.',
    });
    return 'too-large';
  }

  /** Trips whose updates can be of this sign. */
  readonly #wanted: WantedTrip = (trip, line) => {
    const { trips, lines } = this.#timetable;
    const { lines: theirs } = this.#config.names;
    const ours = Object.hasOwn(theirs, line) ? (theirs[line] ?? line) : line;
    return trips.has(trip) || lines.has(ours);
  };

  /** Whether one message can be all there is: brokers are often sent one per vehicle, whatever its header says. */
  get #alone(): boolean {
    const { via } = this.#config;
    return via.kind !== 'mqtt' || (via.topics.length === 1 && !/[+#]/.test(via.topics[0] ?? ''));
  }

  /** A message as it came. Never throws. */
  #take(bytes: Uint8Array): Verdict {
    const { format, maxBytes } = this.#config;
    if (bytes.length > maxBytes) return this.#large();
    let content: FeedContent;
    try {
      content = DECODE[format](bytes, this.#wanted);
    } catch (thrown) {
      const why = thrown instanceof Malformed ? thrown.message : `it could not be read (${String(thrown)})`;
      this.#judge.failed(
        {
          condition: 'malformed',
          reason: why,
          fix: `Check that this feed is ${format}, and ask the centre.`,
        },
        bytes.length,
      );
      return 'malformed';
    }
    this.#deliver({ ...content, whole: content.whole && this.#alone }, bytes.length);
    return 'taken';
  }

  #deliver(content: FeedContent, bytes: number): void {
    const { clock, listener } = this.#context;
    const { id: source, alerts, names } = this.#config;
    const received = clock.mono();
    const now = this.#wall();
    const { sent } = content;
    const dropped = new Tally();
    for (const [reason, count] of Object.entries(content.dropped)) dropped.add(reason, count);
    const sourced: Sourced = { source, ...(sent === undefined ? {} : { sent }), received };
    const facts = {
      received,
      ...(sent === undefined ? {} : { sent }),
      ...(now === undefined ? {} : { now }),
    };
    const named = spoken(renamed(content, names), this.#config.via);
    const events: FeedEvent[] = [];
    const vehicles = this.#intake.take(named.vehicles, facts, dropped, (event) => events.push(event));
    const at = now ?? sent;
    const predictions =
      at === undefined
        ? []
        : resolve(named.updates, named.detours, {
            timetable: this.#timetable,
            sourced,
            now: at,
            tally: dropped,
          });
    const newest = Math.max(
      0,
      ...vehicles.map(({ time }) => time),
      ...named.updates.map(({ time }) => time ?? 0),
    );
    const news = this.#judge.good(
      {
        sent,
        newest: newest === 0 ? undefined : newest,
        fingerprint: fingerprint(content),
        items: content.vehicles.length + content.updates.length,
      },
      bytes,
      vehicles.length,
      predictions.length,
    );
    for (const [reason, count] of Object.entries(dropped.counts())) this.#judge.dropped.add(reason, count);
    if (vehicles.length > 0) listener.vehicles(vehicles);
    if (named.updates.length > 0 || named.detours.length > 0 || (content.whole && news)) {
      listener.predictions(source, predictions, content.whole);
    }
    if (alerts && content.alerts !== undefined && (content.whole || content.alerts.length > 0)) {
      listener.alerts(source, this.#shelf.take(content.alerts, sourced, at ?? 0));
    }
    for (const event of events) listener.event(event);
  }

  #tell(): void {
    const { state, before } = this.#judge.judge();
    if (before === undefined) return;
    const { feed, condition, reason } = state;
    const facts = { feed, condition, before, ...(reason === undefined ? {} : { reason }) };
    if (condition === 'fresh') this.#context.log.info('feed.condition', facts);
    else this.#context.log.warn('feed.condition', facts);
    this.#context.listener.event({ type: 'condition', state, before });
  }

  /** Unix epoch ms where our clock can be trusted. */
  #wall(): number | undefined {
    const { clock } = this.#context;
    const { time, rank } = wallAt(clock.mapping(), clock.mono());
    return trusted(rank) ? time : undefined;
  }

  /** Whether buses of this sign should be on the road: a call in the next hour, or in the half hour before. */
  #running(): boolean {
    const now = this.#wall();
    if (now === undefined) return true;
    return this.#timetable.calls(now - 1_800_000, now + 3_600_000).length > 0;
  }
}

/**
 * Without the words of a message that anybody may have written: what stands on a bus is taken from the timetable, unless the
 * feed is read over verified TLS (or from this machine) at an address of the site file.
 */
function spoken(content: FeedContent, via: FeedConfig['via']): FeedContent {
  if (via.kind === 'http') {
    const { protocol, hostname } = new URL(via.url);
    if (protocol === 'https:' || LOOPBACK.has(hostname)) return content;
  }
  return {
    ...content,
    vehicles: content.vehicles.map(({ label: _, ...vehicle }) => vehicle),
    updates: content.updates.map(({ headsign: _, ...update }) => update),
  };
}

/** The centre's names of lines and stops as the timetable has them. */
function renamed(content: FeedContent, { lines, stops }: FeedConfig['names']): FeedContent {
  if (Object.keys(lines).length === 0 && Object.keys(stops).length === 0) return content;
  const of = (names: Readonly<Record<string, string>>, name: string) =>
    Object.hasOwn(names, name) ? (names[name] ?? name) : name;
  const trip = (one: TripReference): TripReference =>
    one.line === undefined ? one : { ...one, line: of(lines, one.line) };
  const stop = <T extends { readonly stop?: string }>(one: T): T =>
    one.stop === undefined ? one : { ...one, stop: of(stops, one.stop) };
  return {
    ...content,
    vehicles: content.vehicles.map((one) => ({
      ...one,
      ...(one.trip === undefined ? {} : { trip: trip(one.trip) }),
      ...(one.near === undefined ? {} : { near: stop(one.near) }),
    })),
    updates: content.updates.map((one) => ({ ...one, trip: trip(one.trip), stops: one.stops.map(stop) })),
    ...(content.alerts === undefined
      ? {}
      : {
          alerts: content.alerts.map((one) => ({
            ...one,
            informed: one.informed.map((informed) =>
              stop(informed.line === undefined ? informed : { ...informed, line: of(lines, informed.line) }),
            ),
          })),
        }),
  };
}
