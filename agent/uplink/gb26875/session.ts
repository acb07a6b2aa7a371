/** A session with a fire centre: what the log brings, heart-beats, and the centre's words. */
import { readAdu } from '../../codec/gb26875/adu.ts';
import { COMMANDS, type Frame } from '../../codec/gb26875/frame.ts';
import { type Outcome, Peer } from '../../codec/gb26875/peer.ts';
import { timeBytes, timeDigits } from '../../codec/gb26875/time.ts';
import { AgentError, asAgentError } from '../../core/errors.ts';
import type { Stream } from '../../core/link.ts';
import type { LoggedReading } from '../../core/record.ts';
import type { Gb26875UplinkConfig } from '../../core/site.ts';
import { wallAt } from '../../core/time/clock.ts';
import type { Delivery, Message, UplinkContext, UplinkSession } from '../../core/uplink.ts';
import { addressText } from '../dial.ts';
import type { FireMemory } from './memory.ts';
import type { FireObject, Packed } from './objects.ts';
import { deviceState, replyTo } from './questions.ts';
import { FireQueue } from './queue.ts';

const RECORD = 160;
const RECORDS = 500;
/** Operation of a transmission device: duty-check answer (figure 14). */
const DUTY_ANSWER = 1 << 5;
const MINUTE = 60_000;

export class FireCentreSession implements UplinkSession {
  readonly closed: Promise<never>;
  readonly maxBytes = RECORD * RECORDS;
  readonly #config: Gb26875UplinkConfig;
  readonly #context: UplinkContext;
  readonly #memory: FireMemory;
  readonly #stream: Stream;
  readonly #peer: Peer;
  readonly #queue: FireQueue;
  readonly #lost = Promise.withResolvers<never>();
  #beat: Disposable | undefined;
  /** Until when a duty check may be answered, monotonic ms. */
  #dutyUntil = Number.NEGATIVE_INFINITY;
  #closed = false;

