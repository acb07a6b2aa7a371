/**
 * Evidence of a stretch of time that stands alone: statements, batches, records, points and clock, as one JSON. Batches
 * outside of the stretch but inside its signatures are given by their digests, so that the chain can be followed without
 * showing what nobody asked for.
 */
import { AgentError } from '../../core/errors.ts';
import { LANES, type Lane } from '../../core/point.ts';
import type { LoggedRecord } from '../../core/record.ts';
import { Batches, type BatchRow } from '../batches.ts';
import { ClockTable } from '../clock-table.ts';
import { LogReader } from '../reader.ts';
import { type Db, openForReading, storeError } from '../sqlite.ts';
import { batchDigest, beginning, DOMAIN, text64 } from './digest.ts';
import type { Statement } from './statement.ts';
import { loggedStatements } from './statements.ts';
import { type ClockRow, clockRows, type PointRow, pointRows } from './tables.ts';

/** A reading may wait so long for its commit, ms: the statement after the stretch must be later by that. */
const COMMITTED = 60_000;

export interface EvidenceBatch {
  readonly first: number;
  readonly count: number;
  readonly mono_min: number;
  readonly mono_max: number;
  readonly boot: string;
  /** Base64; absent where the batch lies outside of the stretch. */
  readonly body?: string;
  /** What the body says, with true times by the clock table; for people and programs, the body is what is signed. */
  readonly records?: readonly LoggedRecord[];
  /** Base64url; of a batch without its body. */
  readonly digest?: string;
}

export interface Evidence {
  readonly format: typeof DOMAIN;
  readonly agent: string;
  readonly epoch: string;
  /** Of the stretch, Unix epoch ms. */
  readonly from: number;
  readonly to: number;
  /** Public key of the device (Ed25519), base64url. Compare it with one from elsewhere. */
  readonly key: string;
  /** The statement before the stretch (unless it begins with the log), those in it, and the one after it. */
  readonly statements: readonly Statement[];
  readonly lanes: Partial<Record<Lane, EvidenceLane>>;
  readonly points: readonly PointRow[];
  readonly clock: readonly ClockRow[];
}

export interface EvidenceLane {
  /** The chain before the first batch, base64url, and the number it stands behind. */
  readonly after: number;
  readonly hash: string;
  readonly batches: readonly EvidenceBatch[];
}

/**
 * Evidence for `from` ≤ time < `to` (Unix epoch ms) from the log in `file`. Throws `AgentError` where the log cannot be
 * read, or where nothing of the stretch is signed. Does not judge: check what it gives.
 */
export function exportEvidence(file: string, from: number, to: number): Evidence {
  let db: Db | undefined;
  try {
    db = openForReading(file);
    const open = db;
    return open.transaction(() => evidence(open, file, from, to))();
  } catch (thrown) {
    throw storeError(thrown, `export from ${file}`);
  } finally {
    db?.close();
  }
}

function evidence(db: Db, file: string, from: number, to: number): Evidence {
  const reader = new LogReader(db, file);
  const { epoch } = reader;
  const batches = new Batches(db);
  const clock = new ClockTable(db);
  const { statements: all, key } = loggedStatements(batches, epoch, [], undefined);
  const before = all.findLast(({ time }) => time <= from);
  const after = all.find(({ time }) => time >= to + COMMITTED) ?? all.at(-1);
  if (key === undefined || after === undefined || after === before)
    throw new AgentError('not-found', `export from ${file} failed: nothing in that time is signed`);
  const statements = all.filter(({ number }) => number >= (before?.number ?? 0) && number <= after.number);
  const batchOf = (lane: Lane, row: BatchRow): EvidenceBatch => {
    const { body, boot: id, first, count, mono_min, mono_max } = row;
    const boot = clock.bootName(id);
    const head = { first, count, mono_min, mono_max, boot };
    const [begin, end] = [clock.wall(id, mono_min).time, clock.wall(id, mono_max).time];
    if (end < from || begin >= to) return { ...head, digest: text64(batchDigest(boot, row)) };
    const records = reader.read(lane, first, count)?.records ?? [];
    return { ...head, body: Buffer.from(body).toString('base64'), records };
  };
  const lanes: Partial<Record<Lane, EvidenceLane>> = {};
  for (const lane of LANES) {
    const last = after.heads[lane]?.[0] ?? 0;
    const start = before?.heads[lane] ?? startOf(after, lane, epoch);
    const rows = [...batches.rows(lane, start[0] + 1, last)];
    if (rows.length === 0) continue;
    lanes[lane] = { after: start[0], hash: start[1], batches: rows.map((row) => batchOf(lane, row)) };
  }
  const { agent } = after;
  return {
    format: DOMAIN,
    agent,
    epoch,
    from,
    to,
    key,
    statements,
    lanes,
    points: pointRows(db).slice(0, after.points[0]),
    clock: clockRows(db).slice(0, after.clock[0]),
  };
}

/** Where a lane begins by the statement itself. */
function startOf({ tails }: Statement, lane: Lane, epoch: string): readonly [number, string] {
  const tail = tails[lane];
  return tail === undefined ? [0, text64(beginning(epoch, lane))] : [tail[0] - 1, tail[1]];
}
