/** The stop sign beside the agent. Most poles have none: its parts are loaded where there is one, and late. */

import type { Submit } from '../../core/command.ts';
import type { Recorder, Subscription } from '../../core/hub.ts';
import type { Log } from '../../core/log.ts';
import type { Site } from '../../core/site.ts';
import type { Clock } from '../../core/time/clock.ts';
import type { startSiteContent } from '../content.ts';
import type { HealthBoard } from '../health.ts';
import type { LateParts } from '../view.ts';

export interface SignPartsOptions {
  readonly site: Site;
  readonly clock: Clock;
  readonly hub: Recorder & Subscription;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly board: HealthBoard;
  readonly late: LateParts;
  readonly content: Awaited<ReturnType<typeof startSiteContent>>;
  readonly steer: Submit;
}

/**
 * Nothing where the site has no sign. What is started is put on `stack`. Gives how it is restarted: sources, screen, phone
 * page, panels and voice begin anew, what it knows stays, and a browser shows the board it has meanwhile.
 */
export async function startSignParts(
  stack: AsyncDisposableStack,
  { board, late, content, steer, ...parts }: SignPartsOptions,
): Promise<(() => Promise<void>) | undefined> {
  const { sign: config } = parts.site;
  if (config === undefined) return undefined;
  const options = { ...parts, sign: config, onHealth: board.set };
  const { startSign } = await import('./sign.ts');
  const sign = stack.use(await startSign(options));
  late.arrivals = () => sign.arrivals.board();
  board.source(sign.health);
  const { screen } = config;
  if (screen === undefined) return sign.reopen;
  const preview = async (camera: string) => late.preview?.(camera, true);
  const { keepSignFace } = await import('./face.ts');
  const face = stack.use(await keepSignFace({ ...options, screen, parts: sign, content, preview, steer }));
  late.screen = face.view;
  board.source(face.health);
  return async () => {
    face.renew();
    await sign.reopen();
  };
}
