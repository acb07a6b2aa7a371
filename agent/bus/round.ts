/**
 * The round: who has the line next, and the turn itself. Commands go before polls, polls by their deadlines, probes of
 * silent devices in between. On a wire one turn follows the other; a pipelined connection carries several at once, no
 * poll twice and none of a device that is being written to. Lives as long as one open pipe.
 */

import type { WriteOutcome } from '../core/driver.ts';
import { type AgentError, asAgentError } from '../core/errors.ts';
import type { Publisher } from '../core/hub.ts';
import type { Exchange } from '../core/link.ts';
import type { Mono, Reading } from '../core/reading.ts';
import type { Clock } from '../core/time/clock.ts';
import type { Carrier } from './carrier.ts';
import type { Commands, PendingWrite } from './commands.ts';
import type { Deadlines, Due } from './deadline.ts';
import type { Seat } from './seat.ts';
import { turn } from './turn.ts';
import { portLost, reasonOf, unheard } from './verdict.ts';
import type { Visit, Visits } from './visits.ts';

/** So many commands in a row, then a poll that is due: a flood of commands must not blind the agent. */
const COMMANDS_IN_A_ROW = 4;
/** A probe counts as a poll that has to be done within this, ms. */
const PROBE_DEADLINE_MS = 1000;

export interface RoundOptions {
  readonly wire: Carrier;
  /** Turns at once, 1 … */
  readonly width: number;
  readonly seats: ReadonlyMap<string, Seat>;
  readonly deadlines: Deadlines;
  readonly commands: Commands;
  readonly visits: Visits;
  readonly clock: Clock;
  readonly publisher: Publisher;
  readonly signal: AbortSignal;
  /** Periods that passed without a poll because the line was busy. */
  readonly onMissed: (seat: Seat, periods: number) => void;
  readonly onDeviceDown: (seat: Seat, error: AgentError) => void;
  readonly onDeviceUp: (seat: Seat) => void;
  /** A turn beside others has ended. */
  readonly onFree: () => void;
}

export class Round {
  readonly #options: RoundOptions;
  /** Under way; empty on a wire. */
  readonly #turns = new Set<Promise<void>>();
  readonly #polling = new Set<Due>();
  /** Devices that are written to or probed. */
  readonly #exclusive = new Set<string>();
  #commandsInARow = 0;
  #visited = false;

  constructor(options: RoundOptions) {
    this.#options = options;
  }

