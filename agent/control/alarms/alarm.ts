/**
 * One alarm: from verdicts over time, deeds of people and standing causes to its state. Knows neither hub nor disk; each
 * step gives what changed, to be told by whoever asked.
 */
import {
  type AlarmChange,
  type AlarmDeed,
  type AlarmDefinition,
  type AlarmStatus,
  stateOf,
} from '../../core/alarm/alarm.ts';
import type { Mono } from '../../core/reading.ts';
import type { Judge, Verdict } from './judge.ts';
import { earliest } from './judge.ts';

/** ISA-18.2 §16.5: an alarm that is raised three times within a minute chatters. */
export const CHATTER = { raises: 3, within: 60_000 } as const;
/** A chattering alarm is held until its condition has been over this long, ms. */
export const QUIET = 60_000;
/** After its cause has gone, an alarm gets this long to go as well, ms. */
export const RELEASE_GRACE = 30_000;

/** Moments of one step: mono ms for what lasts, true time for what is told. */
export interface Moment {
  readonly mono: Mono;
  /** Unix epoch ms. */
  readonly wall: number;
}

type Facts = Omit<AlarmStatus, 'mark' | 'id' | 'alarm' | 'device' | 'priority' | 'state'>;

export class Alarm {
  readonly definition: AlarmDefinition;
  readonly judge: Judge;
  #facts: Facts = { active: false, count: 0 };
  #status: AlarmStatus;
  /** Since when the condition is other than `active`, mono ms. */
  #since: Mono | undefined;
  /** Mono ms of the newest raises. */
  #raises: Mono[] = [];
  /** When it was released from its cause, mono ms. */
  #released: Mono | undefined;
  #reminded: Mono | undefined;
  #shelvedUntil: Mono | undefined;

  constructor(definition: AlarmDefinition, judge: Judge) {
    this.definition = definition;
    this.judge = judge;
    this.#status = this.#made();
  }

  get status(): AlarmStatus {
    return this.#status;
  }

  /** What was known of it before the start. What somebody did stays done; whether it is active is judged anew. */
  restore(before: AlarmStatus, at: Moment, left: (until: number) => number): void {
    const { mark: _, id: __, alarm: ___, device: ____, priority: _____, state: ______, ...facts } = before;
    this.#set(facts);
    if (facts.shelved !== undefined) this.#shelvedUntil = at.mono + left(facts.shelved.until);
    this.#reminded = at.mono;
  }

  /** When something may change by time alone, mono ms. */
  due(now: Mono): Mono | undefined {
    const { remind } = this.definition;
    const reminder = remind !== undefined && this.#unseen() ? (this.#reminded ?? now) + remind : undefined;
    const pending = this.#since === undefined ? undefined : this.#since + this.#delay();
    return earliest([this.judge.due(now), pending, reminder, this.#shelvedUntil]);
  }

  /** Takes the verdict of now; `cause` is the standing alarm that explains this one. */
  step(at: Moment, cause: string | undefined): AlarmChange | undefined {
    const verdict = this.judge.verdict(at.mono);
    return (
      this.#shelving(at) ?? this.#explain(cause, at) ?? this.#follow(verdict, at, cause) ?? this.#remind(at)
    );
  }

  /** Its condition was met for a moment before anything was judged: what latches stands for it. */
  happened(at: Moment): AlarmChange | undefined {
    if (this.judge.verdict(at.mono).met === true) return undefined;
    const change = this.#raise({ met: true }, at, undefined);
    this.#set({ ...this.#facts, active: false });
    return change;
  }

  #follow(verdict: Verdict, at: Moment, cause: string | undefined): AlarmChange | undefined {
    const { met } = verdict;
    if ((met === undefined) !== (this.#facts.uncertain === true)) {
      const { uncertain: _, ...facts } = this.#facts;
      this.#set(met === undefined ? { ...facts, uncertain: true } : facts);
    }
    // What cannot be judged changes nothing, and a delay begins anew behind it.
    if (met === undefined || met === this.#facts.active) {
      if (met === true && this.#since !== undefined && this.#facts.chattering !== undefined) {
        this.#set({ ...this.#facts, chattering: this.#facts.chattering + 1 });
      }
      this.#since = undefined;
      return undefined;
    }
    this.#since ??= at.mono;
    if (at.mono - this.#since < this.#delay()) return undefined;
    this.#since = undefined;
    return met ? this.#raise(verdict, at, cause) : this.#return(at);
  }

  #delay(): number {
    const { onDelay, offDelay } = this.definition;
    if (this.#facts.active)
      return this.#facts.chattering === undefined ? offDelay : Math.max(offDelay, QUIET);
    if (this.#released === undefined || this.#since === undefined) return onDelay;
    return Math.max(onDelay, this.#released + RELEASE_GRACE - this.#since);
  }

  #raise({ because }: Verdict, at: Moment, cause: string | undefined): AlarmChange {
    this.#released = undefined;
    const { point: _, value: __, unit: ___, limit: ____, ...facts } = this.#facts;
    if (cause !== undefined) {
      this.#set({ ...facts, ...because, active: true, suppressedBy: cause });
      return 'suppressed';
    }
    this.#reminded = at.mono;
    this.#raises = [...this.#raises, at.mono].slice(-CHATTER.raises);
    const first = this.#raises.length === CHATTER.raises ? this.#raises[0] : undefined;
    // What latches does not come and go by itself, and a call for help must be possible to cancel.
    const chatters = !this.definition.latching && first !== undefined && at.mono - first < CHATTER.within;
    const { acknowledged: _a, returned: _r, reminded: _n, suppresses: _s, firstOut: _f, ...rest } = facts;
    this.#set({
      ...rest,
      ...because,
      active: true,
      count: facts.count + 1,
      raised: at.wall,
      ...(this.definition.latching ? { latched: true } : {}),
      ...(chatters ? { chattering: CHATTER.raises } : {}),
    });
    return chatters ? 'chattering' : 'raised';
  }

  #return(at: Moment): AlarmChange {
    const { chattering, suppressedBy, ...facts } = this.#facts;
    this.#raises = chattering === undefined ? this.#raises : [];
    const explained: Pick<Facts, 'acknowledged'> =
      suppressedBy === undefined || facts.acknowledged !== undefined || facts.latched === true
        ? {}
        : { acknowledged: { by: 'control:alarms', note: `explained by ${suppressedBy}`, at: at.wall } };
    this.#set({ ...facts, ...explained, active: false, returned: at.wall });
    return chattering === undefined ? 'returned' : 'settled';
  }

  /** A cause has come or gone. */
  #explain(cause: string | undefined, at: Moment): AlarmChange | undefined {
    const { active, suppressedBy, ...facts } = this.#facts;
    if (suppressedBy === cause || (!active && suppressedBy === undefined)) return undefined;
    if (cause !== undefined && active) {
      this.#set({ ...facts, active, suppressedBy: cause });
      return suppressedBy === undefined ? 'suppressed' : undefined;
    }
    // An alarm that was told before its cause came goes on; one that was not gets time to go with its cause.
    const told = facts.raised !== undefined && facts.returned === undefined;
    this.#set({ ...facts, active: active && told });
    if (active && !told) this.#released = at.mono;
    this.#reminded = at.mono;
    return 'released';
  }

