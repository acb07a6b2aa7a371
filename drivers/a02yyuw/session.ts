/** One sensor that sends a distance every 0.1 s to 0.3 s. */
import type { DriverContext, StreamSession } from '../../agent/core/driver.ts';
import type { Stream } from '../../agent/core/link.ts';
import type { Reading } from '../../agent/core/reading.ts';
import { Asker, notThere } from '../own-line.ts';
import { FrameScanner } from '../scanner.ts';
import { Teller } from '../teller.ts';
import { frameAt, NO_ECHO, SIZE } from './frame.ts';
import { deviceSchema, FIELDS, wireSchema } from './schema.ts';

const PATIENCE = 8_000;

/** Listens until the first frame. Rejects with `timeout` or `link-lost`. */
export async function open(
  context: DriverContext,
  stream: Stream,
  emit: (readings: readonly Reading[]) => void,
  signal: AbortSignal,
): Promise<StreamSession> {
  signal.throwIfAborted();
  const { height } = deviceSchema.parse(context.device.options);
  const teller = new Teller(context, emit, {
    fieldOf: (point) => wireSchema.parse(point.wire).field,
    units: FIELDS,
  });
  const asker = new Asker(context, stream, new FrameScanner(frameAt, SIZE), (distance, time) => {
    if (distance >= NO_ECHO) return teller.take({ distance: null, level: null }, time);
    const level = height === undefined ? ({ reason: 'configuration' } as const) : height - distance;
    teller.take({ distance, level }, time);
  });
  try {
    if ((await asker.ask(undefined, () => true, PATIENCE, signal)) === undefined) {
      throw notThere(
        context,
        'frame of the sensor',
        PATIENCE,
        'check its supply and that its TX goes to our RX',
      );
    }
  } catch (error) {
    asker[Symbol.dispose]();
    throw error;
  }
  return {
    write: async () => ({ kind: 'rejected', reason: 'a level sensor has nothing to write' }),
    [Symbol.asyncDispose]: async () => asker[Symbol.dispose](),
  };
}
