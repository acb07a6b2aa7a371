/**
 * The chains as the store thread keeps them: what is appended joins them in its own transaction, what retention takes
 * leaves its hash, and from time to time the device signs what they have come to. The present ends stand in `state`
 * (`chain/<lane>`); while the agent runs they are taken from memory, so that an edit of the running log is found too.
 */
import type { KeyObject } from 'node:crypto';
import { LANES, type Lane } from '../../core/point.ts';
import type { AgentEvent } from '../../core/record.ts';
import { type Batches, type BatchRow, byLane } from '../batches.ts';
import type { ClockTable } from '../clock-table.ts';
import type { Db } from '../sqlite.ts';
import type { State } from '../state.ts';
import { batchDigest, beginning, bytes64, link, text64, WITNESS_BYTES } from './digest.ts';
import {
  type Cause,
  isSigned,
  publicText,
  type Statement,
  signStatement,
  statementEvent,
} from './statement.ts';
import { factsDigest, TableChain } from './tables.ts';

/** Signed at least so often while there is something new, ms of monotonic time. */
export const SIGN_EVERY = 600_000;
/** Signed as soon as so many batches wait: a statement lists them all. */
export const MOST_WITNESSES = 512;
/** Batches of a lane that a start is ready to look through; more never wait for a signature. */
const MOST_UNSIGNED = 2 * MOST_WITNESSES;

interface LaneChain {
  hash: Buffer;
  /** First number that is in the chain and kept, and the chain before it. */
  tail: number;
  anchor: Buffer;
  witnesses: Buffer[];
  changed: boolean;
}

export interface ChainParts {
  readonly db: Db;
  readonly state: State;
  readonly batches: Batches;
  readonly clock: ClockTable;
  readonly agent: string;
  readonly epoch: string;
  readonly key: KeyObject;
}

/** Something that does not agree with what was signed; `what` in the words of an audit event. */
export interface Disagreement {
  readonly what: 'altered' | 'removed' | 'key-changed' | 'signature-missing';
  readonly lane?: Lane;
  readonly from?: number;
  readonly to?: number;
}

export class Chain {
  readonly #parts: ChainParts;
  readonly #lanes: Readonly<Record<Lane, LaneChain>>;
  readonly #points: TableChain;
  readonly #clock: TableChain;
  #signed: Statement | undefined;
  #signedAt: number;
  #unsigned = 0;

