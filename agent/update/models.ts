/**
 * A model pack out of a bundle: unpacked beside, tried in a process of its own (hash, shapes, the city's pictures), put in its
 * place, and watched while cameras count with it. Where it fails, or the power did, the pack before is back.
 */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { asAgentError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { type Clock, wallAt } from '../core/time/clock.ts';
import { type Golden, type ModelManifest, nameOf } from '../core/update.ts';
import { type BootState, withNews } from './boot-state.ts';
import { serialKey } from './judge.ts';
import { type LayOptions, layPart, PartRefused } from './releases.ts';

/** What models and cameras are to an update; composed in agent/compose. */
export interface ModelPlace {
  /** Digest of the `model.yaml` of the added pack of that name; undefined where there is none. */
  digest(name: string): Promise<string | undefined>;
  /** Tries the pack in `folder` and puts it in its place. Rejects with `AgentError` `model-invalid`; nothing has changed then. */
  install(folder: string, golden: readonly Golden[], signal: AbortSignal): Promise<void>;
  /** Brings back the pack whose digest is `was`, or takes the pack out where there was none. */
  restore(name: string, was: string | undefined): Promise<void>;
  /** Cameras that name it count with it from now on: starts the thread anew. */
  reload(): void;
  /** Resolves after it was seen to work for a while, with why not where it does not. Rejects only when aborted. */
  watch(name: string, signal: AbortSignal): Promise<string | undefined>;
}

type Write = (change: (state: BootState) => BootState) => void;

/** A start with a pack on trial that was started so often has crashed with it. */
const MOST_STARTS = 2;

/** Brings the pack into its place. From then on `settleModel` tells what becomes of it. */
export async function takeModel(
  manifest: ModelManifest,
  {
    models,
    write,
    now,
    ...lay
  }: LayOptions & { readonly models: ModelPlace; readonly write: Write; readonly now: () => number },
): Promise<void> {
  const { name, golden, parts, serial } = manifest;
  const version = nameOf(manifest);
  const fresh = join(lay.dir, `.new-model-${name}`);
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { recursive: true });
  try {
    await layPart(parts[0], fresh, lay);
    lay.step('model unpacked');
    const was = await models.digest(name);
    write((state) => ({
      ...state,
      serials: { ...state.serials, [serialKey(manifest)]: serial },
      model: { name, version, starts: 0, ...(was === undefined ? {} : { was }) },
    }));
    lay.step('model trial written');
    try {
      await models.install(join(fresh, name), golden, lay.signal);
    } catch (thrown) {
      write(({ model: _, ...state }) => state);
      throw new PartRefused('failed-trial', asAgentError(thrown).message);
    }
    lay.step('model installed');
    write((state) =>
      withNews(state, { what: 'switched', kind: 'model', version, from: was ?? 'none', at: now() }),
    );
    models.reload();
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

export interface SettleOptions {
  readonly models: ModelPlace;
  readonly clock: Clock;
  readonly log: Log;
  readonly state: () => BootState;
  readonly write: Write;
  readonly signal: AbortSignal;
}

/**
 * Called before cameras count with a pack that is on trial since before this start: takes it back where the power failed while
 * it was put in its place, or the process ended with it again and again. Gives whether it is still on trial.
 */
export async function resumeModel({
  models,
  clock,
  log,
  state,
  write,
}: Omit<SettleOptions, 'signal' | 'models'> & {
  readonly models: Pick<ModelPlace, 'digest' | 'restore'>;
}): Promise<boolean> {
  const { model } = state();
  if (model === undefined) return false;
  const now = await models.digest(model.name);
  const put = now !== undefined && now !== model.was;
  if (put && model.starts < MOST_STARTS) {
    write((before) => ({ ...before, model: { ...model, starts: model.starts + 1 } }));
    return true;
  }
  await models.restore(model.name, model.was);
  const reason = put
    ? `the agent was started ${model.starts} times while it was tried`
    : 'the power failed while it was put in its place';
  end(write, clock, model.version, model.was, reason);
  log.error('update.returned', { version: model.version, reason });
  return false;
}

/** Watches the pack on trial to its end. */
export async function settleModel({
  models,
  clock,
  log,
  state,
  write,
  signal,
}: SettleOptions): Promise<void> {
  const { model } = state();
  if (model === undefined) return;
  const reason = await models.watch(model.name, signal);
  if (reason !== undefined) {
    await models.restore(model.name, model.was);
    models.reload();
    log.error('update.returned', { version: model.version, reason });
  } else log.info('update.good', { version: model.version });
  end(write, clock, model.version, model.was, reason);
}

function end(
  write: Write,
  clock: Clock,
  version: string,
  was: string | undefined,
  reason: string | undefined,
): void {
  const at = Math.round(wallAt(clock.mapping(), clock.mono()).time);
  const what = reason === undefined ? 'good' : 'returned';
  write(({ model: _, ...state }) =>
    withNews(state, {
      what,
      kind: 'model',
      version,
      from: was ?? 'none',
      ...(reason === undefined ? {} : { reason }),
      at,
    }),
  );
}
