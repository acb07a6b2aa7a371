/**
 * The command router: the one way to a device for everything that wants to change something. A command is checked,
 * written durably as accepted, carried out at most once, read back, and its result is durable before it is told.
 */
import { createHash } from 'node:crypto';
import type { Command, CommandJournal, CommandResult, Override, Rejection } from '../core/command.ts';
import type { WriteOutcome } from '../core/driver.ts';
import { asAgentError } from '../core/errors.ts';
import type { Publisher, Subscription } from '../core/hub.ts';
import type { Log } from '../core/log.ts';
import type { Point } from '../core/point.ts';
import type { Mono, Value } from '../core/reading.ts';
import { type Clock, trusted, wallAt } from '../core/time/clock.ts';
import { checkAgainstPoint, checkShape } from './check.ts';
import { Leases } from './lease.ts';

export interface RouterOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly journal: CommandJournal;
  readonly hub: Publisher & Subscription;
  /** Undefined for an unknown device. */
  readonly points: (device: string) => readonly Point[] | undefined;
  /** Carries one write to its device and reads it back. */
  readonly write: (
    device: string,
    write: { point: string; value: Value; issuer: string },
    signal: AbortSignal,
  ) => Promise<WriteOutcome>;
  /** What the local program wants of a point when nobody commands it; undefined: there is none, and no lease. */
  readonly fallback: (device: string, point: string) => Value | undefined;
  /**
   * How long a command without a lease holds on a point that a controller keeps, ms of wall time; undefined: no controller
   * keeps it, and the command holds for good.
   */
  readonly holds?: (device: string, point: string) => number | undefined;
  /** Called when an override of a point that a controller keeps has begun or ended. */
  readonly onOverride?: (device: string, point: string) => void;
  /** Why a write must not be made now whoever wants it (an interlock of the site), or undefined. */
  readonly interlock?: (write: Pick<Command, 'device' | 'point' | 'value'>) => string | undefined;
  /** Why this issuer may not command this point, or undefined. */
  readonly forbidden?: (command: Command) => string | undefined;
}

/** Time to bring the fallback to the device, ms of wall time. */
const FALLBACK_LIFE = 3_600_000;

const LEASE_END = 'control:lease';
/** Longest work on one command at the device, ms. */
const DEADLINE = 10_000;
/** Longest wait for a reading of a point whose command has no known result, ms. */
const READ_BACK_WAIT = 60_000;

export class CommandRouter implements AsyncDisposable {
  readonly #options: RouterOptions;
  readonly #leases: Leases;
  readonly #stop = new AbortController();
  #listener: Disposable | undefined;
  /** The last command of each device: commands of one device go one after another. */
  readonly #tails = new Map<string, Promise<unknown>>();
  /** Commands under way by id: the same id asked twice gets the same answer. */
  readonly #underWay = new Map<string, { command: Command; result: Promise<CommandResult> }>();

  private constructor(options: RouterOptions) {
    this.#options = options;
    this.#leases = new Leases(options.clock, (command) => void this.#endLease(command));
  }

  /** Starts the router: what was accepted before a crash becomes `unknown`, leases still running are taken up again. */
  static async start(options: RouterOptions): Promise<CommandRouter> {
    const router = new CommandRouter(options);
    for (const command of await options.journal.open()) void router.#closeUnknown(command);
    const recent = await options.journal.recent(1000);
    const { time, rank } = router.#now();
    const now = trusted(rank) ? time : undefined;
    for (const { command, result } of recent) {
      if (result.state === 'done') router.#leases.resume(command, result.at, now, router.#lease(command));
    }
    if (now === undefined) router.#awaitClock();
    return router;
  }

