/** The buses that call at the sign of the street: a made-up city around it, its centre on loopback, its timetable imported. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AGENT_MAIN } from './agent-child.ts';
import { Centre, type CityAlert } from './city/transit/centre.ts';
import { dateOf, Fleet } from './city/transit/fleet.ts';
import { gtfsTables, zipTables } from './city/transit/gtfs.ts';
import { transitCity } from './city/transit/network.ts';
import { serveTransit } from './city/transit/server.ts';
import type { SignAddresses } from './site-file.ts';
import type { StreetParts } from './street-parts.ts';

const DAY = 86_400_000;
const LONGEST_MS = 60_000;
const EXTRACT = 'timetable.json';

export interface Transit extends AsyncDisposable {
  readonly centre: Centre;
  readonly sign: Omit<SignAddresses, 'screen'>;
}

/**
 * Starts the centre and writes the timetable of its interchange into `folder`, by the agent's own import. Rejects with
 * what the import said where it failed; then nothing is left.
 */
export async function startTransit(
  street: StreetParts,
  folder: string,
  signal: AbortSignal,
): Promise<Transit> {
  const { scenario, clock } = street;
  const now = clock.now();
  const city = transitCity(
    scenario.seed,
    dateOf(now - 7 * DAY),
    dateOf(now + 180 * DAY),
    scenario.site.position,
  );
  const centre = new Centre(new Fleet(city));
  centre.alerts = [roadworks(now)];
  await importTimetable(zipTables(gtfsTables(city)), city.centre.station, folder, signal);
  const server = await serveTransit(centre, () => clock.now());
  const { port } = new URL(server.url);
  const at = street.link === undefined ? server.url : `http://${await street.link.doorTo(Number(port))}`;
  return {
    centre,
    sign: { centre: at, stops: city.centre.platforms, extract: `./${EXTRACT}` },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

function roadworks(now: number): CityAlert {
  return {
    id: 'roadworks',
    header: '90路因道路施工临时改线',
    headerEnglish: 'Line 90 is diverted around roadworks',
    description: '预计延误五分钟。',
    lines: ['L90'],
    stops: [],
    from: now - DAY,
    to: now + 30 * DAY,
    severe: false,
  };
}

async function importTimetable(
  zip: Buffer,
  station: string,
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  const feed = join(folder, 'gtfs.zip');
  await writeFile(feed, zip);
  try {
    const args = ['sign', 'import', feed, '--stop', station, '--out', join(folder, EXTRACT), '--force'];
    const child = spawn(process.execPath, [AGENT_MAIN, ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
      signal: AbortSignal.any([signal, AbortSignal.timeout(LONGEST_MS)]),
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-2000);
    });
    const [code] = await once(child, 'close');
    if (code !== 0)
      throw new Error(`the timetable could not be imported: ${said.trim() || `exit code ${code}`}`);
  } finally {
    await rm(feed, { force: true });
  }
}
