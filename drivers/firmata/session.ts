/** One board: pins as points. The board talks by itself; a pin state query at the period shows that it is alive. */
import type { DriverContext, PointWrite, StreamSession, WriteOutcome } from '../../agent/core/driver.ts';
import { AgentError } from '../../agent/core/errors.ts';
import type { Stream } from '../../agent/core/link.ts';
import type { ProfilePoint } from '../../agent/core/profile.ts';
import { bad, good, type Place, type Reading, type Value } from '../../agent/core/reading.ts';
import { type OpenBoard, openBoard } from './board.ts';
import { deviceSchema, optionsSchema, type Wire, wireSchema } from './schema.ts';

/** Longest wait for the answer to a pin state query, ms; asked twice. */
const QUERY_TIMEOUT = 1000;
const PWM_FULL = 255;

interface Wired {
  readonly point: ProfilePoint;
  readonly wire: Wire;
  /** Digital pin number. */
  readonly pin: number;
  /** Contents as the board told them last; undefined before. */
  raw: number | undefined;
  /** What was emitted last. */
  told: Value | null | undefined;
  debounce: Disposable | undefined;
}

/** Opens the board and sets up its pins. Rejects as `openBoard` does, with `config-invalid` for a pin it does not have. */
export async function open(
  context: DriverContext,
  stream: Stream,
  emit: (readings: readonly Reading[]) => void,
  signal: AbortSignal,
): Promise<StreamSession> {
  const { device, clock, log } = context;
  const failed = (error: unknown) => log.warn('firmata.fail', { error: String(error) });
  const opened = await openBoard(device.id, stream, clock, signal, failed);
  const session = new FirmataSession(context, opened, emit);
  try {
    await session.start(signal);
    return session;
  } catch (error) {
    await session[Symbol.asyncDispose]();
    throw error;
  }
}

class FirmataSession implements StreamSession {
  readonly #context: DriverContext;
  readonly #opened: OpenBoard;
  readonly #emit: (readings: readonly Reading[]) => void;
  readonly #ended = new AbortController();
  readonly #wired: readonly Wired[];
  /** Queries answer by pin only, so one is out at a time. */
  #queries: Promise<unknown> = Promise.resolve();
  #beat: Disposable | undefined;

