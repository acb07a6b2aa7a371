/** The report as a person reads it. */
import type { LaneReport } from './lane-ledger.ts';
import type { Report } from './ledger.ts';
import type { Span } from './numbers.ts';

const MOST_RANGES = 5;

export function reportText(report: Report, interruptions: number): string {
  const lines: string[] = [];
  for (const { agent, epoch, chain, previous } of report.epochs) {
    const before = {
      first: 'the first of its log',
      chained: `follows ${previous}`,
      unheard: `follows ${previous}, which was not heard here`,
      silent: 'does not say here what came before',
    }[chain];
    lines.push(`agent ${agent}, epoch ${epoch}: ${before}`);
    for (const lane of report.lanes) {
      if (lane.agent === agent && lane.epoch === epoch) lines.push(`  ${laneText(lane)}`);
    }
  }
  for (const [reason, count] of Object.entries(report.gaps)) lines.push(`gap records of ${reason}: ${count}`);
  if (report.replaced > 0)
    lines.push(
      `${report.replaced} records or batches of a unit that was replaced, sent after its successor had begun`,
    );
  for (const { agent, epochs } of report.clones)
    lines.push(
      `agent ${agent}: more than one machine sends under this id (epochs ${epochs.join(', ')} in turn); give each an id of its own`,
    );
  for (const why of report.brokenBecause) lines.push(`broken message: ${why}`);
  if (interruptions > 0) {
    lines.push(`this receiver lost its own link ${interruptions} times: what lacks may have come meanwhile`);
  }
  const { messages, records, resent, missing, awaited, conflicts, outOfOrder, broken } = report;
  lines.push(
    `${records} records in ${messages} messages, ${resent} sent again, ${missing} missing, ${awaited} awaited, ` +
      `${conflicts} doubled with another content, ${outOfOrder} out of order, ${broken} broken messages`,
    verdict(report),
  );
  return `${lines.join('\n')}\n`;
}

function verdict({ records, balanced, broken }: Report): string {
  if (records === 0 && broken === 0) return 'Nothing was received: there is nothing to prove.';
  return balanced ? 'The ledger balances.' : 'The ledger does not balance.';
}

function laneText(lane: LaneReport): string {
  const parts = [`${lane.lane}: ${lane.from}–${lane.to}`, `${lane.received} received`];
  if (lane.resent > 0)
    parts.push(`${lane.resent} sent again${lane.retimed > 0 ? ` (${lane.retimed} with a better time)` : ''}`);
  for (const [reason, count] of Object.entries(lane.explained)) parts.push(`${count} explained (${reason})`);
  if (lane.awaited > 0) parts.push(`${lane.awaited} awaited ${rangesText(lane.awaitedRanges)}`);
  if (lane.missing > 0) parts.push(`${lane.missing} MISSING ${rangesText(lane.missingRanges)}`);
  if (lane.conflicts > 0) parts.push(`${lane.conflicts} CONFLICTS`);
  if (lane.late > 0) parts.push(`${lane.late} late (the broker delivered them again)`);
  if (lane.outOfOrder > 0) parts.push(`${lane.outOfOrder} OUT OF ORDER`);
  return parts.join(', ');
}

function rangesText(ranges: readonly Span[]): string {
  const shown = ranges.slice(0, MOST_RANGES).map(([from, to]) => (from === to ? `${from}` : `${from}–${to}`));
  const more = ranges.length > MOST_RANGES ? `, and ${ranges.length - MOST_RANGES} more` : '';
  return `(${shown.join(', ')}${more})`;
}
