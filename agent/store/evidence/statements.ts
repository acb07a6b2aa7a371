/** The statements of a log, in order, each held against its key; with those that were received elsewhere. */
import type { AgentEvent } from '../../core/record.ts';
import type { Batches } from '../batches.ts';
import { decodeBatch } from '../codec/batch.ts';
import { parseStatement } from './parse.ts';
import type { Finding } from './report.ts';
import { isSigned, type Statement } from './statement.ts';

export interface Logged {
  /** By number, ascending; every one has a good signature of `key`. */
  readonly statements: readonly Statement[];
  readonly key: string | undefined;
  readonly findings: readonly Finding[];
  /** Ends of what retention has dropped, as the gap records in the log tell: `lane/last number`. */
  readonly dropped: ReadonlySet<string>;
  /** Points have changed since the last statement, as audit events tell. */
  readonly pointsChanged: boolean;
}

/** `key` (base64url): the only one that counts; undefined: the one of the first good signature. */
export function loggedStatements(
  batches: Batches,
  epoch: string,
  received: readonly Statement[],
  given: string | undefined,
): Logged {
  const findings: Finding[] = [];
  const byNumber = new Map<number, Statement>();
  const dropped = new Set<string>();
  let key = given;
  let pointsChanged = false;
  const take = (statement: Statement, seq: number | undefined) => {
    const place = seq === undefined ? 'a received statement' : `the statement in record ${seq} of lane event`;
    const at = seq === undefined ? {} : ({ lane: 'event', from: seq, to: seq } as const);
    const wrong = () => {
      if (statement.epoch !== epoch) return `is of another log (epoch ${statement.epoch})`;
      if (!isSigned(statement)) return 'has a wrong signature';
      key ??= statement.key;
      return statement.key === key ? undefined : `is signed by another key (${statement.key})`;
    };
    const why = wrong();
    if (why !== undefined) {
      findings.push({
        what: 'signature',
        ...at,
        statement: statement.number,
        message: `${place} (number ${statement.number}) ${why}`,
      });
      return;
    }
    const known = byNumber.get(statement.number);
    if (known !== undefined && known.signature !== statement.signature)
      findings.push({
        what: 'set-back',
        ...at,
        statement: statement.number,
        message: `two statements have number ${statement.number}: the log was set back and went on from there`,
      });
    else byNumber.set(statement.number, statement);
    pointsChanged = false;
  };
  for (const { event, seq } of auditEvents(batches)) {
    const { what, reason, lane, to } = event.body;
    if (event.event === 'gap' && reason === 'retention') dropped.add(`${lane}/${to}`);
    if (event.event !== 'audit') continue;
    if (what === 'point-changed') pointsChanged = true;
    if (what !== 'signature') continue;
    const statement = parseStatement(event.body);
    if (statement !== undefined) take(statement, seq);
    else
      findings.push({
        what: 'signature',
        lane: 'event',
        from: seq,
        to: seq,
        message: `the statement in record ${seq} of lane event cannot be read`,
      });
  }
  const inLog = new Set(byNumber.keys());
  for (const statement of received.filter((one) => one.epoch === epoch)) take(statement, undefined);
  const statements = [...byNumber.values()].sort((a, b) => a.number - b.number);
  findings.push(...missing(statements, inLog, batches));
  return { statements, key, findings, dropped, pointsChanged };
}

/** Statements that must be in the log and are not. */
function missing(
  statements: readonly Statement[],
  inLog: ReadonlySet<number>,
  batches: Batches,
): readonly Finding[] {
  const findings: Finding[] = [];
  const newest = statements.findLast(({ number }) => inLog.has(number));
  const tail = batches.oldest('event')?.first ?? 1;
  let before: number | undefined;
  for (const { number, heads, time } of statements) {
    // A statement stands right behind the head it tells of; retention may have taken it from the log.
    const kept = (heads.event?.[0] ?? 0) >= tail;
    if (!inLog.has(number) && kept) {
      const later = newest === undefined || number > newest.number;
      const message = later
        ? `statement ${number} of ${new Date(time).toISOString()} was received and is not in the log: the log was set back`
        : `statement ${number} is missing in the log`;
      findings.push({ what: later ? 'set-back' : 'removed', statement: number, message });
    }
    if (before !== undefined && number > before + 1)
      findings.push({
        what: 'removed',
        statement: before + 1,
        message: `statements ${before + 1} to ${number - 1} are missing in the log`,
      });
    before = number;
  }
  return findings;
}

/** Events of lane `event` with their numbers, as far as they can be read. */
function* auditEvents(batches: Batches): Generator<{ event: AgentEvent; seq: number }> {
  for (const { first, body } of batches.rows('event', 0)) {
    try {
      const { readings, events } = decodeBatch(body);
      for (const [i, event] of events.entries()) yield { event, seq: first + (readings?.count ?? 0) + i };
    } catch {
      // The chain of the lane will name it.
    }
  }
}
