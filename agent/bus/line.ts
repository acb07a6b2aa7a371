/**
 * A shared line: one port, its devices, and the loop that gives them turns. Opens the port again when it is lost; says
 * what has no value meanwhile. Nothing of one line reaches another.
 */

import type { PointWrite, WriteOutcome } from '../core/driver.ts';
import { AgentError, asAgentError } from '../core/errors.ts';
import type { Publisher } from '../core/hub.ts';
import type { Exchange } from '../core/link.ts';
import type { Log } from '../core/log.ts';
import type { Reading } from '../core/reading.ts';
import type { Json } from '../core/record.ts';
import type { LineConfig } from '../core/site.ts';
import { type Clock, wallAt } from '../core/time/clock.ts';
import type { HealthState, PartHealth } from '../core/view.ts';
import { type DevicePlan, lineLoad, lineTiming, overload } from './airtime.ts';
import type { Carrier, Transaction } from './carrier.ts';
import { Commands } from './commands.ts';
import { Deadlines } from './deadline.ts';
import { Wire } from './exchange.ts';
import { MbapCarrier } from './mbap-carrier.ts';
import { OverloadWatch } from './overload.ts';
import type { Pipe, Port } from './port/port.ts';
import { Reopen } from './reopen.ts';
import { Round } from './round.ts';
import type { Seat } from './seat.ts';
import { Tally, Utilisation } from './tally.ts';
import type { FrameTaps } from './taps.ts';
import { type Visit, Visits } from './visits.ts';

/** Silence that ends an answer on a wire, ms: above the 16 ms of USB adapters, as Modbus masters in the field do. */
const CUT_MS = 50;
/** A port that opens within this makes no bad readings, ms. */
const OPENING_MS = 1000;
/** Closing never waits longer than this, ms. */
const CLOSE_MS = 2000;

export interface SharedLineOptions {
  readonly line: LineConfig;
  readonly port: Port;
  readonly seats: readonly Seat[];
  readonly clock: Clock;
  readonly log: Log;
  readonly publisher: Publisher;
  readonly onHealth: (health: PartHealth) => void;
  readonly random?: () => number;
  readonly taps?: FrameTaps;
}

export class SharedLine implements AsyncDisposable {
  readonly #options: SharedLineOptions;
  readonly #seats: Map<string, Seat>;
  readonly #deadlines: Deadlines;
  readonly #commands: Commands;
  readonly #visits = new Visits();
  readonly #stop = new AbortController();
  readonly #tally = new Tally();
  readonly #utilisation: Utilisation;
  readonly #overload = new OverloadWatch();
  readonly #running: Promise<void>;
  #state: HealthState = 'starting';
  #since: number;
  #error: AgentError | undefined;
  #served = false;
  #down: AgentError | undefined;
  #wake = () => {};

  constructor(options: SharedLineOptions) {
    this.#options = options;
    this.#commands = new Commands(() => options.clock.mono());
    this.#seats = new Map(options.seats.map((seat) => [seat.id, seat]));
    this.#deadlines = new Deadlines(phaseOf(options.line.id));
    const now = options.clock.mono();
    for (const seat of options.seats) this.#deadlines.sync(seat.id, seat.session.polls, now);
    this.#utilisation = new Utilisation(now);
    this.#since = wallAt(options.clock.mapping(), now).time;
    this.#running = this.#run();
  }

