/** Payloads of Sparkplug B as plain values, to bytes and back. Reading believes nothing and never throws. */
import protobuf from 'protobufjs/minimal.js';
import { concat } from '../../core/bytes.ts';
import { arrayOf, DATA_TYPES, present, type Scalar, scalarOf } from './datatype.ts';
import {
  kerbside,
  type Wire64,
  type WireDataSet,
  type WireMetric,
  type WirePropertySet,
  type WirePropertyValue,
  type WireScalar,
  type WireTemplate,
} from './sparkplug_b.pb.js';

const { Payload } = kerbside.sparkplug;

/** A type that we write; readers understand more (datatype.ts). */
export type WrittenType = 'Int32' | 'Int64' | 'UInt64' | 'Double' | 'Boolean' | 'String';

export interface WrittenProperty {
  readonly type: WrittenType;
  readonly value: number | boolean | string;
}

export interface WrittenMetric {
  /** One of the two, or in births both. */
  readonly name?: string;
  readonly alias?: number;
  /** Unix epoch, ms. Absent only where nobody can know it. */
  readonly timestamp?: number;
  readonly type: WrittenType;
  /** Whether the type stands in the metric: in births, and wherever no birth told it. */
  readonly withType: boolean;
  /** `null`: there is none (is_null). */
  readonly value: number | boolean | string | null;
  readonly historical?: boolean;
  readonly properties?: Readonly<Record<string, WrittenProperty>>;
}

export interface WrittenPayload {
  /** Unix epoch, ms. Absent in the certificate of a death that nobody has seen yet. */
  readonly timestamp?: number;
  /** 0 to 255. */
  readonly seq?: number;
  readonly metrics: readonly WrittenMetric[];
}

export function encodePayload({ timestamp, seq, metrics }: WrittenPayload): Uint8Array {
  return Payload.encode({
    ...(timestamp === undefined ? {} : { timestamp: whole(timestamp) }),
    ...(seq === undefined ? {} : { seq }),
    metrics: metrics.map(wireMetric),
  }).finish();
}

/** The part of a payload that is long, to be framed when its number is known: encodings of protobuf may be joined. */
export function encodeMetrics(metrics: readonly WrittenMetric[]): Uint8Array {
  return Payload.encode({ metrics: metrics.map(wireMetric) }).finish();
}

/** The payload of encoded metrics. */
export function framePayload(metrics: Uint8Array, timestamp: number, seq: number): Uint8Array {
  return concat(encodePayload({ timestamp, seq, metrics: [] }), metrics);
}

function wireMetric(metric: WrittenMetric): WireMetric {
  const { name, alias, timestamp, type, withType, value, historical, properties } = metric;
  const wire: WireMetric = {};
  if (timestamp !== undefined) wire.timestamp = whole(timestamp);
  if (name !== undefined) wire.name = name;
  if (alias !== undefined) wire.alias = alias;
  if (withType) wire.datatype = DATA_TYPES[type];
  if (historical === true) wire.isHistorical = true;
  if (value === null) wire.isNull = true;
  else Object.assign(wire, wireScalar(type, value));
  if (properties !== undefined) {
    const values = Object.values(properties);
    if (values.length > 0) {
      wire.properties = {
        keys: Object.keys(properties),
        values: values.map(
          ({ type: of, value: is }): WirePropertyValue => ({
            type: DATA_TYPES[of],
            ...wireScalar(of, is),
          }),
        ),
      };
    }
  }
  return wire;
}

/** [tck-id-payloads-metric-datatype-value-type] The field of the value goes by its type. */
function wireScalar(type: WrittenType, value: number | boolean | string): WireScalar {
  switch (type) {
    case 'Int32':
      return { intValue: Number(value) >>> 0 };
    case 'Int64':
    case 'UInt64':
      return { longValue: whole(Number(value)) };
    case 'Double':
      return { doubleValue: Number(value) };
    case 'Boolean':
      return { booleanValue: Boolean(value) };
    case 'String':
      return { stringValue: String(value) };
  }
}

/** The wire knows whole numbers from 0 only; a time before 1970 is none. */
function whole(value: number): number {
  return Number.isFinite(value) ? Math.max(0, Math.trunc(value)) : 0;
}

