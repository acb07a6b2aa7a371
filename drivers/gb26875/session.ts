/** One fire panel or transmission device that calls us: its frames become readings, ours are commands and questions. */
import {
  type Adu,
  type AduObject,
  readAdu,
  type VendorTypes,
  writeAdu,
} from '../../agent/codec/gb26875/adu.ts';
import { COMMANDS, type Frame } from '../../agent/codec/gb26875/frame.ts';
import { type Outcome, Peer } from '../../agent/codec/gb26875/peer.ts';
import { timeBytes, timeDigits } from '../../agent/codec/gb26875/time.ts';
import type { DriverContext, PointWrite, StreamSession, WriteOutcome } from '../../agent/core/driver.ts';
import type { Stream } from '../../agent/core/link.ts';
import { good, type Reading, type Value } from '../../agent/core/reading.ts';
import { trusted, wallAt } from '../../agent/core/time/clock.ts';
import { notThere, within } from '../own-line.ts';
import { type Doubt, Teller, type Told } from '../teller.ts';
import {
  COMMAND_FIELDS,
  deviceSchema,
  type Field,
  type Options,
  optionsSchema,
  wireSchema,
} from './schema.ts';
import { FireState } from './state.ts';
import { isEvent, readersOf, verbatimAll } from './told.ts';

/** A caller that says nothing at all within this is none, ms. */
const PATIENCE = 12_000;
const HOUR = 3_600_000;
/** Beijing time: the norm is Chinese, and its labels are local. */
const OFFSET = 8 * HOUR;

export function optionsOf(device: DriverContext['device']): Options {
  return optionsSchema.parse({
    ...optionsSchema.parse(device.profile.options ?? {}),
    ...deviceSchema.parse(device.options),
  });
}

/** Waits for the first frame, asking for the state of the device. Rejects with `timeout` or `link-lost`. */
export async function open(
  context: DriverContext,
  stream: Stream,
  emit: (readings: readonly Reading[]) => void,
  signal: AbortSignal,
): Promise<StreamSession> {
  signal.throwIfAborted();
  const session = new FireSession(context, stream, emit);
  try {
    session.ask();
    if ((await within(context, stream, session.first, PATIENCE, signal)) === undefined) {
      const fix = 'check that it speaks GB/T 26875.3 and is set to this address and port';
      throw notThere(context, 'frame', PATIENCE, fix);
    }
    return session;
  } catch (error) {
    await session[Symbol.asyncDispose]();
    throw error;
  }
}

/**
 * What each device has said, kept over its connections: a panel that calls anew does not always say again which part
 * burns, and its own «normal» must not take back a fire.
 */
const SAID = new WeakMap<DriverContext['device'], FireState>();

function saidBy(device: DriverContext['device']): FireState {
  const said = SAID.get(device) ?? new FireState();
  SAID.set(device, said);
  return said;
}

class FireSession implements StreamSession {
  readonly first: Promise<true>;
  readonly #context: DriverContext;
  readonly #options: Options;
  readonly #vendor: VendorTypes;
  readonly #peer: Peer;
  readonly #state: FireState;
  readonly #teller: Teller;
  readonly #readers: ReturnType<typeof readersOf>;
  readonly #heard = Promise.withResolvers<true>();
  #closed = false;

