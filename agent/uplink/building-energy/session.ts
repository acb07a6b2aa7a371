/** A session behind the login: heart-beats, reports, the centre's questions. */

import { AgentError } from '../../core/errors.ts';
import type { BuildingEnergyUplinkConfig } from '../../core/site.ts';
import { wallAt } from '../../core/time/clock.ts';
import type { Delivery, Message, StreamName, UplinkContext, UplinkSession } from '../../core/uplink.ts';
import { addressText } from '../dial.ts';
import { Gather, type Group } from './gather.ts';
import type { Link } from './link.ts';
import type { Memory } from './memory.ts';
import { Outbox } from './outbox.ts';
import type { Platform } from './platform.ts';
import type { Sample } from './sampler.ts';
import {
  type Common,
  element,
  operationOf,
  type ReportMeter,
  reportXml,
  type Telegram,
  writeTelegram,
} from './telegram.ts';

/** A record is about this long for the pump: only so many of them are asked of the log at once. */
const RECORD = 160;
const RECORDS = 3000;
/** The centre counts as lost after so many heart-beats without a word of it. */
const BEATS = 5;
/** Periods a centre may ask for, minutes. */
const PERIODS = { least: 1, most: 60 };

export class EnergySession implements UplinkSession {
  readonly closed: Promise<never>;
  readonly maxBytes = RECORD * RECORDS;
  readonly #config: BuildingEnergyUplinkConfig;
  readonly #context: UplinkContext;
  readonly #platform: Platform;
  readonly #memory: Memory;
  readonly #link: Link;
  readonly #common: Common;
  readonly #outbox: Outbox;
  readonly #gather: Gather;
  readonly #lost = Promise.withResolvers<never>();
  readonly #stop = new AbortController();
  /** Heart-beats sent and answered, for reports that are settled by them. */
  #beats = 0;
  #answers = 0;
  readonly #barriers: { readonly beat: number; readonly stream: StreamName; readonly sequence: string }[] =
    [];
  /** Resend after a break: reports so far, beginning of the first and of those that are live. */
  #resent = 0;
  #firstOf: number | undefined;
  readonly #liveFrom: number;
  #beat: Disposable | undefined;

