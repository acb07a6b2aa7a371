/** A configuration out of a bundle: goes the way of every other change of the site file, and is watched there. */
import type { ConfigChange, ConfigChanges } from '../core/config-change.ts';
import { type ConfigManifest, nameOf } from '../core/update.ts';
import { type BootState, withNews } from './boot-state.ts';
import { serialKey } from './judge.ts';

type Write = (change: (state: BootState) => BootState) => void;

export interface ApplyConfigOptions {
  readonly changes: Pick<ConfigChanges, 'apply'>;
  readonly by: string;
  readonly signal: AbortSignal;
  readonly write: Write;
}

/** Commits the text; gives why it was refused, if so. From then on `followConfig` tells what becomes of it. */
export async function applyConfig(
  manifest: ConfigManifest,
  { changes, by, signal, write }: ApplyConfigOptions,
): Promise<string | undefined> {
  const { text, why, watch, serial } = manifest;
  const version = nameOf(manifest);
  const proposal = { text, by, why: `${version}: ${why}`, ...(watch === undefined ? {} : { watch }) };
  const answer = await changes.apply(proposal, signal);
  if (!answer.ok) {
    const [first] = answer.check?.problems ?? [];
    const where = first === undefined ? '' : ` (line ${first.line}: ${first.message})`;
    return `${answer.reason}${where}`;
  }
  const { change } = answer;
  write((state) =>
    withNews(
      {
        ...state,
        serials: { ...state.serials, [serialKey(manifest)]: serial },
        config: { version, change: change.id },
      },
      { what: 'switched', kind: 'config', version, ...fromOf(change), at: change.at },
    ),
  );
  return undefined;
}

export interface FollowOptions {
  readonly changes: Pick<ConfigChanges, 'change' | 'onChange'>;
  readonly write: Write;
  readonly signal: AbortSignal;
}

/** Resolves when a change has ended, with that written; also where it ended before anybody asked. */
export async function followConfig(
  { version, change: id }: { readonly version: string; readonly change: number },
  { changes, write, signal }: FollowOptions,
): Promise<void> {
  const end = await ended(id, changes, signal);
  write((state) => {
    if (state.config?.change !== id) return state;
    const { config: _, ...rest } = state;
    const good = end?.state === 'kept';
    const reason = good ? undefined : (end?.reason ?? end?.state ?? 'the history no longer knows it');
    return withNews(rest, {
      what: good ? 'good' : 'returned',
      kind: 'config',
      version,
      ...(end === undefined ? {} : fromOf(end)),
      ...(reason === undefined ? {} : { reason }),
      at: end?.ended ?? end?.at ?? 0,
    });
  });
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
