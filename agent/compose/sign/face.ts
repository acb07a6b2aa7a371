/**
 * Screen, phone page, panels and voice of a sign, kept up: an address that is taken, or a folder that cannot be written, is
 * told and tried again, and keeps nothing else of the agent from starting.
 */
import { aborted } from '../../core/aborted.ts';
import type { Submit } from '../../core/command.ts';
import type { ScreenView } from '../../core/sign/screen.ts';
import { supervise } from '../../core/supervise.ts';
import { wallAt } from '../../core/time/clock.ts';
import type { PartHealth } from '../../core/view.ts';
import { type Kiosk, startKiosk } from '../../sign/screen/kiosk.ts';
import { startSignOutlets } from './outlets.ts';
import { type SignScreenOptions, startSignScreen } from './screen.ts';

export interface SignFaceOptions extends Omit<SignScreenOptions, 'kiosk'> {
  readonly steer: Submit;
}

export interface SignFace extends AsyncDisposable {
  /** What riders see now; undefined while there is no screen. */
  readonly view: () => ScreenView | undefined;
  readonly health: () => readonly PartHealth[];
  /** Begins anew but for its browser, which shows the board it has meanwhile. */
  renew(): void;
}

/** Resolves when it is up, or when the first try has failed. */
export async function keepSignFace(options: SignFaceOptions): Promise<SignFace> {
  const { sign, clock, log, onHealth } = options;
  const stop = new AbortController();
  const tried = Promise.withResolvers<void>();
  let up: Pick<SignFace, 'view' | 'health'> | undefined;
  let again = new AbortController();
  // A browser takes seconds to start: it outlives the server it shows, as long as that comes back at the same address.
  let browser: { readonly url: string; readonly kiosk: Kiosk } | undefined;
  const kiosk: SignScreenOptions['kiosk'] = async (start) => {
    if (browser?.url === start.url) return browser.kiosk;
    await browser?.kiosk[Symbol.asyncDispose]();
    browser = { url: start.url, kiosk: startKiosk(start) };
    return browser.kiosk;
  };
  const ended = supervise(
    async (healthy, signal) => {
      while (!signal.aborted) {
        again = new AbortController();
        await using stack = new AsyncDisposableStack();
        const screen = stack.use(await startSignScreen({ ...options, kiosk, signal }));
        const outlets = stack.use(await startSignOutlets({ ...options, showing: screen.showing }));
        up = { view: screen.view, health: outlets.health };
        healthy();
        tried.resolve();
        await aborted(AbortSignal.any([signal, again.signal]));
        up = undefined;
      }
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
    renew: () => again.abort(),
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await ended;
      await browser?.kiosk[Symbol.asyncDispose]();
    },
  };
}
