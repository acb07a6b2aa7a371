/**
 * One lane of one uplink: two readers of one cursor. Live starts at the head known when the link came up; the backlog
 * works from the cursor up to there in ascending order, skipping what is settled or under way. What live could not
 * deliver is left to the backlog, so that neither stream ever goes back in its numbers by itself.
 */
import { AgentError } from '../core/errors.ts';
import type { Lane } from '../core/point.ts';
import type { Cursor, LoggedRecord, LogSlice, LogSource, Range } from '../core/record.ts';
import type { Delivery, Envelope, Message, StreamName } from '../core/uplink.ts';
import { firstUnsettled, settle } from './cursor.ts';
import { type Dropped, formMessage } from './message.ts';
import { add, clip, holes, total } from './ranges.ts';
import type { Refusal } from './refusal.ts';
import type { Chooser, ReadBack, Selecting } from './selection.ts';

/** Refused numbers remembered so that later envelopes can name them. */
const MOST_DROPPED = 1000;
/** So many numbers of which nothing leaves are told in a message of their own, for the cursor to move. */
const STATEMENT = 10_000;
/** Records of a damaged batch at most. */
const LARGEST_DAMAGE = 20_000;

export interface LaneOptions {
  readonly agent: string;
  readonly lane: Lane;
  /** What envelopes call it. Absent: as it is. */
  readonly name?: Envelope['lane'];
  readonly source: LogSource;
  /** What is settled already. */
  readonly cursor: Cursor;
  /** Counts so far. */
  readonly counts: Readonly<Record<'refused' | 'dropped' | 'omitted', number>>;
  /** Absent: everything leaves. */
  readonly selection?: Selecting;
  /** Told of records that were refused for good. */
  refused(refusals: readonly Refusal[]): void;
}

/** What a session can carry in one message. */
export interface Fit {
  /** Records asked of the log at once. */
  readonly limit: number;
  readonly maxBytes: number;
  size(message: Message): number;
}

export interface Draft {
  readonly lane: Lane;
  readonly stream: StreamName;
  readonly range: Range;
  readonly message: Message;
}

export class LaneWork {
  readonly #options: LaneOptions;
  #cursor: Cursor;
  #liveNext = 1;
  #backlogEnd = 0;
  /** Last number said in each stream, and the last one acknowledged: a new session goes on from there. */
  readonly #said: Record<StreamName, number>;
  readonly #acknowledged: Record<StreamName, number>;
  readonly #underWay = new Set<Draft>();
  /** By stream; undefined where nothing of the lane leaves, null where everything does. */
  readonly #selectors: Readonly<Record<StreamName, Chooser | undefined | null>>;
  /** Live has looked at all up to here; from `#liveNext` on nothing of it leaves. */
  #scanned = 0;
  /** Parts of a message refused whole; each is sent by itself until the bad record is found. */
  #suspects: Range[] = [];
  #goBack = false;
  #dropped: Dropped[] = [];
  #sent: Range[] = [];
  readonly counts: Record<'refused' | 'dropped' | 'omitted' | 'resent', number>;

  constructor(options: LaneOptions) {
    this.#options = options;
    this.#cursor = options.cursor;
    this.counts = { ...options.counts, resent: 0 };
    const { selection, lane } = options;
    const selector = () => (selection === undefined ? null : selection.lane(lane));
    this.#selectors = { live: selector(), backlog: selector() };
    // After a restart only the cursor is known. All up to `low` is settled, so both streams may go on from it.
    this.#said = { live: this.#cursor.low, backlog: this.#cursor.low };
    this.#acknowledged = { ...this.#said };
  }

  get cursor(): Cursor {
    return this.#cursor;
  }

  /** A new session with `head` as the last durable number; nothing is under way. */
  begin(head: number): void {
    this.#underWay.clear();
    this.#goBack = false;
    this.#liveNext = head + 1;
    this.#scanned = head;
    this.#backlogEnd = head;
    this.#said.live = this.#acknowledged.live;
    this.#said.backlog = this.#acknowledged.backlog;
  }