  /** Gives one turn. False where nobody wants one now, or none can begin before another ends. Never rejects. */
  async step(): Promise<boolean> {
    if (this.#turns.size >= this.#options.width) return false;
    const work = this.#pick();
    if (work === undefined) return false;
    if (this.#options.width === 1) await work();
    else this.#begin(work);
    return true;
  }

  /** When somebody will want a turn; undefined for never, or not before a turn ends, which calls `onFree`. */
  next(): Mono | undefined {
    const { commands, width } = this.#options;
    if (this.#turns.size >= width) return undefined;
    if (this.#options.visits.size > 0 || commands.waiting((device) => !this.#exclusive.has(device)))
      return Number.NEGATIVE_INFINITY;
    let next = this.#options.deadlines.next((entry) => !this.#kept(entry)) ?? Number.POSITIVE_INFINITY;
    for (const { id, breaker, heldUntil } of this.#options.seats.values()) {
      if (breaker.probeAt === undefined || this.#exclusive.has(id)) continue;
      next = Math.min(next, Math.max(breaker.probeAt, heldUntil));
    }
    return next === Number.POSITIVE_INFINITY ? undefined : next;
  }

  /** Resolves when no turn is under way. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#turns);
  }

  #begin(work: () => Promise<void>): void {
    const turn = work().finally(() => {
      this.#turns.delete(turn);
      this.#options.onFree();
    });
    this.#turns.add(turn);
  }

  #pick(): (() => Promise<void>) | undefined {
    const { commands, clock } = this.#options;
    const now = clock.mono();
    const poll = this.#nextPoll(now);
    if (commands.size > 0 && (this.#commandsInARow < COMMANDS_IN_A_ROW || poll === undefined)) {
      const pending = commands.take((device) => !this.#exclusive.has(device));
      if (pending !== undefined) {
        this.#commandsInARow += 1;
        return () => this.#alone(pending.device, () => this.#command(pending));
      }
    }
    this.#commandsInARow = 0;
    // A visitor has every second turn at most, so that those who live here keep their periods.
    const visit = this.#visited && poll !== undefined ? undefined : this.#options.visits.take();
    this.#visited = visit !== undefined;
    if (visit !== undefined) return () => this.#visit(visit);
    const silent = this.#nextProbe(now);
    if (silent?.breaker.probeAt !== undefined) {
      const before = poll === undefined ? Number.POSITIVE_INFINITY : poll.entry.due + poll.entry.poll.period;
      if (silent.breaker.probeAt + PROBE_DEADLINE_MS < before) {
        return () => this.#alone(silent.id, () => this.#probe(silent));
      }
    }
    if (poll === undefined) return undefined;
    return async () => {
      this.#polling.add(poll.entry);
      try {
        await this.#poll(poll.seat, poll.entry);
      } finally {
        this.#polling.delete(poll.entry);
      }
    };
  }

  /** No other turn of the device begins meanwhile. */
  async #alone(device: string, work: () => Promise<void>): Promise<void> {
    this.#exclusive.add(device);
    try {
      await work();
    } finally {
      this.#exclusive.delete(device);
    }
  }

  /** Waits for the end of a turn of its own. */
  #kept(entry: Due): boolean {
    return this.#exclusive.has(entry.device) || this.#polling.has(entry);
  }

  /** The most urgent poll. On the way says that those of silent devices have no value, without touching the line. */
  #nextPoll(now: Mono): { readonly seat: Seat; readonly entry: Due } | undefined {
    const { deadlines, seats, publisher } = this.#options;
    const without: Reading[] = [];
    let found: { readonly seat: Seat; readonly entry: Due } | undefined;
    for (const entry of deadlines.ready(now)) {
      const seat = seats.get(entry.device);
      if (seat === undefined || this.#kept(entry)) continue;
      if (seat.breaker.open || now < seat.heldUntil) {
        deadlines.begin(entry, now);
        without.push(...seat.failed(entry.poll.points, now));
      } else {
        found ??= { seat, entry };
      }
    }
    if (without.length > 0) publisher.readings(without);
    return found;
  }

  #nextProbe(now: Mono): Seat | undefined {
    let first: Seat | undefined;
    for (const seat of this.#options.seats.values()) {
      const { probeAt } = seat.breaker;
      if (probeAt === undefined || probeAt > now || now < seat.heldUntil || this.#exclusive.has(seat.id))
        continue;
      if (first?.breaker.probeAt === undefined || probeAt < first.breaker.probeAt) first = seat;
    }
    return first;
  }

  async #poll(seat: Seat, entry: Due): Promise<void> {
    const { deadlines, clock, publisher, onMissed, wire } = this.#options;
    const now = clock.mono();
    const { poll } = entry;
    const missed = deadlines.begin(entry, now);
    if (missed > 0) {
      seat.tally.skipped += missed;
      onMissed(seat, missed);
    }
    const execute = () => this.#turn(seat, (exchange, signal) => poll.execute(exchange, signal));
    try {
      if (wire.owedUntil(seat.id) === undefined) seat.owed.clear();
      // An answer of the same length is still owed: a short question first tells the two apart (owed.ts).
      else if (seat.owed.has(poll.answerBytes)) await this.#clear(seat);
      const readings = await execute().catch(async (error: AgentError) => {
        if (error.code !== 'late-answer') throw error;
        await this.#clear(seat);
        return execute();
      });
      if (!this.#sits(seat)) return;
      publisher.readings(readings);
      seat.failing.delete(poll.id);
      this.#heard(seat);
    } catch (thrown) {
      this.#pollFailed(seat, entry, asAgentError(thrown), now);
    } finally {
      if (this.#sits(seat)) deadlines.sync(seat.id, seat.session.polls, clock.mono());
      seat.prune();
    }
  }

  #pollFailed(seat: Seat, { poll }: Due, error: AgentError, began: Mono): void {
    const { clock, publisher, signal } = this.#options;
    if (signal.aborted || !this.#sits(seat)) return;
    const now = clock.mono();
    publisher.readings(seat.failed(poll.points, now, reasonOf(error.code)));
    if (portLost(error.code)) return;
    seat.failing.set(poll.id, error);
    if (unheard(error.code)) {
      seat.owed.add(poll.answerBytes);
      // Polls that were under way together fail together, of one cause.
      if (began >= seat.failedAt) this.#unheard(seat, error);
    } else {
      this.#heard(seat);
    }
  }

  /** A question whose answer differs from what is owed; its answer proves that nothing older will come. */
  async #clear(seat: Seat): Promise<void> {
    try {
      await this.#turn(seat, (exchange, signal) => seat.session.probe(exchange, signal));
    } catch (thrown) {
      const error = asAgentError(thrown);
      if (unheard(error.code) || portLost(error.code) || error.code === 'aborted') throw error;
    }
    seat.owed.clear();
  }

  /** Half-open: one short question to a silent device. */
  async #probe(seat: Seat): Promise<void> {
    try {
      await this.#turn(seat, (exchange, signal) => seat.session.probe(exchange, signal));
    } catch (thrown) {
      const error = asAgentError(thrown);
      if (this.#options.signal.aborted || portLost(error.code)) return;
      if (unheard(error.code) || error.code === 'internal') {
        this.#unheard(seat, error);
        return;
      }
      // An exception is an answer: somebody is there.
    }
    seat.failing.clear();
    this.#heard(seat);
  }

  async #command({ device, write, signal: wanted, resolve, reject }: PendingWrite): Promise<void> {
    const { seats, publisher } = this.#options;
    const seat = seats.get(device);
    try {
      if (seat === undefined) throw new Error(`device ${device} is not on this line`);
      const outcome: WriteOutcome = await this.#turn(
        seat,
        (exchange, signal) => seat.session.write(write, exchange, signal),
        wanted,
      );
      if (outcome.kind === 'done') publisher.readings([outcome.readback]);
      this.#heard(seat);
      resolve(outcome);
    } catch (thrown) {
      const error = asAgentError(thrown);
      if (seat !== undefined && unheard(error.code)) this.#unheard(seat, error);
      reject(error);
    }
  }

  /** Somebody who is not on the line: asked once, and nothing is made of it here. Never rejects. */
  async #visit({ device, serial, work, signal: wanted, resolve, reject }: Visit): Promise<void> {
    const { wire, clock, signal } = this.#options;
    const lease = wire.lend(`visit:${device}`, undefined, serial);
    try {
      resolve(await turn(clock, [signal, wanted], (limit) => work(lease.exchange, limit)));
    } catch (thrown) {
      reject(asAgentError(thrown));
    } finally {
      lease.revoke();
    }
  }

