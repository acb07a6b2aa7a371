/**
 * One lane against the statements. Each stretch between two statements is proved by itself: from the chain that the
 * first signed, over the batches there are, to the chain that the second signed. So what was done in one stretch takes
 * nothing from the others, and what was not signed yet is not proved.
 */
import type { Lane } from '../../core/point.ts';
import type { Batches, BatchRow } from '../batches.ts';
import { batchDigest, beginning, bytes64, link, text64, WITNESS_BYTES } from './digest.ts';
import type { Finding, LaneReport } from './report.ts';
import type { Statement } from './statement.ts';

export interface LaneParts {
  readonly lane: Lane;
  readonly epoch: string;
  readonly batches: Batches;
  readonly bootName: (boot: number) => string;
  readonly statements: readonly Statement[];
  /** First number of the chain that is kept, and the chain before it, as `state` has them. */
  readonly tail: number;
  readonly anchor: string | undefined;
  /** The chain at the end, as `state` has it. */
  readonly end: string | undefined;
  /** True where a gap record tells that retention dropped the lane up to this number. */
  readonly droppedTo: (seq: number) => boolean;
}

const EMPTY = new Uint8Array();

interface Item {
  readonly row: Omit<BatchRow, 'body'>;
  readonly digest: Buffer;
}

export function checkLane(parts: LaneParts): { report: LaneReport; findings: readonly Finding[] } {
  const { lane, batches, statements, bootName, epoch } = parts;
  const findings: Finding[] = [];
  const rows = batches.rows(lane, 0);
  let next = rows.next();
  const first = next.done === true ? 0 : next.value.first;
  let last = 0;
  /** Batches that begin at or before `to`. */
  const take = (to: number): Item[] => {
    const items: Item[] = [];
    for (; next.done !== true && next.value.first <= to; next = rows.next()) {
      const { body: _, ...row } = next.value;
      items.push({ row, digest: batchDigest(bootName(row.boot), next.value) });
      last = row.first + row.count - 1;
    }
    return items;
  };
  const start = beginningOf(parts, findings);
  take(start.tail - 1);
  if (last >= start.tail) findings.push(inserted(lane, start.tail, last, undefined));
  let hash = start.anchor;
  let at = start.tail - 1;
  let proved = 0;
  let before: Statement | undefined;
  for (const statement of statements) {
    const head = statement.heads[lane];
    if (head === undefined || head[0] < start.tail) {
      before = statement;
      continue;
    }
    const [to, signed] = head;
    if (to < at) {
      findings.push({
        what: 'signature',
        lane,
        statement: statement.number,
        message: `statement ${statement.number} says that lane ${lane} ended at ${to}, after it had ended at ${at}`,
      });
      continue;
    }
    const items = take(to);
    for (const { digest } of items) hash = link(hash, digest);
    if (text64(hash) === signed && whole(items, at, to)) proved += to - at;
    else findings.push(culprit({ lane, items, at, to, statement, before }));
    hash = bytes64(signed);
    at = to;
    before = statement;
  }
  // What no statement covers: only an edit that left the stored end as it was shows.
  const rest = take(Number.MAX_SAFE_INTEGER);
  for (const { digest } of rest) hash = link(hash, digest);
  const stored = parts.end ?? text64(beginning(epoch, lane));
  if (findings.length === 0 && text64(hash) !== stored && last > at)
    findings.push({
      what: 'altered',
      lane,
      from: at + 1,
      to: last,
      message: `records ${at + 1} to ${last} of lane ${lane}, not signed yet, do not fit the end of the chain`,
    });
  const unproved = last > at ? { unprovedFrom: at + 1 } : {};
  return { report: { first, last, chainFrom: start.tail, proved, ...unproved }, findings };
}

