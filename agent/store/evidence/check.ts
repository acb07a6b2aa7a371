/** Holds a log to its signatures: finds what was altered, removed or put in, and says from where on nothing is proved. */
import { AgentError } from '../../core/errors.ts';
import { LANES, type Lane } from '../../core/point.ts';
import { Batches, byLane } from '../batches.ts';
import { ClockTable } from '../clock-table.ts';
import { versionOf } from '../schema.ts';
import { type Db, openForReading, storeError } from '../sqlite.ts';
import { State } from '../state.ts';
import { text64 } from './digest.ts';
import { checkLane } from './lane-check.ts';
import type { EvidenceReport, Finding, LaneReport } from './report.ts';
import type { Statement } from './statement.ts';
import { type Logged, loggedStatements } from './statements.ts';
import { factsDigest, TableChain } from './tables.ts';

export interface CheckOptions {
  /** The public key of the device, base64url, known from elsewhere than the log. */
  readonly key?: string;
  /** Statements that were received, for the log may have been set back. Signatures are checked here. */
  readonly received?: readonly Statement[];
}

/** Schema from which on a log holds evidence. */
const SINCE = 2;

/**
 * Checks the log in `file`, which nobody has to trust. Throws `AgentError`: `store-failed` where it cannot be opened, is
 * of a newer agent, or of an older one that signed nothing; `store-damaged` where it cannot be read at all.
 */
export function checkEvidence(file: string, { key, received = [] }: CheckOptions = {}): EvidenceReport {
  let db: Db | undefined;
  try {
    db = openForReading(file);
    const open = db;
    if (versionOf(open) < SINCE)
      throw new AgentError('store-failed', `check of ${file} failed: its agent signed nothing yet`, {
        fix: 'Start the present agent once; what it writes from then on is signed.',
      });
    // One snapshot: the agent may run meanwhile.
    return open.transaction(() => check(open, file, key, received))();
  } catch (thrown) {
    throw storeError(thrown, `check of ${file}`);
  } finally {
    db?.close();
  }
}

function check(db: Db, file: string, given: string | undefined, received: readonly Statement[]) {
  const meta = (name: string) =>
    db.prepare<[string], { value: string }>('SELECT value FROM meta WHERE key = ?').get(name)?.value ?? '';
  const [epoch, agent] = [meta('epoch'), meta('agent')];
  const batches = new Batches(db);
  const clock = new ClockTable(db);
  const state = new State(db);
  const logged = loggedStatements(batches, epoch, received, given);
  const { statements, key } = logged;
  const findings: Finding[] = [...logged.findings, ...checkTables(db, epoch, logged)];
  const lanes = byLane((lane): LaneReport => {
    const [tail, anchor] = anchorOf(state, lane);
    const { report, findings: found } = checkLane({
      lane,
      epoch,
      batches,
      bootName: (boot) => clock.bootName(boot),
      statements,
      tail,
      anchor,
      end: textOf(state.get(`chain/${lane}`)),
      droppedTo: (seq) => logged.dropped.has(`${lane}/${seq}`),
    });
    findings.push(...found);
    return report;
  });
  const order = (finding: Finding) => finding.statement ?? Number.MAX_SAFE_INTEGER;
  findings.sort((a, b) => order(a) - order(b) || laneOrder(a) - laneOrder(b));
  const newest = statements.at(-1);
  const report: EvidenceReport = {
    file,
    agent,
    epoch,
    ...(key === undefined ? {} : { key }),
    keyGiven: given !== undefined,
    statements: statements.length,
    ...(newest === undefined ? {} : { signedUntil: newest.time }),
    received: received.filter((one) => one.epoch === epoch).length,
    lanes,
    findings,
  };
  return report;
}

/** Readings before the statements about them. */
function laneOrder({ lane }: Finding): number {
  return lane === undefined ? LANES.length : LANES.length - LANES.indexOf(lane);
}

function textOf(stored: unknown): string | undefined {
  return typeof stored === 'string' ? stored : undefined;
}

function anchorOf(state: State, lane: Lane): readonly [tail: number, anchor: string | undefined] {
  const stored = state.get(`anchor/${lane}`);
  const [tail, anchor] = Array.isArray(stored) ? (stored as unknown[]) : [];
  return [typeof tail === 'number' ? tail : 1, textOf(anchor)];
}

function checkTables(db: Db, epoch: string, { statements, pointsChanged }: Logged): Finding[] {
  const findings: Finding[] = [];
  for (const [table, holds] of [
    ['points', 'what devices, points, units and decimals mean'],
    ['clock', 'the true times of records'],
  ] as const) {
    const chain = new TableChain(db, epoch, table);
    for (const statement of statements) {
      const [rows, hash] = statement[table];
      const before = chain.count;
      chain.grow(rows);
      if (text64(chain.hash) === hash) continue;
      const message = `the table of ${table} (${holds}) is not what statement ${statement.number} signed: rows ${before + 1} to ${rows}`;
      findings.push({ what: table, statement: statement.number, message });
      // Every later statement builds on it.
      break;
    }
  }
  const newest = statements.at(-1);
  if (newest !== undefined && !pointsChanged && rowsOf(db) === newest.points[0]) {
    if (text64(factsDigest(db)) !== newest.points[2])
      findings.push({
        what: 'points',
        statement: newest.number,
        message: `ranges, aggregation or scale of points are not what statement ${newest.number} signed`,
      });
  }
  return findings;
}

function rowsOf(db: Db): number {
  return Number(db.prepare('SELECT count(*) FROM points').pluck().get());
}
