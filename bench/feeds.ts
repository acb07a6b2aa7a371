/**
 * `npm run bench:feeds -- --data <folder>`: real feeds through the shipped code. Timetables are imported for their busiest
 * stops; every GTFS-realtime file is read, resolved against the timetable beside it, and its clock is the present. Files that
 * are known to be bad (`_bad` in their name) have to be refused in part, and each file cut in half as a whole, with reasons.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { type FeedContent, Malformed, Tally } from '../agent/sign/feeds/content.ts';
import { decodeGtfsRt } from '../agent/sign/feeds/gtfs-rt/decode.ts';
import { Intake } from '../agent/sign/feeds/intake.ts';
import { resolve } from '../agent/sign/feeds/resolve.ts';
import { AlertShelf } from '../agent/sign/feeds/text.ts';
import { GtfsArchive } from '../agent/sign/timetable/archive.ts';
import { importFeed } from '../agent/sign/timetable/import.ts';
import { eachRow } from '../agent/sign/timetable/table.ts';
import { Timetable } from '../agent/sign/timetable/timetable.ts';

/** Stops that stand for one sign here, so that most of a feed has to be resolved. */
const STOPS = 150;

const { values } = parseArgs({ options: { data: { type: 'string' } } });
if (values.data === undefined) {
  process.stderr.write('give --data <folder>, with folders of *.zip, *.pb and *.json\n');
  process.exit(2);
}

interface Outcome {
  readonly file: string;
  readonly ms: number;
  readonly entities: number;
  readonly told: number;
  readonly left: Readonly<Record<string, number>>;
}

const outcomes: Outcome[] = [];
const wrong: string[] = [];
let cut = 0;

for (const folder of readdirSync(values.data).sort()) {
  const path = join(values.data, folder);
  if (!statSync(path).isDirectory()) continue;
  const files = readdirSync(path).sort();
  let timetable: Timetable | undefined;
  for (const file of files.filter((name) => name.endsWith('.zip'))) {
    timetable = await timetableOf(join(path, file), `${folder}/${file}`);
  }
  for (const file of files.filter((name) => /\.(pb|json)$/.test(name))) {
    one(readFileSync(join(path, file)), `${folder}/${file}`, timetable);
  }
}

const bad = outcomes.filter(({ file }) => file.includes('_bad'));
for (const { file, left } of bad) {
  if (Object.keys(left).every((reason) => reason === 'other-line' || reason === 'out-of-window')) {
    wrong.push(`${file}: known to be bad, and nothing of it was refused`);
  }
}
const rows = outcomes.map(({ file, ms, entities, told, left }) => [
  file,
  `${ms.toFixed(1)} ms`,
  String(entities),
  String(told),
  Object.entries(left)
    .map(([reason, count]) => `${reason} ${count}`)
    .join(', '),
]);
const table = [['file', 'time', 'entities', 'taken', 'left out'], ...rows];
const widths = (table[0] ?? []).map((_, i) => Math.max(...table.map((row) => (row[i] ?? '').length)));
for (const row of table) {
  process.stdout.write(
    `${row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd()}\n`,
  );
}
for (const line of wrong) process.stdout.write(`WRONG ${line}\n`);
const refused = Object.fromEntries(bad.map(({ file, left }) => [basename(file), left]));
process.stdout.write(
  `${JSON.stringify({ files: outcomes.length, entities: outcomes.reduce((sum, { entities }) => sum + entities, 0), cutRefused: cut, bad: refused, wrong: wrong.length })}\n`,
);
process.exitCode = wrong.length === 0 ? 0 : 1;

function wantedBy(timetable: Timetable | undefined) {
  return (trip: string, line: string) =>
    timetable === undefined || timetable.trips.has(trip) || timetable.lines.has(line);
}

async function timetableOf(zip: string, name: string): Promise<Timetable | undefined> {
  try {
    const calls = new Map<string, number>();
    {
      using archive = await GtfsArchive.open(zip, basename(zip));
      await eachRow(archive, 'stop_times.txt', ['stop_id'], (row) => {
        const stop = row.get('stop_id');
        calls.set(stop, (calls.get(stop) ?? 0) + 1);
      });
    }
    const busiest = [...calls].sort((a, b) => b[1] - a[1]).slice(0, STOPS);
    const started = performance.now();
    const { extract, problemCount } = await importFeed({ zip, stops: busiest.map(([stop]) => stop), now: 0 });
    outcomes.push({
      file: name,
      ms: performance.now() - started,
      entities: extract.trips.length,
      told: extract.patterns.length,
      left: problemCount === 0 ? {} : { problems: problemCount },
    });
    return new Timetable(extract);
  } catch (thrown) {
    wrong.push(`${name}: ${(thrown as Error).message}`);
    return undefined;
  }
}

function one(bytes: Uint8Array, name: string, timetable: Timetable | undefined): void {
  try {
    decodeGtfsRt(bytes.subarray(0, Math.floor(bytes.length / 2)));
    wrong.push(`${name}: half of it was taken for a feed`);
  } catch (thrown) {
    if (thrown instanceof Malformed) cut += 1;
    else wrong.push(`${name}: half of it: ${String(thrown)}`);
  }
  const started = performance.now();
  let content: FeedContent;
  try {
    content = decodeGtfsRt(bytes, wantedBy(timetable));
  } catch (thrown) {
    wrong.push(`${name}: ${(thrown as Error).message}`);
    return;
  }
  const tally = new Tally();
  for (const [reason, count] of Object.entries(content.dropped)) tally.add(reason, count);
  const now = content.sent ?? 0;
  const sourced = { source: name, sent: now, received: 0 };
  let told = new AlertShelf().take(content.alerts ?? [], sourced, now).length;
  if (timetable === undefined) told += content.vehicles.length + content.updates.length;
  else {
    told += new Intake(name, 'wgs84', timetable).take(
      content.vehicles,
      { now, received: 0 },
      tally,
      (event) => {
        if (event.type === 'datum') wrong.push(`${name}: said to be in ${event.likely ?? 'its own datum'}`);
      },
    ).length;
    told += resolve(content.updates, content.detours, { timetable, sourced, now, tally }).length;
  }
  outcomes.push({
    file: name,
    ms: performance.now() - started,
    entities: content.vehicles.length + content.updates.length + (content.alerts?.length ?? 0),
    told,
    left: tally.counts(),
  });
}
