/** One sensor that talks by itself; its working period is set at the opening where it is another. */
import type { DriverContext, StreamSession } from '../../agent/core/driver.ts';
import type { Stream } from '../../agent/core/link.ts';
import type { Reading } from '../../agent/core/reading.ts';
import type { DeviceConfig } from '../../agent/core/site.ts';
import { Asker, notThere } from '../own-line.ts';
import { FrameScanner } from '../scanner.ts';
import { Teller } from '../teller.ts';
import { command, type Frame, frameAt, SIZE, valuesOf } from './frame.ts';
import { deviceSchema, optionsSchema, wireSchema } from './schema.ts';

/** The fan runs for so long before the count is right, ms. SDS011 data sheet V1.3. */
const WARM_UP = 30_000;
const ANSWER = 1_500;
const TRIES = 4;
const WAKE = command(6, 1, 1);
const ACTIVE = command(2, 1, 0);
const ASK_PERIOD = command(8, 0);

/** Minutes between two frames of a device, 0 where it tells all the time. */
export function periodOf(device: DeviceConfig): number {
  const { model } = optionsSchema.parse(device.profile.options ?? {});
  const { period } = deviceSchema.parse(device.options);
  if (model === 'sds198') return 0;
  return period === 'keep' ? 30 : period;
}

/** Wakes the sensor, makes it talk by itself and sets its working period. Rejects with `timeout` or `link-lost`. */
export async function open(
  context: DriverContext,
  stream: Stream,
  emit: (readings: readonly Reading[]) => void,
  signal: AbortSignal,
): Promise<StreamSession> {
  signal.throwIfAborted();
  const { device } = context;
  const { model } = optionsSchema.parse(device.profile.options ?? {});
  const { period, frozenAfter } = deviceSchema.parse(device.options);
  const teller = new Teller(context, emit, {
    fieldOf: (point) => wireSchema.parse(point.wire).field,
    warmUp: WARM_UP,
    // Two periods with the same value are nothing strange.
    frozenAfter: Math.max(frozenAfter, 5 * periodOf(device) * 60_000),
  });
  const asker = new Asker(context, stream, new FrameScanner(frameAt, SIZE), (frame, time) => {
    if (frame.kind === model) teller.take(valuesOf(frame), time);
  });
  try {
    await (model === 'sds198' ? listen(context, asker, signal) : setUp(context, asker, period, signal));
  } catch (error) {
    asker[Symbol.dispose]();
    throw error;
  }
  return {
    write: async () => ({ kind: 'rejected', reason: 'a particle sensor has nothing to write' }),
    [Symbol.asyncDispose]: async () => asker[Symbol.dispose](),
  };
}

async function listen(context: DriverContext, asker: Asker<Frame>, signal: AbortSignal): Promise<void> {
  if ((await asker.ask(undefined, ({ kind }) => kind === 'sds198', 8_000, signal)) !== undefined) return;
  throw notThere(context, 'frame of the sensor', 8_000, 'check its supply and that its TX goes to our RX');
}

async function setUp(
  context: DriverContext,
  asker: Asker<Frame>,
  period: number | 'keep',
  signal: AbortSignal,
): Promise<void> {
  const isPeriod = (frame: Frame) => frame.kind === 'answer' && frame.data[0] === 8;
  for (let i = 0; i < TRIES; i++) {
    // A sleeping sensor hears nothing but this, and answers when it is awake.
    await asker.ask(WAKE, (frame) => frame.kind === 'answer' && frame.data[0] === 6, ANSWER, signal);
    const found = await asker.ask(ASK_PERIOD, isPeriod, ANSWER, signal);
    if (found === undefined) continue;
    await asker.ask(ACTIVE, (frame) => frame.kind === 'answer' && frame.data[0] === 2, ANSWER, signal);
    // The setting outlives power cuts; it is written only where it is another, for its memory wears.
    if (period === 'keep' || found.data[2] === period) return;
    const set = await asker.ask(command(8, 1, period), isPeriod, ANSWER, signal);
    context.log.info('sds.period', { minutes: period, before: found.data[2], set: set !== undefined });
    return;
  }
  const fix = 'check its supply and that both TX and RX are wired, at 9600 baud';
  throw notThere(context, 'answer of the sensor', 2 * TRIES * ANSWER, fix);
}
