/** One device of a described frame, heard or asked. */
import type { DriverContext, StreamSession } from '../../agent/core/driver.ts';
import type { Stream } from '../../agent/core/link.ts';
import type { Reading } from '../../agent/core/reading.ts';
import { Asker, notThere, repeat } from '../own-line.ts';
import { FrameScanner } from '../scanner.ts';
import { Teller } from '../teller.ts';
import { frameFinder } from './frame.ts';
import { optionsSchema } from './schema.ts';
import { reader } from './values.ts';

const PATIENCE = 12_000;
const ANSWER = 2_000;

/**
 * Listens until the first frame, asking where the profile has a request; a device that talks only when something
 * happens is taken to be there. Rejects with `timeout` or `link-lost`.
 */
export async function open(
  context: DriverContext,
  stream: Stream,
  emit: (readings: readonly Reading[]) => void,
  signal: AbortSignal,
): Promise<StreamSession> {
  signal.throwIfAborted();
  const { device } = context;
  const options = optionsSchema.parse(device.profile.options);
  const event = options.talks === 'on-event';
  const read = reader(device.profile.points, options);
  const teller = new Teller(context, emit, { fieldOf: (point) => point.id, everyFrame: event });
  const scanner = new FrameScanner(frameFinder(options), options.frame.longest);
  const asker = new Asker(context, stream, scanner, (frame, time) => teller.take(read(frame), time));
  const any = () => true;
  try {
    const wait = options.request === undefined ? PATIENCE : ANSWER;
    for (let waited = 0; !event; waited += wait) {
      if ((await asker.ask(options.request, any, wait, signal)) !== undefined) break;
      if (waited + wait >= PATIENCE) {
        const fix =
          'check its supply, that its TX goes to our RX, the baud rate, and the frame in the profile';
        throw notThere(context, 'frame of the profile', PATIENCE, fix);
      }
    }
  } catch (error) {
    asker[Symbol.dispose]();
    throw error;
  }
  const periods = device.profile.points.map((point) => device.every ?? point.every ?? device.profile.every);
  const polling =
    options.request === undefined
      ? undefined
      : repeat(
          context,
          Math.max(500, Math.min(...periods)),
          async (stop) => void (await asker.ask(options.request, any, ANSWER, stop)),
          (error) => context.log.warn('framed.ask', { error: String(error) }),
        );
  return {
    write: async () => ({ kind: 'rejected', reason: 'this device has nothing to write' }),
    async [Symbol.asyncDispose]() {
      await polling?.[Symbol.asyncDispose]();
      asker[Symbol.dispose]();
    },
  };
}
