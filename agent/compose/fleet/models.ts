/** Model packs as updates have them: tried in a process of its own, exchanged as a whole, watched by what cameras say. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { addedFolder } from '../../../models/folders.ts';
import { installPack } from '../../../models/install.ts';
import { AgentError } from '../../core/errors.ts';
import type { Subscription } from '../../core/hub.ts';
import type { Clock } from '../../core/time/clock.ts';
import type { Golden } from '../../core/update.ts';
import type { PartHealth } from '../../core/view.ts';
import type { ModelPlace } from '../../update/models.ts';

const TRIAL = fileURLToPath(new URL('./model-golden.ts', import.meta.url));
/** Longest trial of a pack, ms: a slow gateway loads a network in seconds. */
const TRIAL_DEADLINE = 120_000;
/** How long cameras have to come up with a pack, and to count with it then, ms. */
const COMES_UP = 60_000;
const SOAK = 60_000;
const LOOK = 2000;

export interface FleetModelsOptions {
  readonly state: string;
  readonly clock: Clock;
  readonly hub: Pick<Subscription, 'onEvent'>;
  /** Of `vision` and its cameras. */
  readonly health: () => readonly PartHealth[];
  /** Starts the thread anew. */
  readonly reload: () => void;
}

export function fleetModels({ state, clock, hub, health, reload }: FleetModelsOptions): ModelPlace {
  return {
    ...packsOf(state),
    reload,
    async install(folder, golden, signal) {
      await installPack(folder, state, (copy) => tryPack(copy, folder, golden, signal));
    },
    async watch(name, signal) {
      let fell: string | undefined;
      using _ = hub.onEvent(({ event, body }) => {
        if (event === 'camera' && body.model === name && body.state === 'rolled-back')
          fell = `a camera could not count with it: ${body.message}`;
      });
      const begun = clock.mono();
      let wellSince: number | undefined;
      for (;;) {
        if (fell !== undefined) return fell;
        const vision = health().find(({ part }) => part === 'vision');
        const well = vision === undefined || vision.state === 'ok' || vision.state === 'off';
        const now = clock.mono();
        if (!well) wellSince = undefined;
        else wellSince ??= now;
        if (wellSince !== undefined && now - wellSince >= SOAK) return undefined;
        if (wellSince === undefined && now - begun >= COMES_UP)
          return `vision does not come up with it: ${vision?.message ?? vision?.state}`;
        await clock.sleep(LOOK, signal);
      }
    },
  };
}

/** The packs of a state folder on the disk. */
export function packsOf(state: string): Pick<ModelPlace, 'digest' | 'restore'> {
  const home = addedFolder(state);
  return {
    digest: (name) => digestOf(join(home, name)),
    restore: (name, was) => restorePack(home, name, was),
  };
}

async function digestOf(folder: string): Promise<string | undefined> {
  try {
    return createHash('sha256')
      .update(await readFile(join(folder, 'model.yaml')))
      .digest('hex');
  } catch {
    return undefined;
  }
}

/** Whatever a power cut left: the pack whose digest is `was` is in its place again, or none. */
export async function restorePack(home: string, name: string, was: string | undefined): Promise<void> {
  const [place, before] = [join(home, name), join(home, `${name}.before`)];
  const now = await digestOf(place);
  if (now !== undefined && now === was) return;
  await rm(place, { recursive: true, force: true });
  if (was !== undefined && (await digestOf(before)) === was) await rename(before, place);
}

/** Rejects with `AgentError` `model-invalid`, whether the pack is wrong or ends the process that looks at it. */
function tryPack(copy: string, from: string, golden: readonly Golden[], signal: AbortSignal): Promise<void> {
  // Pictures lie beside the folder of the pack.
  const args = [TRIAL, copy, join(from, '..'), JSON.stringify(golden)];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { timeout: TRIAL_DEADLINE, signal }, (error, _, stderr) => {
      if (error === null) return resolve();
      if (signal.aborted) return reject(signal.reason);
      const said = stderr.trim().split('\n').at(-1) ?? '';
      const why = error.signal == null ? said : `it ended its process (${error.signal})`;
      reject(new AgentError('model-invalid', `model pack ${basename(from)} cannot be used: ${why}`));
    });
  });
}
