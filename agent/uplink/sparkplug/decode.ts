/** Explains Sparkplug B payloads. With a topic it also says where a message breaks the rules of its kind. */
import { fromHex, hex } from '../../core/bytes.ts';
import { type Decoded, type DecodedReading, type Decoder, type Fields, refused } from '../../core/decode.ts';
import { dataTypeName, type Scalar } from './datatype.ts';
import { readHostState } from './host-state.ts';
import { type ReadMetric, type ReadPayload, readPayload } from './payload.ts';
import { hostOf, readTopic, type Verb } from './topics.ts';

const BIRTHS: ReadonlySet<Verb> = new Set<Verb>(['NBIRTH', 'DBIRTH']);
const COMMANDS: ReadonlySet<Verb> = new Set<Verb>(['NCMD', 'DCMD']);
const REBIRTH = 'Node Control/Rebirth';

export const decoder: Decoder = {
  protocols: ['sparkplug-b'],
  decode(_protocol, input, _dir, { topic } = {}) {
    const host = topic === undefined ? undefined : hostOf(topic);
    if (host !== undefined) return stateOf(input, host);
    const bytes = typeof input === 'string' ? fromHex(input) : input;
    if (bytes === undefined) return refused('hex has a digit too few, or something that is no hex digit');
    const payload = readPayload(bytes);
    if (typeof payload === 'string') return refused(payload);
    const fields = fieldsOf(payload);
    if (topic === undefined) return { ok: true, ...fields };
    const at = readTopic(topic);
    if (at === undefined) return refused(`topic ${topic} is none of Sparkplug B`, fields);
    const { verb, ...address } = at;
    const wrong = broken(verb, payload);
    return wrong === undefined
      ? { ok: true, message: verb, ...address, ...fields }
      : refused(`${verb}: ${wrong}`, { message: verb, ...address, ...fields });
  },
};

/** The state of a host is JSON: as text, as its bytes, or as their hex. */
function stateOf(input: Uint8Array | string, host: string): Decoded {
  const hexed = typeof input === 'string' ? fromHex(input) : input;
  const bytes = typeof input === 'string' && hexed === undefined ? new TextEncoder().encode(input) : hexed;
  const state = readHostState(bytes ?? new Uint8Array());
  return state === undefined
    ? refused('STATE: expected JSON with online (true or false) and timestamp (ms)', {
        message: 'STATE',
        host,
      })
    : { ok: true, message: 'STATE', host, ...state };
}

function fieldsOf({ timestamp, seq, uuid, metrics }: ReadPayload): Fields & { readings?: DecodedReading[] } {
  const bdSeq = scalar(metrics.find(({ name }) => name === 'bdSeq'));
  const rebirth = scalar(metrics.find(({ name }) => name === REBIRTH));
  const readings = metrics.flatMap((metric): DecodedReading[] => {
    const name = metric.name ?? (metric.alias === undefined ? undefined : `alias ${metric.alias}`);
    const value = metric.isNull ? null : scalar(metric);
    return name === undefined || value === undefined ? [] : [{ name, value, unit: unitOf(metric) }];
  });
  return {
    ...(timestamp === undefined ? {} : { timestamp }),
    ...(seq === undefined ? {} : { seq }),
    ...(uuid === undefined ? {} : { uuid }),
    ...(bdSeq === undefined ? {} : { bdSeq }),
    ...(rebirth === undefined ? {} : { rebirth }),
    metrics: metrics.map(shown),
    ...(readings.length === 0 ? {} : { readings }),
  };
}

function shown(metric: ReadMetric): Fields {
  const { name, alias, timestamp, datatype, historical, transient, isNull, properties, value } = metric;
  return {
    ...(name === undefined ? {} : { name }),
    ...(alias === undefined ? {} : { alias: plain(alias) }),
    ...(timestamp === undefined ? {} : { timestamp }),
    ...(datatype === undefined ? {} : { datatype, type: dataTypeName(datatype) ?? 'unknown' }),
    ...(historical ? { historical } : {}),
    ...(transient ? { transient } : {}),
    ...(isNull ? { isNull } : {}),
    ...(properties.size === 0
      ? {}
      : { properties: Object.fromEntries([...properties].map(([key, one]) => [key, plain(one)])) }),
    ...(isNull || value === undefined ? {} : { value: shownValue(value) }),
  };
}

