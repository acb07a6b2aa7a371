/** The past of a new street: a day of readings through the agent's own import, so that no chart is empty. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AGENT_MAIN } from './agent-child.ts';
import { writeHistory } from './history.ts';
import type { StreetParts } from './street-parts.ts';

const LONGEST_MS = 60_000;

/**
 * Fills the agent's store where `agentState` does not exist yet. Gives the number of readings, 0 where nothing was to
 * be done. Rejects with what the import said where it failed; the street goes on without a past.
 */
export async function fillHistory(
  street: StreetParts,
  folder: string,
  agentState: string,
  site: string,
  signal: AbortSignal,
): Promise<number> {
  if (existsSync(agentState)) return 0;
  const file = join(folder, 'history.jsonl');
  try {
    const count = await writeHistory(file, {
      scenario: street.scenario,
      world: street.world,
      seenBy: street.seenBy,
      signal,
    });
    const child = spawn(process.execPath, [AGENT_MAIN, 'import', '--site', site, file], {
      stdio: ['ignore', 'ignore', 'pipe'],
      signal: AbortSignal.any([signal, AbortSignal.timeout(LONGEST_MS)]),
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-2000);
    });
    const [code] = await once(child, 'close');
    if (code !== 0) throw new Error(`the past could not be filled in: ${said.trim() || `exit code ${code}`}`);
    return count;
  } finally {
    await rm(file, { force: true });
  }
}
