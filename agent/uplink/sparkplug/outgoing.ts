/** Cuts a message of the pump into payloads: one for each device, one for the node, in the order they leave. */
import type { LoggedReading } from '../../core/record.ts';
import type { Message } from '../../core/uplink.ts';
import {
  eventMetric,
  inOrder,
  isUnreached,
  ledgerMetric,
  type Naming,
  nodeName,
  readingMetric,
  unreachedMetric,
  withBooks,
} from './metrics.ts';
import { encodeMetrics, type WrittenMetric } from './payload.ts';
import { NODE, type Roster } from './roster.ts';

/** One payload without its number. */
export interface Packet {
  /** Absent: of the node. */
  readonly device?: string;
  /** Encoded. */
  readonly metrics: Uint8Array;
}

export interface Plan {
  /** Of the roster it was made by. */
  readonly version: number;
  readonly packets: readonly Packet[];
  readonly readings: readonly LoggedReading[];
  readonly historical: boolean;
}

/** What the settings say of names and types. */
export type Style = Pick<Naming, 'alias' | 'types'>;

/** `now`: Unix epoch ms. What the roster does not know yet it learns. */
export function planOf({ envelope, records }: Message, roster: Roster, style: Style, now: number): Plan {
  const naming: Naming = { ...style, historical: envelope.stream === 'backlog' };
  const groups = new Map<string | undefined, WrittenMetric[]>();
  const put = (device: string | undefined, metric: WrittenMetric) => {
    const group = groups.get(device);
    if (group === undefined) groups.set(device, [metric]);
    else group.push(metric);
  };
  const ofNode = (name: string) => {
    const known = roster.node.get(name);
    if (known === undefined) throw new TypeError(`the node has no metric ${name}`);
    return known;
  };
  const readings: LoggedReading[] = [];
  for (const record of records) {
    if (record.kind === 'event') {
      put(undefined, eventMetric(ofNode(nodeName(record)), record, naming));
      continue;
    }
    readings.push(record);
    const device = roster.device(record.device);
    if (isUnreached(record, device)) {
      put(undefined, unreachedMetric(ofNode(nodeName(record)), record, naming));
    } else put(device.id, readingMetric(roster.metricOf(device, record), record, naming));
  }
  if (groups.size === 0) put(undefined, ledgerMetric(ofNode(NODE.ledger), naming, now));
  const packets = [...groups].map(([device, metrics], i): Packet => {
    const encoded = encodeMetrics(withBooks(inOrder(metrics), envelope, i === 0));
    return device === undefined ? { metrics: encoded } : { device, metrics: encoded };
  });
  return { version: roster.version, packets, readings, historical: naming.historical };
}
