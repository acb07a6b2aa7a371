/** The electronic stop sign of an agent: its parts started together, each kept alive by itself, taken apart in reverse. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../core/clock.ts';
import type { Publisher, Subscription } from '../core/hub.ts';
import type { Log } from '../core/log.ts';
import type { SignConfig } from '../core/sign.ts';
import type { Site } from '../core/site.ts';

export interface SignOptions {
  readonly sign: SignConfig;
  readonly site: Pick<Site, 'id' | 'timezone' | 'position' | 'state' | 'rate'>;
  readonly clock: Clock;
  readonly hub: Publisher & Subscription;
  readonly log: Log;
  readonly signal: AbortSignal;
}

export interface Sign extends AsyncDisposable {
  /** Folder that parts of the sign keep their state in; each in a file or folder of its own. */
  readonly folder: string;
}

export function signFolder(state: string): string {
  return join(state, 'sign');
}

/** Starts the sign. Rejects only where its folder cannot be made. */
export async function startSign({ site }: SignOptions): Promise<Sign> {
  await using stack = new AsyncDisposableStack();
  const folder = signFolder(site.state);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const owned = stack.move();
  return { folder, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
