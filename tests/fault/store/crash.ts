/**
 * Crash matrix of the store: a process appends and is killed with SIGKILL, again and again on the same log. Then every
 * reading it was told to be durable must be there under the number it was told, and no number may hold another.
 *
 *   node tests/fault/store/crash.ts --points 1000 --seed 1
 *
 * After the kills come as many power cuts (power-cut.ts), where there is strace.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Lane } from '../../../agent/core/point.ts';
import { openLogSource } from '../../../agent/store/reader.ts';
import { program } from '../../support/programs.ts';
import { powerCuts } from './power-cut.ts';
import { seeded } from './seeded.ts';

export interface CrashReport {
  readonly points: number;
  readonly seed: number;
  /** Readings acknowledged, and of them those not under their number. */
  readonly acknowledged: number;
  readonly lost: number;
  /** Values that stand under two numbers. */
  readonly doubled: number;
  /** Numbers missing between the first and the last. */
  readonly holes: number;
  /** Starts that followed a kill with something in the log, and gap records that tell of them. */
  readonly unclean: number;
  readonly gaps: number;
  readonly epochs: number;
  /** From the start of the process to the open log, ms: median and worst. */
  readonly recoveryMs: { readonly median: number; readonly worst: number };
}

interface Acknowledged {
  readonly lane: Lane;
  readonly first: number;
  readonly last: number;
  readonly value: number;
}

interface Run {
  readonly acks: readonly Acknowledged[];
  readonly opened: string | undefined;
  readonly openMs: number | undefined;
}

/** A start after a kill has its log open within this, ms; the first poll does not even wait for it. */
const RECOVERY = 3000;

const CHILD = fileURLToPath(new URL('./appending.ts', import.meta.url));

/** Starts the process, kills it `delay` ms after its `acks`-th acknowledgement (or after its start, for 0). */
function runOnce(dir: string, from: number, seed: number, acks: number, delay: number): Promise<Run> {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const child = spawn(process.execPath, [CHILD, dir, String(from), String(seed)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    let lines = 0;
    let opened: string | undefined;
    let openMs: number | undefined;
    const kill = () => setTimeout(() => child.kill('SIGKILL'), delay);
    if (acks === 0) kill();
    const heard: Acknowledged[] = [];
    const hear = (line: string) => {
      const [word, lane, first, last, value] = line.split(' ');
      if (word === 'open') {
        opened = lane;
        openMs = performance.now() - began;
      } else if (word === 'ack') {
        heard.push({ lane: lane as Lane, first: Number(first), last: Number(last), value: Number(value) });
        if (++lines === acks) kill();
      }
    };
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      const parts = text.split('\n');
      text = parts.pop() ?? '';
      for (const line of parts) hear(line);
    });
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (signal !== 'SIGKILL') reject(new Error(`the process ended by itself: ${code} ${signal}`));
      else resolve({ acks: heard, opened, openMs });
    });
  });
}

export async function crash({ points, seed }: { points: number; seed: number }): Promise<CrashReport> {
  const dir = mkdtempSync(join(tmpdir(), 'kerbside-crash-'));
  const random = seeded(seed);
  const acks: Acknowledged[] = [];
  const epochs = new Set<string>();
  const recovery: number[] = [];
  let unclean = 0;
  let killedOpen = false;
  try {
    for (let point = 0; point < points; point++) {
      // One in eight is killed while it starts, the others a little after some commit.
      const starting = random() < 0.125;
      const after = starting ? 0 : 1 + Math.floor(random() * 25);
      const delay = Math.floor(random() * (starting ? 700 : 12));
      const run = await runOnce(dir, (point + 1) * 1_000_000, seed * 7919 + point, after, delay);
      acks.push(...run.acks);
      if (run.opened !== undefined) {
        if (killedOpen) unclean++;
        epochs.add(run.opened);
        recovery.push(run.openMs ?? 0);
      }
      killedOpen ||= run.acks.length > 0;
    }
    recovery.sort((a, b) => a - b);
    const recoveryMs = {
      median: Math.round(recovery[recovery.length >> 1] ?? 0),
      worst: Math.round(recovery.at(-1) ?? 0),
    };
    return { points, seed, ...check(join(dir, 'log.db'), acks), unclean, epochs: epochs.size, recoveryMs };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function check(
  file: string,
  acks: readonly Acknowledged[],
): Pick<CrashReport, 'acknowledged' | 'lost' | 'doubled' | 'holes' | 'gaps'> {
  using source = openLogSource(file);
  const values = new Map<string, unknown>();
  const seen = new Set<unknown>();
  let doubled = 0;
  let holes = 0;
  let gaps = 0;
  for (const lane of ['telemetry', 'meter', 'event'] as const) {
    let next = 1;
    for (
      let slice = source.read(lane, next, 5000);
      slice !== undefined;
      slice = source.read(lane, next, 5000)
    ) {
      for (const record of slice.records) {
        holes += record.seq - next;
        next = record.seq + 1;
        if (record.kind === 'event') gaps += record.body.reason === 'unclean-stop' ? 1 : 0;
        else {
          values.set(`${lane}/${record.seq}`, record.value);
          if (seen.has(record.value)) doubled++;
          seen.add(record.value);
        }
      }
    }
    holes += source.heads()[lane] + 1 - next;
  }
  let acknowledged = 0;
  let lost = 0;
  for (const { lane, first, last, value } of acks)
    for (let seq = first; seq <= last; seq++) {
      acknowledged++;
      if (values.get(`${lane}/${seq}`) !== value + seq - first) lost++;
    }
  return { acknowledged, lost, doubled, holes, gaps };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: { points: { type: 'string', default: '50' }, seed: { type: 'string', default: '1' } },
  });
  const points = Number(values.points);
  const seed = Number(values.seed);
  const report = await crash({ points, seed });
  console.log(JSON.stringify({ matrix: 'kill', ...report }));
  const right =
    report.lost === 0 &&
    report.doubled === 0 &&
    report.holes === 0 &&
    report.epochs === 1 &&
    report.gaps >= report.unclean;
  process.exitCode = right && report.recoveryMs.worst < RECOVERY ? 0 : 1;
  if (program('strace') === undefined) {
    console.log(JSON.stringify({ matrix: 'power-cut', skipped: 'there is no strace' }));
  } else {
    const cut = powerCuts({ cuts: points, seed });
    console.log(JSON.stringify({ matrix: 'power-cut', ...cut }));
    if (cut.lost > 0 || cut.doubled > 0 || cut.epochs > 0) process.exitCode = 1;
  }
}
