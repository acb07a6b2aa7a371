/**
 * What is known of one centre beyond the site file: intervals, time-out, password, key and MN as the centre has set
 * them, kept in a file of the state folder so that a restart does not undo them; and the books by period.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFileSync } from '../../core/durable-file.ts';
import type { Hj212UplinkConfig } from '../../core/site.ts';
import type { UplinkContext } from '../../core/uplink.ts';
import type { PeriodKind } from './period.ts';
import { Calendar } from './time.ts';

/** Set by the centre. */
export interface Settings {
  /** ms */
  readonly realTime: number;
  readonly minute: number;
  readonly timeout: number;
  readonly resends: number;
  /** Whether real-time data are wanted (2011 and 2012). */
  readonly streaming: boolean;
  readonly password: string | undefined;
  readonly mn: string | undefined;
  /** Newest first; the one before is still read with, for what was on its way. */
  readonly keys: readonly string[];
}

type Some<T> = { readonly [K in keyof T]?: T[K] | undefined };

interface Kept extends Some<Settings> {
  /** Hash of what the site file says: when it is changed there, the file wins. */
  readonly basis: string;
  /** Numbers after which the books begin. */
  readonly began?: Partial<Record<PeriodKind, number>>;
}

interface Book {
  sent: number;
  acknowledged: number;
  /** Settled without a packet: nothing was measured. */
  empty: number;
  /** Sent, and not acknowledged yet. */
  readonly open: Set<number>;
}

export class Centre {
  readonly config: Hj212UplinkConfig;
  readonly local: Calendar;
  readonly #file: string | undefined;
  #kept: Kept;
  #lastQn = 0;
  readonly books: Readonly<Record<PeriodKind, Book>> = {
    minute: { sent: 0, acknowledged: 0, empty: 0, open: new Set() },
    hour: { sent: 0, acknowledged: 0, empty: 0, open: new Set() },
    day: { sent: 0, acknowledged: 0, empty: 0, open: new Set() },
  };

  constructor(config: Hj212UplinkConfig, { timezone = 'UTC', stateDir, log }: UplinkContext) {
    this.config = config;
    this.local = new Calendar(timezone);
    this.#file = stateDir === undefined ? undefined : join(stateDir, `${config.id}.json`);
    const basis = basisOf(config);
    const kept = read(this.#file);
    if (kept !== undefined && kept.basis !== basis)
      log.info('hj212.settings', { why: 'the site file has changed: what the centre had set is forgotten' });
    this.#kept =
      kept === undefined
        ? { basis }
        : kept.basis === basis
          ? kept
          : { basis, ...(kept.began === undefined ? {} : { began: kept.began }) };
  }

  get settings(): Settings {
    const { config } = this;
    const kept = this.#kept;
    return {
      realTime: kept.realTime ?? config.realTime,
      minute: kept.minute ?? config.minute,
      timeout: kept.timeout ?? config.timeout,
      resends: kept.resends ?? config.resends,
      streaming: kept.streaming ?? true,
      password: kept.password ?? config.password,
      mn: config.mn ?? kept.mn,
      keys: kept.keys ?? (config.key === undefined ? [] : [config.key]),
    };
  }

  /** Durable when it returns. Throws where the file cannot be written: nothing has changed then. */
  set(change: Partial<Settings>): void {
    const next = { ...this.#kept, ...definedOnly(change) };
    write(this.#file, next);
    this.#kept = next;
  }

  /** Number after which the books of a kind begin; `first` is it where there is none yet. */
  began(kind: PeriodKind, first: number): number {
    const known = this.#kept.began?.[kind];
    if (known !== undefined) return known;
    const next = { ...this.#kept, began: { ...this.#kept.began, [kind]: first } };
    this.#kept = next;
    try {
      write(this.#file, next);
    } catch {
      // The books then begin anew at the next start; nothing else hangs on it.
    }
    return first;
  }

  sent(kind: PeriodKind, number: number): void {
    const book = this.books[kind];
    if (book.open.has(number)) return;
    book.open.add(number);
    book.sent += 1;
  }

  acknowledged(kind: PeriodKind, number: number): void {
    const book = this.books[kind];
    book.open.delete(number);
    book.acknowledged += 1;
  }

  /** Nothing was measured in it. */
  empty(kind: PeriodKind): void {
    this.books[kind].empty += 1;
  }

  /** A QN of 17 digits that none before it has. `now`: Unix epoch ms. */
  qn(now: number): string {
    this.#lastQn = Math.max(this.#lastQn + 1, Math.floor(now));
    return this.local.stamp(this.#lastQn);
  }
}

function basisOf({ password, key, mn, realTime, minute, timeout, resends }: Hj212UplinkConfig): string {
  const facts = JSON.stringify([password, key, mn, realTime, minute, timeout, resends]);
  return createHash('sha256').update(facts).digest('hex');
}

function definedOnly<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as T;
}

function read(file: string | undefined): Kept | undefined {
  if (file === undefined) return undefined;
  try {
    const kept: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return typeof kept === 'object' && kept !== null && 'basis' in kept ? (kept as Kept) : undefined;
  } catch {
    // None yet, or cut off: the centre sets its settings again.
    return undefined;
  }
}

/** Whole or not at all, for nobody but the agent's user: it may hold a key. */
function write(file: string | undefined, kept: Kept): void {
  if (file === undefined) return;
  replaceFileSync(file, `${JSON.stringify(kept)}\n`);
}
