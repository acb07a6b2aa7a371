/**
 * A rollup row: one bucket of all points. Version (1 byte), then per point its number (difference to the one before),
 * the length of its entry and the entry; CRC-32 last. A reader of one point skips the others by their length.
 */
import { crc32 } from 'node:zlib';
import type { Aggregation } from '../../core/point.ts';
import { ByteReader, ByteWriter, damaged, MAX_SIGNED } from '../codec/bytes.ts';
import { POWERS, readNumber, scaled, writeNumber } from '../codec/number.ts';
import { type Accumulator, emptyAccumulator } from './accumulator.ts';
import { emptyLevels, readLevels, writeLevels } from './levels.ts';

/** 2 has marks and levels; 1 had neither. */
const VERSION = 2;
const MAX_POINTS = 100_000;

/** Append only, as everything that a codec has written. */
const KIND_CODES = {
  mean: 0,
  sum: 1,
  counter: 2,
  leq: 3,
  vector: 4,
  weighted: 5,
  state: 6,
  last: 7,
} as const satisfies Record<Aggregation, number>;
const KINDS = Object.keys(KIND_CODES) as Aggregation[];

const row = new ByteWriter();
const entry = new ByteWriter();

/** `start`: of the bucket, Unix epoch ms. */
export function encodeRow(start: number, accumulators: ReadonlyMap<number, Accumulator>): Uint8Array {
  row.reset();
  row.byte(VERSION);
  row.varint(accumulators.size);
  let before = 0;
  for (const id of [...accumulators.keys()].sort((a, b) => a - b)) {
    const acc = accumulators.get(id);
    if (acc === undefined) continue;
    row.varint(id - before);
    before = id;
    entry.reset();
    writeEntry(entry, start, acc);
    row.varint(entry.length);
    row.raw(entry.view());
  }
  row.uint32(crc32(row.view()));
  return row.take();
}

/** Bits of an entry's first byte over its kind (3 bits): what follows, and what is not worth a byte of its own. */
const REVISED = 8;
const HAS_BAD = 16;
const AS_EXPECTED = 32;
/** From version 2 on. */
const HAS_MARKED = 64;
/** Times of first and last values are kept in steps of this, ms. */
const TICK = 10;
/** Stands for "no decimals". */
const FLOATS = 255;

/** Only counters and states need to know their first value. */
function needsFirst(kind: Aggregation): boolean {
  return kind === 'counter' || kind === 'state';
}

function writeEntry(writer: ByteWriter, start: number, acc: Accumulator): void {
  const { kind, revision, expected, bad, marked, count } = acc;
  const asExpected = expected === count + bad + marked;
  const flags =
    (revision > 0 ? REVISED : 0) |
    (bad > 0 ? HAS_BAD : 0) |
    (asExpected ? AS_EXPECTED : 0) |
    (marked > 0 ? HAS_MARKED : 0);
  writer.byte(KIND_CODES[kind] | flags);
  writer.varint(count);
  if (revision > 0) writer.varint(revision);
  if (bad > 0) writer.varint(bad);
  if (marked > 0) writer.varint(marked);
  if (!asExpected) writer.varint(expected);
  if (count === 0) return;
  if (needsFirst(kind)) writer.varint(ticksOf(acc.firstTime - start));
  writer.varint(ticksOf(acc.lastTime - start));
  const power = POWERS[acc.decimals];
  const reach = Math.max(Math.abs(acc.min), Math.abs(acc.max)) * (power ?? 0);
  const exact = power !== undefined && reach * Math.max(1, count) < MAX_SIGNED / 2;
  writer.byte(exact ? acc.decimals : FLOATS);
  if (exact) {
    const min = scaled(acc.min, acc.decimals);
    writer.signed(min);
    writer.varint(scaled(acc.max, acc.decimals) - min);
    writer.varint(scaled(acc.last, acc.decimals) - min);
    if (needsFirst(kind)) writer.varint(scaled(acc.first, acc.decimals) - min);
  } else {
    for (const value of [acc.min, acc.max, acc.last]) writeNumber(writer, value, -1);
    if (needsFirst(kind)) writeNumber(writer, acc.first, -1);
  }
  writeKind(writer, acc, exact ? acc.decimals : undefined);
}

function ticksOf(ms: number): number {
  return Math.max(0, Math.round(ms / TICK));
}

/**
 * A sum of values with d decimals has d decimals: it is written as the integer it is, without what floating point
 * added to it.
 */
function writeSum(writer: ByteWriter, sum: number, decimals: number | undefined): void {
  if (decimals === undefined) writer.float64(sum);
  else writer.signed(scaled(sum, decimals));
}

function readSum(reader: ByteReader, decimals: number): number {
  const power = POWERS[decimals];
  return power === undefined ? reader.float64() : reader.signed() / power;
}

