/**
 * `node bench/bus.ts [--seconds 60] [--case name]`: what the line makes of the wire. One JSON line a case. Eight meters
 * with 20 points each (40 registers, one request), turnaround 5 ms, on a pseudo-terminal of another process.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import modbusSerial from 'modbus-serial';
import { transactionTime } from '../agent/bus/airtime.ts';
import { type LineHandle, openLine } from '../agent/bus/open.ts';
import { silent } from '../agent/core/log.ts';
import type { Reading } from '../agent/core/reading.ts';
import type { DeviceConfig, LineConfig } from '../agent/core/site.ts';
import { SystemClock } from '../agent/core/time/system-clock.ts';
import modbus from '../drivers/modbus/index.ts';
import type { StreetFigures, StreetOptions } from './bus-street.ts';

const METERS = 8;
const POINTS = 20;
const TURNAROUND = 5;
const AIMS: Readonly<Record<number, number>> = { 9600: 0.97, 19200: 0.96, 115200: 0.93 };

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '60' }, case: { type: 'string' } },
});
const seconds = Number(values.seconds);
const clock = new SystemClock();

interface Street extends AsyncDisposable {
  readonly path: string;
  figures(): Promise<StreetFigures>;
}

async function street(options: StreetOptions): Promise<Street> {
  const child = fork(new URL('./bus-street.ts', import.meta.url), [JSON.stringify(options)]);
  const [{ path }] = (await once(child, 'message')) as [{ path: string }];
  return {
    path,
    async figures() {
      const answer = once(child, 'message');
      child.send('figures');
      const [figures] = (await answer) as [StreetFigures];
      return figures;
    },
    async [Symbol.asyncDispose]() {
      const gone = once(child, 'exit');
      child.send('end');
      await gone;
    },
  };
}

function lineAt(baud: number, path: string): Extract<LineConfig, { kind: 'serial' }> {
  const serial = { baud, dataBits: 8, parity: 'none', stopBits: 1 } as const;
  return { id: 'bench', kind: 'serial', port: path, timeout: 300, serial };
}

function meter(unit: number, every: number): DeviceConfig {
  const id = `meter-${unit}`;
  const points = Array.from(
    { length: POINTS },
    (_, i) =>
      ({
        id: `p${i}`,
        title: { en: `Point ${i}` },
        type: 'number',
        unit: 'V',
        access: i === 0 ? 'read-write' : 'read',
        aggregation: 'mean',
        lane: 'telemetry',
        wire:
          i === 0
            ? { address: 0, type: 'uint16', write: { function: 6 } }
            : { address: 2 * i, type: 'float32' },
      }) as const,
  );
  const profile = {
    id: 'bench-meter',
    title: { en: 'Bench meter' },
    class: 'electricity-meter',
    brand: 'bench',
    model: 'meter',
    protocol: 'modbus',
    source: 'bench',
    every,
    options: { function: 3 },
    points,
  };
  return { id, title: { en: id }, line: 'bench', address: unit, every, options: {}, profile };
}

interface Run {
  readonly handle: LineHandle;
  readonly good: ReadonlyMap<string, number>;
  reset(): void;
}

function run(line: LineConfig, every: number): Run & AsyncDisposable {
  const good = new Map<string, number>();
  const handle = openLine({
    line,
    devices: Array.from({ length: METERS }, (_, i) => meter(i + 1, every)),
    driver: () => modbus,
    clock,
    log: silent,
    publisher: {
      readings(readings: readonly Reading[]) {
        for (const { device, quality } of readings) {
          if (quality === 'good') good.set(device, (good.get(device) ?? 0) + 1);
        }
      },
      event() {},
    },
  });
  return {
    handle,
    good,
    reset: () => good.clear(),
    [Symbol.asyncDispose]: () => handle[Symbol.asyncDispose](),
  };
}

const everybody = Array.from({ length: METERS }, (_, i) => i + 1);
const say = (facts: Readonly<Record<string, unknown>>) =>
  console.log(JSON.stringify({ bench: 'bus', ...facts, seconds, ...(seconds < 60 ? { short: true } : {}) }));
const three = (value: number) => Math.round(value * 1000) / 1000;
const pause = (ms: number) => clock.sleep(ms);
const cpuMs = (since: NodeJS.CpuUsage) => {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
};

/** Sum of what a stretch of `ms` gave: utilisation against the wire limit, silences, CPU of this process. */
async function stretch(place: Street, ms = seconds * 1000) {
  await place.figures();
  const cpu = process.cpuUsage();
  const started = clock.mono();
  await pause(ms);
  const elapsed = clock.mono() - started;
  const figures = await place.figures();
  return {
    requests_per_s: three((figures.requests / elapsed) * 1000),
    utilisation: three(figures.needed / elapsed),
    inside_silence: figures.insideSilence,
    shortest_silence_ms: three(figures.shortest),
    median_silence_ms: three(figures.median),
    cpu_percent: three((cpuMs(cpu) / elapsed) * 100),
  };
}