export interface ReadMetric {
  readonly name?: string;
  readonly alias?: number | bigint;
  /** Unix epoch, ms. */
  readonly timestamp?: number;
  /** Number of the data type. */
  readonly datatype?: number;
  readonly historical: boolean;
  readonly transient: boolean;
  readonly isNull: boolean;
  readonly properties: ReadonlyMap<string, Scalar | null>;
  /** Undefined: none; a set or template is given as it stands. */
  readonly value: Scalar | readonly Scalar[] | Uint8Array | ReadDataSet | ReadTemplate | undefined;
  /** The same value under the type that its birth told. */
  as(datatype: number | undefined): Scalar | undefined;
}

export interface ReadDataSet {
  readonly columns: readonly string[];
  readonly types: readonly number[];
  readonly rows: readonly (readonly (Scalar | null)[])[];
}

export interface ReadTemplate {
  readonly version?: string;
  readonly reference?: string;
  readonly definition: boolean;
  readonly metrics: readonly ReadMetric[];
  readonly parameters: readonly { readonly name: string; readonly value: Scalar | null }[];
}

export interface ReadPayload {
  readonly timestamp?: number;
  readonly seq?: number;
  readonly uuid?: string;
  readonly metrics: readonly ReadMetric[];
}

/** The payload in `bytes`, or why it is none. */
export function readPayload(bytes: Uint8Array): ReadPayload | string {
  try {
    const reader = protobuf.Reader.create(bytes);
    reader.discardUnknown = true;
    const { timestamp, seq, uuid, metrics } = { ...Payload.decode(reader) };
    const number = seq === undefined ? undefined : exact(seq);
    if (typeof number === 'bigint') return `seq ${number}`;
    return {
      ...(timestamp === undefined ? {} : { timestamp: Number(timestamp) }),
      ...(number === undefined ? {} : { seq: number }),
      ...(uuid === undefined ? {} : { uuid }),
      metrics: (metrics ?? []).map(readMetric),
    };
  } catch (thrown) {
    return `not a Sparkplug payload: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
  }
}

function readMetric(metric: WireMetric): ReadMetric {
  const { name, alias, timestamp, datatype, isHistorical, isTransient, isNull, properties } = present(metric);
  return {
    ...(name === undefined ? {} : { name }),
    ...(alias === undefined ? {} : { alias: exact(alias) }),
    ...(timestamp === undefined ? {} : { timestamp: Number(timestamp) }),
    ...(datatype === undefined ? {} : { datatype }),
    historical: isHistorical === true,
    transient: isTransient === true,
    isNull: isNull === true,
    properties: properties === undefined ? new Map() : readProperties(properties),
    value: isNull === true ? undefined : readValue(metric, datatype),
    as: (type) => (isNull === true ? undefined : scalarOf(metric, type)),
  };
}

function readValue(metric: WireMetric, datatype: number | undefined): ReadMetric['value'] {
  const { bytesValue, datasetValue, templateValue } = present(metric);
  if (bytesValue !== undefined) return arrayOf(bytesValue, datatype ?? 0) ?? bytesValue;
  if (datasetValue !== undefined) return readDataSet(datasetValue);
  if (templateValue !== undefined) return readTemplate(templateValue);
  return scalarOf(metric, datatype);
}

/** [tck-id-payloads-propertyset-keys-array-size] A key without a value is none. */
function readProperties({ keys = [], values = [] }: Partial<WirePropertySet>): Map<string, Scalar | null> {
  const read = new Map<string, Scalar | null>();
  for (const [i, value] of values.entries()) {
    const key = keys[i];
    if (key !== undefined) read.set(key, scalarOf(value, value.type) ?? null);
  }
  return read;
}

function readDataSet({ columns = [], types = [], rows = [] }: Partial<WireDataSet>): ReadDataSet {
  return {
    columns,
    types,
    rows: rows.map(({ elements }) => elements.map((one, i) => scalarOf(one, types[i]) ?? null)),
  };
}

function readTemplate(template: Partial<WireTemplate>): ReadTemplate {
  const { version, templateRef, isDefinition, metrics = [], parameters = [] } = { ...template };
  return {
    ...(version === undefined ? {} : { version }),
    ...(templateRef === undefined ? {} : { reference: templateRef }),
    definition: isDefinition === true,
    metrics: metrics.map(readMetric),
    parameters: parameters.map((one) => ({ name: one.name ?? '', value: scalarOf(one, one.type) ?? null })),
  };
}

function exact(value: Wire64): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : BigInt(value.toString());
}
