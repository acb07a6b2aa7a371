/** Loads a site with the parts a check needs: drivers, built-in profiles, airtime of lines. Opens nothing. */
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DRIVERS, driverFor } from '../../drivers/index.ts';
import { modelNames } from '../../models/folders.ts';
import { lineLoad, overload } from '../bus/airtime.ts';
import { readUnbound } from '../compose/bound-key.ts';
import { type LineFit, type LoadResult, loadSite, type SiteDeps } from '../config/load.ts';
import { formatProblem, type Problem } from '../config/problem.ts';
import { silent } from '../core/log.ts';
import { bareDevice, type DeviceConfig, type LineConfig, lineOfDevice } from '../core/site.ts';
import { SystemClock } from '../core/time/system-clock.ts';
import { figurePoints } from '../derive/points.ts';
import { uplinkIssues } from '../uplink/check.ts';

export const PROFILES = fileURLToPath(new URL('../../drivers/profiles', import.meta.url));

/** What `loadSite` needs of the other parts of the agent. */
export function siteDeps(secrets: 'resolve' | 'skip' = 'resolve'): SiteDeps {
  const clock = new SystemClock();
  const fit = (line: LineConfig, devices: readonly DeviceConfig[]): LineFit | undefined => {
    const plans = devices.flatMap((device) => {
      const driver = driverFor(device.profile.protocol);
      if (driver?.kind !== 'polled') return [];
      const { polls } = driver.open(
        { device: bareDevice(device), clock, log: silent },
        lineOfDevice(line, device),
      );
      return [
        { device: device.id, polls, ...(device.serial === undefined ? {} : { serial: device.serial }) },
      ];
    });
    if (plans.length === 0) return undefined;
    const load = lineLoad(line, plans);
    const over = overload(line, plans, load);
    const { requestsPerSecond } = load;
    return { load: load.load, requestsPerSecond, ...(over === undefined ? {} : { overload: over }) };
  };
  return {
    profiles: PROFILES,
    driver: driverFor,
    protocols: DRIVERS.map(({ protocol }) => protocol),
    fit,
    uplinkIssues,
    figurePoints,
    read: readUnbound,
    models: modelNames,
    secrets,
  };
}

export function load(file: string, secrets: 'resolve' | 'skip' = 'resolve'): Promise<LoadResult> {
  return loadSite(file, siteDeps(secrets));
}

/** A path as it is shown: from here where it is below here, whole otherwise. */
export function shownPath(file: string): string {
  const short = relative(process.cwd(), file);
  return short.startsWith('..') || short === '' ? file : short;
}

/** All problems, one a line, and how many. */
export function problemLines(problems: readonly Problem[]): string {
  const lines = problems.map((found) => `${formatProblem(found, shownPath)}\n`);
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  return `${lines.join('')}${count}; nothing was started\n`;
}
