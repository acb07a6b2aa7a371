/** One meter on an M-Bus: a reading gives all it has, so that its plan is one poll. */
import type {
  DriverContext,
  PointWrite,
  Poll,
  PolledSession,
  WriteOutcome,
} from '../../agent/core/driver.ts';
import type { Exchange } from '../../agent/core/link.ts';
import type { Reading } from '../../agent/core/reading.ts';
import type { LineConfig } from '../../agent/core/site.ts';
import { characterTime } from '../line-settings.ts';
import { addressOf } from './address.ts';
import { OVERHEAD, SHORT_LENGTH } from './frame.ts';
import { type LinkState, open, opening, type Reach, readout } from './reader.ts';
import { deviceSchema, optionsSchema, wireSchema } from './schema.ts';
import { type Mapped, readingOf } from './value.ts';

/** Longest time to an answer: bits at the line's rate, and ms. EN 13757-2 §5.7.1 */
const ANSWER_BITS = 330;
const ANSWER_MS = 50;
/** What level converters and adapters add, ms. */
const CONVERTER_MS = 120;
/** Bits of a character: eight with even parity. */
const CHARACTER_BITS = 11;
/** Supposed of an answer before the first one: its header, and a record. */
const HEADER_BYTES = 15;
const RECORD_BYTES = 7;

export class MbusSession implements PolledSession {
  readonly #context: DriverContext;
  readonly #reach: Reach;
  readonly #points: readonly Mapped[];
  readonly #telegrams: number;
  readonly #state: LinkState = { fcb: true, fresh: true };
  readonly polls: readonly Poll[];
  #asked: number;
  #answered: number;
  #noted = '';

  constructor(context: DriverContext, line: LineConfig) {
    const { device } = context;
    const options = optionsSchema.parse(device.profile.options ?? {});
    const own = deviceSchema.parse(device.options);
    const character = characterTime(line);
    const address = addressOf(device.address) ?? { kind: 'primary', primary: 0 };
    this.#context = context;
    this.#telegrams = own.telegrams ?? options.telegrams;
    const standard = ANSWER_MS + CONVERTER_MS + (ANSWER_BITS * character) / CHARACTER_BITS;
    // Behind a network the line says how long its answers take.
    const delay = line.kind === 'serial' ? standard : Math.max(standard, line.timeout);
    this.#reach = { address, character, delay: own.delay ?? options.delay ?? delay };
    this.#points = device.profile.points.map((point) => ({ point, wire: wireSchema.parse(point.wire) }));
    this.#asked = opening(address).length + SHORT_LENGTH;
    this.#answered = 1 + OVERHEAD + HEADER_BYTES + RECORD_BYTES * this.#points.length;
    const periods = device.profile.points.map(({ every }) => every ?? device.profile.every);
    const bytes = { asked: () => this.#asked, answered: () => this.#answered };
    this.polls = [
      {
        id: 'readout',
        points: device.profile.points.map(({ id }) => id),
        period: device.every ?? Math.min(...periods),
        get requestBytes() {
          return bytes.asked();
        },
        get answerBytes() {
          return bytes.answered();
        },
        execute: (exchange, signal) => this.#execute(exchange, signal),
      },
    ];
  }

  /** Resets or selects it: one byte comes back. */
  async probe(exchange: Exchange, signal: AbortSignal): Promise<void> {
    this.#state.fresh = true;
    await open(this.#reach, exchange, signal);
  }

  /** Meters are read; what they could be told (address, baud rate, clock) is the installer's business. */
  async write(write: PointWrite): Promise<WriteOutcome> {
    return { kind: 'rejected', reason: `${write.point} cannot be written` };
  }

  async #execute(exchange: Exchange, signal: AbortSignal): Promise<readonly Reading[]> {
    const { device, log } = this.#context;
    const told = await readout(this.#reach, this.#state, this.#telegrams, exchange, signal);
    this.#asked = told.asked;
    this.#answered = told.answered;
    const note = told.error ?? (told.left ? 'more telegrams follow' : '');
    if (note !== this.#noted) {
      this.#noted = note;
      if (told.error !== undefined) log.warn('mbus.records', { error: told.error });
      else if (told.left) log.info('mbus.more', { read_telegrams: this.#telegrams });
    }
    return this.#points.map((mapped) => readingOf(device.id, mapped, told));
  }
}
