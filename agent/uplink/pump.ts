/**
 * The pump of one uplink: reads the log, forms messages, keeps up to `inFlight` of them under way and settles numbers.
 * Live goes before backlog, lanes go by priority. Order holds inside a stream; a number that left once never changes
 * its record, so sending again (lost link, crash) does no harm.
 */
import { Backoff, type BackoffOptions } from '../core/backoff.ts';
import { AgentError, asAgentError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { LANES, type Lane } from '../core/point.ts';
import type { Mono } from '../core/reading.ts';
import type { Cursor, Heads, LogSource } from '../core/record.ts';
import { supervise } from '../core/supervise.ts';
import type { Clock } from '../core/time/clock.ts';
import type { Delivery, Message, StreamName, UplinkSession } from '../core/uplink.ts';
import { EpochWork } from './epoch.ts';
import { Hold } from './hold.ts';
import type { Draft, Fit } from './lane.ts';
import { untilReady } from './ready.ts';
import type { Refusal } from './refusal.ts';
import type { Selecting } from './selection.ts';
import { Window } from './window.ts';

/** See `UplinkSession.recordBytes`. */
const BYTES_PER_RECORD = 160;
/** A clean stop waits this long for acknowledgements that are on their way, ms. */
const LAST_ACKNOWLEDGEMENTS = 500;
/** Health speaks of a far end that turns everything down after this long, ms. */
const TURNED_DOWN_AFTER = 200;

export interface PumpOptions {
  /** Id of the uplink: whose cursor it is. */
  readonly uplink: string;
  readonly agent: string;
  readonly source: LogSource;
  /** Opens a session; rejects with `AgentError`. Called again, with back-off, whenever the link is lost. */
  connect(signal: AbortSignal): Promise<UplinkSession>;
  readonly clock: Clock;
  readonly log: Log;
  /** Messages under way at once. */
  readonly inFlight: number;
  /** Records per second of backlog; 0: no limit. */
  readonly replayRate: number;
  /** Absent: everything leaves. */
  readonly selection?: Selecting;
  /** Longest wait of readings whose clock is not to be trusted, ms (hold.ts). Absent or 0: none. */
  readonly hold?: number;
  readonly backoff?: BackoffOptions;
  /** Logs of earlier epochs: what is left of them goes behind the backlog. May grow. */
  earlier?(): readonly LogSource[];
  /** Another log that leaves beside the records (beside.ts). */
  readonly beside?: EpochWork;
  /** Told of every new cursor; lets it ride in the next commit. */
  settle(lane: Lane, cursor: Cursor): void;
  /** The same for what is kept under a key of its own: counts, and cursors of earlier epochs (epoch.ts). */
  note?(key: string, lane: Lane, cursor: Cursor): void;
  /** Told of every message that left: its bytes, before what the protocols below add. */
  sent?(bytes: number): void;
  /** Told of records refused for good; `epoch` where it is an earlier one. */
  refused?(lane: Lane, refusals: readonly Refusal[], epoch?: string): void;
  /** `remark`: what health should say although the link is up. */
  onState?(state: 'up' | 'down', error?: AgentError, remark?: string): void;
  /** Told that the far end takes nothing for now, and why; undefined: it does again. Once each. */
  onTurnedDown?(reason: string | undefined, fix?: string): void;
  /** Told that the log could not be read: `source` should be opened anew, with a new pump. */
  onLogFailed?(error: AgentError): void;
}

/** Counts in records of the present epoch, all lanes together; `resent` since this pump began. */
export interface Tally {
  readonly connected: boolean;
  readonly heads: Heads;
  readonly settled: number;
  readonly refused: number;
  readonly dropped: number;
  /** Left out by selection; they count as settled. */
  readonly omitted: number;
  readonly resent: number;
  /** Of earlier epochs, not settled yet. */
  readonly earlier: number;
  /** What is settled of the present epoch. */
  cursor(lane: Lane): Cursor;
}

/** Disposing stops sending, waits shortly for what is acknowledged by then, and closes the session. */
export interface Pump extends AsyncDisposable {
  /** Something was committed. */
  wake(): void;
  tally(): Tally;
}

/** Starts at once; never rejects. */
export function startPump(options: PumpOptions): Pump {
  const stop = new AbortController();
  const { uplink, source, clock } = options;
  const hold = (options.hold ?? 0) > 0 ? new Hold(clock, source, options.hold ?? 0) : undefined;
  const workOn = (log: LogSource, states: readonly LogSource[]) =>
    new EpochWork({
      agent: options.agent,
      uplink,
      source: log,
      states,
      ...(options.selection === undefined ? {} : { selection: options.selection }),
      ...(log === source && hold !== undefined ? { release: (heads: Heads) => hold.release(heads) } : {}),
      refused: (lane, refusals) =>
        log === source ? options.refused?.(lane, refusals) : options.refused?.(lane, refusals, log.epoch),
      settle: (key, lane, cursor) =>
        key === uplink ? options.settle(lane, cursor) : options.note?.(key, lane, cursor),
    });
  const epochs = [workOn(source, [])];
  const unreadable = new Set<LogSource>();
  /** The present epoch, then all earlier ones that can be read. */
  const known = (): readonly EpochWork[] => {
    const logs = options.earlier?.() ?? [];
    for (const log of logs) {
      const taken = epochs.some((one) => one.source.epoch === log.epoch);
      if (taken || unreadable.has(log)) continue;
      try {
        epochs.push(workOn(log, [source, ...logs]));
      } catch (thrown) {
        unreadable.add(log);
        tellUnreadable(options.log, log, thrown);
      }
    }
    return epochs;
  };
  let run: SessionRun | undefined;

  /** Reason that was told of this outage last. */
  let told: string | undefined;
  const down = (error: AgentError) => {
    if (reasonOf(error) === told || stop.signal.aborted) return;
    told = reasonOf(error);
    options.log.warn('uplink.down', { error: error.message });
    options.onState?.('down', error);
  };

  let holding: Disposable | undefined;
  /** Looks again when something that is held may leave. */
  const fill = () => {
    run?.fill(true);
    holding?.[Symbol.dispose]();
    const wait = hold?.wait();
    holding = wait === undefined || stop.signal.aborted ? undefined : clock.after(wait, fill);
  };
  const remapped = hold === undefined ? undefined : clock.onMapping(fill);

  const generation = async (healthy: () => void) => {
    const session = await options.connect(stop.signal).catch((thrown: unknown) => {
      // An outage may change its reason: refused at first, then nobody there, then somebody else.
      if (told !== undefined) down(asAgentError(thrown));
      throw thrown;
    });
    try {
      healthy();
      told = undefined;
      options.onState?.('up', undefined, session.remark);
      if (session.ready !== undefined) {
        await untilReady(session, session.ready, stop.signal);
        options.onState?.('up', undefined, session.remark);
      }
      run = new SessionRun(options, known, session);
      await run.untilClosed(stop.signal);
    } finally {
      await run?.finish(stop.signal.aborted ? LAST_ACKNOWLEDGEMENTS : 0);
      run = undefined;
      await session[Symbol.asyncDispose]();
    }
  };
  const running = supervise(generation, {
    clock: options.clock,
    signal: stop.signal,
    ...(options.backoff === undefined ? {} : { backoff: options.backoff }),
    onDown: down,
    onUp: () => options.log.info('uplink.up'),
  });

  return {
    wake: fill,
    tally: () => {
      const [present, ...others] = epochs.map((one) => one.tally());
      if (present === undefined) throw new AgentError('internal', `uplink ${uplink} has no log`);
      const { stored: _, ...counts } = present;
      const earlier = others.reduce((all, { stored, settled }) => all + stored - settled, 0);
      return { connected: run !== undefined, ...counts, earlier };
    },
    [Symbol.asyncDispose]: async () => {
      stop.abort(new AgentError('aborted', `uplink ${uplink} stops`));
      holding?.[Symbol.dispose]();
      remapped?.[Symbol.dispose]();
      await running;
    },
  };
}

/** Codes of a name that was not found, by getaddrinfo. */
const NO_NAME = /^(EAI_AGAIN|ENOTFOUND)$/;

/** What tells two outages apart: a name that nobody knows is mended elsewhere than a broker that turns one away. */
function reasonOf({ code, context }: AgentError): string {
  return NO_NAME.test(String(context.code)) ? `${code}, no name` : code;
}

/** One generation: one session with what is under way on it. */
class SessionRun {
  readonly #options: PumpOptions;
  readonly #known: () => readonly EpochWork[];
  readonly #beside: readonly EpochWork[];
  readonly #begun = new Set<EpochWork>();
  readonly #unreadable = new Set<EpochWork>();
  readonly #session: UplinkSession;
  readonly #window: Window;
  readonly #fit: Fit;
  readonly #end = new AbortController();
  readonly #backoff: Backoff;
  readonly #underWay = new Set<Promise<void>>();
  readonly #failed = Promise.withResolvers<never>();
  #timer: Disposable | undefined;
  #pausedUntil = 0;
  #retryAt = 0;
  #complaint: Disposable | undefined;
  #turnedDown = false;
  #stopped = false;

  constructor(options: PumpOptions, known: () => readonly EpochWork[], session: UplinkSession) {
    this.#options = options;
    this.#known = known;
    this.#beside = options.beside === undefined ? [] : [options.beside];
    this.#session = session;
    const inFlight = Math.min(options.inFlight, session.atOnce ?? options.inFlight);
    this.#window = new Window({ inFlight, replayRate: options.replayRate }, options.clock.mono());
    this.#backoff = new Backoff(options.backoff);
    this.#fit = {
      limit: Math.max(1, Math.floor(session.maxBytes / (session.recordBytes ?? BYTES_PER_RECORD))),
      maxBytes: session.maxBytes,
      size: (message: Message) => session.size(message),
    };
    this.#failed.promise.catch(() => {});
    for (const work of [known()[0], ...this.#beside]) this.#begin(work);
  }

  /** Sends until the link is lost (rejects) or `signal` aborts (resolves). */
  async untilClosed(signal: AbortSignal): Promise<void> {
    const aborted = Promise.withResolvers<void>();
    const abort = () => aborted.resolve();
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    try {
      this.fill();
      await Promise.race([this.#session.closed, aborted.promise, this.#failed.promise]);
    } finally {
      signal.removeEventListener('abort', abort);
    }
    if (!signal.aborted) throw new AgentError('link-lost', `uplink ${this.#options.uplink} lost its link`);
  }

  /** Sends nothing more; what is under way gets `grace` ms to be acknowledged. Afterwards nothing of it is left. */
  async finish(grace: number): Promise<void> {
    this.#stopped = true;
    this.#timer?.[Symbol.dispose]();
    this.#complaint?.[Symbol.dispose]();
    const end = () => this.#end.abort(new AgentError('aborted', 'the session ends'));
    const timer = grace === 0 ? undefined : this.#options.clock.after(grace, end);
    if (grace === 0) end();
    await Promise.all(this.#underWay);
    timer?.[Symbol.dispose]();
  }

  /** Sends what may leave now; `committed` looks at the log's heads anew. */
  fill(committed = false): void {
    if (this.#stopped) return;
    try {
      const [records, ...earlier] = this.#known();
      const present = records === undefined ? [] : [records, ...this.#beside];
      if (committed) for (const work of present) work.refresh();
      const now = this.#options.clock.mono();
      if (now < this.#pausedUntil) {
        this.#fillIn(this.#pausedUntil - now);
        return;
      }
      for (const work of present) this.#fillLive(work);
      for (const work of present) if (!this.#fillBacklog(work, now)) return;
      for (const epoch of earlier) if (!this.#fillEarlier(epoch, now)) return;
    } catch (thrown) {
      const error = asAgentError(thrown, 'store-failed');
      this.#failed.reject(error);
      this.#options.onLogFailed?.(error);
    }
  }

  #begin(epoch: EpochWork | undefined): void {
    if (epoch === undefined || this.#begun.has(epoch)) return;
    this.#begun.add(epoch);
    epoch.begin();
  }

  #fillLive(epoch: EpochWork): void {
    for (let i = 0; i < LANES.length && this.#window.open('live', LANES[i] === 'alarm'); ) {
      if (!this.#sendNext('live', epoch, i)) i += 1;
    }
  }

  /** False where more could leave, but not now. */
  #fillBacklog(epoch: EpochWork, now: Mono): boolean {
    for (let i = 0; i < LANES.length; ) {
      if (!this.#window.open('backlog', LANES[i] === 'alarm')) return false;
      const wait = this.#window.wait(now);
      if (wait > 0) {
        this.#fillIn(wait);
        return false;
      }
      if (!this.#sendNext('backlog', epoch, i)) i += 1;
    }
    return true;
  }

  /** The same for an earlier epoch. */
  #fillEarlier(epoch: EpochWork, now: Mono): boolean {
    if (this.#unreadable.has(epoch)) return true;
    try {
      this.#begin(epoch);
      return this.#fillBacklog(epoch, now);
    } catch (thrown) {
      this.#unreadable.add(epoch);
      tellUnreadable(this.#options.log, epoch.source, thrown);
      return true;
    }
  }

  #sendNext(stream: StreamName, epoch: EpochWork, index: number): boolean {
    const lane = LANES[index];
    const draft = lane === undefined ? undefined : epoch.next(stream, lane, this.#fit);
    if (draft !== undefined) this.#send(draft, epoch);
    return draft !== undefined;
  }

  #fillIn(ms: number): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = this.#options.clock.after(ms, () => this.fill());
  }

  #send(draft: Draft, epoch: EpochWork): void {
    const { clock, sent } = this.#options;
    const began = clock.mono();
    this.#window.sent(draft.stream, draft.message.records.length);
    const sending = this.#session
      .deliver(draft.message, this.#end.signal)
      .catch((thrown: unknown) => ({ kind: 'keep', reason: String(thrown) }) as const)
      .then((delivery) => {
        this.#underWay.delete(sending);
        this.#window.answered(draft.stream, clock.mono() - began);
        sent?.(this.#session.sentSize?.(draft.message) ?? this.#session.size(draft.message));
        epoch.answered(draft, delivery);
        if (delivery.kind === 'keep') this.#pause(delivery);
        else this.#accepted(clock.mono());
        this.fill();
      });
    this.#underWay.add(sending);
  }

  /** Turned down for now: everything waits a little, or a busy receiver is only made busier. */
  #pause({ reason, fix, after = 0 }: Delivery & { kind: 'keep' }): void {
    const { clock, log, onTurnedDown } = this.#options;
    const now = clock.mono();
    if (this.#stopped) return;
    this.#pausedUntil = Math.max(this.#pausedUntil, now + after);
    // A lost link turns everything down too, and is told as such a moment later.
    this.#complaint ??= clock.after(TURNED_DOWN_AFTER, () => {
      this.#turnedDown = true;
      onTurnedDown?.(reason, fix);
    });
    if (now < this.#retryAt) return;
    this.#retryAt = now + this.#backoff.next(now);
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#retryAt);
    log.debug('uplink.pause', { reason, wait_ms: Math.round(this.#pausedUntil - now) });
  }

  #accepted(now: Mono): void {
    this.#backoff.healthy(now);
    this.#complaint?.[Symbol.dispose]();
    this.#complaint = undefined;
    if (this.#turnedDown) this.#options.onTurnedDown?.(undefined);
    this.#turnedDown = false;
  }
}

/** An earlier epoch that cannot be read is no reason to hold up the present one. */
function tellUnreadable(log: Log, { epoch }: LogSource, thrown: unknown): void {
  log.warn('uplink.earlier-unreadable', { epoch, error: asAgentError(thrown).message });
}
