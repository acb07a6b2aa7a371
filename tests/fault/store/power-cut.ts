/**
 * Power cuts that a SIGKILL cannot show: the page cache is lost too. The writes of a run are recorded with strace; then
 * the files are rebuilt as they may have been on the card after each fsync: everything that was synced, and of the
 * writes after it none, all, some, or torn halves. Each state is opened by the store, and what was acknowledged before
 * the cut must be there under its number. Run by crash.ts.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import type { ClockMapping } from '../../../agent/core/time/clock.ts';
import { openLog } from '../../../agent/store/opening.ts';
import { openLogSource } from '../../../agent/store/reader.ts';
import { seeded } from './seeded.ts';

type Step =
  | { readonly kind: 'write'; readonly file: string; readonly at: number; readonly bytes: Buffer }
  | { readonly kind: 'truncate'; readonly file: string; readonly length: number }
  | { readonly kind: 'sync'; readonly file: string }
  | { readonly kind: 'remove'; readonly file: string }
  | {
      readonly kind: 'ack';
      readonly lane: string;
      readonly first: number;
      readonly last: number;
      readonly value: number;
    };

export interface CutReport {
  readonly cuts: number;
  readonly seed: number;
  readonly writes: number;
  readonly syncs: number;
  /** Acknowledged readings looked for, in all cuts together, and those not found under their number. */
  readonly acknowledged: number;
  readonly lost: number;
  /** Values found under two numbers, in all cuts together. */
  readonly doubled: number;
  /** Cuts after which the log was set aside or began a new epoch. */
  readonly epochs: number;
}

const CHILD = fileURLToPath(new URL('./appending.ts', import.meta.url));
const CALLS = 'openat,close,pwrite64,write,writev,fsync,fdatasync,ftruncate,unlink,rename';

/** Runs the appending process under strace for `seconds` and reads what it did to the files of `dir`. */
function record(dir: string, seed: number, seconds: number): Step[] {
  const trace = join(dir, 'trace');
  const state = join(dir, 'state');
  rmSync(state, { recursive: true, force: true });
  mkdirSync(state);
  // Strings up to 64 KB, all in hex.
  const strace = ['-f', '-xx', '-s', '65536', '-e', `trace=${CALLS}`, '-o', trace];
  const command = [
    '-s',
    'KILL',
    String(seconds),
    'strace',
    ...strace,
    process.execPath,
    CHILD,
    state,
    '0',
    String(seed),
  ];
  const done = spawnSync('timeout', command, { stdio: 'ignore' });
  if (done.error !== undefined) throw done.error;
  return parse(readFileSync(trace, 'latin1'), state);
}

function unhex(text: string): Buffer {
  return Buffer.from(text.replaceAll('\\x', ''), 'hex');
}

/** Calls in the order of their return; one that another thread interrupted is put together again. */
function parse(trace: string, state: string): Step[] {
  const steps: Step[] = [];
  const open = new Map<string, string>();
  const begun = new Map<string, string>();
  for (const line of trace.split('\n')) {
    const [, thread = '', rest = ''] = /^(\d+)\s+(.*)$/.exec(line) ?? [];
    const unfinished = /^(.*) <unfinished \.\.\.>$/.exec(rest);
    if (unfinished !== null) {
      begun.set(thread, unfinished[1] ?? '');
      continue;
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest);
    step(resumed === null ? rest : (begun.get(thread) ?? '') + (resumed[1] ?? ''), state, open, steps);
  }
  return steps;
}

function step(call: string, state: string, open: Map<string, string>, steps: Step[]): void {
  const [, name, args = '', result = ''] = /^(\w+)\((.*)\)\s+= (-?\d+)/.exec(call) ?? [];
  if (Number(result) < 0) return;
  const [, fd = ''] = /^(\d+)/.exec(args) ?? [];
  const texts = [...args.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g)].map(([, text = '']) => unhex(text));
  const path = texts[0]?.toString('utf8') ?? '';
  const file = open.get(fd) ?? '';
  switch (name) {
    case 'openat':
      if (path.startsWith(state)) open.set(result, basename(path));
      else open.delete(result);
      return;
    case 'close':
      open.delete(fd);
      return;
    case 'pwrite64': {
      const at = Number(/, (\d+)$/.exec(args)?.[1]);
      if (file !== '' && texts[0] !== undefined) steps.push({ kind: 'write', file, at, bytes: texts[0] });
      return;
    }
    case 'ftruncate':
      if (file !== '') steps.push({ kind: 'truncate', file, length: Number(/, (\d+)$/.exec(args)?.[1]) });
      return;
    case 'fsync':
    case 'fdatasync':
      if (file !== '') steps.push({ kind: 'sync', file });
      return;
    case 'unlink':
      if (path.startsWith(state)) steps.push({ kind: 'remove', file: basename(path) });
      return;
    case 'write':
      for (const [, lane = '', first, last, value] of path.matchAll(/^ack (\w+) (\d+) (\d+) (\d+)$/gm))
        steps.push({ kind: 'ack', lane, first: Number(first), last: Number(last), value: Number(value) });
  }
}

/** Files as they are on the card, and what was asked for since their last sync. */
class Card {
  readonly synced = new Map<string, Buffer>();
  readonly pending = new Map<string, Step[]>();

  take(one: Step): void {
    if (one.kind === 'ack') return;
    if (one.kind === 'remove') {
      this.synced.delete(one.file);
      this.pending.delete(one.file);
      return;
    }
    const pending = this.pending.get(one.file) ?? [];
    if (one.kind !== 'sync') {
      this.pending.set(one.file, [...pending, one]);
      return;
    }
    this.synced.set(one.file, apply(this.synced.get(one.file) ?? Buffer.alloc(0), pending));
    this.pending.delete(one.file);
  }

