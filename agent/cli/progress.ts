/** A bar on long work, for people: only where standard error is a terminal. */
import { Presets, SingleBar } from 'cli-progress';

export interface Progress extends Disposable {
  /** Share that is done, 0…1. */
  at(share: number): void;
}

export function progressBar(what: string): Progress {
  if (process.stderr.isTTY !== true) return { at: () => {}, [Symbol.dispose]: () => {} };
  const bar = new SingleBar(
    {
      format: `${what} {bar} {percentage} % {eta_formatted} left`,
      stream: process.stderr,
      clearOnComplete: true,
      hideCursor: true,
    },
    Presets.rect,
  );
  bar.start(1000, 0);
  return {
    at: (share) => bar.update(Math.round(Math.min(1, Math.max(0, share)) * 1000)),
    [Symbol.dispose]: () => bar.stop(),
  };
}
