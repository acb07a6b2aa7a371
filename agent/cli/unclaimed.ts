/** `kerbside run` on a factory image: no site file, but a claim.yaml where it would be. Runs until the unit has a name. */
import { existsSync } from 'node:fs';
import { startUnclaimed, type UnclaimedUnit, unclaimedName } from '../compose/unclaimed/unclaimed.ts';
import { type ClaimImage, claimFileOf, loadClaimFile } from '../config/claim-file.ts';
import type { Problem } from '../config/problem.ts';
import { type ConsoleMemory, consoleMemory } from '../console/server.ts';
import { aborted } from '../core/aborted.ts';
import { AgentError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { SystemClock } from '../core/time/system-clock.ts';
import { hardwareIds } from '../store/identity.ts';
import { EXIT } from './exit.ts';
import { refuseWhileRunning } from './restore.ts';
import { load, problemLines, shownPath } from './site.ts';

/**
 * The image whose claim.yaml stands beside the missing site file. Where there is none, or a wrong one, `problems` or its own
 * are told, and the process ends with code 1.
 */
export async function imageBeside(siteFile: string, problems: readonly Problem[]): Promise<ClaimImage> {
  const file = claimFileOf(siteFile);
  if (!existsSync(file)) {
    const fix = `write it (kerbside check says what is wrong), or put the claim.yaml of the city's image at ${shownPath(file)}: then the unit takes a claim`;
    process.stderr.write(problemLines(problems.map((one) => ({ ...one, fix }))));
    process.exit(EXIT.no);
  }
  const read = await loadClaimFile(file, { name: unclaimedName(hardwareIds()), env: process.env });
  if (read.ok) return read.image;
  process.stderr.write(problemLines(read.problems));
  process.exit(EXIT.no);
}

export interface WaitOptions {
  readonly log: Log;
  readonly stop: AbortSignal;
  readonly onUp: (unit: UnclaimedUnit) => void;
}

/** Resolves with the login of whoever took the claim, when the unit has a name; with undefined where `stop` came first. */
export async function untilNamed(
  siteFile: string,
  image: ClaimImage,
  { log, stop, onUp }: WaitOptions,
): Promise<ConsoleMemory | undefined> {
  const clock = new SystemClock();
  const memory = consoleMemory(clock);
  await using unit = await startUnclaimed({
    siteFile,
    image,
    hardware: hardwareIds(),
    memory,
    clock,
    log,
    signal: stop,
    load: (file) => load(file, 'skip'),
    refuseWhileRunning,
  });
  onUp(unit);
  const stopped = aborted(stop).then(() => {
    throw new AgentError('aborted', 'the agent is stopping');
  });
  stopped.catch(() => {});
  try {
    await Promise.race([unit.named, stopped]);
  } catch (error) {
    if (stop.aborted) return undefined;
    throw error;
  }
  log.info('agent.named', { site: siteFile });
  return memory;
}