  /** Numbers that were looked at and of which nothing leaves, but no message has said so yet. */
  get leftOut(): number {
    return Math.max(0, this.#scanned - this.#liveNext + 1);
  }

  /** The next message of `stream`, or undefined where there is nothing to send now. It counts as under way. */
  next(stream: StreamName, head: number, fit: Fit): Draft | undefined {
    for (;;) {
      const window = stream === 'live' ? this.#liveWindow(head) : this.#backlogWindow();
      if (window === undefined) return undefined;
      const draft = this.#next(stream, window, fit);
      if (draft !== 'again') return draft;
    }
  }

  /** The next message from `window`; 'again' where something was booked without one. */
  #next(stream: StreamName, [from, to]: Range, fit: Fit): Draft | 'again' | undefined {
    const selector = this.#selectors[stream];
    const live = stream === 'live';
    const enough = (end: number) => end - from + 1 >= STATEMENT || (!live && end === to);
    if (selector === undefined) {
      if (live) this.#scanned = to;
      return enough(to) ? this.#leave(stream, this.#message(stream, [from, to], [])) : undefined;
    }
    for (let start = live ? Math.max(from, this.#scanned + 1) : from; start <= to; ) {
      const records = this.#read(stream, [start, to], fit.limit, start === from);
      if (records === undefined) return undefined;
      if (records === 'again') return records;
      // Whatever lies before a hole or a record that cannot leave has to be said first.
      if (records === 'hole') return this.#leave(stream, this.#message(stream, [from, start - 1], []));
      const chosen = selector === null ? records : selector.choose(records, this.#readBack);
      if (chosen.length > 0) return this.#fitting(stream, from, records, chosen, fit);
      const end = records.at(-1)?.seq ?? start;
      if (live) this.#scanned = end;
      if (enough(end)) return this.#leave(stream, this.#message(stream, [from, end], []));
      start = end + 1;
    }
    return undefined;
  }

  /** Books what became of `draft`. True where the cursor moved. */
  answered(draft: Draft, delivery: Delivery): boolean {
    this.#underWay.delete(draft);
    const { range, stream } = draft;
    if (delivery.kind === 'keep') {
      this.#leaveToBacklog(range);
      return false;
    }
    const refused = delivery.kind === 'refused' ? mine(delivery.records, range) : [];
    if (refused.length > 1 && refused.length === draft.message.records.length) {
      this.#halve(range);
      return false;
    }
    this.#acknowledged[stream] = Math.max(this.#acknowledged[stream], range[1]);
    this.counts.omitted += range[1] - range[0] + 1 - draft.message.records.length;
    this.#refuse(refused);
    this.#settle(range);
    return true;
  }

  #liveWindow(head: number): Range | undefined {
    return this.#liveNext <= head ? [this.#liveNext, head] : undefined;
  }

  #backlogWindow(): Range | undefined {
    const underWay = [...this.#underWay];
    if (this.#goBack || this.#suspects.length > 0) {
      if (underWay.some((draft) => draft.stream === 'backlog')) return undefined;
      this.#goBack = false;
    }
    let from = firstUnsettled(this.#cursor, 1);
    for (let busy: Draft | undefined; ; ) {
      busy = underWay.find(({ range }) => range[0] <= from && from <= range[1]);
      if (busy === undefined) break;
      from = firstUnsettled(this.#cursor, busy.range[1] + 1);
    }
    const ends = [
      this.#backlogEnd,
      ...this.#cursor.above.filter(([first]) => first > from).map(([first]) => first - 1),
      ...underWay.filter(({ range }) => range[0] > from).map(({ range }) => range[0] - 1),
      ...this.#suspects.filter(([first, last]) => first <= from && from <= last).map(([, last]) => last),
    ];
    const to = Math.min(...ends);
    return from <= to ? [from, to] : undefined;
  }

  /**
   * Records from the start of `window`. A hole in the log is booked ('again') where `book` says so, else only told
   * ('hole'); undefined where nothing is there.
   */
  #read(
    stream: StreamName,
    [from, to]: Range,
    limit: number,
    book: boolean,
  ): readonly LoggedRecord[] | 'again' | 'hole' | undefined {
    const { source, lane } = this.#options;
    const tail = source.tails()[lane];
    if (tail > from) {
      if (!book) return 'hole';
      this.#gap([from, Math.min(to, tail - 1)], 'retention');
      if (stream === 'live') this.#liveNext = Math.min(to, tail - 1) + 1;
      return 'again';
    }
    let slice: LogSlice | undefined;
    try {
      slice = source.read(lane, from, limit);
    } catch (thrown) {
      if (!(thrown instanceof AgentError) || thrown.code !== 'store-damaged') throw thrown;
      slice = this.#beyondDamage([from, to], thrown);
    }
    if (slice === undefined) return undefined;
    if (slice.first > from) {
      if (!book) return 'hole';
      this.#gap([from, Math.min(to, slice.first - 1)], 'damaged');
      if (stream === 'live') this.#liveNext = Math.min(to, slice.first - 1) + 1;
      return 'again';
    }
    return slice.last <= to ? slice.records : slice.records.slice(0, to - from + 1);
  }

  /**
   * A batch that cannot be decoded must not stop the lane for ever. Only what lies before something readable is given
   * up: where nothing more can be read it is the file that is ill, and the store's business.
   */
  #beyondDamage([from, to]: Range, damage: AgentError): LogSlice | undefined {
    const { source, lane } = this.#options;
    for (let next = from + 1; next <= Math.min(to, from + LARGEST_DAMAGE); next++) {
      try {
        return source.read(lane, next, 1);
      } catch (thrown) {
        if (!(thrown instanceof AgentError) || thrown.code !== 'store-damaged') throw thrown;
      }
    }
    throw damage;
  }

  /** For comparing with what left before: nothing can be told of records that are gone or damaged. */
  readonly #readBack: ReadBack = (from, to) => {
    const { source, lane } = this.#options;
    const records: LoggedRecord[] = [];
    for (let next = Math.max(from, source.tails()[lane]); next <= to; ) {
      let slice: LogSlice | undefined;
      try {
        slice = source.read(lane, next, to - next + 1);
      } catch (thrown) {
        if (!(thrown instanceof AgentError) || thrown.code !== 'store-damaged') throw thrown;
      }
      for (const record of slice?.records ?? []) if (record.seq <= to) records.push(record);
      next = (slice?.last ?? next) + 1;
    }
    return records;
  };

