/** One SPS30: measurement is started, then its values are asked for at the shortest period of a point. */
import type { DriverContext, StreamSession } from '../../agent/core/driver.ts';
import type { Stream } from '../../agent/core/link.ts';
import type { Reading } from '../../agent/core/reading.ts';
import { Asker, notThere, repeat } from '../own-line.ts';
import { FrameScanner } from '../scanner.ts';
import { Teller, type Told } from '../teller.ts';
import { type Frame, frameAt, LONGEST, request, valuesOf } from './frame.ts';
import { deviceSchema, UNITS, wireSchema } from './schema.ts';

/** Longest start-up time of the particle count, ms. SPS30 datasheet V1.0, table 1. */
const WARM_UP = 30_000;
/** Longest answer time of the commands used is 20 ms; a loaded gateway takes longer. */
const ANSWER = 1_000;
const TRIES = 3;
const START = request(0x00, 0x01, 0x03);
const READ = request(0x03);
const STATUS = request(0xd2, 0x00);
const WAKE = Uint8Array.of(0xff, ...request(0x11));
/** The device is measuring already, or not yet. */
const NOT_ALLOWED = 0x43;
/** Bits of the device status register. SPS30 datasheet V1.0 §4.4. */
const SPEED = 1 << 21;
const LASER = 1 << 5;
const FAN = 1 << 4;

/** Starts the measurement, waking the sensor where it sleeps. Rejects with `timeout` or `link-lost`. */
export async function open(
  context: DriverContext,
  stream: Stream,
  emit: (readings: readonly Reading[]) => void,
  signal: AbortSignal,
): Promise<StreamSession> {
  signal.throwIfAborted();
  const asker = new Asker<Frame>(
    context,
    stream,
    new FrameScanner((bytes, at) => frameAt(bytes, at), LONGEST),
  );
  try {
    await start(context, asker, signal);
  } catch (error) {
    asker[Symbol.dispose]();
    throw error;
  }
  const { device } = context;
  const teller = new Teller(context, emit, {
    fieldOf: (point) => wireSchema.parse(point.wire).field,
    units: UNITS,
    warmUp: WARM_UP,
    frozenAfter: deviceSchema.parse(device.options).frozenAfter,
  });
  const periods = device.profile.points.map((point) => device.every ?? point.every ?? device.profile.every);
  const polling = repeat(
    context,
    // The sensor has new values every second.
    Math.max(1_000, Math.min(...periods)),
    (stop) => poll(context, asker, teller, stop),
    (error) => context.log.warn('sps30.poll', { error: String(error) }),
  );
  return {
    write: async () => ({ kind: 'rejected', reason: 'a particle sensor has nothing to write' }),
    async [Symbol.asyncDispose]() {
      await polling[Symbol.asyncDispose]();
      asker[Symbol.dispose]();
    },
  };
}

const answers = (command: number) => (frame: Frame) => frame.command === command;

async function start(context: DriverContext, asker: Asker<Frame>, signal: AbortSignal): Promise<void> {
  for (let i = 0; i < TRIES; i++) {
    const answer = await asker.ask(START, answers(0x00), ANSWER, signal);
    const error = (answer?.state ?? 0xff) & 0x7f;
    if (error === 0 || error === NOT_ALLOWED) return;
    await asker.ask(WAKE, answers(0x11), ANSWER, signal);
  }
  const fix = 'check its supply of 5 V, that SEL is open, and that TX and RX are crossed, at 115200 baud';
  throw notThere(context, 'answer of the sensor', 2 * TRIES * ANSWER, fix);
}

async function poll(
  context: DriverContext,
  asker: Asker<Frame>,
  teller: Teller,
  signal: AbortSignal,
): Promise<void> {
  const frame = await asker.ask(READ, answers(0x03), ANSWER, signal);
  if (frame === undefined) return;
  const time = context.clock.mono();
  const state = frame.state ?? 0;
  if ((state & 0x7f) === NOT_ALLOWED) {
    // It has been without supply and does not measure any more.
    await asker.ask(START, answers(0x00), ANSWER, signal);
    return;
  }
  const values = valuesOf(frame.data);
  if (values === undefined) return;
  const status = state > 0x7f ? await statusOf(asker, signal) : 0;
  const broken = (status & (LASER | FAN)) !== 0;
  teller.take(told(values, (status & SPEED) !== 0), time, broken ? 'sensor-fault' : undefined);
}

async function statusOf(asker: Asker<Frame>, signal: AbortSignal): Promise<number> {
  const frame = await asker.ask(STATUS, answers(0xd2), ANSWER, signal);
  const data = frame?.data;
  if (data === undefined || data.length < 4) return 0;
  return new DataView(data.buffer, data.byteOffset, data.length).getInt32(0);
}

function told(values: NonNullable<ReturnType<typeof valuesOf>>, doubtful: boolean): Told {
  const { typical_size_um: size, ...rest } = values;
  // Counts come per cm³, the house has them per 0.1 L; the size comes in µm.
  const all = Object.entries(rest).map(
    ([name, value]) => [name, name.startsWith('n') ? value * 100 : value] as const,
  );
  const fields: Record<string, number> = { ...Object.fromEntries(all), typical_size: size / 1000 };
  if (!doubtful) return fields;
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, { value, reason: 'sensor-fault' as const }]),
  );
}
