/**
 * Alarms in the sense of ANSI/ISA-18.2-2016 and IEC 62682: what is watched, in which state each alarm is, who did what to
 * it. Durations are ms, times without `mono` in the name are true time (Unix epoch ms) as well as it was known then.
 */
import type { Text } from '../point.ts';
import type { Value } from '../reading.ts';
import type { EventKind, Json } from '../record.ts';
import type { Unit } from '../unit.ts';

/** Most urgent first. `critical` and `high` are never held back, whatever else comes in. */
export const PRIORITIES = ['critical', 'high', 'medium', 'low'] as const;
export type Priority = (typeof PRIORITIES)[number];

/** True where `a` is at least as urgent as `b`. */
export function atLeast(a: Priority, b: Priority): boolean {
  return PRIORITIES.indexOf(a) <= PRIORITIES.indexOf(b);
}

/** What a value is compared with, in the unit of the point. Exactly one of `above` and `below` is given. */
export interface LimitTest {
  readonly kind: 'limit';
  readonly device: string;
  readonly point: string;
  readonly above?: number;
  readonly below?: number;
  /** It is over only once the value is this much on the good side of the limit. */
  readonly deadband: number;
}

/** Change of a value within `within`. Exactly one of `rise`, `fall` (both above 0) and `change` (either way) is given. */
export interface RateTest {
  readonly kind: 'rate';
  readonly device: string;
  readonly point: string;
  readonly within: number;
  readonly rise?: number;
  readonly fall?: number;
  readonly change?: number;
}

/** No believable reading for longer than `after` (bad ones are none), also when there never was one. */
export interface StaleTest {
  readonly kind: 'stale';
  readonly device: string;
  readonly point: string;
  readonly after: number;
}

/** A point that has one of these values, or (`not`) any but these. */
export interface StateTest {
  readonly kind: 'state';
  readonly device: string;
  readonly point: string;
  readonly is: readonly Value[];
  readonly not: boolean;
  /** Uncertain values count too: a help button is believed also while its device is in maintenance. */
  readonly uncertain?: true;
}

/** An event that begins it, and one that ends it: each names the values that its body must have. */
export interface EventTest {
  readonly kind: 'event';
  readonly event: EventKind;
  /** Absent: of any device, or of none. */
  readonly device?: string;
  readonly where: { readonly [key: string]: Json };
  /** Absent: it stands until somebody resets it. */
  readonly until?: { readonly [key: string]: Json };
}

/** Whether another alarm's condition is met. */
export interface AlarmTest {
  readonly kind: 'alarm';
  readonly alarm: string;
}

/** `all` of them, `any` of them, or `none` of them. */
export interface Combination {
  readonly kind: 'all' | 'any' | 'none';
  readonly of: readonly AlarmCondition[];
}

export type AlarmCondition =
  | LimitTest
  | RateTest
  | StaleTest
  | StateTest
  | EventTest
  | AlarmTest
  | Combination;

export interface AlarmDefinition {
  /** Unique among the alarms of the site. */
  readonly id: string;
  readonly title: Text;
  readonly priority: Priority;
  /** What it is about: a device of the site. */
  readonly device: string;
  readonly condition: AlarmCondition;
  /** How long the condition has to hold before it is an alarm, and to be over before it has returned to normal. */
  readonly onDelay: number;
  readonly offDelay: number;
  /** It stays, also when its condition is over, until somebody resets it. */
  readonly latching: boolean;
  /** Alarms that explain this one: while one of them stands, this one is suppressed by design and listed under it. */
  readonly causes: readonly string[];
  /** Alarms of one group tell which of them came first. */
  readonly group?: string;
  /** While nobody has acknowledged it, it is told again this often. Absent: never. */
  readonly remind?: number;
  /** `person`: a flow or a rule of a platform cannot acknowledge it. */
  readonly acknowledgedBy: 'anyone' | 'person';
  /** Longest time it can be shelved; 0: it cannot be. */
  readonly shelving: number;
  /** What the person who gets it should do. */
  readonly advice?: Text;
  /** Where its limits come from. */
  readonly basis?: string;
}