  /**
   * The largest first half of a half of … of `records` whose `chosen` fit: a function of them alone, so a retry repeats
   * it. From `from` to the first of them nothing leaves.
   */
  #fitting(
    stream: StreamName,
    from: number,
    records: readonly LoggedRecord[],
    chosen: readonly LoggedRecord[],
    fit: Fit,
  ): Draft | 'again' {
    const first = records[0]?.seq ?? 0;
    for (let take = records.length; take > 0; take = take === 1 ? 0 : Math.ceil(take / 2)) {
      const last = first + take - 1;
      const part = take === records.length ? chosen : chosen.filter(({ seq }) => seq <= last);
      const message = this.#message(stream, [from, last], part);
      if (fit.size(message) <= fit.maxBytes) return this.#leave(stream, message);
    }
    if (from < first) return this.#leave(stream, this.#message(stream, [from, first - 1], []));
    const reason = `too large: above ${fit.maxBytes} bytes by itself`;
    if (stream === 'live') this.#liveNext = first + 1;
    this.#refuse([{ seq: first, reason }]);
    this.#settle([first, first]);
    return 'again';
  }

  #message(stream: StreamName, range: Range, records: readonly LoggedRecord[]): Message {
    const { agent, source } = this.#options;
    const lane = this.#options.name ?? this.#options.lane;
    const prev = Math.min(this.#said[stream], range[0] - 1);
    const { epoch } = source;
    return formMessage({ agent, epoch, lane, stream, prev, range, records, dropped: this.#dropped });
  }

  #leave(stream: StreamName, message: Message): Draft {
    const range: Range = [message.envelope.first, message.envelope.last];
    const draft: Draft = { lane: this.#options.lane, stream, range, message };
    this.#underWay.add(draft);
    this.#said[stream] = range[1];
    if (stream === 'live') {
      this.#liveNext = range[1] + 1;
      this.#scanned = range[1];
    }
    const again = clip(this.#sent, range);
    this.counts.resent += message.records.filter(({ seq }) =>
      again.some(([from, to]) => from <= seq && seq <= to),
    ).length;
    this.#sent = add(this.#sent, range);
    return draft;
  }

  #leaveToBacklog(range: Range): void {
    this.#goBack = true;
    this.#backlogEnd = Math.max(this.#backlogEnd, range[1]);
  }

  #halve(range: Range): void {
    const middle = range[0] + Math.ceil((range[1] - range[0] + 1) / 2) - 1;
    const others = this.#suspects.filter(([first, last]) => last < range[0] || first > range[1]);
    this.#suspects = [...others, [range[0], middle], [middle + 1, range[1]]];
    this.#leaveToBacklog(range);
  }

  #gap(range: Range, reason: string): void {
    for (const hole of holes([[1, this.#cursor.low], ...this.#cursor.above], range)) {
      this.counts.dropped += total([hole]);
      this.#drop({ range: hole, rule: 'gap', reason });
    }
    this.#settle(range);
  }

  #refuse(refusals: readonly Refusal[]): void {
    if (refusals.length === 0) return;
    this.counts.refused += refusals.length;
    for (const { seq, reason } of refusals) this.#drop({ range: [seq, seq], rule: 'refused', reason });
    this.#options.refused(refusals);
  }

  #drop(dropped: Dropped): void {
    const said = Math.min(this.#said.live, this.#said.backlog);
    this.#dropped = this.#dropped.filter(({ range }) => range[1] > said).slice(1 - MOST_DROPPED);
    this.#dropped.push(dropped);
  }

  #settle(range: Range): void {
    this.#cursor = settle(this.#cursor, range);
    const { low } = this.#cursor;
    this.#suspects = this.#suspects.filter((part) => firstUnsettled(this.#cursor, part[0]) <= part[1]);
    this.#sent = this.#sent.filter(([, last]) => last > low);
  }
}

/** Refusals of numbers that were in the message, each once. */
function mine(refusals: readonly Refusal[], [first, last]: Range): Refusal[] {
  const once = new Map<number, Refusal>();
  for (const refusal of refusals) {
    if (refusal.seq >= first && refusal.seq <= last && !once.has(refusal.seq)) once.set(refusal.seq, refusal);
  }
  return [...once.values()].sort((a, b) => a.seq - b.seq);
}