  /** Leases of before the start are taken up once somebody knows whether they have ended. */
  #awaitClock(): void {
    const { clock, onOverride } = this.#options;
    this.#listener = clock.onMapping(() => {
      const { time, rank } = this.#now();
      if (!trusted(rank)) return;
      this.#listener?.[Symbol.dispose]();
      for (const { device, point } of this.#leases.trust(time)) onOverride?.(device, point);
    });
  }

  /** Resolves with the final result; never rejects. */
  readonly submit = (command: Command): Promise<CommandResult> => {
    const issue = checkShape(command);
    if (issue !== undefined) return Promise.resolve(this.#refusal(command, 'malformed', issue));
    const same = this.#underWay.get(command.id);
    if (same !== undefined) {
      return sameWish(same.command, command)
        ? same.result
        : Promise.resolve(this.#refusal(command, 'id-reused', 'another command with this id is under way'));
    }
    const arrived = this.#options.clock.mono();
    const result = this.#queue(command.device, () => this.#run(command, arrived));
    this.#underWay.set(command.id, { command, result });
    void result.finally(() => this.#underWay.delete(command.id));
    return result;
  };

  /**
   * A write of a local controller: the same queue, interlocks and read-back, but neither journal nor clock. What a
   * controller wants is evaluated anew every few seconds, so it may be written twice, and it must be written with an ill
   * disk and a lost clock too. It ends no override.
   */
  readonly steer = (write: Command): Promise<CommandResult> =>
    this.#queue(write.device, async () => this.#refusePoint(write) ?? (await this.#carryOut(write)));

  /** What somebody has set a point to, until when; undefined: the local program has it. */
  readonly override = (device: string, point: string): Override | undefined =>
    this.#leases.active(device, point);

  #queue(device: string, run: () => Promise<CommandResult>): Promise<CommandResult> {
    const before = this.#tails.get(device) ?? Promise.resolve();
    const result = before.then(run);
    this.#tails.set(device, result);
    void result.finally(() => {
      if (this.#tails.get(device) === result) this.#tails.delete(device);
    });
    return result;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#listener?.[Symbol.dispose]();
    this.#leases[Symbol.dispose]();
    await Promise.allSettled(this.#tails.values());
  }

  async #run(command: Command, arrived: Mono): Promise<CommandResult> {
    try {
      const accepted = await this.#options.journal.accept(command);
      if (!accepted.fresh) {
        return accepted.same
          ? accepted.result
          : this.#refusal(command, 'id-reused', 'another command had this id within the last 30 days');
      }
    } catch (thrown) {
      // Not on the disk, so not to the wire: at most once can only be promised with the memory of having tried.
      return this.#refusal(command, 'store-failed', asAgentError(thrown).message);
    }
    const result = this.#refuse(command, arrived) ?? (await this.#carryOut(command));
    await this.#finish(command, result);
    if (result.state === 'done') {
      this.#leases.take(command, this.#lease(command), this.#now().time);
      if (this.#options.holds?.(command.device, command.point) !== undefined) {
        this.#options.onOverride?.(command.device, command.point);
      }
    }
    return result;
  }

  /** Everything that can be wrong before the wire is touched, checked after the wait in the queue. */
  #refuse(command: Command, arrived: Mono): CommandResult | undefined {
    const now = this.#now();
    if (command.ttl !== undefined) {
      const passed = this.#options.clock.mono() - arrived;
      if (passed >= command.ttl) return { id: command.id, state: 'expired', at: now.time };
    } else if (!trusted(now.rank)) {
      return this.#refusal(
        command,
        'clock-untrusted',
        `its expiry cannot be judged: the clock is of rank ${now.rank}; give ttl instead of expires`,
      );
    } else if (now.time >= command.expires) return { id: command.id, state: 'expired', at: now.time };
    const forbidden = this.#options.forbidden?.(command);
    if (forbidden !== undefined) return this.#refusal(command, 'not-allowed', forbidden);
    const signed = this.#options.points(command.device)?.find(({ id }) => id === command.point)?.signed;
    if (signed === true) {
      return this.#refusal(
        command,
        'not-allowed',
        `${command.point} is seen in public and takes signed content only; show a signed template`,
      );
    }
    return this.#refusePoint(command);
  }

  /** What can be wrong with the point, the value or the state of the site. */
  #refusePoint(command: Command): CommandResult | undefined {
    if (this.#stop.signal.aborted) return this.#refusal(command, 'busy', 'the agent is stopping');
    const points = this.#options.points(command.device);
    if (points === undefined) return this.#refusal(command, 'unknown-device', `no device ${command.device}`);
    const point = points.find(({ id }) => id === command.point);
    const wrong = checkAgainstPoint(command, point);
    if (wrong !== undefined) return this.#refusal(command, wrong.code, wrong.reason);
    if (command.lease !== undefined && this.#fallback(command) === undefined) {
      return this.#refusal(
        command,
        'not-allowed',
        `a lease needs a local program, and ${command.point} has none`,
      );
    }
    const locked = this.#options.interlock?.(command);
    return locked === undefined ? undefined : this.#refusal(command, 'interlocked', locked);
  }

  async #carryOut(command: Command): Promise<CommandResult> {
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(DEADLINE)]);
    try {
      const { device, point, value, issuer } = command;
      const outcome = await this.#options.write(device, { point, value, issuer }, signal);
      if (outcome.kind === 'rejected') return this.#refusal(command, 'device-refused', outcome.reason);
      // Its line has told it already where there is one: a reading gets one number, not two.
      const told = this.#options.hub.latest(device, point);
      const { time, value: now } = outcome.readback;
      if (told?.time !== time || told.value !== now) this.#options.hub.readings([outcome.readback]);
      const readback = outcome.readback.value;
      if (readback === null) return this.#refusal(command, 'read-back-differs', 'nothing could be read back');
      const at = this.#now().time;
      return agrees(readback, value)
        ? { id: command.id, state: 'done', readback, at }
        : {
            ...this.#refusal(command, 'read-back-differs', `asked for ${value}, reads ${readback}`),
            readback,
          };
    } catch (thrown) {
      // The write may have reached the device: whoever asked must look, and it is never repeated by itself.
      return this.#refusal(command, 'device-unreachable', asAgentError(thrown).message);
    }
  }

  /** A command whose result nobody knows: the point is read, once it can be, and the command never written again. */
  async #closeUnknown(command: Command): Promise<void> {
    const readback = await this.#nextValue(command);
    if (this.#stop.signal.aborted) return;
    await this.#finish(command, {
      id: command.id,
      state: 'unknown',
      reason: 'the agent stopped between accepting it and knowing its result; it is not tried again',
      at: this.#now().time,
      ...(readback === undefined ? {} : { readback }),
    });
  }

  /** The next value of the command's point, or undefined where none comes in time. */
  async #nextValue({ device, point }: Command): Promise<Value | undefined> {
    const enough = new AbortController();
    let value: Value | undefined;
    using _ = this.#options.hub.onReadings((readings) => {
      const reading = readings.find(
        (one) => one.device === device && one.point === point && one.value !== null,
      );
      if (reading === undefined) return;
      value = reading.value ?? undefined;
      enough.abort();
    });
    const signal = AbortSignal.any([enough.signal, this.#stop.signal]);
    await this.#options.clock.sleep(READ_BACK_WAIT, signal).catch(() => {});
    return value;
  }

  /** Result into the journal and, as a numbered record, into the log: the audit trail and the city's copy. */
  async #finish(command: Command, result: CommandResult): Promise<void> {
    const { clock, hub, journal, log } = this.#options;
    try {
      await journal.finish(result);
    } catch (thrown) {
      log.error('command.result-not-stored', { id: command.id, error: asAgentError(thrown).message });
    }
    hub.event({
      event: 'command',
      severity: result.state === 'done' ? 'info' : 'warning',
      device: command.device,
      time: clock.mono(),
      body: { ...command, ...result },
    });
  }

  #refusal(command: Command, code: Rejection, reason: string): CommandResult {
    const id = typeof command.id === 'string' ? command.id.slice(0, 64) : '';
    return { id, state: 'rejected', code, reason, at: this.#now().time };
  }

  /** How long a command holds, ms of wall time; undefined: for good, or there is no local program to go back to. */
  #lease({ device, point, lease, issuer }: Command): number | undefined {
    if (issuer === LEASE_END) return undefined;
    const held = this.#options.holds?.(device, point);
    if (held !== undefined) return lease ?? held;
    return this.#options.fallback(device, point) === undefined ? undefined : lease;
  }

  /** The lease has run out: the controller that keeps the point takes over, or its fallback is commanded. */
  async #endLease(command: Command): Promise<void> {
    const { device, point } = command;
    if (this.#options.holds?.(device, point) !== undefined) {
      this.#options.onOverride?.(device, point);
      return;
    }
    const value = this.#fallback(command);
    if (value === undefined) return;
    // Only a controller can take a lease up again: nobody would write its value anew here.
    this.#leases.forget(command);
    const now = this.#now().time;
    const back: Command = {
      // Made from the command's id: after a restart the same lease ends under the same id, so only once.
      id: `lease-end-${createHash('sha256').update(command.id).digest('hex').slice(0, 32)}`,
      device,
      point,
      value,
      issuer: LEASE_END,
      issued: now,
      expires: now + FALLBACK_LIFE,
    };
    const { code } = await this.submit(back);
    // A lamp must not stay at a stale level because the disk is ill or the clock is lost.
    if (code === 'store-failed' || code === 'clock-untrusted') await this.steer(back);
  }

  #fallback(command: Command): Value | undefined {
    return this.#options.fallback(command.device, command.point);
  }

  #now() {
    return wallAt(this.#options.clock.mapping(), this.#options.clock.mono());
  }
}

/** A device keeps fewer steps than a number has: 8 bits of a PWM are 0.4 %. */
function agrees(readback: Value, asked: Value): boolean {
  if (typeof readback !== 'number' || typeof asked !== 'number') return readback === asked;
  return Math.abs(readback - asked) <= Math.max(0.5, Math.abs(asked) * 0.005);
}

function sameWish(a: Command, b: Command): boolean {
  return a.device === b.device && a.point === b.point && a.value === b.value && a.issuer === b.issuer;
}
