/**
 * `npm run bench:tcp`: 500 Modbus TCP devices of 30 points, each read once a second: 15,000 points a second from socket
 * to durable commit, with one uplink draining. The agent is the real process on a generated site file; devices and
 * broker are another process (tcp-street.ts) and not counted. A read is missed that did not begin within its period:
 * by the agent's own count, and by the street's. One JSON line; `--seconds N` shortens (it says so).
 * `--profile DIR` writes CPU profiles of all threads there, `--log FILE` what the agent said.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import { logIn } from '../tests/e2e/console-session.ts';
import { startAgent } from '../tests/support/agent-process.ts';
import type { StreetCount, StreetReady } from './tcp-street.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '300' },
    devices: { type: 'string', default: '500' },
    points: { type: 'string', default: '30' },
    warm: { type: 'string', default: '10' },
    profile: { type: 'string' },
    log: { type: 'string' },
  },
});
const [seconds, devices, points, warm] = [values.seconds, values.devices, values.points, values.warm].map(
  Number,
) as [number, number, number, number];
const PERIOD = 1000;
const LOOK_S = 15;
/** Kernel's unit of CPU times in /proc, 1/s (`getconf CLK_TCK`). */
const TICKS = 100;

interface Health {
  readonly parts: readonly { readonly part: string; readonly facts: Readonly<Record<string, number>> }[];
}
interface Ledgers {
  readonly ledgers: readonly { readonly uplink: string; readonly lanes?: unknown }[];
}

const dir = mkdtempSync(join(tmpdir(), 'kerbside-bench-tcp-'));
const street = fork(new URL('./tcp-street.ts', import.meta.url), [String(devices), String(PERIOD)]);
try {
  const [{ ports, broker }] = (await once(street, 'message')) as [StreetReady];
  await using agent = startAgent(siteFile(ports, broker), {
    ...(values.profile === undefined ? {} : { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${values.profile}` }),
  });
  const { link } = await agent.ready;
  const person = await logIn(link);
  await sleep(warm);

  street.send('mark');
  const before = await skipped(person);
  const [start, cpuBefore] = [performance.now(), cpuSeconds(agent.pid)];
  let peak = 0;
  // Seldom: the kernel holds the agent's memory map while it counts.
  for (let left = seconds; left > 0; left -= LOOK_S) {
    await sleep(Math.min(LOOK_S, left));
    peak = Math.max(peak, pss(agent.pid));
  }
  const took = (performance.now() - start) / 1000;
  const cpu = cpuSeconds(agent.pid) - cpuBefore;
  const count = await counted(street);
  const after = await skipped(person);
  const { ledgers } = await person.get<Ledgers>('/ledger');
  process.stdout.write(
    `${JSON.stringify({
      bench: 'tcp',
      devices,
      points_each: points,
      seconds: Math.round(took),
      ...(seconds < 300 ? { shortened: true } : {}),
      points_per_second: Math.round((count.reads * points) / took),
      reads: count.reads,
      missed: after - before,
      missed_by_street: count.missed,
      longest_between_reads_ms: Math.round(count.longest),
      cpu_cores: Math.round((cpu / took) * 100) / 100,
      pss_peak_mb: peak,
      uplink_records_per_second: Math.round(count.records / took),
      uplink_messages_per_second: Math.round(count.messages / took),
      street_cpu_s: Math.round(count.cpu),
      load_average: loadavg().map((load) => Math.round(load * 10) / 10),
      ledgers,
      aims: { missed: 0, cpu_cores: 1, pss_mb: 250 },
    })}\n`,
  );
  await agent.stop();
  if (values.log !== undefined) writeFileSync(values.log, agent.log.join('\n'));
} finally {
  street.disconnect();
  rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
}

/** 500 lines of one device, one broker, everything else off. */
function siteFile(ports: readonly number[], broker: number): string {
  const profiles = join(dir, 'profiles');
  mkdirSync(profiles);
  writeFileSync(join(profiles, 'bench-meter.yaml'), stringify(profile()));
  const file = join(dir, 'site.yaml');
  const site = {
    site: { id: 'bench', timezone: 'Asia/Shanghai', position: { lat: 31.2, lon: 121.5, datum: 'WGS84' } },
    agent: { id: 'bench' },
    state: './state',
    profiles: ['./profiles'],
    lines: ports.map((port, i) => ({ id: `line-${i + 1}`, tcp: `127.0.0.1:${port}` })),
    devices: ports.map((_, i) => ({
      id: `meter-${i + 1}`,
      line: `line-${i + 1}`,
      profile: 'bench-meter',
      address: 1,
      every: '1s',
    })),
    uplinks: [{ id: 'city', mqtt: { url: `mqtt://127.0.0.1:${broker}` } }],
    console: { listen: '127.0.0.1:0' },
  };
  writeFileSync(file, stringify(site));
  return file;
}

function profile(): object {
  return {
    profile: 'bench-meter',
    title: { en: 'Meter of the bench' },
    class: 'electricity-meter',
    brand: 'bench',
    model: 'meter',
    protocol: 'modbus',
    source: 'made up for the bench',
    every: '1s',
    modbus: { function: 3 },
    points: Array.from({ length: points }, (_, i) => ({
      id: `voltage-${i + 1}`,
      title: { en: `Voltage ${i + 1}` },
      unit: 'V',
      decimals: 1,
      modbus: { address: i, type: 'uint16', scale: 0.1 },
    })),
  };
}

async function skipped(person: { get<T>(path: string): Promise<T> }): Promise<number> {
  const { parts } = await person.get<Health>('/health');
  return parts
    .filter(({ part }) => part.startsWith('line:'))
    .reduce((sum, { facts }) => sum + (facts.skipped_periods ?? 0), 0);
}

async function counted(process: ChildProcess): Promise<StreetCount> {
  process.send('count');
  const [count] = (await once(process, 'message')) as [StreetCount];
  return count;
}

/** User and system time of all threads, s. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

/** MB of 10⁶ bytes. */
function pss(pid: number): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  return Math.round((Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1]) * 1024) / 1e6);
}

function sleep(s: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, s * 1000));
}
