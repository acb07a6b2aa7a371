/** One sensor in active mode: it sends a frame every 0.2 s to 2.3 s; the points are told at their periods. */
import type { DriverContext, StreamSession, WriteOutcome } from '../../agent/core/driver.ts';
import { AgentError } from '../../agent/core/errors.ts';
import type { Stream } from '../../agent/core/link.ts';
import type { ProfilePoint } from '../../agent/core/profile.ts';
import { bad, good, type Mono, type Place, type Reading, uncertain } from '../../agent/core/reading.ts';
import { command, type Frame, FrameReader } from './frame.ts';
import { deviceSchema, optionsSchema, wireSchema } from './schema.ts';

/** The fan needs it before the count is right, ms. PMS5003 data manual v2.3, appendix I. */
const WARM_UP = 30_000;
/** Active frames come every 2.3 s at the latest; then the sensor may be asleep or passive, ms. */
const PATIENCE = 4_000;
/** A sensor that still counts nothing at all after this is not warming up but broken, ms. */
const BROKEN_AFTER = 120_000;

interface Timed {
  readonly point: ProfilePoint;
  readonly word: number;
  readonly scale: number;
  readonly signed: boolean;
  readonly period: number;
  due: Mono;
}

/** Listens until the first frame; wakes a silent sensor once. Rejects with `timeout` or `link-lost`. */
export async function open(
  context: DriverContext,
  stream: Stream,
  emit: (readings: readonly Reading[]) => void,
  signal: AbortSignal,
): Promise<StreamSession> {
  signal.throwIfAborted();
  const session = new PlantowerSession(context, stream, emit);
  try {
    if (await session.heard(PATIENCE, signal)) return session;
    await stream.write(command(0xe4, 1), signal);
    await stream.write(command(0xe1, 1), signal);
    if (await session.heard(PATIENCE, signal)) return session;
    throw new AgentError(
      'timeout',
      `opening of ${context.device.id} failed: no frame of the sensor within ${2 * PATIENCE} ms`,
      { fix: 'check the sensor’s supply and that its TX goes to our RX at 9600 baud' },
    );
  } catch (error) {
    await session[Symbol.asyncDispose]();
    throw error;
  }
}

class PlantowerSession implements StreamSession {
  readonly #context: DriverContext;
  readonly #emit: (readings: readonly Reading[]) => void;
  readonly #stream: Stream;
  readonly #data: Disposable;
  readonly #reader = new FrameReader();
  readonly #points: readonly Timed[];
  readonly #options: ReturnType<typeof optionsSchema.parse>;
  readonly #frozenAfter: number;
  readonly #opened: Mono;
  readonly #first = Promise.withResolvers<true>();
  #last = '';
  #changed: Mono;

  constructor(context: DriverContext, stream: Stream, emit: (readings: readonly Reading[]) => void) {
    this.#context = context;
    this.#emit = emit;
    this.#stream = stream;
    const { device, clock } = context;
    this.#options = optionsSchema.parse(device.profile.options ?? {});
    this.#frozenAfter = deviceSchema.parse(device.options).frozenAfter;
    this.#opened = clock.mono();
    this.#changed = this.#opened;
    this.#points = device.profile.points.map((point) => ({
      point,
      ...wireSchema.parse(point.wire),
      period: device.every ?? point.every ?? device.profile.every,
      due: Number.NEGATIVE_INFINITY,
    }));
    this.#data = stream.onData((bytes, time) => {
      for (const frame of this.#reader.push(bytes)) this.#take(frame, time);
    });
  }

  /** True as soon as a frame has come, false after `ms` without one. */
  async heard(ms: number, signal: AbortSignal): Promise<boolean> {
    const done = new AbortController();
    const either = AbortSignal.any([signal, done.signal]);
    const late = this.#context.clock.sleep(ms, either).then(() => false);
    const lost = this.#stream.closed.then((): never => {
      throw new AgentError('link-lost', `opening of ${this.#context.device.id} failed: the port closed`);
    });
    late.catch(() => {});
    lost.catch(() => {});
    try {
      return await Promise.race([this.#first.promise, late, lost]);
    } finally {
      done.abort();
    }
  }

  #take(frame: Frame, time: Mono): void {
    if (frame.length !== this.#options.length) return;
    this.#first.resolve(true);
    const [from, to] = this.#options.measured;
    const counted = frame.words.slice(from - 1, to);
    const text = counted.join();
    if (text !== this.#last) {
      this.#last = text;
      this.#changed = time;
    }
    const empty = counted.every((word) => word === 0);
    const due = this.#points.filter((point) => point.due <= time);
    if (due.length === 0) return;
    for (const point of due) point.due = time + point.period;
    this.#emit(due.map((point) => this.#reading(point, frame, empty, time)));
  }

  #reading(timed: Timed, frame: Frame, empty: boolean, time: Mono): Reading {
    const { point } = timed;
    const at: Place = { device: this.#context.device.id, point: point.id, unit: point.unit };
    const raw = frame.words[timed.word - 1];
    if (raw === undefined) return bad(at, 'configuration', time);
    if (((frame.words[this.#options.status - 1] ?? 0) & 0xff) !== 0) return bad(at, 'sensor-fault', time);
    if (empty) {
      // A frame of zeros with the right sum is what a sensor sends before it measures: it is not clean air.
      const since = time - Math.max(this.#changed, this.#opened);
      return bad(at, since < BROKEN_AFTER ? 'warming-up' : 'sensor-fault', time);
    }
    const value = (timed.signed && raw > 0x7fff ? raw - 0x10000 : raw) * timed.scale;
    if (point.range !== undefined && value > point.range[1]) return bad(at, 'over-range', time);
    if (point.range !== undefined && value < point.range[0]) return bad(at, 'under-range', time);
    if (time - this.#opened < WARM_UP) return uncertain(at, value, 'warming-up', time);
    if (time - this.#changed > this.#frozenAfter) return uncertain(at, value, 'frozen', time);
    return good(at, value, time);
  }

  async write(): Promise<WriteOutcome> {
    return { kind: 'rejected', reason: 'a particle sensor has nothing to write' };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#data[Symbol.dispose]();
  }
}
