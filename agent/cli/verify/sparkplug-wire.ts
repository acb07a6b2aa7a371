/**
 * Reads payloads of Sparkplug B field by field (3.0 §6.4), as far as a receiver's books need them. Written from the tables
 * of the specification, apart from the sender's codec.
 */
import protobuf from 'protobufjs/minimal.js';

type Reader = protobuf.Reader;
export type WireValue = number | string | boolean;

export interface WireMetric {
  name?: string;
  alias?: number;
  time?: number;
  historical: boolean;
  value: WireValue | null;
  readonly properties: Map<string, WireValue>;
}

export interface WirePayload {
  seq?: number;
  readonly metrics: WireMetric[];
}

/** The payload, or undefined where the bytes are none. */
export function readWire(bytes: Uint8Array): WirePayload | undefined {
  try {
    const payload: WirePayload = { metrics: [] };
    fields(protobuf.Reader.create(bytes), {
      2: (reader) => payload.metrics.push(metric(part(reader))),
      3: (reader) => {
        payload.seq = Number(reader.uint64());
      },
    });
    return payload;
  } catch {
    return undefined;
  }
}

/** A rebirth request, as any host may send one. */
export function rebirthRequest(now: number): Uint8Array {
  const metric = protobuf.Writer.create();
  metric.uint32(0x0a).string('Node Control/Rebirth').uint32(0x18).uint64(now).uint32(0x20).uint32(11);
  metric.uint32(0x70).bool(true);
  return protobuf.Writer.create().uint32(0x08).uint64(now).uint32(0x12).bytes(metric.finish()).finish();
}

function metric(reader: Reader): WireMetric {
  const read: WireMetric = { historical: false, value: null, properties: new Map() };
  fields(reader, {
    1: (from) => {
      read.name = from.string();
    },
    2: (from) => {
      read.alias = Number(from.uint64());
    },
    3: (from) => {
      read.time = Number(from.uint64());
    },
    5: (from) => {
      read.historical = from.bool();
    },
    9: (from) => properties(part(from), read.properties),
    ...value(10, (found) => {
      read.value = found;
    }),
  });
  return read;
}

function properties(reader: Reader, into: Map<string, WireValue>): void {
  const keys: string[] = [];
  const values: (WireValue | null)[] = [];
  fields(reader, {
    1: (from) => keys.push(from.string()),
    2: (from) => {
      let found: WireValue | null = null;
      const own = value(3, (one) => {
        found = one;
      });
      fields(part(from), own);
      values.push(found);
    },
  });
  for (const [i, key] of keys.entries()) {
    const one = values[i];
    if (one !== undefined && one !== null) into.set(key, one);
  }
}

type Fields = Readonly<Record<number, (reader: Reader) => void>>;

/** int, long, float, double, boolean and text stand in this order from `first` on, in metrics and in properties. */
function value(first: number, take: (value: WireValue) => void): Fields {
  return {
    [first]: (from) => take(from.uint32()),
    [first + 1]: (from) => take(Number(from.uint64())),
    [first + 2]: (from) => take(from.float()),
    [first + 3]: (from) => take(from.double()),
    [first + 4]: (from) => take(from.bool()),
    [first + 5]: (from) => take(from.string()),
  };
}

function fields(reader: Reader, known: Fields): void {
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    const read = known[tag >>> 3];
    if (read === undefined) reader.skipType(tag & 7);
    else read(reader);
  }
}

function part(reader: Reader): Reader {
  return protobuf.Reader.create(reader.bytes());
}
