/** A configuration out of a bundle: goes the way of every other change of the site file, and is watched there. */
import { applyPatch } from 'diff';
import type { ConfigChange, ConfigChanges, ConfigProposal } from '../core/config-change.ts';
import { type ConfigManifest, nameOf } from '../core/update.ts';
import { type BootState, withNews, withRefused } from './boot-state.ts';
import { type Bundle, serialKey } from './judge.ts';

type Write = (change: (state: BootState) => BootState) => void;

export interface ApplyConfigOptions {
  readonly changes: Pick<ConfigChanges, 'apply' | 'state'>;
  readonly by: string;
  readonly signal: AbortSignal;
  readonly write: Write;
  /** Unix epoch ms. */
  readonly now: () => number;
}

/**
 * Commits a configuration; gives why it was refused, if so. From then on `followConfig` tells what becomes of it. What runs
 * already is good as it is.
 */
export async function applyConfig(
  { manifest, digest }: Bundle & { readonly manifest: ConfigManifest },
  { changes, by, signal, write, now }: ApplyConfigOptions,
): Promise<string | undefined> {
  const version = nameOf(manifest);
  const proposed = proposal(manifest, changes);
  if (typeof proposed === 'string') return proposed;
  const answer = await changes.apply({ ...proposed, by }, signal);
  const taken = (state: BootState): BootState => ({
    ...state,
    serials: { ...state.serials, [serialKey(manifest)]: manifest.serial },
  });
  if (!answer.ok && answer.code === 'unchanged') {
    const news = { what: 'good', kind: 'config', version, reason: answer.reason, at: now() };
    write((state) => withNews(taken(state), news));
    return undefined;
  }
  if (!answer.ok) return answer.reason;
  const { change } = answer;
  write((state) =>
    withNews(
      { ...taken(state), config: { version, change: change.id, digest } },
      { what: 'switched', kind: 'config', version, ...fromOf(change), at: change.at },
    ),
  );
  return undefined;
}

/** What is proposed to the site file that runs here; a sentence where a patch does not fit it. */
function proposal(
  manifest: ConfigManifest,
  changes: Pick<ConfigChanges, 'state'>,
): Omit<ConfigProposal, 'by'> | string {
  const { site, templates, why, watch, anyway } = manifest;
  const more = {
    why: `${nameOf(manifest)}: ${why}`,
    anyway,
    ...(watch === undefined ? {} : { watch }),
    ...(Object.keys(templates).length === 0 ? {} : { templates }),
  };
  if ('text' in site) return { ...more, text: site.text };
  const { text: runs, running } = changes.state();
  const text = patched(runs, site.patch);
  return text === undefined
    ? `the patch does not fit revision ${running} of the site file, which runs here`
    : { ...more, text, base: running };
}

/** Every line around a change has to be as the patch has it. */
function patched(text: string, patch: string): string | undefined {
  try {
    const result = applyPatch(text, patch, { fuzzFactor: 0 });
    return result === false ? undefined : result;
  } catch {
    return undefined;
  }
}

export interface FollowOptions {
  readonly changes: Pick<ConfigChanges, 'change' | 'onChange'>;
  readonly write: Write;
  readonly signal: AbortSignal;
}

/** Resolves when a change has ended, with that written; also where it ended before anybody asked. */
export async function followConfig(
  { version, change: id, digest }: NonNullable<BootState['config']>,
  { changes, write, signal }: FollowOptions,
): Promise<void> {
  const end = await ended(id, changes, signal);
  write((state) => {
    if (state.config?.change !== id) return state;
    const { config: _, ...rest } = state;
    const what = { kind: 'config', version, ...(end === undefined ? {} : fromOf(end)) };
    const at = end?.ended ?? end?.at ?? 0;
    if (end?.state === 'kept') return withNews(rest, { ...what, what: 'good', at });
    const reason = whyBack(end);
    const back = digest === undefined ? rest : withRefused(rest, { version, digest, reason });
    return withNews(back, { ...what, what: 'returned', reason, at });
  });
}

function whyBack(end: ConfigChange | undefined): string {
  if (end === undefined) return 'the history no longer knows it';
  if (end.reason !== undefined) return end.reason;
  return end.state === 'superseded' ? 'another change came while it was watched' : end.state;
}

/** The ended change; undefined where nobody knows it. Rejects when aborted. */
function ended(
  id: number,
  changes: FollowOptions['changes'],
  signal: AbortSignal,
): Promise<ConfigChange | undefined> {
  return new Promise((resolve, reject) => {
    let listener: Disposable | undefined;
    const finish = (change: ConfigChange | undefined) => {
      listener?.[Symbol.dispose]();
      resolve(change);
    };
    const isEnd = ({ state }: ConfigChange) =>
      state === 'kept' || state === 'returned' || state === 'superseded';
    listener = changes.onChange((change) => {
      if (change.id === id && isEnd(change)) finish(change);
    });
    const now = changes.change(id);
    if (now === undefined || isEnd(now)) finish(now);
    signal.addEventListener('abort', () => {
      listener?.[Symbol.dispose]();
      reject(signal.reason);
    });
  });
}

function fromOf({ from }: ConfigChange) {
  return from === undefined ? {} : { from };
}
