/** Batches by POST. There is no link to lose but what the last request said of it. */
import { promisify } from 'node:util';
import { gzip, zstdCompress } from 'node:zlib';
import { AgentError } from '../../core/errors.ts';
import type { HttpUplinkConfig } from '../../core/site.ts';
import { wallAt } from '../../core/time/clock.ts';
import type { Delivery, Message, StreamName, UplinkContext, UplinkSession } from '../../core/uplink.ts';
import { withoutSecrets } from '../address.ts';
import { COLUMN_BYTES } from '../columns.ts';
import { encodeMessage } from '../payload.ts';
import { deliveryOf, replacedBy } from './answer.ts';
import { encodeLines } from './line-protocol.ts';
import type { Answer, HttpClient } from './request.ts';
import { Turns } from './turns.ts';

const CONTENT_TYPE = {
  json: 'application/json',
  columns: 'application/json',
  influx: 'text/plain; charset=utf-8',
} as const;
const COMPRESS = { gzip: promisify(gzip), zstd: promisify(zstdCompress) } as const;

export class HttpSession implements UplinkSession {
  readonly closed: Promise<never>;
  readonly maxBytes: number;
  readonly atOnce: number;
  readonly recordBytes?: number;
  readonly #config: HttpUplinkConfig;
  readonly #context: UplinkContext;
  readonly #client: HttpClient;
  readonly #encoded = new WeakMap<Message, Uint8Array>();
  readonly #sent = new WeakMap<Message, number>();
  readonly #turns: Readonly<Record<StreamName, Turns>> = { live: new Turns(), backlog: new Turns() };
  readonly #end = new AbortController();
  readonly #lost = Promise.withResolvers<never>();

  /** Owns `client`. */
  constructor(client: HttpClient, config: HttpUplinkConfig, context: UplinkContext) {
    this.#client = client;
    this.#config = config;
    this.#context = context;
    if (config.format === 'columns') this.recordBytes = COLUMN_BYTES;
    this.maxBytes = config.maxBody;
    this.atOnce = config.inFlight;
    this.closed = this.#lost.promise;
    this.closed.catch(() => {});
  }

  size(message: Message): number {
    return this.#encode(message).length;
  }

  sentSize(message: Message): number {
    return this.#sent.get(message) ?? 0;
  }

  async deliver(message: Message, signal: AbortSignal): Promise<Delivery> {
    const { stream } = message.envelope;
    const delivery = await this.#turns[stream].take<Delivery>(
      () => this.#post(message, AbortSignal.any([signal, this.#end.signal])),
      ({ kind }) => kind === 'accepted',
      { kind: 'keep', reason: 'the batch before it was not accepted' },
    );
    if (signal.aborted) throw signal.reason;
    return delivery;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort(new AgentError('aborted', 'the session ends'));
    this.#client[Symbol.dispose]();
  }

  async #post(message: Message, signal: AbortSignal): Promise<Delivery> {
    const { format, compression, timeout } = this.#config;
    const { agent, epoch, lane, first, last } = message.envelope;
    try {
      const plain = this.#encode(message);
      const body = compression === 'none' ? plain : await COMPRESS[compression](plain);
      this.#sent.set(message, body.length);
      const asked = this.#context.clock.mono();
      const answer = await this.#client.send(
        {
          method: 'POST',
          headers: {
            'Content-Type': CONTENT_TYPE[format],
            ...(compression === 'none' ? {} : { 'Content-Encoding': compression }),
            // draft-ietf-httpapi-idempotency-key-header: a quoted string of structured fields (RFC 8941 §3.3.3).
            'Idempotency-Key': `"${agent}/${epoch}/${lane}/${first}-${last}"`,
          },
          body,
          deadline: timeout,
        },
        signal,
      );
      this.#heedTime(answer, asked);
      const replaced = replacedBy(answer, this.#context.machine?.generation ?? 1, agent);
      if (replaced !== undefined) {
        this.#context.fence?.shut(replaced);
        this.#lost.reject(replaced);
        return { kind: 'keep', reason: replaced.message };
      }
      if (answer.status < 300) this.#context.fence?.open();
      return deliveryOf(answer, message, this.#context.clock);
    } catch (thrown) {
      const reason = thrown instanceof Error ? thrown.message : String(thrown);
      if (!signal.aborted) this.#lose(thrown, reason);
      return { kind: 'keep', reason };
    }
  }

  /** Date (RFC 9110 §6.6.1) of an accepted batch: whole seconds, true at some moment of the round trip. */
  #heedTime({ status, date }: Answer, asked: number): void {
    if (status < 200 || status >= 300 || date === undefined) return;
    const trip = this.#context.clock.mono() - asked;
    const wall = Date.parse(date) + 500;
    if (Number.isFinite(wall)) this.#context.heardTime?.(wall, asked + trip / 2, 500 + trip / 2);
  }

  #lose(cause: unknown, reason: string): void {
    const what = `link to ${withoutSecrets(this.#config.url)} lost: ${reason}`;
    const fix = cause instanceof AgentError ? cause.fix : undefined;
    this.#lost.reject(new AgentError('link-lost', what, { cause, ...(fix === undefined ? {} : { fix }) }));
  }

  #encode(message: Message): Uint8Array {
    let payload = this.#encoded.get(message);
    if (payload === undefined) {
      const { site, clock } = this.#context;
      payload =
        this.#config.format !== 'influx'
          ? encodeMessage(message, (device) => this.#hashOf(device), this.#config.format)
          : encodeLines(site, message, wallAt(clock.mapping(), clock.mono()).time);
      this.#encoded.set(message, payload);
    }
    return payload;
  }

  #hashOf(device: string): string | undefined {
    return this.#context.descriptions().find((one) => one.description.device === device)?.hash;
  }
}
