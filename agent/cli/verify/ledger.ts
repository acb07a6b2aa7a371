/**
 * An independent receiver's ledger: follows the envelope of every message and proves from the messages alone that
 * nothing is missing or doubled. Pure bookkeeping, no I/O; shares no code with the sender.
 */
import { type Fields, isFields, isNumber, readEnvelope } from './envelope.ts';
import { LaneLedger, type LaneReport } from './lane-ledger.ts';

/** What buckets of `send: rollup` have in place of an epoch, beside the epoch of the log. */
const ROLLUPS = 'rollups';
/** One message that a broker delivered late is no second machine. */
const RETURNS = 3;

/** Broken messages that are kept word for word. */
const MOST_BROKEN = 20;

export interface EpochReport {
  readonly agent: string;
  readonly epoch: string;
  /** The epoch before, where one was named. */
  readonly previous?: string;
  /** `first`: nothing came before. `chained`: the one before was heard here. `unheard`: it was not. `silent`: not said. */
  readonly chain: 'first' | 'chained' | 'unheard' | 'silent';
}

/** More than one machine sends under one agent id. */
export interface CloneReport {
  readonly agent: string;
  /** Of which new readings came in turn, and not one after the other. */
  readonly epochs: readonly string[];
}

export interface Report {
  /** Nothing missing, awaited, doubled with another content, out of order or malformed. */
  readonly balanced: boolean;
  readonly messages: number;
  readonly records: number;
  readonly resent: number;
  readonly missing: number;
  readonly awaited: number;
  readonly conflicts: number;
  readonly outOfOrder: number;
  /** Came after later ones because the broker had to deliver them again: no error of the sender. */
  readonly late: number;
  readonly broken: number;
  readonly brokenBecause: readonly string[];
  /** Of units that were replaced: records beyond what their successor took over, and batches that were refused. */
  readonly replaced: number;
  /** Gap records by reason. */
  readonly gaps: Readonly<Record<string, number>>;
  readonly epochs: readonly EpochReport[];
  readonly clones: readonly CloneReport[];
  readonly lanes: readonly LaneReport[];
}

export interface LedgerOptions {
  /** The receiver listened from the first message of every epoch on: all numbers from 1 are asked for. Default false. */
  readonly complete?: boolean;
}

/** Which epochs of an agent were live. */
interface Turns {
  now: string;
  /** Followed by another one. */
  readonly over: Set<string>;
  /** How often new readings came of one that was over. */
  returned: number;
}

interface EpochBooks {
  readonly agent: string;
  readonly epoch: string;
  readonly lanes: Map<string, LaneLedger>;
  /** null: said to be the first. */
  previous?: string | null;
  /** Last numbers that the unit which replaced this one took over, once it has spoken. */
  handedOver?: ReadonlyMap<string, number>;
}

export class ReceiverLedger {
  readonly #complete: boolean;
  readonly #epochs = new Map<string, EpochBooks>();
  readonly #gaps = new Map<string, number>();
  readonly #gapsSeen = new Set<string>();
  readonly #turns = new Map<string, Turns>();
  #messages = 0;
  #broken: string[] = [];
  #brokenCount = 0;
  #replaced = 0;

  constructor({ complete = false }: LedgerOptions = {}) {
    this.#complete = complete;
  }

  /** Books one message of records, parsed from JSON; `again`: the broker says it delivers it once more (DUP). Never throws. */
  take(payload: unknown, again = false): void {
    this.#messages += 1;
    const message = readEnvelope(payload);
    if (typeof message === 'string') {
      this.malformed(message);
      return;
    }
    const { agent, epoch, lane } = message;
    const end = this.#books(agent, epoch).handedOver?.get(lane);
    if (end !== undefined) this.#replaced += message.records.filter(({ seq }) => seq > end).length;
    const isNew = this.#lane(agent, epoch, lane).take(message, again);
    // What a broker delivers late is no sign that the machine still sends.
    if (isNew && !again && message.stream === 'live' && epoch !== ROLLUPS) this.#turn(agent, epoch);
    for (const record of message.records) {
      if (record.event === 'gap') this.#gap(agent, epoch, `${lane}/${record.seq}`, record.body);
      if (record.event === 'epoch') this.#chain(agent, epoch, record.body);
    }
  }

