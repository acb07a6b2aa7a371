/** The cameras of a site: the vision thread, and what it sees put together with what chargers say. */
import type { CameraConfig } from '../../core/camera.ts';
import type { Publisher, Subscription } from '../../core/hub.ts';
import type { Log } from '../../core/log.ts';
import type { Site } from '../../core/site.ts';
import type { Clock } from '../../core/time/clock.ts';
import type { Store } from '../../store/contract.ts';
import { watchBays } from '../../vision/bay-charging.ts';
import { startVision, type Vision } from '../../vision/vision.ts';
import type { Crashes } from '../crashes.ts';
import type { HealthBoard } from '../health.ts';

export interface VisionParts {
  readonly site: Site;
  readonly clock: Clock;
  readonly hub: Publisher & Subscription;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly board: HealthBoard;
  readonly opened: Store;
  readonly crashes: Crashes;
}

/** Undefined where there are no cameras. */
export function startSiteVision(
  cameras: readonly CameraConfig[],
  { site, clock, hub, log, signal, board, opened, crashes }: VisionParts,
): Pick<Vision, 'preview' | 'boxes' | typeof Symbol.asyncDispose> | undefined {
  if (cameras.length === 0) return undefined;
  const stack = new AsyncDisposableStack();
  const vision = stack.use(
    startVision({
      cameras,
      entry: new URL('./thread.ts', import.meta.url),
      state: site.state,
      logFile: opened.file,
      crashMark: crashes.mark,
      leftOut: crashes.leftOut('vision'),
      clock,
      log,
      publisher: hub,
      signal,
    }),
  );
  stack.use(watchBays(cameras, hub));
  stack.use(board.source(vision.health));
  return { preview: vision.preview, boxes: vision.boxes, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}
