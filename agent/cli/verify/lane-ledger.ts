/** The books of one lane of one epoch: which numbers came, which are explained, which are missing. */
import type { Received, Stream } from './envelope.ts';
import { Identities } from './identity.ts';
import { Numbers, type Span } from './numbers.ts';

export interface LaneReport {
  readonly agent: string;
  readonly epoch: string;
  readonly lane: string;
  /** First and last number these books are about; 0 and 0 where there is none. */
  readonly from: number;
  readonly to: number;
  readonly received: number;
  /** Came again with the same content: sent again after a break, dropped by number. */
  readonly resent: number;
  /** Of those, with a better time. */
  readonly retimed: number;
  /** Came again with another content: an error of the sender. */
  readonly conflicts: number;
  /** New records with a number below one that their stream had already brought. */
  readonly outOfOrder: number;
  /** The same, but the broker had tried to deliver them before (DUP): their place says nothing of the sender's order. */
  readonly late: number;
  /** Named as refused, dropped or not selected, and not received. */
  readonly explained: Readonly<Record<string, number>>;
  /** Promised by the live stream, and the backlog has not come that far. */
  readonly awaited: number;
  readonly awaitedRanges: readonly Span[];
  readonly missing: number;
  readonly missingRanges: readonly Span[];
}

interface StreamBooks {
  /** `prev` of the first message seen. */
  start: number | undefined;
  /** Highest `last`. */
  end: number;
  /** Highest number that was new when it came. */
  high: number;
  /** Numbers that this stream says another message carries. */
  readonly promised: Numbers;
}

export class LaneLedger {
  readonly #identities = new Identities();
  readonly #received = new Numbers();
  readonly #explained = new Map<string, Numbers>();
  readonly #streams: Readonly<Record<Stream, StreamBooks>> = { live: books(), backlog: books() };
  #counts = { resent: 0, retimed: 0, conflicts: 0, outOfOrder: 0, late: 0 };
  /** The last number of the lane, where the next epoch named it. */
  #final = 0;

  /** `again`: the broker delivers it once more. True where it brought a record that was new. */
  take(message: Received, again = false): boolean {
    const before = this.#received.size;
    const stream = this.#streams[message.stream];
    stream.start = Math.min(stream.start ?? message.prev, message.prev);
    stream.end = Math.max(stream.end, message.last);
    let selected = 0;
    for (const { rule, count, ranges } of message.omitted) {
      const numbers = rule === 'stream' ? stream.promised : this.#why(rule);
      for (const [from, to] of ranges) numbers.add(from, to);
      if (ranges.length === 0) selected += count;
    }
    // Not selected ones may come as a count alone: they are what nothing else of this message names.
    if (selected > 0) {
      const named = new Numbers(message.omitted.flatMap(({ ranges }) => ranges));
      for (const { seq } of message.records) named.add(seq, seq);
      const unnamed = named.missing(message.prev + 1, message.last);
      for (const [from, to] of unnamed.spans) this.#why('selection').add(from, to);
    }
    for (const record of message.records) this.#see(record, stream, again);
    return this.#received.size > before;
  }

  /** An event of the log told that these numbers are gone. */
  explain(reason: string, from: number, to: number): void {
    this.#why(reason).add(from, to);
  }

  /** The next epoch says that this was the last number. */
  close(last: number): void {
    this.#final = Math.max(this.#final, last);
  }

  /** `complete`: the receiver listened from the first message on, so all from number 1 is asked for. */
  report(agent: string, epoch: string, lane: string, complete: boolean): LaneReport {
    const { live, backlog } = this.#streams;
    const to = Math.max(live.end, backlog.end, this.#final);
    const asked = new Numbers();
    if (complete) asked.add(1, to);
    else {
      if (live.start !== undefined) asked.add(live.start + 1, to);
      if (backlog.start !== undefined) asked.add(backlog.start + 1, backlog.end);
    }
    let lacking = asked.without(this.#received);
    const explained: Record<string, number> = {};
    for (const [reason, numbers] of this.#explained) {
      const before = lacking.size;
      lacking = lacking.without(numbers);
      if (before > lacking.size) explained[reason] = before - lacking.size;
    }
    if (!complete) lacking = lacking.without(this.#before());
    const pending = new Numbers(live.promised.spans.filter(([, last]) => last > backlog.end));
    const missing = new Numbers();
    const awaited = new Numbers();
    for (const [first, last] of lacking.spans) {
      const surely = pending.missing(first, last);
      for (const [a, b] of surely.spans) missing.add(a, b);
      for (const [a, b] of surely.missing(first, last).spans) {
        missing.add(a, Math.min(b, backlog.end));
        awaited.add(Math.max(a, backlog.end + 1), b);
      }
    }
    return {
      agent,
      epoch,
      lane,
      from: asked.spans[0]?.[0] ?? 0,
      to,
      received: this.#received.size,
      ...this.#counts,
      explained,
      awaited: awaited.size,
      awaitedRanges: awaited.spans,
      missing: missing.size,
      missingRanges: missing.spans,
    };
  }

  /**
   * Numbers that a late receiver cannot ask for: the backlog names them as settled, and live had carried them before
   * it was first heard, or says itself that another message did.
   */
  #before(): Numbers {
    const { live, backlog } = this.#streams;
    const start = live.start ?? Number.MAX_SAFE_INTEGER;
    const before = new Numbers();
    for (const [from, to] of backlog.promised.spans) {
      before.add(from, Math.min(to, start));
      const later = Math.max(from, start + 1);
      if (later > to) continue;
      for (const [a, b] of live.promised.missing(later, to).missing(later, to).spans) before.add(a, b);
    }
    return before;
  }

  #see(record: Received['records'][number], stream: StreamBooks, again: boolean): void {
    const { seq } = record;
    switch (this.#identities.see(record)) {
      case 'new':
        this.#received.add(seq, seq);
        if (seq < stream.high) this.#counts[again ? 'late' : 'outOfOrder'] += 1;
        stream.high = Math.max(stream.high, seq);
        return;
      case 'conflict':
        this.#counts.conflicts += 1;
        return;
      case 'retimed':
        this.#counts.retimed += 1;
        this.#counts.resent += 1;
        return;
      case 'same':
        this.#counts.resent += 1;
    }
  }

  #why(reason: string): Numbers {
    let numbers = this.#explained.get(reason);
    if (numbers === undefined) {
      numbers = new Numbers();
      this.#explained.set(reason, numbers);
    }
    return numbers;
  }
}

function books(): StreamBooks {
  return { start: undefined, end: 0, high: 0, promised: new Numbers() };
}
