/**
 * Readings of a batch, column by column (codec version 1). All counts and integers are varints.
 *
 *   time     base (0.1 ms, signed), then runs of (difference to the one before, how many)
 *   point    runs of (difference to the one before, how many)
 *   quality  runs of (code, how many)
 *   tag      runs of (how the value is written, how many)
 *   values   scaled integers as the difference to the last value of the same point and decimals in this batch
 *
 * Times are kept to 0.1 ms: finer than any line can tell, and one varint less than microseconds.
 */
import { type Columns, ENTRY_BYTES, KIND, over, qualityOf } from '../columns.ts';
import { type ByteReader, type ByteWriter, damaged, MAX_SIGNED, unzigzag, zigzag } from './bytes.ts';
import { POWERS, scaled, TAG, tagOf } from './number.ts';

/** More never stands in one batch; a longer commit is cut. */
export const MAX_RECORDS = 4096;
/** Ticks of time per ms. */
const TICKS = 10;

/** Decimals of a point (0…15), negative where it has none. */
export type DecimalsOf = (point: number) => number;

/** A run of 1…7 is told in the low three bits of its value, a longer one in a varint after it. */
const SHORT = 8;

function writeRuns(writer: ByteWriter, count: number, values: Float64Array, signed: boolean): void {
  for (let i = 0; i < count; ) {
    const value = values[i] ?? 0;
    let end = i + 1;
    while (end < count && values[end] === value) end++;
    const run = end - i;
    const unsigned = signed ? zigzag(value) : value;
    writer.varint(unsigned * SHORT + Math.min(run, SHORT) - 1);
    if (run >= SHORT) writer.varint(run - SHORT);
    i = end;
  }
}

function readRuns(
  reader: ByteReader,
  count: number,
  signed: boolean,
  put: (i: number, value: number) => void,
) {
  for (let i = 0; i < count; ) {
    const packed = reader.varint();
    const low = packed % SHORT;
    const unsigned = (packed - low) / SHORT;
    const run = low === SHORT - 1 ? SHORT + reader.varint() : low + 1;
    if (run > count - i) throw damaged(`run of ${run} where ${count - i} are left`);
    const value = signed ? unzigzag(unsigned) : unsigned;
    for (const end = i + run; i < end; i++) put(i, value);
  }
}

const scratch = new Float64Array(MAX_RECORDS);
const tags = new Float64Array(MAX_RECORDS);

export function writeReadings(writer: ByteWriter, columns: Columns, decimalsOf: DecimalsOf): void {
  const { count, time, point, code, kind, value } = columns;
  let before = Math.round((time[0] ?? 0) * TICKS);
  writer.signed(before);
  for (let i = 0; i < count; i++) {
    const ticks = Math.round((time[i] ?? 0) * TICKS);
    scratch[i] = ticks - before;
    before = ticks;
  }
  writeRuns(writer, count, scratch, true);
  before = 0;
  for (let i = 0; i < count; i++) {
    const id = point[i] ?? 0;
    scratch[i] = id - before;
    before = id;
  }
  writeRuns(writer, count, scratch, true);
  for (let i = 0; i < count; i++) scratch[i] = code[i] ?? 0;
  writeRuns(writer, count, scratch, false);

  const last = new Map<number, number>();
  for (let i = 0; i < count; i++) tags[i] = tagAt(columns, i, last, decimalsOf);
  writeRuns(writer, count, tags, false);
  last.clear();
  for (let i = 0; i < count; i++) {
    const tag = tags[i] ?? 0;
    const id = point[i] ?? 0;
    if (tag <= 15) {
      const now = scaled(value[i] ?? 0, tag);
      const key = id * 16 + tag;
      writer.signed(now - (last.get(key) ?? 0));
      last.set(key, now);
    } else if (tag === TAG.float32) writer.float32(value[i] ?? 0);
    else if (tag === TAG.float64) writer.float64(value[i] ?? 0);
    else if (kind[i] === KIND.text && tag !== TAG.same) writer.text(columns.texts[value[i] ?? -1] ?? '');
  }
}