/**
 * ISA-18.2 Figure 4. `unacknowledged`, `acknowledged`: it stands. `returned`: its condition is over, nobody has seen it.
 * `latched`: acknowledged and over, but it waits for a reset.
 */
export const ALARM_STATES = [
  'normal',
  'unacknowledged',
  'acknowledged',
  'returned',
  'latched',
  'shelved',
  'suppressed',
  'out-of-service',
] as const;
export type AlarmState = (typeof ALARM_STATES)[number];

/** Somebody who did something to an alarm. */
export interface AlarmDeed {
  /** Issuer as of commands: `console:technician`, `flow:<name>`, `uplink:<id>`. */
  readonly by: string;
  /** Name of the person, as they gave it. */
  readonly name?: string;
  readonly note?: string;
  readonly at: number;
}

/**
 * All that is known of one alarm: the body of a numbered event, and the mark (agent/core/mark.ts) that lives through
 * restarts. What it is in is `state`; the rest says why.
 */
export interface AlarmStatus {
  readonly mark: 'alarm';
  /** `alarm:<alarm>`: unique among marks. */
  readonly id: string;
  readonly alarm: string;
  readonly device: string;
  readonly priority: Priority;
  readonly state: AlarmState;
  /** Whether its condition is met, delays included. */
  readonly active: boolean;
  /** How often it was raised, ever; with the alarm's id it names an occurrence. */
  readonly count: number;
  readonly raised?: number;
  readonly returned?: number;
  /** Point and value that raised it, where one did, and the limit they met. */
  readonly point?: string;
  readonly value?: Value | null;
  readonly unit?: Unit;
  readonly limit?: number;
  /** The condition cannot be judged: what it looks at is bad or missing. It neither raises nor clears then. */
  readonly uncertain?: true;
  /** Absent: not acknowledged since it was raised. */
  readonly acknowledged?: AlarmDeed;
  /** Waits for a reset. */
  readonly latched?: true;
  readonly shelved?: AlarmDeed & { readonly until: number };
  readonly outOfService?: AlarmDeed;
  /** The standing alarm that explains it. */
  readonly suppressedBy?: string;
  /** Alarms that are suppressed because of this one, at most 100 of them. */
  readonly suppresses?: readonly string[];
  /** It was the first of its group to be raised. */
  readonly firstOut?: true;
  /** It comes and goes so often that it is held until it is quiet; how often it was raised meanwhile. */
  readonly chattering?: number;
  /** Times it was told again while nobody acknowledged it. */
  readonly reminded?: number;
}

/** What a status event tells: what has just happened to the alarm; `together`: the newest of several. */
export const ALARM_CHANGES = [
  'raised',
  'returned',
  'acknowledged',
  'reset',
  'shelved',
  'unshelved',
  'shelving-ended',
  'suppressed',
  'released',
  'out-of-service',
  'in-service',
  'reminder',
  'chattering',
  'settled',
  'removed',
  'together',
] as const;
export type AlarmChange = (typeof ALARM_CHANGES)[number];

/** Device under which the agent tells the states of alarms as points, and takes commands for them. */
export const ALARM_DEVICE = 'alarms';

export const ALARM_ACTS = [
  'acknowledge',
  'reset',
  'shelve',
  'unshelve',
  'out-of-service',
  'in-service',
] as const;
export type AlarmAct = (typeof ALARM_ACTS)[number];

/** What somebody wants done to an alarm. */
export interface AlarmRequest {
  readonly act: AlarmAct;
  readonly alarm: string;
  readonly by: string;
  /** Whether a person did it: somebody logged in at the console, or whom the city names. */
  readonly person: boolean;
  readonly name?: string;
  readonly note?: string;
  /** How long it is shelved. */
  readonly duration?: number;
}

export type AlarmAnswer =
  | { readonly ok: true; readonly status: AlarmStatus }
  | {
      readonly ok: false;
      readonly code: 'unknown-alarm' | 'not-allowed' | 'wrong-state' | 'malformed';
      readonly reason: string;
    };

/** An alarm as console and API see it. */
export interface AlarmRow {
  readonly definition: AlarmDefinition;
  readonly status: AlarmStatus;
}