  /** Books something that arrived where a message of records was due and is none. */
  malformed(why: string): void {
    this.#brokenCount += 1;
    if (this.#broken.length < MOST_BROKEN) this.#broken.push(why);
  }

  /** Books that a unit which was replaced has tried to send. */
  replaced(): void {
    this.#replaced += 1;
  }

  report(): Report {
    const lanes = [...this.#epochs.values()].flatMap(({ agent, epoch, lanes }) =>
      [...lanes].map(([lane, ledger]) => ledger.report(agent, epoch, lane, this.#complete)),
    );
    const sum = (part: (lane: LaneReport) => number) => lanes.reduce((all, lane) => all + part(lane), 0);
    const totals = {
      records: sum((lane) => lane.received),
      resent: sum((lane) => lane.resent),
      missing: sum((lane) => lane.missing),
      awaited: sum((lane) => lane.awaited),
      conflicts: sum((lane) => lane.conflicts),
      outOfOrder: sum((lane) => lane.outOfOrder),
      late: sum((lane) => lane.late),
      broken: this.#brokenCount,
    };
    const { missing, awaited, conflicts, outOfOrder, broken } = totals;
    return {
      balanced: missing + awaited + conflicts + outOfOrder + broken === 0,
      messages: this.#messages,
      ...totals,
      brokenBecause: this.#broken,
      replaced: this.#replaced,
      gaps: Object.fromEntries(this.#gaps),
      epochs: [...this.#epochs.values()].map((books) => this.#epochReport(books)),
      clones: [...this.#turns]
        .filter(([, { returned }]) => returned >= RETURNS)
        .map(([agent, { over, now }]) => ({ agent, epochs: [...over, now] })),
      lanes,
    };
  }

  /** Live readings of an epoch that another one had followed: the machine that was replaced is still there. */
  #turn(agent: string, epoch: string): void {
    const turns = this.#turns.get(agent);
    if (turns === undefined) {
      this.#turns.set(agent, { now: epoch, over: new Set(), returned: 0 });
      return;
    }
    if (turns.over.has(epoch)) turns.returned += 1;
    if (turns.now === epoch) return;
    turns.over.add(turns.now);
    turns.over.delete(epoch);
    turns.now = epoch;
  }

  #epochReport({ agent, epoch, previous }: EpochBooks): EpochReport {
    if (previous === undefined) return { agent, epoch, chain: 'silent' };
    if (previous === null) return { agent, epoch, chain: 'first' };
    const heard = this.#epochs.has(`${agent}/${previous}`);
    return { agent, epoch, previous, chain: heard ? 'chained' : 'unheard' };
  }

  /** A gap record: numbers of a lane that are gone (or a stretch of time, which has none). */
  #gap(agent: string, epoch: string, id: string, body: unknown): void {
    if (!isFields(body) || typeof body.reason !== 'string' || this.#gapsSeen.has(`${agent}/${epoch}/${id}`))
      return;
    this.#gapsSeen.add(`${agent}/${epoch}/${id}`);
    this.#gaps.set(body.reason, (this.#gaps.get(body.reason) ?? 0) + 1);
    const { lane, from, to, reason } = body;
    if (typeof lane !== 'string' || !isNumber(from, 1) || !isNumber(to, from)) return;
    // What is refused of an earlier epoch is told in the present one.
    const of = typeof body.epoch === 'string' ? body.epoch : epoch;
    this.#lane(agent, of, lane).explain(reason, from, to);
  }

  /** An epoch names the one before and its last numbers, so that its end can be checked too. */
  #chain(agent: string, epoch: string, body: unknown): void {
    const books = this.#books(agent, epoch);
    const previous = isFields(body) ? body.previous : undefined;
    if (typeof previous !== 'string') {
      books.previous = null;
      return;
    }
    books.previous = previous;
    const before = this.#epochs.get(`${agent}/${previous}`);
    const heads: Fields = isFields(body) && isFields(body.heads) ? body.heads : {};
    if (isFields(body) && body.reason === 'restored') {
      const ends = Object.entries(heads).flatMap(([lane, last]) =>
        isNumber(last, 0) ? [[lane, last] as const] : [],
      );
      this.#books(agent, previous).handedOver = new Map(ends);
    }
    for (const [lane, last] of Object.entries(heads)) {
      if (before !== undefined && isNumber(last, 1)) this.#lane(agent, previous, lane).close(last);
    }
  }

  #books(agent: string, epoch: string): EpochBooks {
    const key = `${agent}/${epoch}`;
    let books = this.#epochs.get(key);
    if (books === undefined) {
      books = { agent, epoch, lanes: new Map() };
      this.#epochs.set(key, books);
    }
    return books;
  }

  #lane(agent: string, epoch: string, lane: string): LaneLedger {
    const { lanes } = this.#books(agent, epoch);
    let ledger = lanes.get(lane);
    if (ledger === undefined) {
      ledger = new LaneLedger();
      lanes.set(lane, ledger);
    }
    return ledger;
  }
}
