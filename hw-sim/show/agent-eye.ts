/**
 * What the agent says of itself, seen as anybody at its console sees it: over the local API, with a link from its door.
 * It looks again and again, so an agent that is killed is seen to go and to come back.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { linkFrom } from './door.ts';
import { events } from './event-stream.ts';

export interface SeenReading {
  readonly device: string;
  readonly point: string;
  readonly value: number | string | boolean | null;
  readonly unit: string;
  readonly quality: 'good' | 'uncertain' | 'bad';
  readonly reason?: string;
}
export interface SeenPart {
  readonly part: string;
  readonly state: 'ok' | 'degraded' | 'down' | 'starting' | 'off';
  readonly message?: string;
  readonly fix?: string;
}
export interface SeenLedger {
  readonly uplink: string;
  readonly connected: boolean;
  readonly stored: number;
  readonly acknowledged: number;
  readonly backlog: number;
}
export interface SeenAlarm {
  readonly title: { readonly en: string; readonly zh?: string };
  readonly status: {
    readonly id: string;
    readonly alarm: string;
    readonly device: string;
    readonly priority: string;
    readonly state: string;
    readonly active: boolean;
  };
}
export interface SeenCommand {
  readonly command: {
    readonly id: string;
    readonly device: string;
    readonly point: string;
    readonly value: unknown;
    readonly issuer: string;
    /** Unix epoch ms of the agent's clock. */
    readonly issued: number;
  };
  readonly result: {
    readonly state: string;
    readonly code?: string;
    readonly reason?: string;
    readonly readback?: unknown;
  };
}
export interface SeenArrival {
  readonly lineName: { readonly text: string };
  readonly terminus: { readonly text: string; readonly translations?: Readonly<Record<string, string>> };
  readonly state: string;
  readonly approaching: boolean;
  readonly minutes?: number;
  readonly stopsAway?: number;
}

/** What the agent answers where it does not do what it is asked, with its code. */
export class Refused extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Between two looks at what the stream does not carry, ms. */
const LOOK_MS = 1000;
/** Between two tries to reach an agent that is not there, ms. */
const AGAIN_MS = 200;
/** Longest wait for an answer, ms. */
const PATIENCE_MS = 5000;

export class AgentEye implements AsyncDisposable {
  /** Whether it answers now. */
  up = false;
  /** How often it was seen to come up. */
  starts = 0;
  /** By `<device>/<point>`; emptied when the agent goes. */
  readonly readings = new Map<string, SeenReading>();
  /** How many readings of each device have come since the agent came up. */
  readonly counts = new Map<string, number>();
  readonly parts = new Map<string, SeenPart>();
  ledgers: readonly SeenLedger[] = [];
  alarms: readonly SeenAlarm[] = [];
  arrivals: readonly SeenArrival[] = [];
  /** Newest first. */
  commands: readonly SeenCommand[] = [];
  /** What its clock shows, Unix epoch ms. */
  now = 0;
  readonly #door: string;
  readonly #stop = new AbortController();
  readonly #listeners = new Set<() => void>();
  readonly #running: Promise<void>;
  #way: { readonly origin: string; readonly headers: Readonly<Record<string, string>> } | undefined;

  /** `door`: path of the agent's login socket. */
  constructor(door: string) {
    this.#door = door;
    this.#running = this.#run();
  }

