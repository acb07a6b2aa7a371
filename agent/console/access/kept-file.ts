/**
 * Small files of the console's folder in the state folder. Each is replaced whole (written beside, synced, renamed), so
 * that a power cut leaves the old or the new one; only the agent's user may read it.
 */
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { z } from 'zod';
import { AgentError } from '../../core/errors.ts';

/** What lies at `path`; undefined where there is no file. Rejects with `store-damaged` where it is none of ours. */
export async function readKept<S extends z.ZodType>(
  path: string,
  schema: S,
  what: { readonly is: string; readonly fix: string },
): Promise<z.output<S> | undefined> {
  const damaged = (cause: unknown) =>
    new AgentError('store-damaged', `reading ${path} failed: it is not ${what.is}`, { cause, fix: what.fix });
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw damaged(cause);
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw damaged(cause);
  }
}

/** Writes JSON, durably. */
export function saveKept(path: string, value: unknown): Promise<void> {
  return saveText(path, `${JSON.stringify(value, null, 2)}\n`);
}

/** Writes text, durably, mode 0600. */
export async function saveText(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const beside = `${path}.new`;
  const file = await open(beside, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(beside, path);
}

/** Runs changes one after another; one that fails does not stop those behind it. */
export class Turns {
  #tail: Promise<unknown> = Promise.resolve();

  take<T>(change: () => Promise<T>): Promise<T> {
    const done = this.#tail.then(change);
    this.#tail = done.catch(() => {});
    return done;
  }
}
