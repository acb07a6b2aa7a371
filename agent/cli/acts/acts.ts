/** What people tell the agent of its devices, whether it runs or not. */
import { AgentError, asAgentError } from '../../core/errors.ts';
import type { SenseActs } from '../../core/sense.ts';
import type { Site } from '../../core/site.ts';
import { EXIT } from '../exit.ts';
import { createLog } from '../log.ts';
import { load, problemLines } from '../site.ts';
import { actsOfAgent } from './api.ts';
import { actsOfLog } from './stopped.ts';

/**
 * Runs `act` on the agent of a site: over its local API where it runs, on its log where it is stopped, and says which on
 * stderr. A site file with problems is told and ends it.
 */
export async function withActs(
  file: string,
  act: (acts: SenseActs, site: Site, running: boolean) => Promise<void>,
): Promise<void> {
  const result = await load(file, 'skip');
  if (!result.ok) {
    process.stderr.write(problemLines(result.problems));
    process.exitCode = EXIT.no;
    return;
  }
  const { site } = result;
  const running = await actsOfAgent(site.state).catch((thrown: unknown) => {
    const error = asAgentError(thrown);
    if (error.code === 'not-found') return undefined;
    throw error;
  });
  if (running !== undefined) {
    process.stderr.write(`agent ${site.agent.id} runs: over its local API\n`);
    return act(running, site, true);
  }
  process.stderr.write(`agent ${site.agent.id} is stopped: in its log\n`);
  process.umask(0o077);
  await using opened = await actsOfLog(site, createLog({ level: 'error', secrets: [] }));
  await act(opened.acts, site, false);
}

/** What was refused is an answer, not a failure. */
export async function refused<T>(act: Promise<T>): Promise<T | undefined> {
  try {
    return await act;
  } catch (thrown) {
    if (!(thrown instanceof AgentError) || (thrown.code !== 'config-invalid' && thrown.code !== 'not-found'))
      throw thrown;
    process.stderr.write(`${thrown.message}${thrown.fix === undefined ? '' : `; ${thrown.fix}`}\n`);
    process.exitCode = EXIT.no;
    return undefined;
  }
}
