/** A folder of pictures shown one after the other, over and over: to try a site without a camera. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AgentError, asAgentError } from '../../core/errors.ts';
import type { Clock } from '../../core/time/clock.ts';
import { MAX_FRAME_BYTES, type Source } from './frame.ts';

const PICTURE = /\.(jpe?g|png|webp)$/i;

/** In the order of their names, each read when it is its turn. */
export function folderSource(folder: string, { clock }: { readonly clock: Clock }): Source {
  let names: readonly string[] = [];
  let at = 0;
  return {
    // The same picture comes again when it is its turn; that is not the source standing still.
    frozenAfter: Number.POSITIVE_INFINITY,
    async next(signal) {
      if (signal.aborted) throw asAgentError(signal.reason, 'aborted');
      if (at >= names.length) {
        names = (await list(folder)).filter((name) => PICTURE.test(name)).sort();
        at = 0;
      }
      const name = names[at++];
      if (name === undefined) {
        throw new AgentError('not-found', `pictures of ${folder} failed: there is none`, {
          retryable: true,
          fix: 'put .jpg, .png or .webp files into it',
        });
      }
      const file = join(folder, name);
      try {
        const { size } = await stat(file);
        if (size > MAX_FRAME_BYTES) throw new Error(`${size} bytes, ${MAX_FRAME_BYTES} are allowed`);
        return { bytes: await readFile(file), time: clock.mono() };
      } catch (cause) {
        throw new AgentError('source-failed', `picture ${file} failed: ${(cause as Error).message}`, {
          cause,
        });
      }
    },
    async [Symbol.asyncDispose]() {},
  };
}

async function list(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (cause) {
    throw new AgentError('not-found', `pictures of ${folder} failed: ${(cause as Error).message}`, {
      retryable: true,
      cause,
      fix: 'check folder: in the site file',
    });
  }
}
