/** One board: pins as points. The board talks by itself; a pin state query at the period shows that it is alive. */
import type { DriverContext, PointWrite, StreamSession, WriteOutcome } from '../../agent/core/driver.ts';
import { AgentError } from '../../agent/core/errors.ts';
import type { Stream } from '../../agent/core/link.ts';
import type { ProfilePoint } from '../../agent/core/profile.ts';
import { bad, good, type Place, type Reading, type Value } from '../../agent/core/reading.ts';
import { type OpenBoard, openBoard } from './board.ts';
import { Contact } from './contact.ts';
import { PinStates } from './pin-state.ts';
import { deviceSchema, optionsSchema, type Wire, wireSchema } from './schema.ts';

const PWM_FULL = 255;

interface Wired {
  readonly point: ProfilePoint;
  readonly wire: Wire;
  /** Digital pin number. */
  readonly pin: number;
  readonly contact: Contact;
  /** The mode that was set; undefined for an analog pin, which keeps its mode when the board forgets the rest. */
  mode: number | undefined;
  /** Contents as the board told them last; undefined before. */
  raw: number | undefined;
  /** What was emitted last. */
  told: Value | null | undefined;
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
  readonly #states: PinStates;
  /** Whether all pins are as they should be; `lost` ones are set up at the next period. */
  #pins: 'setting' | 'set' | 'lost' = 'setting';
  #beat: Disposable | undefined;