  constructor(context: DriverContext, opened: OpenBoard, emit: (readings: readonly Reading[]) => void) {
    this.#context = context;
    this.#opened = opened;
    this.#emit = emit;
    const { device } = context;
    const { pins } = deviceSchema.parse(device.options);
    this.#wired = device.profile.points.map((point) => {
      const wire = wireSchema.parse(point.wire);
      const pin = pins[point.id] ?? wire.pin;
      const analog = typeof pin === 'string' ? opened.io.analogPins[Number(pin.slice(1))] : pin;
      return { point, wire, pin: analog ?? -1, raw: undefined, told: undefined, debounce: undefined };
    });
  }

  async start(signal: AbortSignal): Promise<void> {
    const { profile } = this.#context.device;
    this.#opened.board.samplingInterval(optionsSchema.parse(profile.options ?? {}).sampling);
    for (const wired of this.#wired) await this.#setUp(wired, signal);
    this.#context.log.info('firmata.open', { firmware: this.#opened.io.firmware.name });
    this.#schedule();
  }

  async #setUp(wired: Wired, signal: AbortSignal): Promise<void> {
    const { board, io } = this.#opened;
    const { MODES } = io;
    const { wire, pin, point } = wired;
    const wanted = { pwm: MODES.PWM, output: MODES.OUTPUT, analog: MODES.ANALOG };
    const mode = wire.mode === 'input' || wire.mode === 'input-pullup' ? MODES.INPUT : wanted[wire.mode];
    const supported = io.pins[pin]?.supportedModes;
    if (mode === undefined || supported === undefined || !supported.includes(mode)) {
      throw new AgentError(
        'config-invalid',
        `opening of board ${this.#context.device.id} failed: pin ${pin} cannot be ${wire.mode} (point ${point.id})`,
        { fix: `give another pin in options.pins.${point.id}`, context: { pin, mode: wire.mode } },
      );
    }
    if (wire.mode === 'pwm' || wire.mode === 'output') {
      // Setting the mode switches the output off, which would darken the lamp at every reconnection.
      await this.#query(pin, signal);
      if (io.pins[pin]?.mode !== mode) {
        board.pinMode(pin, mode);
        await this.#query(pin, signal);
      }
      this.#heardOutput(wired);
    } else if (wire.mode === 'analog') {
      const channel = io.analogPins.indexOf(pin);
      board.analogRead(channel, (value) => this.#heardAnalog(wired, value));
    } else {
      this.#setUpInput(wired);
    }
  }

  #setUpInput(wired: Wired): void {
    const { board, io } = this.#opened;
    const pullup = io.MODES.PULLUP;
    const supported = io.pins[wired.pin]?.supportedModes ?? [];
    if (wired.wire.mode === 'input-pullup' && pullup !== undefined && supported.includes(pullup)) {
      board.pinMode(wired.pin, pullup);
    } else {
      board.pinMode(wired.pin, io.MODES.INPUT ?? 0);
      // Before Firmata 2.5 a high level written to an input switches its pull-up on.
      if (wired.wire.mode === 'input-pullup') board.digitalWrite(wired.pin, 1);
    }
    board.digitalRead(wired.pin, (value) => this.#heardDigital(wired, value));
  }

  #heardOutput(wired: Wired): void {
    wired.raw = this.#opened.io.pins[wired.pin]?.state ?? 0;
    this.#tell([wired]);
  }

  #heardAnalog(wired: Wired, raw: number): void {
    wired.raw = raw;
    const value = this.#reading(wired).value;
    const before = wired.told;
    const moved =
      typeof value !== 'number' ||
      typeof before !== 'number' ||
      Math.abs(value - before) >= wired.wire.deadband;
    if (before === undefined || (moved && value !== before)) this.#tell([wired]);
  }

  /** A level counts after it stood for `debounce` ms; the first one at once. */
  #heardDigital(wired: Wired, level: number): void {
    wired.debounce?.[Symbol.dispose]();
    wired.debounce = undefined;
    if (level === wired.raw) return;
    const settle = () => {
      wired.debounce = undefined;
      wired.raw = level;
      this.#tell([wired]);
    };
    if (wired.raw === undefined || wired.wire.debounce === 0) settle();
    else wired.debounce = this.#context.clock.after(wired.wire.debounce, settle);
  }

  #tell(wired: readonly Wired[]): void {
    if (this.#ended.signal.aborted) return;
    const readings = wired.map((one) => {
      const reading = this.#reading(one);
      one.told = reading.value;
      return reading;
    });
    if (readings.length > 0) this.#emit(readings);
  }

  #reading(wired: Wired): Reading {
    const { point, wire, raw } = wired;
    const at: Place = { device: this.#context.device.id, point: point.id, unit: point.unit };
    const time = this.#opened.heard();
    if (raw === undefined) return bad(at, 'not-available', time);
    if (point.type === 'boolean') return good(at, (raw !== 0) === (wire.active === 'high'), time);
    const value = wire.mode === 'pwm' ? (100 * raw) / this.#full() : raw * wire.scale + wire.offset;
    const factor = 10 ** (point.decimals ?? 0);
    const rounded = point.decimals === undefined ? value : Math.round(value * factor) / factor;
    if (point.range !== undefined && rounded > point.range[1]) return bad(at, 'over-range', time);
    if (point.range !== undefined && rounded < point.range[0]) return bad(at, 'under-range', time);
    return good(at, rounded, time);
  }

  #full(): number {
    return this.#opened.io.RESOLUTION.PWM ?? PWM_FULL;
  }

  /** Asks for a pin's state at the period: the answer shows that the board lives, and all points are told again. */
  #schedule(): void {
    const { device, clock, log } = this.#context;
    if (this.#ended.signal.aborted) return;
    this.#beat = clock.after(device.every ?? device.profile.every, () => {
      this.#heartbeat()
        .catch((error: unknown) => {
          if (!this.#ended.signal.aborted) log.debug('firmata.silent', { error: String(error) });
        })
        .finally(() => this.#schedule());
    });
  }

  async #heartbeat(): Promise<void> {
    const outputs = this.#wired.filter(({ wire }) => wire.mode === 'pwm' || wire.mode === 'output');
    const asked = outputs.length > 0 ? outputs : this.#wired.slice(0, 1);
    for (const { pin } of asked) await this.#query(pin, this.#ended.signal);
    for (const wired of outputs) wired.raw = this.#opened.io.pins[wired.pin]?.state ?? 0;
    this.#tell(this.#wired.filter((wired) => wired.debounce === undefined));
  }

  async write(write: PointWrite, signal: AbortSignal): Promise<WriteOutcome> {
    const wired = this.#wired.find(({ point }) => point.id === write.point);
    if (wired === undefined || (wired.wire.mode !== 'pwm' && wired.wire.mode !== 'output')) {
      return { kind: 'rejected', reason: `${write.point} cannot be written` };
    }
    const raw = this.#contents(wired, write.value);
    if (typeof raw === 'string') return { kind: 'rejected', reason: raw };
    const either = AbortSignal.any([signal, this.#ended.signal]);
    either.throwIfAborted();
    const { board, io } = this.#opened;
    if (wired.wire.mode === 'pwm') board.analogWrite(wired.pin, raw);
    else board.digitalWrite(wired.pin, raw);
    await this.#query(wired.pin, either);
    const state = io.pins[wired.pin]?.state;
    if (state !== raw) {
      return {
        kind: 'rejected',
        reason: `read-back of ${write.point}: expected ${raw}, got ${state} on pin ${wired.pin}`,
      };
    }
    wired.raw = raw;
    const readback = this.#reading(wired);
    this.#tell([wired]);
    return { kind: 'done', readback };
  }

  /** What goes to the pin, or why it cannot. */
  #contents(wired: Wired, value: Value): number | string {
    if (wired.wire.mode === 'output') {
      if (typeof value !== 'boolean') return `expected true or false, got ${JSON.stringify(value)}`;
      return value === (wired.wire.active === 'high') ? 1 : 0;
    }
    if (typeof value !== 'number' || !(value >= 0 && value <= 100)) {
      return `expected a level from 0 to 100 %, got ${JSON.stringify(value)}`;
    }
    return Math.round((value / 100) * this.#full());
  }

  /** Asks the board for the state of a pin, twice at most. Rejects with `timeout` or as `signal` says. */
  #query(pin: number, signal: AbortSignal): Promise<void> {
    const next = this.#queries.then(() => this.#askState(pin, signal));
    this.#queries = next.catch(() => {});
    return next;
  }

  async #askState(pin: number, signal: AbortSignal): Promise<void> {
    const { board, io } = this.#opened;
    const event = `pin-state-${pin}`;
    for (let attempt = 0; attempt < 2; attempt++) {
      signal.throwIfAborted();
      const done = new AbortController();
      const { promise, resolve } = Promise.withResolvers<true>();
      const answered = () => resolve(true);
      const late = this.#context.clock
        .sleep(QUERY_TIMEOUT, AbortSignal.any([signal, done.signal]))
        .then(() => false);
      late.catch(() => {});
      board.queryPinState(pin, answered);
      try {
        if (await Promise.race([promise, late])) return;
      } finally {
        done.abort();
        io.removeListener(event, answered);
      }
    }
    throw new AgentError(
      'timeout',
      `state query of pin ${pin} failed: no answer within ${QUERY_TIMEOUT} ms, try 2/2 (board ${this.#context.device.id})`,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort(new AgentError('aborted', `board ${this.#context.device.id} closed`));
    this.#beat?.[Symbol.dispose]();
    for (const wired of this.#wired) wired.debounce?.[Symbol.dispose]();
    await this.#opened[Symbol.asyncDispose]();
  }
}