  /** Called after everything new. */
  onChange(listener: () => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  /** Resolves once `holds`; rejects with the signal's reason where it is aborted before. */
  async until(holds: () => boolean, signal: AbortSignal): Promise<void> {
    if (holds()) return;
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const stop = (): void => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    using _ = this.onChange(() => {
      if (holds()) resolve();
    });
    await promise.finally(() => signal.removeEventListener('abort', stop));
  }

  /** An answer of the local API. Rejects while the agent is away, and where it refuses. */
  async ask<T>(method: 'GET' | 'POST', path: string, body?: object): Promise<T> {
    const way = this.#way;
    if (way === undefined) throw new Error('the agent is away');
    const answer = await fetch(`${way.origin}/api/v1${path}`, {
      method,
      headers: { ...way.headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.any([this.#stop.signal, AbortSignal.timeout(PATIENCE_MS)]),
    });
    if (!answer.ok) {
      const text = await answer.text();
      const code = /"code":"([\w-]+)"/.exec(text)?.[1] ?? 'unknown';
      throw new Refused(code, `${method} ${path} failed: ${answer.status} ${text}`);
    }
    return (await answer.json()) as T;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await this.#enter();
        const gone = new AbortController();
        try {
          await Promise.race([this.#follow(gone.signal), this.#look(gone.signal)]);
        } finally {
          gone.abort();
        }
      } catch {
        // Not there, or gone: that is what the show shows.
      }
      this.#away();
      await sleep(AGAIN_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  async #enter(): Promise<void> {
    const link = await linkFrom(this.#door);
    const { origin } = new URL(link);
    const entered = await fetch(link, { redirect: 'manual', signal: AbortSignal.timeout(PATIENCE_MS) });
    const cookie = (entered.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    const key = new URL(entered.headers.get('location') ?? '', origin).hash.replace('#key=', '');
    this.#way = { origin, headers: { cookie, origin, 'x-kerbside-key': key } };
  }

  /** Follows the live stream until it ends. */
  async #follow(gone: AbortSignal): Promise<void> {
    const { origin, headers } = this.#way ?? { origin: '', headers: {} };
    const signal = AbortSignal.any([this.#stop.signal, gone]);
    const answer = await fetch(`${origin}/api/v1/stream`, { headers, signal });
    if (!answer.ok || answer.body === null) throw new Error(`the stream: ${answer.status}`);
    for await (const { name, data } of events(answer.body)) {
      if (!this.up) {
        this.up = true;
        this.starts += 1;
      }
      this.#take(name, JSON.parse(data));
      this.#tell();
    }
  }

  #take(name: string, data: unknown): void {
    if (name === 'readings') {
      const { now, readings } = data as { now: number; readings: readonly SeenReading[] };
      this.now = now;
      for (const one of readings) {
        this.readings.set(`${one.device}/${one.point}`, one);
        if (one.quality !== 'bad') this.counts.set(one.device, (this.counts.get(one.device) ?? 0) + 1);
      }
    } else if (name === 'health') {
      for (const one of (data as { parts: readonly SeenPart[] }).parts) this.parts.set(one.part, one);
    } else if (name === 'ledger') {
      this.ledgers = (data as { ledgers: readonly SeenLedger[] }).ledgers;
    }
  }

  /** What the stream does not carry. */
  async #look(gone: AbortSignal): Promise<void> {
    while (!gone.aborted) {
      const none = (): undefined => undefined;
      const [health, alarms, board, commands] = await Promise.all([
        // Of what is asked for and not told: cameras, screens.
        this.ask<{ parts: readonly SeenPart[] }>('GET', '/health').catch(none),
        this.ask<{ alarms: readonly SeenAlarm[] }>('GET', '/alarms').catch(none),
        this.ask<{ rows: readonly SeenArrival[] }>('GET', '/sign/arrivals').catch(none),
        this.ask<{ commands: readonly SeenCommand[] }>('GET', '/commands?limit=50').catch(none),
      ]);
      for (const one of health?.parts ?? []) this.parts.set(one.part, one);
      if (alarms !== undefined) this.alarms = alarms.alarms;
      if (board !== undefined) this.arrivals = board.rows;
      if (commands !== undefined) this.commands = commands.commands;
      this.#tell();
      await sleep(LOOK_MS, undefined, { signal: gone });
    }
  }

  #away(): void {
    this.#way = undefined;
    if (!this.up) return;
    this.up = false;
    this.readings.clear();
    this.counts.clear();
    this.parts.clear();
    this.#tell();
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}