  /** `now`: monotonic ms. */
  constructor(parts: ChainParts, now: number) {
    this.#parts = parts;
    const { db, state, epoch } = parts;
    this.#signedAt = now;
    this.#lanes = byLane((lane) => {
      const hash = hashIn(state.get(`chain/${lane}`)) ?? beginning(epoch, lane);
      const stored = state.get(`anchor/${lane}`);
      const [tail, anchor] = Array.isArray(stored) ? (stored as unknown[]) : [];
      return {
        hash,
        tail: typeof tail === 'number' ? tail : 1,
        anchor: hashIn(anchor) ?? beginning(epoch, lane),
        witnesses: [],
        changed: false,
      };
    });
    this.#points = new TableChain(db, epoch, 'points');
    this.#clock = new TableChain(db, epoch, 'clock');
  }

  /**
   * At the opening of a log that was there: holds it to the last statement, and takes up what was not signed yet.
   * What a clean stop signed is all there is; after another end up to ten minutes wait for their signature.
   */
  resume(): Disagreement[] {
    const { state, key } = this.#parts;
    const found: Disagreement[] = [];
    const stored = state.get('signed') as Statement | undefined;
    if (stored !== undefined && isSigned(stored)) this.#signed = stored;
    const signed = this.#signed;
    if (stored !== undefined && signed === undefined) found.push({ what: 'signature-missing' });
    if (signed !== undefined && signed.key !== publicText(key)) found.push({ what: 'key-changed' });
    for (const lane of LANES) this.#resumeLane(lane, signed, found);
    for (const [table, chain] of [
      ['points', this.#points],
      ['clock', this.#clock],
    ] as const) {
      const [rows, hash] = signed?.[table] ?? [0, undefined];
      chain.grow(rows);
      if (hash !== undefined && text64(chain.hash) !== hash) found.push({ what: 'altered' });
    }
    return found;
  }

  #resumeLane(lane: Lane, signed: Statement | undefined, found: Disagreement[]): void {
    const { batches } = this.#parts;
    const chain = this.#lanes[lane];
    const head = batches.head(lane);
    const [last, hash] = signed?.heads[lane] ?? [chain.tail - 1, text64(chain.anchor)];
    if (head < last) {
      found.push({ what: 'removed', lane, from: head + 1, to: last });
      return;
    }
    let now = bytes64(hash);
    for (const row of batches.rows(lane, last + 1)) {
      if (chain.witnesses.length >= MOST_UNSIGNED) {
        found.push({ what: 'signature-missing', lane, from: last + 1, to: head });
        return;
      }
      const digest = this.#digest(row);
      now = link(now, digest);
      chain.witnesses.push(digest.subarray(0, WITNESS_BYTES));
      this.#unsigned++;
    }
    // The chain goes on from where it was, not from what is there: the next statement will not fit the edit.
    if (!now.equals(chain.hash)) found.push({ what: 'altered', lane, from: last + 1, to: head });
  }

  #digest(row: BatchRow): Buffer {
    return batchDigest(this.#parts.clock.bootName(row.boot), row);
  }

  /** A batch that is being appended. */
  append(lane: Lane, row: BatchRow): void {
    const chain = this.#lanes[lane];
    const digest = this.#digest(row);
    chain.hash = link(chain.hash, digest);
    chain.witnesses.push(digest.subarray(0, WITNESS_BYTES));
    chain.changed = true;
    this.#unsigned++;
  }

  /** Batches whose first number is at most `first` are about to be dropped: the chain begins behind them. */
  drop(lane: Lane, first: number): void {
    const chain = this.#lanes[lane];
    for (const row of this.#parts.batches.rows(lane, chain.tail, first)) {
      chain.anchor = link(chain.anchor, this.#digest(row));
      chain.tail = row.first + row.count;
    }
    this.#parts.state.set(`anchor/${lane}`, [chain.tail, text64(chain.anchor)]);
  }

  /** Something is in the chains that no statement covers. */
  get unsigned(): boolean {
    return this.#unsigned > 0;
  }

  due(now: number): boolean {
    return this.unsigned && (now - this.#signedAt >= SIGN_EVERY || this.#unsigned >= MOST_WITNESSES);
  }

  /** Signs what there is, inside the transaction; the event is still to be appended. `now`: monotonic, `wall`: true ms. */
  sign(cause: Cause, now: number, wall: number): AgentEvent {
    const { db, state, batches, agent, epoch, key } = this.#parts;
    const points = this.#points.grow();
    const clock = this.#clock.grow();
    const heads: Statement['heads'] = {};
    const tails: Statement['tails'] = {};
    const witnesses: Statement['witnesses'] = {};
    for (const lane of LANES) {
      const chain = this.#lanes[lane];
      const head = batches.head(lane);
      if (head > 0) heads[lane] = [head, text64(chain.hash)];
      if (chain.tail !== 1) tails[lane] = [chain.tail, text64(chain.anchor)];
      if (chain.witnesses.length > 0) witnesses[lane] = text64(Buffer.concat(chain.witnesses));
      chain.witnesses = [];
    }
    const statement = signStatement(
      {
        what: 'signature',
        v: 1,
        agent,
        epoch,
        number: (this.#signed?.number ?? 0) + 1,
        cause,
        time: Math.round(wall),
        heads,
        tails,
        points: [points.count, text64(points.hash), text64(factsDigest(db))],
        clock: [clock.count, text64(clock.hash)],
        witnesses,
      },
      key,
    );
    this.#signed = statement;
    this.#signedAt = now;
    state.set('signed', statement);
    return statementEvent(statement, now);
  }

  /** The statement is in the log; what is appended from here on waits for the next. */
  signedAll(): void {
    // The batch that holds the statement itself is covered by the next one, but asks for none.
    this.#unsigned = 0;
  }

  /** Stores the ends of what has grown; at the end of the transaction. */
  save(): void {
    for (const lane of LANES) {
      const chain = this.#lanes[lane];
      if (!chain.changed) continue;
      chain.changed = false;
      this.#parts.state.set(`chain/${lane}`, text64(chain.hash));
    }
  }
}

function hashIn(stored: unknown): Buffer | undefined {
  return typeof stored === 'string' && stored.length === 43 ? bytes64(stored) : undefined;
}
