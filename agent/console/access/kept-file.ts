/** Small files of the console's folder in the state folder, each checked by a schema; only the agent's user may read them. */
import type { z } from 'zod';
import { readIfThere, replaceFile } from '../../core/durable-file.ts';
import { AgentError } from '../../core/errors.ts';

/** What lies at `path`; undefined where there is no file. Rejects with `store-damaged` where it is none of ours. */
export async function readKept<S extends z.ZodType>(
  path: string,
  schema: S,
  what: { readonly is: string; readonly fix: string },
): Promise<z.output<S> | undefined> {
  const damaged = (cause: unknown) =>
    new AgentError('store-damaged', `reading ${path} failed: it is not ${what.is}`, { cause, fix: what.fix });
  try {
    const bytes = await readIfThere(path);
    return bytes === undefined ? undefined : schema.parse(JSON.parse(bytes.toString('utf8')));
  } catch (cause) {
    throw damaged(cause);
  }
}

/** Writes JSON, durably. */
export function saveKept(path: string, value: unknown): Promise<void> {
  return replaceFile(path, `${JSON.stringify(value, null, 2)}\n`);
}