  /** Owns `stream`. */
  constructor(stream: Stream, config: Gb26875UplinkConfig, context: UplinkContext, memory: FireMemory) {
    this.#stream = stream;
    this.#config = config;
    this.#context = context;
    this.#memory = memory;
    this.closed = this.#lost.promise;
    this.closed.catch(() => {});
    const { timeout, resends, source, centre, userVersion } = config;
    this.#peer = new Peer({
      stream,
      clock: context.clock,
      timeout,
      resends,
      version: [1, userVersion],
      source,
      destination: centre,
      serials: memory.serials,
      label: () => this.#label(),
      hear: (frame) => this.#hear(frame),
    });
    this.#queue = new FireQueue((adu) => this.#peer.ask(COMMANDS.send, adu));
    void stream.closed.then(() => this.lose('closed by the centre'));
  }

  /** The first heart-beat is the proof that the centre is there; with none, an open connection has to do. */
  async greet(signal: AbortSignal): Promise<void> {
    if (this.#config.heartBeat === 0) return;
    const aborted = Promise.withResolvers<never>();
    const abort = () => aborted.reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    try {
      signal.throwIfAborted();
      const first = await Promise.race([this.#sendBeat(), aborted.promise, this.closed]);
      if (first.kind === 'silent') throw new AgentError('timeout', 'no answer to the first heart-beat');
      this.#beatSoon();
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  size({ records }: Message): number {
    return RECORD * records.length;
  }

  async deliver({ records, envelope }: Message, signal: AbortSignal): Promise<Delivery> {
    if (this.#closed) return { kind: 'keep', reason: 'the session ends' };
    const objects = records.flatMap((record) => (record.kind === 'reading' ? this.#objectsOf(record) : []));
    const kind = envelope.lane === 'alarm' ? 'alarm' : 'other';
    const all = Promise.all(this.#memory.objects.pack(objects).map((packed) => this.#send(kind, packed)));
    const aborted = Promise.withResolvers<never>();
    const abort = () => aborted.reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    try {
      signal.throwIfAborted();
      const outcomes = await Promise.race([all, aborted.promise]);
      const kept = outcomes.find(({ outcome }) => outcome.kind === 'silent');
      if (kept !== undefined) return { kind: 'keep', reason: 'the centre does not answer' };
      const refused = outcomes
        .filter(({ outcome }) => outcome.kind === 'nak')
        .flatMap(({ packed }) =>
          packed.objects.map(({ seq }) => ({ seq, reason: 'the centre answered nak' })),
        );
      return refused.length === 0 ? { kind: 'accepted' } : { kind: 'refused', records: refused };
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  lose(reason: string): void {
    this.#lost.reject(
      new AgentError('link-lost', `link to ${addressText(this.#config)} lost: ${reason}`, {
        fix: 'Kerbside connects again by itself; what was not acknowledged goes again.',
      }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#beat?.[Symbol.dispose]();
    this.#queue.close();
    this.#peer[Symbol.dispose]();
    await this.#stream[Symbol.asyncDispose]();
  }

  #objectsOf(reading: LoggedReading): readonly FireObject[] {
    const { device, point, value, seq } = reading;
    const objects = [...this.#memory.objects.of(reading, this.#memory.sent)];
    // A panel that falls silent is a fault of the monitored line (figure 13), and the centre is told without asking.
    if (this.#config.forward.some((one) => one.device === device) && this.#memory.heard(reading)) {
      const bytes = Uint8Array.of(deviceState(this.#memory), ...this.#label());
      objects.push({ type: 21, bytes, seq, about: 'device' });
    }
    const answer = this.#config.dutyAnswer;
    if (answer?.device === device && answer.point === point && value === true && this.#dutyPending()) {
      this.#dutyUntil = Number.NEGATIVE_INFINITY;
      const bytes = Uint8Array.of(DUTY_ANSWER, this.#config.operator, ...this.#label());
      objects.push({ type: 24, bytes, seq, about: 'device' });
    }
    return objects;
  }

  async #send(
    kind: 'alarm' | 'other',
    packed: Packed,
  ): Promise<{ readonly packed: Packed; readonly outcome: Outcome }> {
    const outcome = await this.#queue.push(kind, packed);
    // What cannot be answered within all tries has failed (6.5): the next connection begins with it.
    if (outcome.kind === 'silent' && !this.#closed) this.lose('no answer to data');
    if (outcome.kind === 'silent') this.#forget(packed);
    else this.#memory.keep(packed.adu);
    return { packed, outcome };
  }

  /** States of our own points that did not arrive are told anew. */
  #forget({ objects }: Packed): void {
    if (objects.some(({ type }) => type === 1 || type === 2)) this.#memory.sent.states.clear();
    if (objects.some(({ type }) => type === 3)) this.#memory.sent.analogues.clear();
  }

  #beatSoon(): void {
    this.#beat = this.#context.clock.after(this.#config.heartBeat, () => {
      this.#sendBeat().then(
        ({ kind }) => {
          if (this.#closed) return;
          if (kind === 'silent') this.lose('no answer to heart-beats');
          else this.#beatSoon();
        },
        (thrown: unknown) => {
          if (!this.#closed) this.lose(asAgentError(thrown).message);
        },
      );
    });
  }

  #sendBeat(): Promise<Outcome> {
    return this.#peer.ask(COMMANDS.send, new Uint8Array(0));
  }

  #hear(frame: Frame): void {
    const read = readAdu(frame.adu);
    if (!read.ok || (frame.command !== COMMANDS.control && frame.command !== COMMANDS.request)) {
      this.#answer(frame, COMMANDS.nak);
      return;
    }
    if (frame.command === COMMANDS.request) {
      const reply = replyTo(read.adu, this.#memory, this.#config, this.#label());
      this.#answer(frame, reply === undefined ? COMMANDS.nak : COMMANDS.reply, reply);
      return;
    }
    const [object] = read.adu.objects;
    const known = [89, 90, 91].includes(read.adu.type) && object !== undefined;
    this.#answer(frame, known ? COMMANDS.ack : COMMANDS.nak);
    if (!known || this.#peer.again(frame)) return;
    if (read.adu.type === 89) this.#initialise();
    else if (read.adu.type === 90) this.#timeIs(object.time ?? new Uint8Array(0));
    else this.#dutyCheck(object.minutes ?? 0);
  }

  #answer(frame: Frame, command: number, adu?: Uint8Array): void {
    this.#peer.answer(frame, command, adu).catch((thrown: unknown) => {
      if (!this.#closed) this.lose(asAgentError(thrown).message);
    });
  }

  /** The device begins anew: states are told again, on a new connection. */
  #initialise(): void {
    this.#memory.sent.states.clear();
    this.#memory.sent.analogues.clear();
    this.#context.log.info('gb26875.initialised', {});
    this.#context.clock.after(1000, () => this.#closed || this.lose('the centre asked for a new beginning'));
  }

  #timeIs(label: Uint8Array): void {
    const digits = timeDigits(label);
    const wall = digits === undefined ? undefined : this.#memory.local.parse(digits);
    if (wall !== undefined && this.#config.clock === 'untrusted') {
      this.#context.heardTime?.(wall, this.#context.clock.mono(), 2000);
    }
  }

  /** Passed on to where somebody can hear it. Nobody answers for the person on duty. */
  #dutyCheck(minutes: number): void {
    const { clock, log } = this.#context;
    const { dutyCheck, id } = this.#config;
    const now = clock.mono();
    this.#dutyUntil = now + minutes * MINUTE;
    log.info('gb26875.duty-check', { minutes, passed_on: dutyCheck !== undefined });
    if (dutyCheck === undefined) return;
    const issued = wallAt(clock.mapping(), now).time;
    void this.#context
      .submit({
        id: `${id}-duty-${Math.round(issued)}`,
        ...dutyCheck,
        value: this.#dutyValue(minutes),
        issuer: `uplink:${id}`,
        ttl: minutes * MINUTE,
        issued,
        expires: issued + minutes * MINUTE,
      })
      .then((result) => log.info('gb26875.duty-passed-on', { state: result.state }))
      .catch((thrown: unknown) =>
        log.warn('gb26875.duty-not-passed-on', { error: asAgentError(thrown).message }),
      );
  }

  /** Minutes for a number, true for a light or a bell. */
  #dutyValue(minutes: number): number | boolean {
    const { dutyCheck } = this.#config;
    const description = this.#context
      .descriptions()
      .find(({ description }) => description.device === dutyCheck?.device)?.description;
    const point = description?.points.find(({ id }) => id === dutyCheck?.point);
    return point?.type === 'boolean' ? true : minutes;
  }

  #dutyPending(): boolean {
    return this.#context.clock.mono() <= this.#dutyUntil;
  }

  #label(): Uint8Array {
    const { clock } = this.#context;
    return timeBytes(this.#memory.local.text(wallAt(clock.mapping(), clock.mono()).time));
  }
}