  /** Writes when the line is free of the request under way, before any poll. Rejects with `AgentError`. */
  write(device: string, write: PointWrite, signal: AbortSignal): Promise<WriteOutcome> {
    if (!this.#seats.has(device)) {
      return Promise.reject(new AgentError('not-found', `write to ${device} failed: not on this line`));
    }
    if (this.#stop.signal.aborted || this.#down !== undefined) return Promise.reject(this.#unreachable());
    const done = this.#commands.add(device, write, signal);
    this.#wake();
    return done;
  }

  /** Asks a device that is not on the line, or not so, in a turn of its own. Rejects as `work` does, or as `write`. */
  visit<T>(
    who: Pick<Visit, 'device' | 'serial' | 'signal'>,
    work: (exchange: Exchange, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    if (this.#stop.signal.aborted || this.#down !== undefined) return Promise.reject(this.#unreachable());
    const answer = this.#visits.add({ ...who, work });
    this.#wake();
    return answer;
  }

  /** Exchanges devices while the line runs: the others keep their polls and the times of these. */
  change(removed: readonly string[], added: readonly Seat[]): void {
    const { clock, line } = this.#options;
    const now = clock.mono();
    for (const id of removed) {
      this.#seats.delete(id);
      this.#deadlines.sync(id, [], now);
      this.#commands.rejectAll(
        new AgentError('aborted', `write failed: ${id} was changed or taken off line ${line.id}`),
        id,
      );
    }
    for (const seat of added) {
      this.#seats.set(seat.id, seat);
      this.#deadlines.sync(seat.id, seat.session.polls, now);
      if (this.#down !== undefined) seat.become('down', this.#down, 'communication-failure');
    }
    this.#wake();
  }

  /** Counts of one exchange, for metrics. */
  counted(transaction: Transaction): void {
    this.#tally.add(transaction);
    this.#utilisation.add(transaction.busy, this.#options.clock.mono());
    this.#seats.get(transaction.device)?.measure(transaction);
  }

  health(): readonly PartHealth[] {
    return [this.#health(), ...Array.from(this.#seats.values(), (seat) => seat.health())];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { clock } = this.#options;
    this.#stop.abort(new AgentError('aborted', 'the line is closed'));
    this.#commands.rejectAll(this.#unreachable());
    this.#visits.rejectAll(this.#unreachable());
    this.#wake();
    const budget = new AbortController();
    await Promise.race([this.#running, clock.sleep(CLOSE_MS, budget.signal).catch(() => {})]);
    budget.abort();
    await this.#options.port[Symbol.asyncDispose]?.();
  }

  async #run(): Promise<void> {
    const { port, clock, random } = this.#options;
    const { signal } = this.#stop;
    const reopen = new Reopen({
      port,
      clock,
      signal,
      onDown: (error) => this.#lost(error),
      ...(random === undefined ? {} : { random }),
    });
    while (!signal.aborted) {
      const pipe = await this.#opened(reopen);
      if (pipe === undefined) return;
      try {
        await this.#serve(pipe);
      } catch (thrown) {
        this.#options.log.error('line.failed', {
          line: this.#options.line.id,
          error: asAgentError(thrown).message,
        });
      }
      await closed(pipe);
      if (signal.aborted) return;
      this.#lost(pipe.failure ?? new AgentError('link-lost', `port ${port.name} lost`));
    }
  }

  /** Opens the port, however long it takes, and says in the meantime that what is due has no value. */
  async #opened(reopen: Reopen): Promise<Pipe | undefined> {
    const absent = new AbortController();
    const telling = this.#tellAbsent(absent.signal);
    try {
      if (this.#down !== undefined) await reopen.wait();
      return await reopen.next();
    } finally {
      absent.abort();
      await telling;
    }
  }

  async #tellAbsent(signal: AbortSignal): Promise<void> {
    const { clock, publisher } = this.#options;
    const pause = (ms: number) => clock.sleep(Math.max(1, ms), signal).catch(() => {});
    await pause(OPENING_MS);
    while (!signal.aborted) {
      const now = clock.mono();
      const without: Reading[] = [];
      for (const entry of this.#deadlines.ready(now)) {
        this.#deadlines.begin(entry, now);
        without.push(...(this.#seats.get(entry.device)?.failed(entry.poll.points, now) ?? []));
      }
      if (without.length > 0) publisher.readings(without);
      const next = this.#deadlines.next();
      await pause(next === undefined ? CLOSE_MS : next - clock.mono());
    }
  }

  async #serve(pipe: Pipe): Promise<void> {
    const { clock, line, publisher } = this.#options;
    const { signal } = this.#stop;
    const generation = new AbortController();
    void pipe.closed.then(() => {
      generation.abort();
      this.#wake();
    });
    using wire = this.#carrier(pipe);
    const round = new Round({
      wire,
      width: (line.kind === 'tcp' && line.pipeline) || 1,
      seats: this.#seats,
      deadlines: this.#deadlines,
      commands: this.#commands,
      visits: this.#visits,
      clock,
      publisher,
      signal,
      onMissed: () => {
        if (this.#overload.missed(clock.mono())) this.#overloaded();
      },
      onDeviceDown: (seat, error) => this.#deviceDown(seat, error),
      onDeviceUp: (seat) => this.#deviceUp(seat),
      onFree: () => this.#wake(),
    });
    for (const seat of this.#seats.values()) {
      seat.breaker.reset();
      seat.heldUntil = Number.NEGATIVE_INFINITY;
    }
    this.#deadlines.restart(clock.mono());
    this.#open();
    while (!signal.aborted && !generation.signal.aborted) {
      if (await round.step()) continue;
      if (this.#overload.over(clock.mono())) this.#relaxed();
      await this.#idle(round.next(), signal, generation.signal);
    }
    wire[Symbol.dispose]();
    await round.settled();
  }

  #carrier(pipe: Pipe): Carrier {
    const { clock, line, taps } = this.#options;
    const { timeout } = line;
    const tapped = taps === undefined ? {} : { taps };
    const onTransaction = (transaction: Transaction) => this.counted(transaction);
    if (line.kind === 'tcp' && line.framing === 'modbus-tcp') {
      return new MbapCarrier({ pipe, timeout, clock, onTransaction, ...tapped });
    }
    // Through a network the pieces of an answer may be any time apart: its time-out is the only limit.
    const cut = line.kind === 'serial' ? CUT_MS : Math.max(CUT_MS, timeout);
    const serial = line.serial === undefined ? {} : { serial: line.serial };
    return new Wire({
      pipe,
      timing: lineTiming(line),
      ...serial,
      timeout,
      cut,
      clock,
      onTransaction,
      ...tapped,
    });
  }

  /** Waits for the next due time, a command, the end of the pipe or of the line. */
  async #idle(until: number | undefined, ...signals: readonly AbortSignal[]): Promise<void> {
    const { clock } = this.#options;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    if (signals.some((signal) => signal.aborted)) resolve();
    using _timer = until === undefined ? undefined : clock.after(Math.max(0, until - clock.mono()), resolve);
    await promise;
    this.#wake = () => {};
  }

  #open(): void {
    const { log, line, port } = this.#options;
    const back = this.#down !== undefined;
    if (back) this.#event('info', { change: 'up', port: port.name });
    if (back || !this.#served) log.info(back ? 'line.up' : 'line.open', { line: line.id, port: port.name });
    this.#served = true;
    this.#down = undefined;
    this.#become('ok');
  }

  #lost(error: AgentError): void {
    const { log, line, port } = this.#options;
    const first = this.#down === undefined;
    const news = this.#down?.code !== error.code;
    this.#down = error;
    const facts = { line: line.id, port: port.name, error: error.message, code: error.code };
    if (news) log.error('line.down', { ...facts, ...(error.fix === undefined ? {} : { fix: error.fix }) });
    if (first) {
      this.#event('alarm', { change: 'down', port: port.name, error: error.message, code: error.code });
    }
    this.#become('down', error);
    for (const seat of this.#seats.values()) seat.become('down', error, 'communication-failure');
    this.#commands.rejectAll(this.#unreachable());
    this.#visits.rejectAll(this.#unreachable());
  }

  #deviceDown(seat: Seat, error: AgentError): void {
    const { log, line, clock, publisher } = this.#options;
    log.warn('device.down', { line: line.id, device: seat.id, error: error.message });
    const body = { change: 'down', line: line.id, error: error.message, code: error.code };
    publisher.event({ event: 'device', severity: 'warning', device: seat.id, time: clock.mono(), body });
  }

  #deviceUp(seat: Seat): void {
    const { log, line, clock, publisher } = this.#options;
    log.info('device.up', { line: line.id, device: seat.id });
    const body = { change: 'up', line: line.id };
    publisher.event({ event: 'device', severity: 'info', device: seat.id, time: clock.mono(), body });
  }

  /** What is planned on the line, each device with the turnaround that was measured of it. */
  #plans(): readonly DevicePlan[] {
    return Array.from(this.#seats.values(), ({ id, device: { serial }, session, tally: { turnaround } }) => ({
      device: id,
      polls: session.polls,
      ...(serial === undefined ? {} : { serial }),
      ...(turnaround === undefined ? {} : { turnaround }),
    }));
  }

  #overloaded(): void {
    const { line, log } = this.#options;
    const plans = this.#plans();
    const load = lineLoad(line, plans);
    const said = overload(line, plans, load);
    const error = new AgentError(
      'queue-full',
      said?.message ??
        `line ${line.id} is overloaded: polls miss their periods (errors and repeats take its time)`,
      { fix: said?.fix ?? 'See which devices fail, or read less often.', context: { load: load.load } },
    );
    log.warn('line.overload', { line: line.id, load: load.load, error: error.message });
    this.#event('warning', { change: 'overload', load: load.load, error: error.message });
    this.#become('degraded', error);
  }

  #relaxed(): void {
    const { line, log } = this.#options;
    log.info('line.overload-over', { line: line.id });
    this.#event('info', { change: 'overload-over' });
    this.#become('ok');
  }

  #unreachable(): AgentError {
    const { line } = this.#options;
    if (this.#stop.signal.aborted)
      return new AgentError('aborted', `write failed: line ${line.id} is closed`);
    const why = this.#down?.message ?? 'the port is not open';
    const facts = this.#down?.fix === undefined ? {} : { fix: this.#down.fix };
    return new AgentError(this.#down?.code ?? 'link-lost', `write failed: ${why}`, facts);
  }

  #event(severity: 'info' | 'warning' | 'alarm', body: Readonly<Record<string, Json>>): void {
    const { publisher, clock, line } = this.#options;
    publisher.event({ event: 'line', severity, time: clock.mono(), body: { line: line.id, ...body } });
  }

  #become(state: HealthState, error?: AgentError): void {
    const { clock, onHealth } = this.#options;
    this.#error = error;
    if (state === this.#state) return;
    this.#state = state;
    this.#since = wallAt(clock.mapping(), clock.mono()).time;
    onHealth(this.#health());
  }

  #health(): PartHealth {
    const { line, port, clock } = this.#options;
    const error = this.#error;
    return {
      part: `line:${line.id}`,
      state: this.#state,
      since: this.#since,
      ...(error === undefined ? {} : { message: error.message }),
      ...(error?.fix === undefined ? {} : { fix: error.fix }),
      facts: {
        port: port.name,
        utilisation: Math.round(this.#utilisation.at(clock.mono()) * 1000) / 1000,
        planned: Math.round(lineLoad(line, this.#plans()).load * 1000) / 1000,
        polls: this.#deadlines.size,
        commands_waiting: this.#commands.size,
        ...this.#commands.facts(),
        ...this.#tally.facts(),
        skipped_periods: [...this.#seats.values()].reduce((sum, seat) => sum + seat.tally.skipped, 0),
      },
    };
  }
}

/** Lines that start together must not all ask in the same moment of every second. 0 … 1, by their ids (FNV-1a). */
function phaseOf(id: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193);
  return (hash >>> 0) / 0x1_0000_0000;
}

/** Closes a pipe; what its port says to that changes nothing any more. */
async function closed(pipe: Pipe): Promise<void> {
  try {
    await pipe[Symbol.asyncDispose]();
  } catch {}
}
