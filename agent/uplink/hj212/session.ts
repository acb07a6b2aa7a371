/** A session at one centre: reports from the pump, real-time data and heart-beats by timers, requests answered. */

import { AgentError } from '../../core/errors.ts';
import type { Hj212UplinkConfig } from '../../core/site.ts';
import { wallAt } from '../../core/time/clock.ts';
import type { Delivery, Message, UplinkContext, UplinkSession } from '../../core/uplink.ts';
import { NewestReadings } from '../newest.ts';
import type { Centre } from './centre.ts';
import { Link, type Outcome, silence } from './link.ts';
import { MarkScan } from './marks.ts';
import type { Packet } from './packet.ts';
import { packetOf, packetsOf } from './packets.ts';
import { CN_OF, numberAt, type PeriodKind, type PeriodSpan, spanOf } from './period.ts';
import type { Pipe } from './pipe.ts';
import { periodItems, type ReportParts, realTimeItems } from './report.ts';
import { Requests } from './requests.ts';
import { periodOf } from './source.ts';

/** So many numbers are looked at by the pump at once. */
const AT_ONCE = 60;
const BYTES_PER_RECORD = 160;
/** Heart-beats in a row without an answer that end a link. */
const MISSED_BEATS = 3;
/** Reports of a history a centre asked for: one each, ms, so that the line stays free for live data. */
const HISTORY_PACE = 50;
/** Most reports of one history: a year of hours. */
const LONGEST_HISTORY = 8784;
const FIX: Readonly<Record<number, string>> = {
  2: 'Ask the centre why it refuses this station.',
  3: 'Check password in this uplink against what the centre has for this station.',
  4: 'Check mn in this uplink against what the centre has for this station.',
  5: 'Check st in this uplink.',
  9: 'The centre reckons another check value: try another crc in this uplink.',
};

export class Hj212Session implements UplinkSession {
  readonly closed: Promise<void>;
  readonly maxBytes = AT_ONCE * BYTES_PER_RECORD;
  readonly #config: Hj212UplinkConfig;
  readonly #centre: Centre;
  readonly #context: UplinkContext;
  readonly #url: string;
  readonly #link: Link;
  readonly #requests: Requests;
  readonly #newest: NewestReadings | undefined;
  readonly #scan: MarkScan | undefined;
  readonly #end = new AbortController();
  readonly #timers = new Map<'real-time' | 'beat', Disposable>();
  readonly #told = new Set<string>();
  readonly remark?: string;
  #missed = 0;
  #live = 0;
  #lostBy: AgentError | undefined;