  /** It may have been exchanged while its turn was under way. */
  #sits(seat: Seat): boolean {
    return this.#options.seats.get(seat.id) === seat;
  }

  async #turn<T>(
    seat: Seat,
    work: (exchange: Exchange, signal: AbortSignal) => Promise<T>,
    wanted?: AbortSignal,
  ): Promise<T> {
    const { wire, clock, signal } = this.#options;
    // A command is worth the full time-out; a device that failed just now gets a short one for polls.
    const lease = wire.lend(seat.id, wanted === undefined ? seat.cap : undefined, seat.serial);
    try {
      return await turn(clock, wanted === undefined ? [signal] : [signal, wanted], (limit) =>
        work(lease.exchange, limit),
      );
    } finally {
      lease.revoke();
    }
  }

  #heard(seat: Seat): void {
    const { deadlines, clock, onDeviceUp } = this.#options;
    if (seat.breaker.succeed()) {
      onDeviceUp(seat);
      deadlines.restart(clock.mono(), seat.id);
    }
    seat.heldUntil = Number.NEGATIVE_INFINITY;
    const [error] = seat.failing.values();
    if (error === undefined) seat.become('ok');
    else seat.become('degraded', error);
  }

  #unheard(seat: Seat, error: AgentError): void {
    const { clock, onDeviceDown, wire } = this.#options;
    // Nothing told the answers apart: the device rests until none can be owed any more.
    if (error.code === 'late-answer') seat.heldUntil = wire.owedUntil(seat.id) ?? Number.NEGATIVE_INFINITY;
    seat.failedAt = clock.mono();
    const down = seat.breaker.fail(seat.failedAt);
    seat.become(seat.breaker.open ? 'down' : 'degraded', error, reasonOf(error.code));
    if (down) onDeviceDown(seat, error);
  }
}
