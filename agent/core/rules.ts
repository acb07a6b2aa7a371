/** What is declared of the points of a device beyond how they are read: in its profile, and in the site file on top of it. */

/** Holds while a value lies between the bounds. */
export interface Condition {
  /** Absent: the device itself. */
  readonly device?: string;
  readonly point: string;
  readonly atLeast?: number;
  readonly atMost?: number;
}

export interface PointRules {
  /** A counter goes back to 0 here. */
  readonly modulus?: number;
  /** More of a counter in an hour is no consumption. */
  readonly mostPerHour?: number;
  /** The same value (but 0) for longer than this is no measurement any more, ms of wall time. */
  readonly frozenAfter?: number;
  /** A larger step from one reading to the next is doubted until the readings after it stay there. */
  readonly mostStep?: number;
  /** Values are to be believed while all of these hold. */
  readonly validWhile?: readonly Condition[];
}

/** A point that is the sum of others. */
export interface SumRule {
  readonly total: string;
  readonly parts: readonly string[];
  /** Allowed difference as a share of the total, and at least in its unit. */
  readonly share: number;
  readonly least: number;
}

/** Registers in which a meter keeps what a counter showed at midnight, by its own clock. */
export interface FreezeRule {
  readonly value: string;
  /** Text `YYYY-MM-DD hh:mm…` or the like, as the meter tells it. */
  readonly time: string;
}

export interface SenseRules {
  readonly points: Readonly<Record<string, PointRules>>;
  readonly sums: readonly SumRule[];
  /** Point that tells the serial number. */
  readonly serial?: string;
  /** By counter. */
  readonly freezes: Readonly<Record<string, FreezeRule>>;
}

export const NO_RULES: SenseRules = { points: {}, sums: [], freezes: {} };
