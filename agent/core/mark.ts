/**
 * Marks: what has to be known of a device to read its readings aright, and is no reading itself. Somebody declared it
 * (an exchange, a correction, a maintenance window) or the agent saw it (a counter that jumped). Each is the body of a
 * numbered, signed event; the log keeps the newest body of every mark at hand. Times without `mono` in the name are
 * true time, Unix epoch ms.
 */
import type { AlarmStatus, SosTest } from './alarm/alarm.ts';
import type { Mono } from './reading.ts';
import type { AgentEvent, EventKind, Json } from './record.ts';

/**
 * Why a counter does not run on from where it was. `roll-over`: it began again at 0 behind its highest number. `reset`:
 * it was set to 0. `exchange`: another meter, as somebody declared. `correction`: its factor changed. `outlier`: a wrong
 * value, and the step back from it. `unexplained`: nothing of these; an exchange that nobody has declared, as a rule.
 */
export const BREAK_KINDS = [
  'roll-over',
  'reset',
  'exchange',
  'correction',
  'outlier',
  'unexplained',
] as const;
export type BreakKind = (typeof BREAK_KINDS)[number];

/**
 * A place where a counter goes on at `opening` what it ended at `closing`. What was consumed between two readings with
 * breaks between them is `to − from + Σ (closing − opening)`, whatever happened to the register: see `consumed`.
 */
export interface CounterBreak {
  readonly mark: 'break';
  readonly id: string;
  readonly device: string;
  readonly point: string;
  /** The break counts for values in this unit. */
  readonly unit: string;
  /** Where it is: behind the last reading before and before the first one after, on the clock of this boot. */
  readonly boot: string;
  readonly mono: Mono;
  /** The same as true time, as well as it was known when it was seen. */
  readonly at: number;
  readonly kind: BreakKind;
  /** `provisional`: seen once. `open`: waits for somebody to say what happened. `settled`: as it is told here. */
  readonly state: 'provisional' | 'open' | 'settled';
  /** In the unit of the point, as its readings are (corrected). */
  readonly closing: number;
  readonly opening: number;
  /** Last reading before and first one after, corrected as they were. */
  readonly before: number;
  readonly after: number;
  /** The exchange or correction that explains it. */
  readonly by?: string;
}

/** Numbers read off the two meters, in the unit of the point, as their displays show them (no ratio applied). */
export interface ExchangedRegister {
  readonly closing: number;
  readonly opening: number;
}

export interface MeterExchange {
  readonly mark: 'exchange';
  readonly id: string;
  readonly device: string;
  /** When the meter was exchanged. */
  readonly at: number;
  readonly declared: number;
  /** Who declares it. */
  readonly by: string;
  readonly note?: string;
  readonly oldSerial?: string;
  readonly newSerial?: string;
  /** Ratios of the transformers from here on, primary by secondary; absent: as before. */
  readonly ct?: number;
  readonly pt?: number;
  /** By point. */
  readonly registers: { readonly [point: string]: ExchangedRegister };
  /** Points whose jump was found in the readings. */
  readonly found: readonly string[];
  readonly state: 'pending' | 'done' | 'withdrawn';
}

/** From `since` on: value = raw × CT × PT × slope + offset. The newest one of a point (or of a device) is in force. */
export interface Correction {
  readonly mark: 'correction';
  readonly id: string;
  readonly device: string;
  /** Absent: the ratios of the device, which hold for all its points by their unit. */
  readonly point?: string;
  readonly slope: number;
  readonly offset: number;
  readonly ct: number;
  readonly pt: number;
  readonly since: number;
  readonly by: string;
  readonly note?: string;
  /** Where it comes from a calibration: what the reference showed and what the device showed. */
  readonly calibration?: readonly { readonly reference: number; readonly raw: number; readonly at: number }[];
}

/** Readings of the device are marked from `since` until `until`, or `ended` where somebody ended it before. */
export interface Maintenance {
  readonly mark: 'maintenance';
  readonly id: string;
  readonly device: string;
  readonly by: string;
  readonly why: string;
  readonly since: number;
  readonly until: number;
  readonly ended?: number;
  readonly endedBy?: string;
}

/** The serial number that a device has told. */
export interface Identity {
  readonly mark: 'identity';
  readonly id: string;
  readonly device: string;
  readonly serial: string;
  readonly since: number;
}

export type Mark = CounterBreak | MeterExchange | Correction | Maintenance | Identity | AlarmStatus | SosTest;

const KIND_OF: Readonly<Record<Mark['mark'], EventKind>> = {
  break: 'meter',
  exchange: 'meter',
  identity: 'meter',
  correction: 'audit',
  maintenance: 'maintenance',
  alarm: 'alarm',
  'sos-test': 'alarm',
};

/** What the mark adds to a step over it. */
export function offsetOf({ closing, opening }: Pick<CounterBreak, 'closing' | 'opening'>): number {
  return closing - opening;
}

/** Consumption between two readings of a counter with `breaks` between them, in their unit. */
export function consumed(
  from: number,
  to: number,
  breaks: readonly Pick<CounterBreak, 'closing' | 'opening'>[],
): number {
  return breaks.reduce((sum, one) => sum + offsetOf(one), to - from);
}

/** The event that makes a mark known and durable. `time`: monotonic ms. */
export function markEvent(mark: Mark, time: Mono): AgentEvent {
  const loud = mark.mark === 'break' && mark.state === 'open';
  return {
    event: KIND_OF[mark.mark],
    severity: loud ? 'warning' : 'info',
    device: mark.device,
    time,
    body: { what: whatOf(mark), ...(mark as unknown as { readonly [key: string]: Json }) },
  };
}

function whatOf(mark: Mark): string {
  return mark.mark === 'break' ? `counter-${mark.kind}` : mark.mark;
}

/** The mark that an event tells of. Looks at its shape only as far as to tell it from other events. */
export function markOf({ body }: Pick<AgentEvent, 'body'>): Mark | undefined {
  return markIn(body);
}

/** All marks that an event tells of: of itself, or of a list where many are told together. */
export function marksOf({ body }: Pick<AgentEvent, 'body'>): readonly Mark[] {
  const { marks } = body;
  const own = markIn(body);
  const listed = Array.isArray(marks) ? (marks as readonly Json[]).map((one) => markIn(Object(one))) : [];
  return [own, ...listed].filter((mark) => mark !== undefined);
}

function markIn(body: AgentEvent['body']): Mark | undefined {
  const { mark, id, device } = body;
  if (typeof mark !== 'string' || typeof id !== 'string' || typeof device !== 'string') return undefined;
  if (!Object.hasOwn(KIND_OF, mark)) return undefined;
  const { what: _, ...rest } = body;
  return rest as unknown as Mark;
}
