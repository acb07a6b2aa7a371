/**
 * Screen, phone page, panels and voice of a sign, kept up: an address that is taken, or a folder that cannot be written, is
 * told and tried again, and keeps nothing else of the agent from starting.
 */
import { aborted } from '../../core/aborted.ts';
import { wallAt } from '../../core/clock.ts';
import type { Submit } from '../../core/command.ts';
import type { ScreenView } from '../../core/screen.ts';
import { supervise } from '../../core/supervise.ts';
import type { PartHealth } from '../../core/view.ts';
import { startSignOutlets } from './outlets.ts';
import { type SignScreenOptions, startSignScreen } from './screen.ts';

export interface SignFaceOptions extends SignScreenOptions {
  readonly steer: Submit;
}

export interface SignFace extends AsyncDisposable {
  /** What riders see now; undefined while there is no screen. */
  readonly view: () => ScreenView | undefined;
  readonly health: () => readonly PartHealth[];
}

/** Resolves when it is up, or when the first try has failed. */
export async function keepSignFace(options: SignFaceOptions): Promise<SignFace> {
  const { sign, clock, log, onHealth } = options;
  const stop = new AbortController();
  const tried = Promise.withResolvers<void>();
  let up: Pick<SignFace, 'view' | 'health'> | undefined;
  const ended = supervise(
    async (healthy, signal) => {
      await using stack = new AsyncDisposableStack();
      const screen = stack.use(await startSignScreen({ ...options, signal }));
      const outlets = stack.use(await startSignOutlets({ ...options, showing: screen.showing }));
      up = { view: screen.view, health: outlets.health };
      healthy();
      tried.resolve();
      await aborted(signal);
      up = undefined;
    },
    {
      clock,
      signal: AbortSignal.any([options.signal, stop.signal]),
      onDown: ({ message, fix }, retryIn) => {
        log.error('sign.screen-down', { sign: sign.id, error: message, retry_in_ms: Math.round(retryIn) });
        onHealth({
          part: 'sign:screen',
          state: 'down',
          since: wallAt(clock.mapping(), clock.mono()).time,
          facts: {},
          message,
          fix: fix ?? 'it is tried again by itself',
        });
        tried.resolve();
      },
      onUp: () => log.info('sign.screen-up', { sign: sign.id }),
    },
  );
  await Promise.race([tried.promise, ended]);
  return {
    view: () => up?.view(),
    health: () => up?.health() ?? [],
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await ended;
    },
  };
}