  /** One of the states that the card may be in after a cut. */
  cut(random: () => number): Map<string, Buffer> {
    const files = new Map<string, Buffer>();
    const way = Math.floor(random() * 4);
    for (const file of new Set([...this.synced.keys(), ...this.pending.keys()])) {
      if (file.endsWith('-shm')) continue;
      const kept = (this.pending.get(file) ?? []).flatMap((one): Step[] => {
        if (way === 0) return [];
        if (way === 1) return [one];
        if (random() < 0.5) return [];
        // A block is 512 bytes: a write is torn between two of them.
        if (way === 2 || one.kind !== 'write') return [one];
        const blocks = Math.floor(random() * (one.bytes.length / 512));
        return [{ ...one, bytes: one.bytes.subarray(0, blocks * 512) }];
      });
      files.set(file, apply(this.synced.get(file) ?? Buffer.alloc(0), kept));
    }
    return files;
  }
}

function apply(before: Buffer, steps: readonly Step[]): Buffer {
  let bytes = Buffer.from(before);
  const grow = (length: number) => {
    if (length > bytes.length) bytes = Buffer.concat([bytes, Buffer.alloc(length - bytes.length)]);
  };
  for (const one of steps)
    if (one.kind === 'write') {
      grow(one.at + one.bytes.length);
      one.bytes.copy(bytes, one.at);
    } else if (one.kind === 'truncate') {
      grow(one.length);
      bytes = bytes.subarray(0, one.length);
    }
  return bytes;
}

export function powerCuts({
  cuts,
  seed,
  seconds = 6,
}: {
  cuts: number;
  seed: number;
  seconds?: number;
}): CutReport {
  const dir = mkdtempSync(join(tmpdir(), 'kerbside-cut-'));
  try {
    const syncsOf = (steps: readonly Step[]) => steps.filter(({ kind }) => kind === 'sync').length;
    let steps = record(dir, seed, seconds);
    // A machine under load takes seconds to start a process that is traced.
    for (let more = 2; syncsOf(steps) < 100 && more <= 16; more *= 2)
      steps = record(dir, seed, seconds * more);
    const random = seeded(seed);
    const syncs = syncsOf(steps);
    const writes = steps.filter(({ kind }) => kind === 'write').length;
    if (syncs < 100) throw new Error(`only ${syncs} syncs were recorded`);
    // A place between two syncs each; the run is walked once.
    const places = Array.from({ length: cuts }, () => Math.floor(random() * steps.length)).sort(
      (a, b) => a - b,
    );
    const card = new Card();
    const acks: (Step & { kind: 'ack' })[] = [];
    const sum = { acknowledged: 0, lost: 0, doubled: 0, epochs: 0 };
    let done = 0;
    for (const place of places) {
      for (; done <= place; done++) {
        const one = steps[done];
        if (one === undefined) continue;
        card.take(one);
        if (one.kind === 'ack') acks.push(one);
      }
      const result = inspect(join(dir, 'cut'), card.cut(random), acks);
      sum.acknowledged += result.acknowledged;
      sum.lost += result.lost;
      sum.doubled += result.doubled;
      sum.epochs += result.epochs;
    }
    return { cuts, seed, writes, syncs, ...sum };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function inspect(
  dir: string,
  files: ReadonlyMap<string, Buffer>,
  acks: readonly (Step & { kind: 'ack' })[],
): Omit<CutReport, 'cuts' | 'seed' | 'writes' | 'syncs'> {
  mkdirSync(dir);
  try {
    for (const [name, bytes] of files) writeFileSync(join(dir, name), bytes);
    const epochs = open(dir) ? 1 : 0;
    using source = openLogSource(join(dir, 'log.db'));
    const values = new Map<string, unknown>();
    const seen = new Set<unknown>();
    let doubled = 0;
    for (const lane of ['telemetry', 'meter'] as const)
      for (let slice = source.read(lane, 1, 5000); slice; slice = source.read(lane, slice.last + 1, 5000))
        for (const record of slice.records) {
          if (record.kind !== 'reading') continue;
          values.set(`${lane}/${record.seq}`, record.value);
          if (seen.has(record.value)) doubled++;
          seen.add(record.value);
        }
    let acknowledged = 0;
    let lost = 0;
    for (const { lane, first, last, value } of acks)
      for (let seq = first; seq <= last; seq++) {
        acknowledged++;
        if (values.get(`${lane}/${seq}`) !== value + seq - first) lost++;
      }
    return { acknowledged, lost, doubled, epochs };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** The rebuilt file is another one than the run wrote, which would rightly begin a new epoch: tell it that it is not. */
function adopt(file: string): void {
  if (!existsSync(file)) return;
  try {
    const db = new Database(file);
    try {
      db.prepare(`UPDATE meta SET value = ? WHERE key = 'file'`).run(String(statSync(file).ino));
    } finally {
      db.close();
    }
  } catch {
    // Not made yet, or damaged: opening it will tell which.
  }
}

/** Opens and closes the log as a start does; true where it was not gone on with. */
function open(dir: string): boolean {
  const mapping: ClockMapping = { boot: 'next', mono: 0, wall: 2e12, rate: 1, rank: 'ntp', uncertaintyMs: 1 };
  const file = join(dir, 'log.db');
  adopt(file);
  const data = { dir, agent: 'agent-1', hardware: 'test:1', timezone: 'UTC', budget: 2 ** 30, maxAge: 1e13 };
  const { log, opened } = openLog({
    ...data,
    instance: 'cut',
    boot: 'next',
    now: 0,
    heedLastKnown: false,
    mapping,
  });
  log.close();
  return opened.events.some(({ event, body }) => event === 'epoch' && body.reason !== 'first-start');
}