function shownValue(value: NonNullable<ReadMetric['value']>): unknown {
  if (value instanceof Uint8Array) return hex(value);
  if (typeof value !== 'object') return plain(value);
  if ('rows' in value) return { ...value, rows: value.rows.map((row) => row.map(plain)) };
  if (!('metrics' in value)) return value.map(plain);
  const parameters = value.parameters.map((one) => ({ ...one, value: plain(one.value) }));
  return { ...value, metrics: value.metrics.map(shown), parameters };
}

function scalar(metric: ReadMetric | undefined): number | string | boolean | undefined {
  const value = metric?.value;
  return value === undefined || typeof value === 'object' ? undefined : plain(value);
}

/** JSON has no whole numbers beyond 2^53: they are given as text. */
function plain<T extends Scalar | null>(value: T): Exclude<T, bigint> | string {
  return typeof value === 'bigint' ? value.toString() : (value as Exclude<T, bigint>);
}

function unitOf({ properties }: ReadMetric): string {
  const unit = properties.get('engUnit') ?? properties.get('Engineering Units');
  return typeof unit === 'string' ? unit : '';
}

/** The rule that a message of this kind breaks, or undefined. */
function broken(verb: Verb, { seq, timestamp, metrics }: ReadPayload): string | undefined {
  if (verb === 'NDEATH') {
    if (seq !== undefined) return 'it must not have a seq [tck-id-payloads-ndeath-seq]';
    const [first, ...more] = metrics;
    if (first?.name !== 'bdSeq' || more.length > 0)
      return 'bdSeq must be its only metric [tck-id-topics-ndeath-payload]';
    return undefined;
  }
  if (COMMANDS.has(verb)) {
    if (seq !== undefined) return `a command must not have a seq [tck-id-payloads-${verb.toLowerCase()}-seq]`;
  } else {
    if (seq === undefined) return 'it has no seq [tck-id-payloads-sequence-num-always-included]';
    if (seq > 255) return `seq ${seq} is above 255 [tck-id-payloads-sequence-num-incrementing]`;
  }
  if (timestamp === undefined)
    return `the payload has no timestamp [tck-id-payloads-${verb.toLowerCase()}-timestamp]`;
  if (verb === 'NBIRTH') {
    if (seq !== 0) return `seq ${seq} instead of 0 [tck-id-topics-nbirth-seq-num]`;
    if (!metrics.some(({ name }) => name === 'bdSeq'))
      return 'it has no bdSeq [tck-id-payloads-nbirth-bdseq]';
    const rebirth = metrics.find(({ name }) => name === REBIRTH);
    if (rebirth?.value !== false)
      return `${REBIRTH} is not there as false [tck-id-payloads-nbirth-rebirth-req]`;
  }
  return metrics.map((metric) => brokenMetric(verb, metric)).find((why) => why !== undefined);
}

function brokenMetric(verb: Verb, metric: ReadMetric): string | undefined {
  const { name, alias, timestamp, datatype } = metric;
  const called = name ?? (alias === undefined ? undefined : `alias ${alias}`);
  if (called === undefined) return 'a metric has neither name nor alias [tck-id-payloads-name-requirement]';
  if (datatype !== undefined && dataTypeName(datatype) === undefined)
    return `${called}: data type ${datatype} is none [tck-id-payloads-metric-datatype-value]`;
  if (COMMANDS.has(verb)) return undefined;
  if (timestamp === undefined)
    return `${called} has no timestamp [tck-id-payloads-name-birth-data-requirement]`;
  if (!BIRTHS.has(verb)) return undefined;
  if (name === undefined) return `${called} has no name [tck-id-payloads-alias-birth-requirement]`;
  return datatype === undefined
    ? `${called} has no data type [tck-id-payloads-metric-datatype-req]`
    : undefined;
}
