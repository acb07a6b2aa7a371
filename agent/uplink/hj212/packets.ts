/** Cuts the items of a report into packets that fit, and fills in the fields before CP. */
import type { Centre } from './centre.ts';
import { type Item, itemText } from './cp.ts';
import { type Fields, type Packet, segmentLength } from './packet.ts';
import { EDITION, flagOf, LONGEST_CP, LONGEST_SEGMENT } from './version.ts';

export interface Heading {
  readonly qn: string;
  /** System code; absent: the centre's (91 for answers). */
  readonly st?: string;
  readonly cn: string;
  /** Whether an answer is wanted. */
  readonly ack: boolean;
  /** Backlog (RF=1 where the edition has it). */
  readonly again?: boolean;
  /** Answers carry no password (2017 Annex C prints it; the receiver knows its own). */
  readonly password?: string;
}

/** One packet with these items. */
export function packetOf(centre: Centre, heading: Heading, items: readonly Item[]): Packet {
  return { fields: fieldsOf(centre, heading), cp: items.map(itemText).join(';') };
}

/**
 * The packets of a report. Each begins with `lead` (DataTime), so that it stands for itself; where there are several they
 * carry PNUM and PNO. Throws `RangeError` where even the most packets of the edition do not hold it.
 */
export function packetsOf(centre: Centre, heading: Heading, lead: Item, items: readonly Item[]): Packet[] {
  const { edition } = centre.config;
  const split = fieldsOf(centre, heading, { of: 9999, no: 9999 });
  const room = Math.min(LONGEST_CP, LONGEST_SEGMENT - segmentLength({ fields: split, cp: '' }));
  const groups: Item[][] = [];
  let length = Number.POSITIVE_INFINITY;
  for (const item of items) {
    const bytes = Buffer.byteLength(itemText(item)) + 1;
    if (length + bytes > room) {
      groups.push([lead]);
      length = Buffer.byteLength(itemText(lead));
    }
    groups.at(-1)?.push(item);
    length += bytes;
  }
  if (groups.length === 0) groups.push([lead]);
  const { mostPackets } = EDITION[edition];
  if (groups.length > mostPackets)
    throw new RangeError(
      `a report of ${groups.length} packets is above the ${mostPackets} of edition ${edition}`,
    );
  return groups.map((group, i) => ({
    fields: fieldsOf(centre, heading, groups.length === 1 ? undefined : { of: groups.length, no: i + 1 }),
    cp: group.map(itemText).join(';'),
  }));
}

function fieldsOf(
  centre: Centre,
  { qn, st, cn, ack, again = false }: Heading,
  part?: { readonly of: number; readonly no: number },
): Fields {
  const { edition, st: own } = centre.config;
  const { password, mn } = centre.settings;
  return {
    QN: qn,
    ST: st ?? own,
    CN: cn,
    ...(password === undefined ? {} : { PW: password }),
    MN: mn ?? '',
    Flag: String(flagOf(edition, { split: part !== undefined, ack })),
    ...(part === undefined ? {} : { PNUM: String(part.of), PNO: String(part.no) }),
    // Never RF=0: a packet that is no backlog has no such field (2025 Table 3).
    ...(again && EDITION[edition].rf ? { RF: '1' } : {}),
  };
}