  /** Owns `link`. */
  constructor(
    link: Link,
    config: BuildingEnergyUplinkConfig,
    context: UplinkContext,
    platform: Platform,
    memory: Memory,
  ) {
    this.#link = link;
    this.#config = config;
    this.#context = context;
    this.#platform = platform;
    this.#memory = memory;
    this.#common = commonOf(config, platform);
    this.#liveFrom = memory.sampler.periodOf(this.#now());
    this.closed = this.#lost.promise;
    this.closed.catch(() => {});
    const { clock } = context;
    this.#outbox = new Outbox({ clock, timeout: config.timeout, lose: (why) => this.lose(why) });
    this.#gather = new Gather({
      clock,
      functions: memory.sampler.specs.length,
      wait: config.gather,
      send: (group) => this.#report(group),
    });
    void this.#beatSoon();
  }

  size({ records }: Message): number {
    return RECORD * records.length;
  }

  async deliver({ records, envelope }: Message, signal: AbortSignal): Promise<Delivery> {
    const waits = new Set<Promise<Delivery>>();
    for (const record of records) {
      if (record.kind !== 'reading') continue;
      for (const sample of this.#memory.sampler.take(record))
        waits.add(this.#gather.add(envelope.stream, sample));
    }
    const aborted = Promise.withResolvers<never>();
    const abort = () => aborted.reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    try {
      signal.throwIfAborted();
      const outcomes = await Promise.race([Promise.all(waits), aborted.promise]);
      return outcomes.find(({ kind }) => kind !== 'accepted') ?? { kind: 'accepted' };
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  /** A document of the centre. */
  hear(telegram: Telegram): void {
    const [group, operation] = operationOf(telegram);
    const { fields } = telegram;
    switch (`${group} ${operation}`) {
      case 'heart_beat time':
        this.#timeIs(fields.time ?? '');
        return;
      case 'data report_ack':
        this.#acknowledged('live', fields);
        return;
      case 'data continuous_ack':
        this.#acknowledged('backlog', fields);
        return;
      case 'data query':
        this.#answerQuery(fields.sequence);
        return;
      case 'config period':
        this.#setPeriod(telegram);
        return;
      default:
        this.#context.log.debug('building-energy.unknown', { group, operation });
    }
  }

  lose(reason: string): void {
    const what = `link to ${addressText(this.#config)} lost: ${reason}`;
    this.#lost.reject(new AgentError('link-lost', what, { fix: this.#fixOf(reason) }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#beat?.[Symbol.dispose]();
    this.#gather[Symbol.dispose]();
    this.#outbox[Symbol.dispose]();
    await this.#link[Symbol.asyncDispose]();
  }

  #fixOf(reason: string): string {
    return reason.startsWith('no acknowledgement') && this.#platform.acknowledge === 'report'
      ? 'Check the platform; where it never acknowledges reports write acknowledge: heart-beat.'
      : 'Kerbside connects again by itself.';
  }

  #acknowledged(stream: StreamName, { sequence, result }: Readonly<Record<string, string>>): void {
    const refusal = result === 'fail' ? 'the centre answered fail' : undefined;
    this.#outbox.acknowledged(stream, sequence, refusal);
  }

  async #report(group: Group): Promise<Delivery> {
    const { stream, time } = group;
    const samples = [...group.samples.values()];
    const { errors } = this.#platform;
    // Without an attribute for errors there is no way to say that a value is missing.
    const told = errors === undefined ? samples.filter(({ quality }) => quality !== 'bad') : samples;
    if (told.length > 0) {
      const sequence = this.#sequenceOf(time, told);
      const resend = stream === 'backlog' ? { resend: this.#resend(group) } : {};
      const operation = stream === 'backlog' ? 'continuous' : 'report';
      const inner = reportXml({
        sequence,
        time: this.#memory.local.text(time),
        ...resend,
        meters: this.#metersOf(told),
      });
      const document = writeTelegram(this.#common, 'data', operation, inner);
      for (const sample of told) this.#memory.sampler.sent(sample);
      const delivery = await this.#outbox.push(stream, sequence, async () => {
        await this.#link.send('data', document);
        if (this.#platform.acknowledge !== 'heart-beat') return;
        this.#barriers.push({ beat: this.#beats + 1, stream, sequence });
        await this.#sendBeat();
      });
      if (delivery.kind !== 'accepted') return delivery;
    }
    for (const sample of samples) this.#memory.sampler.reported(sample);
    return { kind: 'accepted' };
  }

  /** Up to 20 digits, the same again for the same values: time, and the log's number of the first of them. */
  #sequenceOf(time: number, samples: readonly Sample[]): string {
    const first = Math.min(...samples.map(({ seq }) => seq));
    return this.#memory.local.text(time) + String(first % 1_000_000).padStart(6, '0');
  }

  #resend({ period }: Group): { total: number; current: number } {
    this.#firstOf ??= period;
    this.#resent += 1;
    const span = Math.round((this.#liveFrom - this.#firstOf) / this.#memory.sampler.every) + 1;
    return { total: Math.max(span, this.#resent), current: this.#resent };
  }

  #metersOf(samples: readonly Sample[]): readonly ReportMeter[] {
    const { errors } = this.#platform;
    return this.#config.meters.flatMap(({ id, address }, index) => {
      const functions = samples
        .filter(({ spec }) => spec.meter === index)
        .map(({ spec, quality, value }) => ({
          id: spec.id,
          ...(spec.code === undefined ? {} : { coding: spec.code }),
          ...(errors === undefined ? {} : { error: errors[quality] }),
          value,
        }));
      return functions.length === 0 ? [] : [{ id, functions, ...(address === undefined ? {} : { address }) }];
    });
  }

  async #beatSoon(): Promise<void> {
    const { clock } = this.#context;
    try {
      await this.#sendBeat();
    } catch (thrown) {
      if (!this.#stop.signal.aborted) this.lose(thrown instanceof Error ? thrown.message : String(thrown));
      return;
    }
    if (this.#stop.signal.aborted) return;
    this.#beat = clock.after(this.#config.heartBeat, () => {
      const silent = clock.mono() - this.#link.heard;
      if (silent >= BEATS * this.#config.heartBeat) this.lose(`silent for ${Math.round(silent / 1000)} s`);
      else void this.#beatSoon();
    });
  }

  async #sendBeat(): Promise<void> {
    this.#beats += 1;
    const document = writeTelegram(this.#common, 'heart_beat', 'notify', '<notify></notify>');
    await this.#link.send('heart_beat', document);
  }

  #timeIs(text: string): void {
    this.#answers += 1;
    while (this.#barriers[0] !== undefined && this.#barriers[0].beat <= this.#answers) {
      const { stream, sequence } = this.#barriers.shift() ?? { stream: 'live', sequence: '' };
      this.#outbox.acknowledged(stream, sequence);
    }
    const wall = this.#memory.local.parse(text);
    if (wall !== undefined && this.#config.clock === 'untrusted')
      this.#context.heardTime?.(wall, this.#context.clock.mono(), 2000);
  }

  /** The newest value of every function, with the time of the newest among them. */
  #answerQuery(asked: string | undefined): void {
    const latest = this.#memory.sampler.latest();
    const time = latest.length === 0 ? this.#now() : Math.max(...latest.map((sample) => sample.time));
    const sequence =
      asked === undefined || asked === '' ? this.#sequenceOf(time, latest.length === 0 ? [] : latest) : asked;
    const inner = reportXml({
      sequence,
      time: this.#memory.local.text(time),
      meters: this.#metersOf(latest),
    });
    this.#answer('data', 'reply', inner);
  }

  #setPeriod({ fields, building, gateway }: Telegram): void {
    const minutes = Number(fields.period);
    const ours = this.#common;
    const mine = (given: string | null, own: string) => given === null || given === '' || given === own;
    const wrong = !(Number.isInteger(minutes) && minutes >= PERIODS.least && minutes <= PERIODS.most);
    const foreign = !mine(building, ours.building) || !mine(gateway, ours.gateway);
    if (wrong || foreign || !this.#config.periodByCentre) {
      const why = wrong
        ? 'not 1 to 60 minutes'
        : foreign
          ? 'for another gateway'
          : 'not allowed by period_by_centre';
      this.#context.log.warn('building-energy.period-refused', { period: fields.period, why });
      return;
    }
    this.#memory.setPeriod(minutes * 60_000);
    this.#context.log.info('building-energy.period', { minutes });
    this.#answer('config', 'period_ack', element('period', String(minutes)));
  }

  #answer(group: string, operation: string, inner: string): void {
    this.#link.send(group, writeTelegram(this.#common, group, operation, inner)).catch((thrown: unknown) => {
      if (!this.#stop.signal.aborted) this.lose(thrown instanceof Error ? thrown.message : String(thrown));
    });
  }

  #now(): number {
    const { clock } = this.#context;
    return wallAt(clock.mapping(), clock.mono()).time;
  }
}

export function commonOf(config: BuildingEnergyUplinkConfig, platform: Platform): Common {
  return {
    building: config.building,
    gateway: config.gateway,
    typeStyle: platform.type,
    ...(platform.version === undefined ? {} : { version: platform.version }),
  };
}