/** What the agent lets others do with alarms. */
export interface AlarmActs {
  /** All of them, in the order of the site file. */
  rows(): readonly AlarmRow[];
  /** Resolves when it is durable; refusals are values. */
  act(request: AlarmRequest): Promise<AlarmAnswer>;
  /** Tests a help button. Undefined where there is none of that id. */
  test(sos: string, by: string): Promise<SosTest | undefined>;
  /** What was told of alarms, newest first. */
  recent(limit: number): Promise<readonly AlarmTold[]>;
  counts(): AlarmCounts;
}

/** A status as it was told, with its number in the log. */
export interface AlarmTold {
  readonly seq: number;
  readonly time: number;
  readonly change: AlarmChange;
  readonly status: AlarmStatus;
}

export interface AlarmCounts {
  readonly standing: number;
  readonly unacknowledged: number;
  readonly shelved: number;
  readonly suppressed: number;
  /** Whether more alarms come than a person can take in (ISA-18.2: more than 10 in 10 minutes). */
  readonly flood: boolean;
  /** Since the start: alarms raised, events told, events held back and told together. */
  readonly raised: number;
  readonly told: number;
  readonly held: number;
}

/** A help button with what answers it. Outputs and their values as commands write them. */
export interface SosConfig {
  /** Id of its alarm. */
  readonly id: string;
  readonly title: Text;
  readonly device: string;
  readonly point: string;
  /** Value of the point while the button is pressed. */
  readonly pressed: Value;
  /** What is switched on by a press, off by the cancel, and for a moment by the self-test. */
  readonly outputs: readonly SosOutput[];
  /** Told again this often until a person has acknowledged it. */
  readonly remind: number;
  /** Time of the daily self-test, minutes after local midnight; absent: none. */
  readonly test?: { readonly minutes: number; readonly duration: number };
}

export interface SosOutput {
  readonly device: string;
  readonly point: string;
  readonly on: Value;
  readonly off: Value;
  /** Value once a person has acknowledged it (help is coming). Absent: stays on. */
  readonly acknowledged?: Value;
  /** Absent: left out of the self-test (a siren at night). */
  readonly tested: boolean;
}

/** Result of a self-test: the body of an event, and the mark that says when the last one was. */
export interface SosTest {
  readonly mark: 'sos-test';
  /** `sos-test:<sos>`. */
  readonly id: string;
  readonly sos: string;
  readonly device: string;
  readonly at: number;
  readonly ok: boolean;
  /** What did not work, in words. */
  readonly failed: readonly string[];
  /** Who asked for it: `control:sos` for the daily one. */
  readonly by: string;
}

/** How many alarms are told one by one before they are told together. */
export interface FloodRule {
  /** More than this many raised within `within` are a flood; it ends below half of it. ISA-18.2 §16.5: 10 in 10 min. */
  readonly most: number;
  readonly within: number;
  /** In a flood, alarms below `high` are told together this often. */
  readonly every: number;
}

export interface AlarmsConfig {
  readonly definitions: readonly AlarmDefinition[];
  readonly sos: readonly SosConfig[];
  readonly flood: FloodRule;
}

export const DEFAULT_FLOOD: FloodRule = { most: 10, within: 600_000, every: 10_000 };

/** The state that follows from what is known of an alarm. */
export function stateOf(
  facts: Pick<
    AlarmStatus,
    'active' | 'raised' | 'acknowledged' | 'latched' | 'shelved' | 'outOfService' | 'suppressedBy'
  >,
): AlarmState {
  if (facts.outOfService !== undefined) return 'out-of-service';
  if (facts.shelved !== undefined) return 'shelved';
  if (facts.suppressedBy !== undefined) return 'suppressed';
  const unseen = facts.raised !== undefined && facts.acknowledged === undefined;
  if (facts.active) return unseen ? 'unacknowledged' : 'acknowledged';
  // What latches stands for whoever has not seen it, also when it is over.
  if (facts.latched === true) return unseen ? 'unacknowledged' : 'latched';
  return unseen ? 'returned' : 'normal';
}

/** Whether an alarm in this state stands: somebody should look at it, or is looking at it. */
export function stands(state: AlarmState): boolean {
  return state === 'unacknowledged' || state === 'acknowledged' || state === 'latched';
}