async function saturated(baud: number) {
  await using place = await street({ baud, units: everybody, turnaround: TURNAROUND });
  const line = lineAt(baud, place.path);
  await using polls = run(line, 20);
  await pause(2000);
  const requests = Number(polls.handle.health()[1]?.facts.requests_planned);
  const figures = await stretch(place);
  say({
    case: `saturated-${baud}`,
    ...figures,
    aim: AIMS[baud],
    errors: errorsOf(polls.handle),
    requests_against_one_per_point: three(POINTS / requests),
  });
}

async function baseline(baud: number) {
  await using place = await street({ baud, units: everybody, turnaround: TURNAROUND });
  const client = new modbusSerial.default();
  await client.connectRTUBuffered(place.path, { baudRate: baud });
  client.setTimeout(300);
  let on = true;
  let failed = 0;
  const loop = (async () => {
    for (let unit = 1; on; unit = (unit % METERS) + 1) {
      client.setID(unit);
      await client.readHoldingRegisters(0, 2 * POINTS).catch(() => {
        failed += 1;
      });
    }
  })();
  await pause(1000);
  const figures = await stretch(place);
  on = false;
  await loop;
  await new Promise((resolve) => client.close(resolve));
  say({ case: `bare-modbus-serial-${baud}`, ...figures, failed });
}

async function dead(baud: number) {
  await using place = await street({ baud, units: everybody.slice(0, -1), turnaround: TURNAROUND });
  await using polls = run(lineAt(baud, place.path), 1000);
  await pause(10_000);
  polls.reset();
  const figures = await stretch(place);
  const rates = everybody
    .slice(0, -1)
    .map((unit) => (polls.good.get(`meter-${unit}`) ?? 0) / POINTS / seconds);
  say({
    case: `one-dead-of-eight-${baud}`,
    healthy_of_due: three(rates.reduce((sum, rate) => sum + rate, 0) / rates.length),
    worst_of_due: three(Math.min(...rates)),
    aim: 0.95,
    ...figures,
  });
}

async function commands(baud: number) {
  await using place = await street({ baud, units: everybody, turnaround: TURNAROUND });
  const line = lineAt(baud, place.path);
  await using polls = run(line, 20);
  await pause(3000);
  await place.figures();
  const asked = new Map<number, number>();
  const done: number[] = [];
  const until = clock.mono() + seconds * 1000;
  for (let value = 1; clock.mono() < until; value++) {
    await pause(150 + ((value * 61) % 200));
    const started = clock.mono();
    asked.set(value, started);
    await polls.handle.write(
      `meter-${(value % METERS) + 1}`,
      { point: 'p0', value },
      AbortSignal.timeout(5000),
    );
    done.push(clock.mono() - started);
  }
  const { writes, insideSilence } = await place.figures();
  const toWire = writes.map(({ value, at }) => at - (asked.get(value) ?? at));
  const character = 10_000 / baud;
  const silence = baud > 19_200 ? 1.75 : 3.5 * character;
  const one = transactionTime({ character, silence }, { requestBytes: 8, answerBytes: 85 }, TURNAROUND);
  say({
    case: `commands-${baud}`,
    commands: done.length,
    to_wire_p50_ms: three(percentile(toWire, 0.5)),
    to_wire_p99_ms: three(percentile(toWire, 0.99)),
    aim_p99_ms: three(one + 50),
    read_back_p99_ms: three(percentile(done, 0.99)),
    inside_silence: insideSilence,
  });
}

/** Failed exchanges by kind since the start, of the whole line. */
function errorsOf(handle: LineHandle) {
  const facts = Object.entries(handle.health()[0]?.facts ?? {});
  return Object.fromEntries(facts.filter(([name]) => name.startsWith('errors_')));
}

function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

const cases: Readonly<Record<string, () => Promise<void>>> = {
  'saturated-9600': () => saturated(9600),
  'saturated-19200': () => saturated(19_200),
  'saturated-115200': () => saturated(115_200),
  'bare-9600': () => baseline(9600),
  'bare-19200': () => baseline(19_200),
  'bare-115200': () => baseline(115_200),
  dead: () => dead(9600),
  commands: () => commands(9600),
};
for (const [name, work] of Object.entries(cases)) {
  if (values.case === undefined || name.startsWith(values.case)) await work();
}
