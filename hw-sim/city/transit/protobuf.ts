/** Protocol buffers written by hand (protobuf.dev, «Encoding»): just what GTFS Realtime needs. */

export class Proto {
  readonly #parts: Buffer[] = [];

  /** Varint; negative numbers take ten bytes, as int32 and int64 do. */
  int(field: number, value: number | undefined): this {
    if (value === undefined) return this;
    this.#parts.push(varint(BigInt(field << 3)), varint(BigInt.asUintN(64, BigInt(Math.round(value)))));
    return this;
  }

  text(field: number, value: string | undefined): this {
    return value === undefined ? this : this.#bytes(field, Buffer.from(value));
  }

  float(field: number, value: number | undefined): this {
    if (value === undefined) return this;
    const bytes = Buffer.alloc(4);
    bytes.writeFloatLE(value);
    this.#parts.push(varint(BigInt((field << 3) | 5)), bytes);
    return this;
  }

  message(field: number, value: Proto | undefined): this {
    return value === undefined ? this : this.#bytes(field, value.bytes());
  }

  bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }

  #bytes(field: number, value: Buffer): this {
    this.#parts.push(varint(BigInt((field << 3) | 2)), varint(BigInt(value.length)), value);
    return this;
  }
}

function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    bytes.push(rest === 0n ? low : low | 0x80);
  } while (rest !== 0n);
  return Buffer.from(bytes);
}
