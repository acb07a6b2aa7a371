/** Records as metrics: what stands in births, data, deaths and the books of a message. */

import type { LoggedEvent, LoggedReading, LoggedRecord } from '../../core/record.ts';
import { trusted } from '../../core/time/clock.ts';
import type { Envelope } from '../../core/uplink.ts';
import type { WrittenMetric, WrittenProperty } from './payload.ts';
import { type Device, type Known, NODE } from './roster.ts';

type Properties = Record<string, WrittenProperty>;

/** Quality codes (3.0 §6.4.15): good is not said, for good is what is not said. */
const BAD: WrittenProperty = { type: 'Int32', value: 0 };
const NOT_GOOD: WrittenProperty = { type: 'Int32', value: 500 };
const text = (value: string): WrittenProperty => ({ type: 'String', value });

/** How a message names its metrics. */
export interface Naming {
  /** By alias; else by name. */
  readonly alias: boolean;
  readonly historical: boolean;
  /** The type stands in it too. */
  readonly types: boolean;
}

/** [tck-id-operational-behavior-data-publish-dbirth-values] Name, alias, type and newest value, or that there is none. */
export function birthMetric(known: Known, aliases: boolean, now: number): WrittenMetric {
  const { alias, name, type, newest, text: fixed, properties, writable } = known;
  const told: Properties = Object.fromEntries(
    Object.entries(properties).map(([key, value]) => [key, text(value)]),
  );
  return {
    name,
    ...(aliases ? { alias } : {}),
    timestamp: newest?.time ?? now,
    type,
    withType: true,
    value: fixed ?? newest?.value ?? null,
    properties: {
      ...told,
      ...(writable ? { writable: { type: 'Boolean', value: true } as const } : {}),
      ...(newest === undefined ? {} : qualityOf(newest)),
    },
  };
}

/** A reading of a device that is alive. */
export function readingMetric(known: Known, reading: LoggedReading, naming: Naming): WrittenMetric {
  const unit = known.properties.engUnit ?? '1';
  return {
    ...called(known, naming),
    timestamp: reading.time,
    type: known.type,
    value: reading.value,
    properties: {
      ...qualityOf(reading),
      ...(reading.unit === unit ? {} : { engUnit: text(reading.unit) }),
      ...numbersOf(reading),
    },
  };
}

/** A reading without a value, of a device whose death is told: only the node can still speak of it. */
export function unreachedMetric(known: Known, reading: LoggedReading, naming: Naming): WrittenMetric {
  const { device, point, unit, reason } = reading;
  return {
    ...called(known, naming),
    timestamp: reading.time,
    type: 'String',
    value: JSON.stringify({ device, point, unit, reason }),
    properties: numbersOf(reading),
  };
}

/** An event: a metric of the node for each kind, whose value is the event as JSON. */
export function eventMetric(known: Known, event: LoggedEvent, naming: Naming): WrittenMetric {
  const { severity, device, body } = event;
  return {
    ...called(known, naming),
    timestamp: event.time,
    type: 'String',
    value: JSON.stringify({ severity, ...(device === undefined ? {} : { device }), body }),
    properties: numbersOf(event),
  };
}

/** What a message without records is carried by. */
export function ledgerMetric(known: Known, naming: Naming, now: number): WrittenMetric {
  return { ...called(known, naming), timestamp: now, type: 'String', value: '', properties: {} };
}

/** What became of a command. */
export function resultMetric(known: Known, result: object, naming: Naming, now: number): WrittenMetric {
  return { ...called(known, naming), timestamp: now, type: 'String', value: JSON.stringify(result) };
}

/**
 * The first metric of each payload says whose numbers they are, and the first of a message carries its books: the
 * envelope of payload v1 without what stands elsewhere (the agent in the birth of the node) or says nothing.
 */
export function withBooks(
  [first, ...rest]: readonly WrittenMetric[],
  { epoch, lane, stream, first: from, last, count, prev, omitted }: Envelope,
  head: boolean,
): WrittenMetric[] {
  if (first === undefined) return [];
  const left = omitted.length === 0 ? {} : { omitted };
  const books = { stream, first: from, last, count, prev, ...left };
  const properties: Properties = {
    ...first.properties,
    epoch: text(epoch),
    lane: text(lane),
    ...(head ? { ledger: text(JSON.stringify(books)) } : {}),
  };
  return [{ ...first, properties }, ...rest];
}

/** [tck-id-operational-behavior-data-publish-nbirth-order] In the order of their times. */
export function inOrder(metrics: readonly WrittenMetric[]): WrittenMetric[] {
  return [...metrics].sort((a, b) => (a.timestamp ?? 0) - (b.timestamp ?? 0));
}

export function isUnreached(record: LoggedRecord, device: Device | undefined): boolean {
  return record.kind === 'reading' && record.value === null && device?.alive === false;
}

/** The metric of the node that an event or a reading of a dead device is told by. */
export function nodeName(record: LoggedRecord): string {
  return record.kind === 'event' ? NODE.event(record.event) : NODE.unreached;
}

/** [tck-id-payloads-alias-data-cmd-requirement] Data carry the alias and no name; the past goes by name, for an alias is
 * only good for the births around it. */
function called({ alias, name }: Known, naming: Naming) {
  return {
    ...(naming.alias && !naming.historical ? { alias } : { name }),
    ...(naming.historical ? { historical: true } : {}),
    withType: naming.types,
  };
}

function numbersOf({ seq, rank }: LoggedRecord): Properties {
  return {
    seq: { type: 'UInt64', value: seq },
    ...(trusted(rank) ? {} : { clock: text(rank) }),
  };
}

/** [tck-id-payloads-propertyset-quality-value-value] Bad is 0; uncertain is nearest to 500: there is a value, to be used
 * with care. Our own word and reason stand beside it. */
function qualityOf({ quality, reason }: LoggedReading): Properties {
  if (quality === 'good') return {};
  return {
    Quality: quality === 'bad' ? BAD : NOT_GOOD,
    ...(reason === undefined ? {} : { reason: text(reason) }),
  };
}