/** Where the chain begins: as the last statement has it, or later where retention tells so. */
function beginningOf(parts: LaneParts, findings: Finding[]): { tail: number; anchor: Buffer } {
  const { lane, epoch, statements, tail, anchor, droppedTo } = parts;
  const origin = text64(beginning(epoch, lane));
  const newest = statements.at(-1);
  const [signedTail, signedAnchor] = newest?.tails[lane] ?? [1, origin];
  const stored = { tail, anchor: bytes64(anchor ?? origin) };
  if (newest === undefined) return stored;
  const signed = { tail: signedTail, anchor: bytes64(signedAnchor) };
  if (tail > signedTail && droppedTo(tail - 1)) return stored;
  if (tail !== signedTail || (anchor ?? origin) !== signedAnchor)
    findings.push({
      what: tail > signedTail ? 'removed' : 'altered',
      lane,
      from: Math.min(tail, signedTail),
      to: Math.max(tail, signedTail) - 1,
      statement: newest.number,
      message: `lane ${lane} is said to begin at ${tail}; it was signed to begin at ${signedTail}`,
    });
  return signed;
}

/** Numbers `at` + 1 … `to` without a hole, ending where they should. */
function whole(items: readonly Item[], at: number, to: number): boolean {
  let expected = at + 1;
  for (const { row } of items) {
    if (row.first !== expected) return false;
    expected += row.count;
  }
  return expected === to + 1;
}

function inserted(lane: Lane, from: number, to: number, statement: number | undefined): Finding {
  const message = `put in, for it overlaps others: ${range(lane, { from, to })}`;
  return { what: 'inserted', lane, from, to, ...(statement === undefined ? {} : { statement }), message };
}

/**
 * Place of the first batch in a list that begins elsewhere: the statement before is missing, or retention has taken a
 * part of the stretch. Negative where the list begins behind it.
 */
function alignment(items: readonly Item[], listed: Buffer): number {
  const first = items[0]?.digest.subarray(0, WITNESS_BYTES);
  const count = Math.floor(listed.length / WITNESS_BYTES);
  for (let i = 0; first !== undefined && i < count; i++)
    if (first.equals(listed.subarray(i * WITNESS_BYTES, (i + 1) * WITNESS_BYTES))) return i;
  return count - items.length;
}

/** Records `at` + 1 … `to` and the statements around them. */
interface Stretch {
  readonly lane: Lane;
  readonly items: readonly Item[];
  readonly at: number;
  readonly to: number;
  readonly statement: Statement;
  readonly before: Statement | undefined;
}

/** The first batch of a stretch that is not what was signed, told by its numbers or by the statement's witnesses. */
function culprit({ lane, items, at, to, statement, before }: Stretch): Finding {
  const { number, witnesses } = statement;
  const listed = bytes64(witnesses[lane] ?? '');
  // The list begins behind the statement before.
  const skip = number === (before?.number ?? 0) + 1 ? 0 : alignment(items, listed);
  const about = { lane, statement: number };
  let expected = at + 1;
  for (const [i, { row, digest }] of items.entries()) {
    const end = row.first + row.count - 1;
    const place = { from: row.first, to: end };
    const listAt = Math.max(0, (skip + i) * WITNESS_BYTES);
    const wanted = skip + i < 0 ? EMPTY : listed.subarray(listAt, listAt + WITNESS_BYTES);
    if (row.first > expected) {
      const gone = { from: expected, to: row.first - 1 };
      return { what: 'removed', ...about, ...gone, message: `missing: ${range(lane, gone)}` };
    }
    if (row.first < expected) return inserted(lane, row.first, end, number);
    if (wanted.length > 0 && Buffer.compare(wanted, digest.subarray(0, WITNESS_BYTES)) !== 0)
      return {
        what: 'altered',
        ...about,
        ...place,
        message: `altered, exchanged or moved, by statement ${number}: ${range(lane, place)}`,
      };
    expected = end + 1;
  }
  if (expected <= to) {
    const gone = { from: expected, to };
    return { what: 'removed', ...about, ...gone, message: `missing: ${range(lane, gone)}` };
  }
  const place = { from: at + 1, to };
  return {
    what: 'altered',
    ...about,
    ...place,
    message: `does not lead to the chain that statement ${number} signed: ${range(lane, place)}`,
  };
}

function range(lane: Lane, { from, to }: { from: number; to: number }): string {
  return from === to ? `record ${from} of lane ${lane}` : `records ${from} to ${to} of lane ${lane}`;
}
