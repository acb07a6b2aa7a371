/** The screen's server over boards that a test sets, and pages of it in every shape. */
import type { Board } from '../../../agent/core/board.ts';
import { silent } from '../../../agent/core/log.ts';
import type { SignLanguage } from '../../../agent/core/sign/sign.ts';
import { SystemClock } from '../../../agent/core/time/system-clock.ts';
import type { Painted } from '../../../agent/sign/screen/painted.ts';
import {
  type ScreenServer,
  type ScreenServerOptions,
  startScreenServer,
} from '../../../agent/sign/screen/server.ts';
import { Showing } from '../../../agent/sign/screen/showing.ts';

export const KEY = 'panel-key-of-a-test';
export const SHAPES = { tall: [1080, 1920], wide: [1920, 1080], bar: [1920, 540] } as const;
export type ShapeName = keyof typeof SHAPES;
export const LANGUAGES: Readonly<Record<string, readonly SignLanguage[]>> = {
  zh: ['zh-CN', 'en'],
  en: ['en', 'zh-CN'],
};

export interface Stage extends AsyncDisposable {
  readonly server: ScreenServer;
  readonly showing: Showing;
  readonly painted: Painted[];
  /** Shows what `make` makes from now on; gives the number of the first board of it. */
  show(make: (run: string, seq: number) => Board): Promise<number>;
}

export async function openStage(
  first: (run: string, seq: number) => Board,
  options: Partial<ScreenServerOptions> = {},
): Promise<Stage> {
  await using stack = new AsyncDisposableStack();
  const clock = new SystemClock();
  let make = first;
  const showing = stack.use(new Showing({ make: (run, seq) => make(run, seq), clock, log: silent }));
  const painted: Painted[] = [];
  const server = stack.use(
    await startScreenServer({
      listen: { host: '127.0.0.1', port: 0 },
      showing,
      key: KEY,
      onPainted: (one) => {
        painted.push(one);
        return [];
      },
      clock,
      log: silent,
      signal: new AbortController().signal,
      ...options,
    }),
  );
  const owned = stack.move();
  return {
    server,
    showing,
    painted,
    show: (next) => {
      make = next;
      const came = new Promise<number>((resolve) => {
        const listener = showing.onBoard(({ board }) => {
          listener[Symbol.dispose]();
          resolve(board.seq);
        });
      });
      showing.changed();
      return came;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
