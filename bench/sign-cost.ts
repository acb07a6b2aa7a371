/**
 * What the sign costs on top of the agent: CPU and memory of the agent process with and without it, at the made-up city's
 * busiest stop. `node bench/sign-cost.ts [--seconds 60]`; the last line is JSON.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { writeExtract } from '../agent/sign/timetable/extract-file.ts';
import { importFeed } from '../agent/sign/timetable/import.ts';
import { Centre } from '../hw-sim/city/transit/centre.ts';
import { Fleet } from '../hw-sim/city/transit/fleet.ts';
import { gtfsTables, zipTables } from '../hw-sim/city/transit/gtfs.ts';
import { transitCity } from '../hw-sim/city/transit/network.ts';
import { serveTransit } from '../hw-sim/city/transit/server.ts';
import { startAgent } from '../tests/support/agent-process.ts';

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '60' } } });
const seconds = Number(values.seconds);
const TICKS = 100;
const EIGHT = Date.parse('2027-06-21T00:00:00Z');

const folder = mkdtempSync(join(tmpdir(), 'kerbside-bench-sign-'));
const mono = Number(process.hrtime.bigint()) / 1e6;
const street = () => EIGHT + Number(process.hrtime.bigint()) / 1e6 - mono;
const city = transitCity(7, '20270601', '20270731');
const centre = new Centre(new Fleet(city));
await using server = await serveTransit(centre, street);
const stops = [...city.centre.platforms];
writeFileSync(join(folder, 'gtfs.zip'), zipTables(gtfsTables(city)));
const { extract } = await importFeed({ zip: join(folder, 'gtfs.zip'), stops, now: EIGHT });

const without = await measure('without', '');
const sign = `sign:
  id: stop-1
  stops: ${JSON.stringify(stops)}
  feeds:
    - { id: gps, format: gtfs-rt, datum: wgs84, http: { url: "${server.url}/vehicles.pb", every: 10s, plain: true } }
    - { id: trips, format: gtfs-rt, datum: wgs84, http: { url: "${server.url}/trips.pb", every: 15s, plain: true } }
`;
const withSign = await measure('with', sign);
rmSync(folder, { recursive: true, force: true });
console.log(
  JSON.stringify({
    buses: centre.positions(street()).length,
    seconds,
    without,
    with: withSign,
    added_cpu_percent: round(withSign.cpu_percent - without.cpu_percent),
    added_mb: round(withSign.rss_mb - without.rss_mb),
    load: loadavg()[0],
  }),
);

async function measure(name: string, part: string) {
  const state = join(folder, name);
  mkdirSync(join(state, 'sign'), { recursive: true });
  await writeExtract(join(state, 'sign', 'extract'), extract);
  const file = join(folder, `${name}.yaml`);
  writeFileSync(
    file,
    `site: { id: s, timezone: Asia/Shanghai, position: { lat: 36.81, lon: 118.05, datum: WGS84 } }
agent: { id: a }
state: ./${name}
origin: { mono: ${mono}, wall: ${EIGHT} }
console: { listen: "127.0.0.1:0" }
${part}`,
  );
  await using agent = startAgent(file);
  await agent.ready;
  // Code is compiled and caches are filled before it counts.
  await sleep(15_000);
  const before = cpu(agent.pid);
  await sleep(seconds * 1000);
  const result = { cpu_percent: round((100 * (cpu(agent.pid) - before)) / seconds), rss_mb: rss(agent.pid) };
  await agent.stop();
  console.log(JSON.stringify({ name, ...result }));
  return result;
}

/** s of processor time so far. */
function cpu(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

function rss(pid: number): number {
  const kb = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return round(Number(kb) / 1024);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
