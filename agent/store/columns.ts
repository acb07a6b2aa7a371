/** Readings as columns: how they cross from main to the store thread and how a batch is decoded. One entry per reading. */
import { type Quality, REASONS, type Reason, type Value } from '../core/reading.ts';

/** What kind of value stands in `value`. */
export const KIND = { none: 0, number: 1, false: 2, true: 3, text: 4 } as const;

export interface Columns {
  readonly count: number;
  /** Number of the point: of the point table in the log, of the packer on the way to the thread. */
  readonly point: Int32Array;
  /** Monotonic ms of the boot. */
  readonly time: Float64Array;
  /** One of `KIND`. */
  readonly kind: Uint8Array;
  /** The number, or for texts the index into `texts`. */
  readonly value: Float64Array;
  /** Quality and reason, see `qualityCode`. */
  readonly code: Uint8Array;
  readonly texts: readonly string[];
}

const QUALITIES: readonly Quality[] = ['good', 'uncertain', 'bad'];

/**
 * Numbers of the reasons in every codec so far. Append only: a number is never given to another reason.
 * A reason that core adds without a number here does not compile. 0 is "none", 1…62.
 */
const REASON_CODES = {
  'communication-failure': 1,
  timeout: 2,
  'device-failure': 3,
  'sensor-fault': 4,
  'not-available': 5,
  'over-range': 6,
  'under-range': 7,
  'warming-up': 8,
  frozen: 9,
  implausible: 10,
  maintenance: 11,
  calibration: 12,
  'manual-entry': 13,
  substituted: 14,
  simulated: 15,
  'clock-untrusted': 16,
  'low-rate': 17,
  'source-dark': 18,
  'source-frozen': 19,
  configuration: 20,
  'source-covered': 21,
  'source-moved': 22,
  withheld: 23,
  'outside-conditions': 24,
} as const satisfies Record<Reason, number>;

const REASON_OF: readonly (Reason | undefined)[] = Array.from({ length: 64 }, (_, code) =>
  REASONS.find((reason) => REASON_CODES[reason] === code),
);

/** `reason × 4 + quality`, one byte. */
export function qualityCode(quality: Quality, reason: Reason | undefined): number {
  if (quality === 'good') return 0;
  return (reason === undefined ? 0 : REASON_CODES[reason]) * 4 + (quality === 'bad' ? 2 : 1);
}

/** Undefined where no quality has that code. */
export function qualityOf(code: number): { quality: Quality; reason: Reason | undefined } | undefined {
  const quality = QUALITIES[code & 3];
  const reason = REASON_OF[code >> 2];
  if (quality === undefined || (code >> 2 !== 0 && (reason === undefined || quality === 'good')))
    return undefined;
  return { quality, reason };
}

/** The value of entry `i`; `null` for none. */
export function valueAt(columns: Columns, i: number): Value | null {
  switch (columns.kind[i]) {
    case KIND.number:
      return columns.value[i] ?? null;
    case KIND.false:
      return false;
    case KIND.true:
      return true;
    case KIND.text:
      return columns.texts[columns.value[i] ?? -1] ?? null;
    default:
      return null;
  }
}

/** Bytes of memory that an entry takes. */
export const ENTRY_BYTES = 8 + 8 + 4 + 1 + 1;

/** Columns over one piece of shared memory, which both threads see: nothing is copied and a retry still has it. */
export function allocate(
  count: number,
  texts: string[] = [],
): { buffer: SharedArrayBuffer; columns: Columns } {
  const buffer = new SharedArrayBuffer(count * ENTRY_BYTES);
  return { buffer, columns: over(buffer, count, texts) };
}

export function over(buffer: ArrayBufferLike, count: number, texts: readonly string[]): Columns {
  return {
    count,
    time: new Float64Array(buffer, 0, count),
    value: new Float64Array(buffer, 8 * count, count),
    point: new Int32Array(buffer, 16 * count, count),
    kind: new Uint8Array(buffer, 20 * count, count),
    code: new Uint8Array(buffer, 21 * count, count),
    texts,
  };
}

/** Entries `from` ≤ i < `to`, sharing memory. */
export function slice(columns: Columns, from: number, to: number): Columns {
  if (from === 0 && to === columns.count) return columns;
  return {
    count: to - from,
    time: columns.time.subarray(from, to),
    value: columns.value.subarray(from, to),
    point: columns.point.subarray(from, to),
    kind: columns.kind.subarray(from, to),
    code: columns.code.subarray(from, to),
    texts: columns.texts,
  };
}