  constructor(pipe: Pipe, url: string, centre: Centre, context: UplinkContext, remark?: string) {
    this.#config = centre.config;
    this.#centre = centre;
    this.#context = context;
    this.#url = url;
    if (remark !== undefined) this.remark = remark;
    const { clock, log } = context;
    this.#scan = context.records === undefined ? undefined : new MarkScan(context.records);
    this.#newest =
      context.records === undefined ? undefined : new NewestReadings(context.records, centre.config.points);
    this.#link = new Link(pipe, {
      centre,
      clock,
      log,
      request: (packet, encrypted) => void this.#requests.hear(packet, encrypted),
      damaged: ({ kind, message }, qn) => {
        log.warn('hj212.damaged-packet', { kind, why: message });
        this.#requests.damaged(kind, qn);
      },
    });
    this.#requests = new Requests({
      centre,
      context,
      send: (packet) => this.#link.send(packet),
      history: (kind, from, to, qn) => this.#history(kind, from, to, qn),
      stream: (on) => {
        if (on) this.#sendRealTime();
        else this.#stopTimer('real-time');
      },
      changed: () => this.#schedule(),
    });
    this.closed = this.#link.closed.then((why) => {
      this.#stop();
      if (!this.#end.signal.aborted)
        throw this.#lostBy ?? new AgentError('link-lost', `link to ${url} lost: ${why}`);
    });
    this.closed.catch(() => {});
    this.#begin();
  }

  size({ records }: Message): number {
    // A report goes alone.
    return records.length <= 1 ? 0 : Number.POSITIVE_INFINITY;
  }

  async deliver(message: Message, signal: AbortSignal): Promise<Delivery> {
    const [record] = message.records;
    const span = record === undefined ? undefined : periodOf(record);
    if (record === undefined || span === undefined) return { kind: 'accepted' };
    const live = message.envelope.stream === 'live';
    if (live) this.#live += 1;
    try {
      return await this.#report(span, record.seq, !live, AbortSignal.any([signal, this.#end.signal]));
    } finally {
      if (live) this.#live -= 1;
    }
  }

  async #report(span: PeriodSpan, seq: number, again: boolean, signal: AbortSignal): Promise<Delivery> {
    const centre = this.#centre;
    if (centre.settings.mn === undefined)
      return { kind: 'keep', reason: 'the centre has not given a name (MN) yet', after: 10_000 };
    const items = this.#items(span);
    if (items.length === 0) {
      // The agent was off: there is nothing to report, and nothing to wait for.
      centre.empty(span.kind);
      return { kind: 'accepted' };
    }
    let packets: readonly Packet[];
    try {
      packets = this.#packets(span, items, this.#qn(), this.#config.acknowledge, again);
    } catch (thrown) {
      if (!(thrown instanceof RangeError)) throw thrown;
      return { kind: 'refused', records: [{ seq, reason: thrown.message }] };
    }
    centre.sent(span.kind, seq);
    for (const packet of packets) {
      if (!this.#config.acknowledge) {
        if (!this.#link.open) return { kind: 'keep', reason: 'the link is lost' };
        this.#link.send(packet);
        continue;
      }
      const outcome = await this.#link.exchange(packet, signal);
      if (outcome.kind !== 'answered') return this.#kept(outcome);
      // Two answers may come to a packet that went twice: the second must not be taken for the next packet's.
      if (outcome.again && packets.length > 1 && packet !== packets.at(-1))
        await this.#link.drain(packet.fields.QN ?? '', centre.settings.timeout, signal);
    }
    centre.acknowledged(span.kind, seq);
    return { kind: 'accepted' };
  }

  #kept(outcome: Exclude<Outcome, { kind: 'answered' }>): Delivery {
    if (outcome.kind === 'closed') return { kind: 'keep', reason: 'the link is lost' };
    if (outcome.kind === 'refused') {
      const fix = FIX[outcome.code];
      const reason = `the centre answered QnRtn=${outcome.code}`;
      return { kind: 'keep', reason, ...(fix === undefined ? {} : { fix }) };
    }
    const { timeout, resends } = this.#centre.settings;
    const lost = silence(this.#url, timeout, resends + 1);
    this.#lose(lost);
    return { kind: 'keep', reason: lost.message, ...(lost.fix === undefined ? {} : { fix: lost.fix }) };
  }

  #packets(
    { kind, start }: PeriodSpan,
    items: ReturnType<typeof periodItems>,
    qn: string,
    ack: boolean,
    again: boolean,
  ): Packet[] {
    const lead = [['DataTime', this.#centre.local.text(start)]] as const;
    return packetsOf(this.#centre, { qn, cn: CN_OF[kind], ack, again }, lead, items);
  }

  #items(span: PeriodSpan): ReturnType<typeof periodItems> {
    const { periods } = this.#context;
    if (periods === undefined) return [];
    return periodItems(span, {
      ...this.#reporting(),
      periods,
      ...(this.#scan === undefined ? {} : { scan: this.#scan }),
    });
  }

  #reporting(): Pick<ReportParts, 'config' | 'unfit'> {
    return {
      config: this.#config,
      unfit: ({ device, point, factor }, why) => {
        if (this.#told.has(factor)) return;
        this.#told.add(factor);
        this.#context.log.warn('hj212.unit', { device, point, factor, why });
      },
    };
  }

  /** What opens a session: a name where there is none, then timers. */
  #begin(): void {
    const { edition } = this.#config;
    if (edition === '2025' && this.#centre.settings.mn === undefined) {
      const hardware = this.#context.machine?.hardware ?? '';
      const info = [['i23005-Info', this.#context.agent]] as const;
      const cpu = [['i23006-Info', hardware]] as const;
      this.#link.send(
        packetOf(this.#centre, { qn: this.#qn(), st: '91', cn: '1001', ack: true }, [info, cpu]),
      );
    }
    this.#schedule();
  }

  /** Timers by the settings in force. */
  #schedule(): void {
    const { realTime, streaming } = this.#centre.settings;
    this.#stopTimer('real-time');
    this.#stopTimer('beat');
    if (realTime > 0 && streaming && this.#newest !== undefined)
      this.#after('real-time', realTime, () => this.#sendRealTime());
    if (this.#config.heartbeat > 0) this.#after('beat', this.#config.heartbeat, () => void this.#beat());
  }

  #after(name: 'real-time' | 'beat', ms: number, run: () => void): void {
    this.#stopTimer(name);
    if (this.#link.open) this.#timers.set(name, this.#context.clock.after(ms, run));
  }

  #stopTimer(name: 'real-time' | 'beat'): void {
    this.#timers.get(name)?.[Symbol.dispose]();
    this.#timers.delete(name);
  }

  #sendRealTime(): void {
    const { realTime, streaming, mn } = this.#centre.settings;
    if (!this.#link.open || this.#newest === undefined) return;
    if (realTime > 0 && streaming) this.#after('real-time', realTime, () => this.#sendRealTime());
    if (mn === undefined) return;
    try {
      const { values, time } = this.#newest.since();
      const items = realTimeItems(values, this.#reporting());
      if (items.length === 0) return;
      const lead = [['DataTime', this.#centre.local.text(time)]] as const;
      // Of a moment that has passed nobody wants to hear again: no answer is asked for, and nothing goes twice.
      const heading = { qn: this.#qn(), cn: '2011', ack: false };
      for (const packet of packetsOf(this.#centre, heading, lead, items)) this.#link.send(packet);
    } catch (thrown) {
      // The next moment may be better; a log that is ill is the pump's to tell.
      this.#context.log.warn('hj212.no-real-time', {
        why: thrown instanceof Error ? thrown.message : String(thrown),
      });
    }
  }

  async #beat(): Promise<void> {
    const packet = packetOf(this.#centre, { qn: this.#qn(), st: '91', cn: '9015', ack: true }, []);
    const outcome = await this.#link.once(packet, this.#centre.settings.timeout, this.#end.signal);
    if (!this.#link.open || this.#end.signal.aborted) return;
    this.#missed = outcome.kind === 'silence' ? this.#missed + 1 : 0;
    if (this.#missed >= MISSED_BEATS) {
      const why = `${MISSED_BEATS} heart-beats (9015) without an answer`;
      return this.#lose(new AgentError('link-lost', `link to ${this.#url} lost: ${why}`));
    }
    this.#after('beat', this.#config.heartbeat, () => void this.#beat());
  }

  async #history(kind: PeriodKind, from: number, to: number, qn: string): Promise<number> {
    const { local, settings } = this.#centre;
    const interval = settings.minute === 0 ? 60_000 : settings.minute;
    const { periods } = this.#context;
    const newest = periods?.closedTo();
    const oldest = periods?.oldest('hour') ?? periods?.oldest('minute');
    if (newest === undefined || oldest === undefined) return 0;
    const first = numberAt(kind, Math.max(from, oldest), local);
    // The report that begins at `to` is wanted too; it is numbered by its end.
    const step = kind === 'minute' ? interval / 60_000 : 1;
    const end = Math.min(numberAt(kind, to, local) + step, numberAt(kind, newest, local));
    const last = Math.min(end, first + LONGEST_HISTORY * step);
    let sent = 0;
    for (let number = first; number <= last; number++) {
      const span = spanOf(kind, number, interval, local);
      if (span === undefined || span.start < from || span.start > to) continue;
      const items = this.#items(span);
      if (items.length === 0) continue;
      while (this.#live > 0 && this.#link.open) await this.#pause();
      if (!this.#link.open) throw new AgentError('link-lost', 'the link was lost amid a history');
      // The QN of the request says whose answer this is; an answer to each of a year of hours is not asked for.
      for (const packet of this.#packets(span, items, qn, false, false)) this.#link.send(packet);
      sent += 1;
      await this.#pause();
    }
    return sent;
  }

  #pause(): Promise<void> {
    return this.#context.clock.sleep(HISTORY_PACE, this.#end.signal);
  }

  #qn(): string {
    const { clock } = this.#context;
    return this.#centre.qn(wallAt(clock.mapping(), clock.mono()).time);
  }

  #lose(error: AgentError): void {
    this.#lostBy ??= error;
    this.#link.close(error.message);
  }

  #stop(): void {
    for (const name of ['real-time', 'beat'] as const) this.#stopTimer(name);
  }

  /** Ends the link for a reason of our own. */
  drop(reason: AgentError): void {
    this.#lose(reason);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort(new AgentError('aborted', 'the session ends'));
    this.#stop();
    this.#link.close('the session ends');
  }
}
