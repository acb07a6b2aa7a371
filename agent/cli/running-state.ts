/** The state folder of the agent that runs on a site file, also where that file is wrong just now. */
import { resolve } from 'node:path';
import { stateFolder } from '../config/change/start.ts';
import { AgentError } from '../core/errors.ts';
import { load } from './site.ts';

/** Rejects with `not-found` where neither the file nor a journal beside it says. */
export async function runningState(file: string): Promise<string> {
  const result = await load(file, 'skip');
  if (result.ok) return result.site.state;
  const path = resolve(file);
  const { readSource } = await import('../config/source.ts');
  const source = await readSource(path);
  const state = await stateFolder(path, source.ok ? source.text : undefined, process.env);
  if (state !== undefined) return state;
  throw new AgentError(
    'not-found',
    `the state folder of ${file} is not known: the file is wrong, and no agent ran on it`,
    {
      fix: `kerbside check ${file} says what is wrong`,
    },
  );
}
