/** One MH-Z19, asked at the shortest period of a point. */
import type { DriverContext, StreamSession } from '../../agent/core/driver.ts';
import type { Stream } from '../../agent/core/link.ts';
import type { Reading } from '../../agent/core/reading.ts';
import { Asker, notThere, repeat } from '../own-line.ts';
import { FrameScanner } from '../scanner.ts';
import { Teller } from '../teller.ts';
import { type Frame, frameAt, request, SIZE } from './frame.ts';
import { deviceSchema, FIELDS, wireSchema } from './schema.ts';

/** Preheat time, ms. MH-Z19B user manual V1.0: 3 min. */
const WARM_UP = 180_000;
/** A sensor that still has nothing at all after this is broken, ms. */
const BROKEN_AFTER = 360_000;
const ANSWER = 1_000;
const TRIES = 6;
const READ = request(0x86);
const isGas = (frame: Frame) => frame.command === 0x86;

/** Asks until the sensor answers; sets its automatic baseline where told to. Rejects with `timeout` or `link-lost`. */
export async function open(
  context: DriverContext,
  stream: Stream,
  emit: (readings: readonly Reading[]) => void,
  signal: AbortSignal,
): Promise<StreamSession> {
  signal.throwIfAborted();
  const { device, clock } = context;
  const { baseline, frozenAfter } = deviceSchema.parse(device.options);
  const asker = new Asker<Frame>(context, stream, new FrameScanner(frameAt, SIZE));
  try {
    let answer: Frame | undefined;
    for (let i = 0; i < TRIES && answer === undefined; i++)
      answer = await asker.ask(READ, isGas, ANSWER, signal);
    if (answer === undefined) {
      const fix = 'check its supply of 5 V and that TX and RX are crossed, at 9600 baud';
      throw notThere(context, 'answer of the sensor', TRIES * ANSWER, fix);
    }
    if (baseline !== 'keep') await stream.write(request(0x79, baseline === 'on' ? 0xa0 : 0), signal);
  } catch (error) {
    asker[Symbol.dispose]();
    throw error;
  }
  const opened = clock.mono();
  const teller = new Teller(context, emit, {
    fieldOf: (point) => wireSchema.parse(point.wire).field,
    units: FIELDS,
    warmUp: WARM_UP,
    frozenAfter,
  });
  const periods = device.profile.points.map((point) => device.every ?? point.every ?? device.profile.every);
  const polling = repeat(
    context,
    Math.max(1_000, Math.min(...periods)),
    async (stop) => {
      const frame = await asker.ask(READ, isGas, ANSWER, stop);
      if (frame === undefined) return;
      const time = clock.mono();
      const [high = 0, low = 0, warmth = 0] = frame.data;
      // Nothing but zeros is what a sensor sends before it measures: it is not air without CO₂.
      const empty = frame.data.every((byte) => byte === 0);
      const fault = time - opened < BROKEN_AFTER ? 'warming-up' : 'sensor-fault';
      teller.take({ co2: (high << 8) | low, temperature: warmth - 40 }, time, empty ? fault : undefined);
    },
    (error) => context.log.warn('mhz19.poll', { error: String(error) }),
  );
  return {
    write: async () => ({ kind: 'rejected', reason: 'a gas sensor has nothing to write' }),
    async [Symbol.asyncDispose]() {
      await polling[Symbol.asyncDispose]();
      asker[Symbol.dispose]();
    },
  };
}