  #remind(at: Moment): AlarmChange | undefined {
    const { remind } = this.definition;
    if (remind === undefined || !this.#unseen()) return undefined;
    this.#reminded ??= at.mono;
    if (at.mono - this.#reminded < remind) return undefined;
    this.#reminded = at.mono;
    this.#set({ ...this.#facts, reminded: (this.#facts.reminded ?? 0) + 1 });
    return 'reminder';
  }

  #shelving(at: Moment): AlarmChange | undefined {
    if (this.#shelvedUntil === undefined || at.mono < this.#shelvedUntil) return undefined;
    return this.unshelve(at, 'shelving-ended');
  }

  acknowledge(deed: AlarmDeed): AlarmChange | undefined {
    if (this.#facts.raised === undefined || this.#facts.acknowledged !== undefined) return undefined;
    this.#set({ ...this.#facts, acknowledged: deed });
    return 'acknowledged';
  }

  /** Lets go what latches. Undefined where there is nothing to let go, or its condition is still met. */
  reset(deed: AlarmDeed): AlarmChange | undefined {
    const { latched, ...facts } = this.#facts;
    if (latched === undefined || facts.active) return undefined;
    this.#set({ ...facts, acknowledged: facts.acknowledged ?? deed });
    return 'reset';
  }

  /** `duration` in ms of the monotonic clock; `until` is true time. */
  shelve(deed: AlarmDeed & { readonly until: number }, at: Moment, duration: number): AlarmChange {
    this.#shelvedUntil = at.mono + duration;
    this.#set({ ...this.#facts, shelved: deed });
    return 'shelved';
  }

  unshelve(at: Moment, as: AlarmChange = 'unshelved'): AlarmChange | undefined {
    const { shelved, ...facts } = this.#facts;
    this.#shelvedUntil = undefined;
    if (shelved === undefined) return undefined;
    this.#reminded = at.mono;
    this.#set(facts);
    return as;
  }

  outOfService(deed: AlarmDeed): AlarmChange | undefined {
    if (this.#facts.outOfService !== undefined) return undefined;
    this.#set({ ...this.#facts, outOfService: deed });
    return 'out-of-service';
  }

  inService(at: Moment): AlarmChange | undefined {
    const { outOfService, ...facts } = this.#facts;
    if (outOfService === undefined) return undefined;
    this.#reminded = at.mono;
    this.#set(facts);
    return 'in-service';
  }

  /** Notes that it was the first of its group. */
  first(): void {
    this.#set({ ...this.#facts, firstOut: true });
  }

  /** Notes which alarms it explains. */
  explains(children: readonly string[]): boolean {
    const before = this.#facts.suppresses ?? [];
    if (before.length === children.length && before.every((one, i) => one === children[i])) return false;
    const { suppresses: _, ...facts } = this.#facts;
    this.#set(children.length === 0 ? facts : { ...facts, suppresses: children });
    return true;
  }

  /** Whether it can explain others: it stands by its condition, whatever people did to it. */
  get explaining(): boolean {
    return this.#facts.active && this.#facts.outOfService === undefined;
  }

  #unseen(): boolean {
    const { state } = this.#status;
    return (
      state === 'unacknowledged' || (state === 'returned' && this.definition.acknowledgedBy === 'person')
    );
  }

  #set(facts: Facts): void {
    this.#facts = facts;
    this.#status = this.#made();
    // First-out is said of the occurrence, not of the next one.
    if (facts.firstOut !== undefined && this.#status.state === 'normal') {
      const { firstOut: _, ...rest } = facts;
      this.#facts = rest;
      this.#status = this.#made();
    }
  }

  #made(): AlarmStatus {
    const { id, device, priority } = this.definition;
    const facts = this.#facts;
    return { mark: 'alarm', id: `alarm:${id}`, alarm: id, device, priority, state: stateOf(facts), ...facts };
  }
}