  constructor(context: DriverContext, stream: Stream, emit: (readings: readonly Reading[]) => void) {
    const { device, clock } = context;
    this.#context = context;
    this.#state = saidBy(device);
    this.#options = optionsOf(device);
    this.#vendor = Object.fromEntries(
      Object.entries(this.#options.types).map(([type, layout]) => [Number(type), layout]),
    );
    this.#teller = new Teller(context, emit, { fieldOf: (point) => point.id, everyFrame: true });
    this.#readers = readersOf(device.profile.points);
    this.first = this.#heard.promise;
    this.#peer = new Peer({
      stream,
      clock,
      timeout: this.#options.timeout,
      resends: this.#options.resends,
      version: [1, 1],
      // Ours and the device's are learned from its first frame.
      source: 0,
      destination: 0,
      serials: { next: 0 },
      label: () => this.#label(),
      hear: (frame) => this.#hear(frame),
    });
  }

  /** Asks what the options want to know, and tells the time; nobody waits for it. */
  ask(): void {
    const reserved = Uint8Array.of(0);
    for (const type of this.#options.ask) void this.#request(writeAdu(type, [reserved]));
    const { rank } = this.#context.clock.mapping();
    if (this.#options.setClock && trusted(rank)) void this.#control(90, this.#label()).catch(() => {});
    const initial: Record<string, Value> = {};
    for (const { id, wire } of this.#context.device.profile.points) {
      const { field } = wireSchema.parse(wire);
      if (COMMAND_FIELDS.includes(field)) initial[id] = field === 'dutyCheck' ? 0 : false;
    }
    void this.first.then(() => this.#closed || this.#teller.take(initial, this.#context.clock.mono()));
  }

  async write({ point, value }: PointWrite, signal: AbortSignal): Promise<WriteOutcome> {
    signal.throwIfAborted();
    const found = this.#context.device.profile.points.find(({ id }) => id === point);
    const field = found === undefined ? undefined : wireSchema.parse(found.wire).field;
    if (found === undefined || field === undefined || !COMMAND_FIELDS.includes(field)) {
      return { kind: 'rejected', reason: `${point} cannot be written` };
    }
    const command = this.#commandOf(field, value);
    if (typeof command === 'string') return { kind: 'rejected', reason: command };
    const outcome = await this.#control(command.type, command.object);
    if (outcome.kind === 'answered') {
      const at = { device: this.#context.device.id, point, unit: found.unit };
      return { kind: 'done', readback: good(at, value, this.#context.clock.mono()) };
    }
    const reason = outcome.kind === 'nak' ? 'the device turned it down' : 'the device did not answer';
    return { kind: 'rejected', reason };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#peer[Symbol.dispose]();
  }

  #commandOf(field: Field, value: Value): { readonly type: number; readonly object: Uint8Array } | string {
    if (field === 'dutyCheck') {
      const right = typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 255;
      return right ? { type: 91, object: Uint8Array.of(value) } : 'expected whole minutes from 1 to 255';
    }
    if (value !== true) return 'only true does something';
    if (field === 'initialise') return { type: 89, object: Uint8Array.of(0) };
    return trusted(this.#context.clock.mapping().rank)
      ? { type: 90, object: this.#label() }
      : 'our own clock is not to be trusted yet';
  }

  #control(type: number, object: Uint8Array): Promise<Outcome> {
    return this.#peer.ask(COMMANDS.control, writeAdu(type, [object]));
  }

  async #request(adu: Uint8Array): Promise<void> {
    const outcome = await this.#peer.ask(COMMANDS.request, adu).catch((): Outcome => ({ kind: 'silent' }));
    if (this.#closed) return;
    if (outcome.kind === 'answered') {
      this.#heard.resolve(true);
      const read = readAdu(outcome.frame.adu, this.#vendor);
      if (read.ok) this.#tell(read.adu, outcome.frame);
      return;
    }
    if (outcome.kind === 'nak') this.#heard.resolve(true);
    this.#context.log.debug('gb26875.unanswered', { type: adu[0], why: outcome.kind });
  }

  #hear(frame: Frame): void {
    this.#peer.source = frame.destination;
    this.#peer.destination = frame.source;
    const beat = frame.adu.length === 0;
    if (frame.command !== COMMANDS.send || (beat && !this.#options.heartBeat)) {
      this.#answer(frame, COMMANDS.nak);
      return;
    }
    if (beat) {
      this.#answer(frame, COMMANDS.ack);
      this.#alive();
      return;
    }
    const read = readAdu(frame.adu, this.#vendor);
    if (!read.ok) {
      this.#context.log.debug('gb26875.adu', { why: read.error });
      this.#answer(frame, COMMANDS.nak);
      return;
    }
    // Told before it is acknowledged: an alarm must not be lost between the two.
    if (!this.#peer.again(frame)) this.#tell(read.adu, frame);
    this.#answer(frame, COMMANDS.ack);
    this.#heard.resolve(true);
  }

  #answer(frame: Frame, command: number): void {
    this.#peer.answer(frame, command).catch((thrown: unknown) => {
      if (!this.#closed) this.#context.log.debug('gb26875.answer', { error: String(thrown) });
    });
  }

  #alive(): void {
    this.#heard.resolve(true);
    this.#take({ alive: true });
  }

  #tell({ type, count, objects, layout }: Adu, { adu }: Frame): void {
    const told: Record<string, Value> = { alive: true };
    if (layout === undefined) {
      this.#take({ ...told, event: verbatimAll(type, count, adu.subarray(2)) });
      return;
    }
    for (const object of objects) this.#tellObject(type, object);
    this.#take(told);
  }

  #tellObject(type: number, object: AduObject): void {
    const changed = this.#state.take(object);
    const told: Record<string, Value | Doubt> = {};
    const doubt = this.#timeIsWrong(object, type);
    for (const [id, read] of this.#readers) {
      const value = read(type, object, this.#state, changed);
      if (value !== undefined) told[id] = doubt ? { reason: 'clock-untrusted', value } : value;
    }
    this.#teller.take(told, this.#context.clock.mono());
  }

  /** Fields that are the same for every point of a kind. */
  #take(fields: Readonly<Record<string, Value>>): void {
    const told: Record<string, Value> = {};
    for (const { id, wire } of this.#context.device.profile.points) {
      const { field } = wireSchema.parse(wire);
      const value = fields[field];
      if (value !== undefined) told[id] = value;
    }
    this.#teller.take(told satisfies Told, this.#context.clock.mono());
  }

  /** A label that is no time, or far from ours: what it says is true, when is not known. */
  #timeIsWrong({ time }: AduObject, type: number): boolean {
    if (time === undefined || !isEvent(type, undefined)) return false;
    const { clock } = this.#context;
    const { time: wall, rank } = wallAt(clock.mapping(), clock.mono());
    if (!trusted(rank)) return false;
    const digits = timeDigits(time);
    if (digits === undefined) return true;
    const [year, month, day, hour, minute, second] = [
      digits.slice(0, 4),
      ...(digits.slice(4).match(/../g) ?? []),
    ].map(Number);
    const said = Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second) - OFFSET;
    return Math.abs(said - wall) > this.#options.clockTolerance;
  }

  #label(): Uint8Array {
    const { clock } = this.#context;
    const local = new Date(wallAt(clock.mapping(), clock.mono()).time + OFFSET);
    return timeBytes(local.toISOString().replace(/\D/g, '').slice(0, 14));
  }
}
