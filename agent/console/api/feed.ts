/**
 * The live stream: server-sent events (HTML §9.2) of readings (at most 4 batches a second), health, ledger and events.
 * Listens to the hub only while somebody looks. One encoding serves all; a client that does not keep up is cut off
 * and gets everything anew when it comes back.
 */
import type { ServerResponse } from 'node:http';
import type { ScanState } from '../../core/commissioning.ts';
import type { Log } from '../../core/log.ts';
import type { Reading } from '../../core/reading.ts';
import type { Clock } from '../../core/time/clock.ts';
import type { AgentView } from '../../core/view.ts';
import { scanRow } from './commissioning.ts';
import { Problem } from './problem.ts';
import { ledgerRow, readingRow } from './rows.ts';

/** Readings are sent together once in this time, ms. */
export const BATCH = 250;
/** The ledger is looked at once in this time, ms. */
const LEDGER = 1000;
/** Silence is broken with a comment line after this time, ms; also when a client is asked for its right to be here. */
export const HEARTBEAT = 15_000;
/** Readings waiting for the next batch; more are sent at once. */
const FULL = 2000;
/** Bytes waiting for one client before it is cut off. */
export const MOST_WAITING = 1024 * 1024;
/** Clients at once. */
export const MOST_CLIENTS = 32;

interface Client {
  readonly response: ServerResponse;
  readonly allowed: () => boolean;
}

export interface FeedOptions {
  readonly view: AgentView;
  readonly clock: Clock;
  readonly log: Log;
}

export class Feed implements Disposable {
  readonly #view: AgentView;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #clients = new Set<Client>();
  /** What lives while there is a client. */
  #watching: DisposableStack | undefined;
  #waiting: Reading[] = [];
  #flush: Disposable | undefined;
  #lastLedgers = '';

  constructor({ view, clock, log }: FeedOptions) {
    this.#view = view;
    this.#clock = clock;
    this.#log = log;
  }

  get clients(): number {
    return this.#clients.size;
  }

  /**
   * Streams to `response` until it closes or `allowed` turns false; first everything as it is now. Throws a problem
   * 503 where too many look already.
   */
  attach(response: ServerResponse, headers: Record<string, string>, allowed: () => boolean): void {
    if (this.#clients.size >= MOST_CLIENTS) {
      throw new Problem(503, 'too-many-streams', `there are ${MOST_CLIENTS} live streams already`, {
        retryAfter: 10,
      });
    }
    const client = { response, allowed };
    response.on('error', () => this.#drop(client));
    response.on('close', () => this.#drop(client));
    response.writeHead(200, { ...headers, 'content-type': 'text/event-stream; charset=utf-8' });
    this.#clients.add(client);
    this.#watching ??= this.#watch();
    const latest = this.#view
      .descriptions()
      .flatMap(({ description: { device, points } }) =>
        points.flatMap(({ id }) => this.#view.hub.latest(device, id) ?? []),
      );
    this.#send(client, 'retry: 2000\n\n');
    this.#send(client, this.#readings(latest));
    this.#send(client, message('health', { now: Math.round(this.#view.now()), parts: this.#view.health() }));
    this.#send(client, event('ledger', this.#ledgers()));
    for (const scan of this.#view.commissioning?.scans() ?? []) this.#send(client, this.#scan(scan));
  }

  [Symbol.dispose](): void {
    for (const client of [...this.#clients]) {
      this.#drop(client);
      client.response.end();
    }
  }

  #watch(): DisposableStack {
    const stack = new DisposableStack();
    const { hub } = this.#view;
    stack.use(hub.onReadings((readings) => this.#take(readings)));
    stack.use(
      this.#view.onHealth((part) =>
        this.#tell(message('health', { now: Math.round(this.#view.now()), parts: [part] })),
      ),
    );
    stack.use(
      hub.onEvent(({ event, severity, device, time, body }) =>
        this.#tell(
          message('event', { event, severity, device, time: Math.round(this.#view.wall(time)), body }),
        ),
      ),
    );
    const { commissioning } = this.#view;
    if (commissioning !== undefined) stack.use(commissioning.onScan((scan) => this.#tell(this.#scan(scan))));
    stack.use(every(this.#clock, LEDGER, () => this.#tellLedgers()));
    stack.use(every(this.#clock, HEARTBEAT, () => this.#heartbeat()));
    stack.defer(() => {
      this.#flush?.[Symbol.dispose]();
      this.#flush = undefined;
      this.#waiting = [];
    });
    return stack;
  }

  #take(readings: readonly Reading[]): void {
    for (const reading of readings) this.#waiting.push(reading);
    if (this.#waiting.length >= FULL) this.#tellReadings();
    else this.#flush ??= this.#clock.after(BATCH, () => this.#tellReadings());
  }

  #tellReadings(): void {
    this.#flush?.[Symbol.dispose]();
    this.#flush = undefined;
    const readings = this.#waiting;
    this.#waiting = [];
    this.#tell(this.#readings(readings));
  }

  #readings(readings: readonly Reading[]): string {
    return message('readings', {
      now: Math.round(this.#view.now()),
      readings: readings.map((reading) => readingRow(this.#view, reading)),
    });
  }

  #tellLedgers(): void {
    const ledgers = this.#ledgers();
    if (ledgers === this.#lastLedgers) return;
    this.#lastLedgers = ledgers;
    this.#tell(event('ledger', ledgers));
  }

  #ledgers(): string {
    return JSON.stringify({ ledgers: this.#view.ledgers().map(ledgerRow) });
  }

  #scan(scan: ScanState): string {
    return message('scan', { now: Math.round(this.#view.now()), scan: scanRow(scan) });
  }

  #heartbeat(): void {
    for (const client of [...this.#clients]) {
      if (client.allowed()) continue;
      this.#drop(client);
      client.response.end(message('end', { code: 'not-logged-in' }));
    }
    this.#tell(`: ${this.#view.now()}\n\n`);
  }

  #tell(text: string): void {
    for (const client of [...this.#clients]) this.#send(client, text);
  }

  #send(client: Client, text: string): void {
    const { response } = client;
    if (!this.#clients.has(client) || response.destroyed) return;
    response.write(text);
    if (response.writableLength <= MOST_WAITING) return;
    this.#log.warn('console.client_dropped', { why: 'too slow', waiting_bytes: response.writableLength });
    this.#drop(client);
    response.destroy();
  }

  #drop(client: Client): void {
    this.#clients.delete(client);
    if (this.#clients.size > 0) return;
    this.#watching?.dispose();
    this.#watching = undefined;
  }
}

/** One server-sent event. JSON has no raw line breaks, so one data line is enough. */
function event(name: string, json: string): string {
  return `event: ${name}\ndata: ${json}\n\n`;
}

function message(name: string, data: unknown): string {
  return event(name, JSON.stringify(data));
}

function every(clock: Clock, ms: number, run: () => void): Disposable {
  let timer: Disposable;
  const again = () => {
    timer = clock.after(ms, again);
    run();
  };
  timer = clock.after(ms, again);
  return { [Symbol.dispose]: () => timer[Symbol.dispose]() };
}
