/** Everything that is looked at, from the runtime to the uplinks; findings are told as they are found. */
import type { Site } from '../../core/site.ts';
import type { Finding } from './finding.ts';
import { libraries } from './libraries.ts';
import { clock, disk, MACHINE, memory } from './machine.ts';
import { modem, radio } from './modem.ts';
import { ports } from './ports.ts';
import { network, uplinks } from './uplinks.ts';
import { writes } from './wear.ts';

export interface Examined {
  /** Path of the site file. */
  readonly file: string;
  /** Absent: it does not load. */
  readonly site: Site | undefined;
  /** What is wrong with the file, the first of it. */
  readonly problem?: string;
  /** A factory image, where there is one in place of a site file. */
  readonly image?: Finding;
  /** The network is not tried. */
  readonly offline: boolean;
}

export async function examine(
  { file, site, problem, image, offline }: Examined,
  tell: (found: readonly Finding[]) => void,
): Promise<void> {
  tell([runtime()]);
  tell(await libraries());
  tell([image ?? siteFile(file, site, problem)]);
  tell(await clock(MACHINE));
  tell(await disk(site?.state ?? '.', MACHINE));
  if (site !== undefined) tell(await writes(site.state));
  tell(await memory(MACHINE));
  if (site !== undefined) tell(await ports(site));
  if (offline) return;
  tell(await network(MACHINE.proc));
  tell(await modem(MACHINE.sys));
  if (site !== undefined) tell(radio(site));
  if (site !== undefined) tell(await uplinks(site));
}

function runtime(): Finding {
  const { node } = process.versions;
  const about = 'runtime';
  const says = `Node ${node} on ${process.arch}`;
  return Number.parseInt(node, 10) >= 24
    ? { about, state: 'ok', says }
    : { about, state: 'fault', says, fix: 'start kerbside by its own launcher, which brings Node 24' };
}

function siteFile(file: string, site: Site | undefined, problem: string | undefined): Finding {
  const about = 'site file';
  if (site === undefined)
    return { about, state: 'fault', says: problem ?? 'it cannot be loaded', fix: `kerbside check ${file}` };
  const { id, devices, uplinks: ways } = site;
  return { about, state: 'ok', says: `site ${id}, ${devices.length} devices, ${ways.length} uplinks` };
}
