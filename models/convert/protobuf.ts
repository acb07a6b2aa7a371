/**
 * The few pieces of the protobuf wire format that writing an ONNX file takes (https://protobuf.dev/programming-guides/encoding).
 * Written by hand: no protobuf library is installed, this is used at build time only, and one that is generated from
 * onnx.proto would weigh more than the six message types need.
 */
const VARINT = 0;
const LENGTH = 2;
const FIXED32 = 5;

/** Appends fields in the order they are given, so that the same calls give the same bytes. */
export class MessageWriter {
  readonly #parts: Uint8Array[] = [];
  #size = 0;

  /** int32, int64 and enum fields. `value` is a safe integer. */
  int(field: number, value: number): this {
    this.#tag(field, VARINT);
    return this.#append(varint(BigInt(value)));
  }

  float(field: number, value: number): this {
    this.#tag(field, FIXED32);
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    return this.#append(bytes);
  }

  string(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  bytes(field: number, value: Uint8Array): this {
    this.#tag(field, LENGTH);
    this.#append(varint(BigInt(value.length)));
    return this.#append(value);
  }

  message(field: number, value: MessageWriter): this {
    return this.bytes(field, value.finish());
  }

  finish(): Uint8Array {
    const joined = new Uint8Array(this.#size);
    let at = 0;
    for (const part of this.#parts) {
      joined.set(part, at);
      at += part.length;
    }
    return joined;
  }

  #tag(field: number, wire: number): void {
    this.#append(varint(BigInt((field << 3) | wire)));
  }

  #append(part: Uint8Array): this {
    this.#parts.push(part);
    this.#size += part.length;
    return this;
  }
}

/** Base-128 varint; negative numbers take ten bytes, as two's complement of 64 bits. */
function varint(value: bigint): Uint8Array {
  let rest = BigInt.asUintN(64, value);
  const bytes: number[] = [];
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    bytes.push(rest > 0n ? low | 0x80 : low);
  } while (rest > 0n);
  return Uint8Array.from(bytes);
}
