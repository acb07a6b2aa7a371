/**
 * Ghost rows over layover, deadhead and trip changes: New York bus traces ride through the shipped engine.
 * `node bench/ghosts.ts --data <folder>` (the folder `obanyc` of the captures); the last line is JSON.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { GtfsArchive } from '../agent/sign/timetable/archive.ts';
import { importFeed } from '../agent/sign/timetable/import.ts';
import { eachRow } from '../agent/sign/timetable/table.ts';
import { Timetable } from '../agent/sign/timetable/timetable.ts';
import { drawnExtract } from './ghosts/drawn.ts';
import { type Ridden, ride, type Told } from './ghosts/ride.ts';
import { readTrace } from './ghosts/traces.ts';

const { values } = parseArgs({ options: { data: { type: 'string' } } });
const { data } = values;
if (data === undefined) {
  console.error('usage: --data <folder with obanyc traces>');
  process.exit(2);
}
const B63 = new Set(['4630', '4631']);
const files = readdirSync(data).filter((name) => name.endsWith('.csv'));
const b63 = new Timetable((await importFeed(await wholeLine(join(data, 'gtfs-b63-winter10.zip')))).extract);
const total: Record<string, number> = {};
for (const file of files) {
  const trace = readTrace(join(data, file));
  const winter = /-2010-1[12]/.test(file);
  const drawn = winter ? undefined : drawnExtract(trace);
  const timetable = winter ? b63 : drawn && new Timetable(drawn);
  if (timetable === undefined) continue;
  const lineOf = (sign: string) => (winter ? (B63.has(sign) ? 'B63' : undefined) : sign);
  const ways: Told[] = file.startsWith('3649') ? ['line', 'trip', 'nothing'] : ['line', 'nothing'];
  for (const told of ways) {
    const ridden = ride(trace, timetable, told, lineOf);
    for (const [name, value] of Object.entries(ridden)) total[name] = (total[name] ?? 0) + value;
    console.log(line(`${file.slice(0, 16)} told ${told}`, ridden));
  }
}
console.log(JSON.stringify({ ...total, ghostRows: sumOf(total, ['idleRows', 'ghosts', 'flipRows']) }));

function sumOf(of: Readonly<Record<string, number>>, names: readonly string[]): number {
  return names.reduce((sum, name) => sum + (of[name] ?? 0), 0);
}

function line(name: string, one: Ridden): string {
  const { fixes, idle, idleRows, departures, inProgress, covered, now, ghosts, flips, flipRows } = one;
  return (
    `${name.padEnd(30)} ${fixes} positions; idle ${idle}: ${idleRows} rows (and ${departures} of known departures); ` +
    `in progress ${inProgress}: ${covered} with rows; said now ${now}: ${ghosts} ghosts; trip changes ${flips}: ${flipRows} rows`
  );
}

/** Every stop of the line is a sign of its own. */
async function wholeLine(zip: string) {
  const stops: string[] = [];
  {
    using archive = await GtfsArchive.open(zip, 'b63');
    await eachRow(archive, 'stops.txt', ['stop_id'], (row) => void stops.push(row.get('stop_id')));
  }
  return { zip, stops, now: 0 };
}
