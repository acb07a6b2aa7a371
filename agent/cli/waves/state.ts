/** What is known of a roll-out, in a file: the same command goes on from it, on whatever machine it is started again. */
import { readIfThere, replaceFile } from '../../core/durable-file.ts';
import { AgentError } from '../../core/errors.ts';
import type { Known } from './roll-out.ts';

export interface RollOutFile {
  readonly known: Known;
  /** Writes what is known now; writes that come faster than the disk are one. */
  save(known: Known): void;
  /** Resolves when everything is on the disk. Rejects as the file system did. */
  saved(): Promise<void>;
}

/** Throws `config-invalid` where the file is of another roll-out, or of nothing. */
export async function openRollOut(file: string, id: string): Promise<RollOutFile> {
  const known = await read(file, id);
  let next: Known | undefined;
  let writing: Promise<void> | undefined;
  let failed: unknown;
  const write = async () => {
    while (next !== undefined) {
      const now = next;
      next = undefined;
      await replaceFile(file, JSON.stringify({ id, ...now }, null, 1)).catch((thrown: unknown) => {
        failed = thrown;
      });
    }
    writing = undefined;
  };
  return {
    known,
    save(now) {
      next = now;
      writing ??= write();
    },
    async saved() {
      await writing;
      if (failed !== undefined) throw failed;
    },
  };
}

async function read(file: string, id: string): Promise<Known> {
  const bytes = await readIfThere(file);
  if (bytes === undefined) return { fates: {} };
  let kept: Partial<Known> & { readonly id?: unknown };
  try {
    kept = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (cause) {
    throw new AgentError('config-invalid', `${file} is no state of a roll-out`, {
      cause,
      fix: 'name another --state',
    });
  }
  const { fates = {}, rest } = kept;
  if (kept.id === id) return { fates, ...(rest === undefined ? {} : { rest }) };
  throw new AgentError('config-invalid', `${file} is of roll-out ${kept.id}`, {
    fix: 'name another --state, or the --id it was begun with',
  });
}