function writeKind(writer: ByteWriter, acc: Accumulator, decimals: number | undefined): void {
  switch (acc.kind) {
    case 'mean':
    case 'sum':
      writeSum(writer, acc.sum, decimals);
      return;
    case 'counter':
      writeSum(writer, acc.steps, decimals);
      writer.varint(acc.resets);
      return;
    case 'leq':
      writer.float64(acc.sum);
      writeLevels(writer, acc.levels ?? emptyLevels());
      return;
    case 'vector':
      writer.float64(acc.x);
      writer.float64(acc.y);
      writer.float64(acc.weight);
      return;
    case 'weighted':
      writer.float64(acc.sum);
      writer.float64(acc.weight);
      return;
    case 'state':
      writer.text(acc.firstState);
      writer.text(acc.lastState);
      writer.varint(acc.durations?.size ?? 0);
      for (const [state, ms] of acc.durations ?? []) {
        writer.text(state);
        writer.varint(Math.round(ms));
      }
      return;
    case 'last':
      return;
  }
}

/** Throws `AgentError` `store-damaged`. With `only`, nothing but that point, or those. */
export function decodeRow(
  start: number,
  body: Uint8Array,
  only?: number | ReadonlySet<number>,
): Map<number, Accumulator> {
  if (body.length < 6) throw damaged('a rollup row is too short');
  const end = body.length - 4;
  if (new ByteReader(body, end).uint32() !== crc32(body.subarray(0, end)))
    throw damaged('the CRC-32 of a rollup row is wrong');
  const reader = new ByteReader(body, 0, end);
  const version = reader.byte();
  if (version < 1 || version > VERSION) throw damaged(`rollup version ${version} is unknown`);
  const accumulators = new Map<number, Accumulator>();
  const count = reader.count(MAX_POINTS, 'points');
  for (let i = 0, id = 0; i < count; i++) {
    id += reader.varint();
    const length = reader.varint();
    const wanted = only === undefined || (typeof only === 'number' ? id === only : only.has(id));
    if (!wanted) reader.skip(length);
    else accumulators.set(id, readEntry(reader, start, version));
  }
  return accumulators;
}

function readEntry(reader: ByteReader, start: number, version: number): Accumulator {
  const head = reader.byte();
  const kind = KINDS[head & 7];
  if (kind === undefined || head > (version === 1 ? 63 : 127)) throw damaged('a rollup of unknown kind');
  const acc = emptyAccumulator(kind);
  acc.count = reader.varint();
  if ((head & REVISED) !== 0) acc.revision = reader.varint();
  if ((head & HAS_BAD) !== 0) acc.bad = reader.varint();
  if ((head & HAS_MARKED) !== 0) acc.marked = reader.varint();
  acc.expected = (head & AS_EXPECTED) === 0 ? reader.varint() : acc.count + acc.bad + acc.marked;
  if (acc.count === 0) return acc;
  const first = needsFirst(kind);
  if (first) acc.firstTime = start + reader.varint() * TICK;
  acc.lastTime = start + reader.varint() * TICK;
  if (!first) acc.firstTime = acc.lastTime;
  const decimals = reader.byte();
  const power = POWERS[decimals];
  if (power !== undefined) {
    const min = reader.signed();
    acc.decimals = decimals;
    acc.min = min / power;
    acc.max = (min + reader.varint()) / power;
    acc.last = (min + reader.varint()) / power;
    acc.first = first ? (min + reader.varint()) / power : acc.last;
  } else {
    acc.decimals = -1;
    acc.min = readNumber(reader);
    acc.max = readNumber(reader);
    acc.last = readNumber(reader);
    acc.first = first ? readNumber(reader) : acc.last;
  }
  readKind(reader, acc, version);
  return acc;
}

function readKind(reader: ByteReader, acc: Accumulator, version: number): void {
  switch (acc.kind) {
    case 'mean':
    case 'sum':
      acc.sum = readSum(reader, acc.decimals);
      return;
    case 'counter':
      acc.steps = readSum(reader, acc.decimals);
      acc.resets = reader.varint();
      return;
    case 'leq':
      acc.sum = reader.float64();
      if (version > 1) acc.levels = readLevels(reader);
      return;
    case 'vector':
      acc.x = reader.float64();
      acc.y = reader.float64();
      acc.weight = reader.float64();
      return;
    case 'weighted':
      acc.sum = reader.float64();
      acc.weight = reader.float64();
      return;
    case 'state':
      acc.firstState = reader.text();
      acc.lastState = reader.text();
      for (let left = reader.count(10_000, 'states'); left > 0; left--) {
        const state = reader.text();
        acc.durations?.set(state, reader.varint());
      }
      return;
    case 'last':
      return;
  }
}
