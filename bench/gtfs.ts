/**
 * `npm run bench:gtfs`: import of a large feed. A feed of so many MB of stop_times.txt is made (`--mb`, default 100), then
 * imported for one stop by the shipped command in a process of its own; printed are seconds and the most memory it took.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { clock, gtfsTables } from '../hw-sim/city/transit/gtfs.ts';
import { transitCity } from '../hw-sim/city/transit/network.ts';
import { zip } from '../hw-sim/city/transit/zip.ts';

const { values } = parseArgs({ options: { mb: { type: 'string', default: '100' } } });
const bytes = Number(values.mb) * 1024 ** 2;
const tables = gtfsTables(transitCity(7, '20270601', '20271231'));

/** Trips of other lines of the country, of which no call is here. */
const pieces = [tables['stop_times.txt'] ?? ''];
let length = pieces[0]?.length ?? 0;
for (let trip = 0; length < bytes; trip++) {
  let text = '';
  for (let call = 0; call < 40; call++) {
    const time = clock((5 * 3600 + (trip % 1000) * 60 + call * 90) % 90_000);
    text += `country-${trip},${time},${time},far-${(trip * 7 + call) % 50_000},${call + 1},0,0,0\r\n`;
  }
  pieces.push(text);
  length += text.length;
}
const folder = mkdtempSync(join(tmpdir(), 'kerbside-gtfs-bench-'));
try {
  const feed = join(folder, 'gtfs.zip');
  writeFileSync(
    feed,
    zip(
      Object.entries({ ...tables, 'stop_times.txt': pieces.join('') }).map(([name, text]) => ({
        name,
        body: Buffer.from(text),
      })),
    ),
  );
  pieces.length = 0;
  const started = performance.now();
  const out = join(folder, 'extract');
  const args = [
    '--max-semi-space-size=2',
    'agent/main.ts',
    'sign',
    'import',
    feed,
    '--stop',
    'C',
    '--out',
    out,
  ];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  let most = 0;
  const watch = setInterval(() => {
    most = Math.max(most, resident(child.pid ?? 0));
  }, 20);
  const [code] = await once(child, 'exit');
  clearInterval(watch);
  const seconds = (performance.now() - started) / 1000;
  process.stdout.write(
    `${JSON.stringify({
      stopTimesMb: Math.round(length / 1024 ** 2),
      zipMb: Math.round(statSync(feed).size / 1024 ** 2),
      seconds: Number(seconds.toFixed(1)),
      peakMb: Math.round(most / 1024 ** 2),
      extractKb: Math.round(statSync(out).size / 1024),
      load: Number((loadavg()[0] ?? 0).toFixed(1)),
    })}\n`,
  );
  process.exitCode = code === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Bytes of memory that a process has (proc(5), VmRSS). */
function resident(pid: number): number {
  try {
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
