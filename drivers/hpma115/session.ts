/** One sensor that sends its values every second; a silent one is started and put into auto send. */
import type { DriverContext, StreamSession } from '../../agent/core/driver.ts';
import type { Stream } from '../../agent/core/link.ts';
import type { Reading } from '../../agent/core/reading.ts';
import { Asker, notThere } from '../own-line.ts';
import { FrameScanner } from '../scanner.ts';
import { Teller } from '../teller.ts';
import { command, type Frame, frameAt, LONGEST, valuesOf } from './frame.ts';
import { deviceSchema, optionsSchema, wireSchema } from './schema.ts';

/** Time to the first right value, ms. HPMA115S0 data sheet: less than 6 s; the air in the tube takes longer. */
const WARM_UP = 15_000;
/** A sensor that still counts nothing at all after this is not warming up but broken, ms. */
const BROKEN_AFTER = 120_000;
const PATIENCE = 4_000;
const START = command(0x01);
const AUTO = command(0x40);

/** Listens until the first frame. Rejects with `timeout` or `link-lost`. */
export async function open(
  context: DriverContext,
  stream: Stream,
  emit: (readings: readonly Reading[]) => void,
  signal: AbortSignal,
): Promise<StreamSession> {
  signal.throwIfAborted();
  const { device, clock } = context;
  const { model } = optionsSchema.parse(device.profile.options ?? {});
  const teller = new Teller(context, emit, {
    fieldOf: (point) => wireSchema.parse(point.wire).field,
    warmUp: WARM_UP,
    frozenAfter: deviceSchema.parse(device.options).frozenAfter,
  });
  let counted = clock.mono();
  const asker = new Asker<Frame>(context, stream, new FrameScanner(frameAt, LONGEST), (frame, time) => {
    if (frame.kind !== 'auto') return;
    const values = valuesOf(frame, model);
    // Zeros with the right sum come from a sensor that does not measure: they are not clean air.
    const empty = Object.values(values).every((value) => value === 0);
    if (!empty) counted = time;
    const fault = time - counted < BROKEN_AFTER ? 'warming-up' : 'sensor-fault';
    teller.take(values, time, empty ? fault : undefined);
  });
  const isAuto = (frame: Frame) => frame.kind === 'auto';
  try {
    let found = await asker.ask(undefined, isAuto, PATIENCE, signal);
    if (found === undefined) {
      await asker.ask(START, ({ kind }) => kind === 'ack', 1_000, signal);
      found = await asker.ask(AUTO, isAuto, PATIENCE, signal);
    }
    if (found === undefined) {
      const fix = 'check its supply and that both TX and RX are wired, at 9600 baud';
      throw notThere(context, 'frame of the sensor', 2 * PATIENCE + 1_000, fix);
    }
  } catch (error) {
    asker[Symbol.dispose]();
    throw error;
  }
  return {
    write: async () => ({ kind: 'rejected', reason: 'a particle sensor has nothing to write' }),
    [Symbol.asyncDispose]: async () => asker[Symbol.dispose](),
  };
}