  constructor(context: DriverContext, opened: OpenBoard, emit: (readings: readonly Reading[]) => void) {
    this.#context = context;
    this.#opened = opened;
    this.#emit = emit;
    const { device, clock } = context;
    this.#states = new PinStates(device.id, opened, clock);
    const { pins } = deviceSchema.parse(device.options);
    this.#wired = device.profile.points.map((point) => {
      const wire = wireSchema.parse(point.wire);
      const pin = pins[point.id] ?? wire.pin;
      const analog = typeof pin === 'string' ? opened.io.analogPins[Number(pin.slice(1))] : pin;
      const contact = new Contact(clock, wire.debounce, (level) => this.#settled(point.id, level));
      const unknown = { mode: undefined, raw: undefined, told: undefined };
      return { point, wire, pin: analog ?? -1, contact, ...unknown };
    });
  }

  async start(signal: AbortSignal): Promise<void> {
    for (const wired of this.#wired) this.#checkPin(wired);
    await this.#setUp(signal);
    this.#pins = 'set';
    this.#context.log.info('firmata.open', { firmware: this.#opened.io.firmware.name });
    // A board says its version unasked when it has booted.
    this.#opened.io.on('reportversion', () => this.#anew('the board said hello'));
    this.#schedule();
  }

  #checkPin({ wire, pin, point }: Wired): void {
    const { MODES, pins } = this.#opened.io;
    const wanted = { pwm: MODES.PWM, output: MODES.OUTPUT, analog: MODES.ANALOG };
    const mode = wire.mode === 'input' || wire.mode === 'input-pullup' ? MODES.INPUT : wanted[wire.mode];
    if (mode !== undefined && pins[pin]?.supportedModes.includes(mode) === true) return;
    throw new AgentError(
      'config-invalid',
      `opening of board ${this.#context.device.id} failed: pin ${pin} cannot be ${wire.mode} (point ${point.id})`,
      { fix: `give another pin in options.pins.${point.id}`, context: { pin, mode: wire.mode } },
    );
  }

  /** Sets all pins up; again after the board has forgotten them. */
  async #setUp(signal: AbortSignal): Promise<void> {
    const { board, io } = this.#opened;
    const { profile } = this.#context.device;
    board.samplingInterval(optionsSchema.parse(profile.options ?? {}).sampling);
    const contacts: Wired[] = [];
    for (const wired of this.#wired) {
      const { wire, pin } = wired;
      if (wire.mode === 'pwm' || wire.mode === 'output') await this.#setUpOutput(wired, signal);
      else if (wire.mode === 'analog') {
        const channel = io.analogPins.indexOf(pin);
        io.removeAllListeners(`analog-read-${channel}`);
        board.analogRead(channel, (value) => this.#heardAnalog(wired, value));
      } else contacts.push(wired);
    }
    await this.#setUpContacts(contacts, signal);
  }

  async #setUpOutput(wired: Wired, signal: AbortSignal): Promise<void> {
    const { MODES } = this.#opened.io;
    const { pin, wire } = wired;
    wired.mode = (wire.mode === 'pwm' ? MODES.PWM : MODES.OUTPUT) ?? 0;
    // Setting the mode switches the output off, which would darken the lamp at every reconnection.
    let held = await this.#states.query(pin, signal);
    if (held.mode !== wired.mode) {
      this.#opened.board.pinMode(pin, wired.mode);
      held = await this.#states.query(pin, signal);
    }
    wired.raw = held.state;
    this.#tell([wired]);
  }

  /**
   * A board reports eight pins at once, those without a mode as low, which for a button with a pull-up is pressed. So no
   * report counts before every contact has its mode, by the board's own word.
   */
  async #setUpContacts(contacts: readonly Wired[], signal: AbortSignal): Promise<void> {
    const { board, io } = this.#opened;
    for (const wired of contacts) {
      io.removeAllListeners(`digital-read-${wired.pin}`);
      wired.contact[Symbol.dispose]();
      wired.raw = undefined;
      this.#switchToInput(wired);
    }
    for (const wired of contacts) {
      const { mode } = await this.#states.query(wired.pin, signal);
      if (mode !== io.MODES.INPUT && mode !== io.MODES.PULLUP) {
        throw new AgentError(
          'unsupported',
          `setting up pin ${wired.pin} failed: expected an input, got mode ${mode} (board ${this.#context.device.id}, point ${wired.point.id})`,
          { retryable: true, context: { pin: wired.pin, mode } },
        );
      }
      wired.mode = mode;
    }
    for (const wired of contacts) board.digitalRead(wired.pin, (level) => wired.contact.hear(level));
  }

  #switchToInput({ pin, wire }: Wired): void {
    const { board, io } = this.#opened;
    const pullup = io.MODES.PULLUP;
    const supported = io.pins[pin]?.supportedModes ?? [];
    if (wire.mode === 'input-pullup' && pullup !== undefined && supported.includes(pullup)) {
      board.pinMode(pin, pullup);
    } else {
      board.pinMode(pin, io.MODES.INPUT ?? 0);
      // Before Firmata 2.5 a high level written to an input switches its pull-up on.
      if (wire.mode === 'input-pullup') board.digitalWrite(pin, 1);
    }
  }

  /** The board has lost its modes and reports: its contacts are deaf until they are set up again. */
  #anew(sign: string): void {
    if (this.#pins === 'setting') return;
    this.#pins = 'setting';
    const { log } = this.#context;
    log.warn('firmata.reset', { sign });
    this.#setUp(this.#ended.signal).then(
      () => {
        this.#pins = 'set';
      },
      (error: unknown) => {
        this.#pins = 'lost';
        if (!this.#ended.signal.aborted) log.warn('firmata.fail', { error: String(error) });
      },
    );
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

  #settled(point: string, level: number): void {
    const wired = this.#wired.find((one) => one.point.id === point);
    if (wired === undefined) return;
    wired.raw = level;
    this.#tell([wired]);
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
    if (this.#pins === 'lost') this.#anew('its pins could not be set up');
    const digital = this.#wired.filter(({ mode }) => mode !== undefined);
    const asked = digital.length > 0 ? digital : this.#wired.slice(0, 1);
    for (const wired of asked) {
      const { mode, state } = await this.#states.query(wired.pin, this.#ended.signal);
      if (this.#pins === 'set' && wired.mode !== undefined && mode !== wired.mode) {
        this.#anew(`pin ${wired.pin} has mode ${mode}, not ${wired.mode}`);
        return;
      }
      if (wired.wire.mode === 'pwm' || wired.wire.mode === 'output') wired.raw = state;
    }
    this.#tell(this.#wired.filter(({ contact }) => !contact.moving));
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
    const { board } = this.#opened;
    if (wired.wire.mode === 'pwm') board.analogWrite(wired.pin, raw);
    else board.digitalWrite(wired.pin, raw);
    let { state } = await this.#states.query(wired.pin, either);
    // An answer names its pin only: one that was given up on earlier may have come in place of this one.
    for (let again = 0; state !== raw && again < 2; again++) {
      state = (await this.#states.query(wired.pin, either)).state;
    }
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

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort(new AgentError('aborted', `board ${this.#context.device.id} closed`));
    this.#beat?.[Symbol.dispose]();
    for (const { contact } of this.#wired) contact[Symbol.dispose]();
    await this.#opened[Symbol.asyncDispose]();
  }
}