/** `last`: entry of the last text or float of each point, for `same`. */
function tagAt(columns: Columns, i: number, last: Map<number, number>, decimalsOf: DecimalsOf): number {
  const { kind, value, point, texts } = columns;
  switch (kind[i]) {
    case KIND.none:
      return TAG.none;
    case KIND.false:
      return TAG.false;
    case KIND.true:
      return TAG.true;
  }
  const id = point[i] ?? 0;
  const number = value[i] ?? 0;
  const tag = kind[i] === KIND.text ? TAG.text : tagOf(number, decimalsOf(id));
  if (tag <= 15) return tag;
  const j = last.get(id);
  last.set(id, i);
  if (j === undefined || kind[j] !== kind[i]) return tag;
  const same =
    tag === TAG.text ? texts[number] === texts[value[j] ?? -1] : Object.is(number, value[j] ?? Number.NaN);
  return same ? TAG.same : tag;
}

export function readReadings(reader: ByteReader, count: number): Columns {
  const texts: string[] = [];
  const columns = over(new ArrayBuffer(count * ENTRY_BYTES), count, texts);
  const { time, point, code, kind, value } = columns;
  let before = reader.signed();
  readRuns(reader, count, true, (i, step) => {
    before += step;
    time[i] = before / TICKS;
  });
  before = 0;
  readRuns(reader, count, true, (i, step) => {
    before += step;
    if (before < 0 || before > 0x7fffffff) throw damaged(`no point has number ${before}`);
    point[i] = before;
  });
  readRuns(reader, count, false, (i, quality) => {
    if (quality > 255 || qualityOf(quality) === undefined) throw damaged(`no quality has code ${quality}`);
    code[i] = quality;
  });
  // Tags stand in `kind` until the values are read.
  readRuns(reader, count, false, (i, tag) => {
    if (tag > TAG.same) throw damaged(`no value has tag ${tag}`);
    kind[i] = tag;
  });
  const scaledBefore = new Map<number, number>();
  const last = new Map<number, number>();
  for (let i = 0; i < count; i++) {
    const tag = kind[i] ?? 0;
    const id = point[i] ?? 0;
    if (tag <= 15) {
      const key = id * 16 + tag;
      const now = (scaledBefore.get(key) ?? 0) + reader.signed();
      if (now > MAX_SIGNED || now < -MAX_SIGNED) throw damaged(`value of ${now} is too large`);
      scaledBefore.set(key, now);
      kind[i] = KIND.number;
      value[i] = now / (POWERS[tag] ?? 1);
    } else readOther(reader, columns, texts, i, tag, last);
    if ((kind[i] === KIND.none) !== ((code[i] ?? 0) % 4 === 2)) throw damaged('a value without quality');
  }
  return columns;
}

function readOther(
  reader: ByteReader,
  { kind, value, point }: Columns,
  texts: string[],
  i: number,
  tag: number,
  last: Map<number, number>,
): void {
  const id = point[i] ?? 0;
  switch (tag) {
    case TAG.none:
      kind[i] = KIND.none;
      return;
    case TAG.false:
    case TAG.true:
      kind[i] = tag === TAG.true ? KIND.true : KIND.false;
      return;
    case TAG.same: {
      const j = last.get(id);
      if (j === undefined) throw damaged(`no value before to repeat (point ${id})`);
      kind[i] = kind[j] ?? 0;
      value[i] = value[j] ?? 0;
      return;
    }
    case TAG.text:
      kind[i] = KIND.text;
      value[i] = texts.push(reader.text()) - 1;
      last.set(id, i);
      return;
  }
  const number = tag === TAG.float32 ? reader.float32() : reader.float64();
  if (!Number.isFinite(number)) throw damaged('a value that is no number');
  kind[i] = KIND.number;
  value[i] = number;
  last.set(id, i);
}
