/** Builds an ONNX model (IR version 8, opset 13) and writes it; field numbers after onnx.proto of ONNX 1.12. */
import { MessageWriter } from './protobuf.ts';

/** TensorProto.DataType. */
export const ELEMENT = { float32: 1, uint8: 2, int64: 7, float16: 10 } as const;
export type Element = keyof typeof ELEMENT;

/** AttributeProto.AttributeType. */
const ATTRIBUTE = { float: 1, int: 2, string: 3, ints: 7 } as const;

/** Numbers and lists of numbers are integers; a float is said so. */
export type Attribute = number | string | readonly number[] | { readonly float: number };

/** A number, or the name of a size that is known only when the model runs. */
export type Dimension = number | string;

export interface TensorInfo {
  readonly name: string;
  readonly element: Element;
  readonly dims: readonly Dimension[];
}

const IR_VERSION = 8;
const OPSET = 13;

export class OnnxGraph {
  readonly #nodes: MessageWriter[] = [];
  readonly #initializers: MessageWriter[] = [];
  readonly #inputs: MessageWriter[] = [];
  readonly #outputs: MessageWriter[] = [];
  readonly #named = new Set<string>();

  /** How many nodes of each operator there are. */
  readonly census = new Map<string, number>();

  /** Adds a node and gives the names of its outputs. Empty input names are inputs left out. */
  node(
    op: string,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): readonly string[] {
    const message = new MessageWriter();
    for (const input of inputs) message.string(1, input);
    for (const output of outputs) message.string(2, output);
    message.string(3, outputs[0] ?? op).string(4, op);
    for (const [name, value] of Object.entries(attributes)) message.message(5, attribute(name, value));
    this.#nodes.push(message);
    this.census.set(op, (this.census.get(op) ?? 0) + 1);
    return outputs;
  }

  /** True where a constant tensor, or what was made of it, has this name already. */
  has(name: string): boolean {
    return this.#named.has(name);
  }

  /** Adds a constant tensor once per name and gives its name. `data` is little endian. */
  initializer(name: string, element: Element, dims: readonly number[], data: Uint8Array): string {
    if (this.#named.has(name)) return name;
    this.#named.add(name);
    const message = new MessageWriter();
    for (const dim of dims) message.int(1, dim);
    this.#initializers.push(message.int(2, ELEMENT[element]).string(8, name).bytes(9, data));
    return name;
  }

  floats(name: string, dims: readonly number[], values: readonly number[]): string {
    return this.initializer(name, 'float32', dims, new Uint8Array(Float32Array.from(values).buffer));
  }

  integers(name: string, values: readonly number[]): string {
    const data = BigInt64Array.from(values, (value) => BigInt(value));
    return this.initializer(name, 'int64', [values.length], new Uint8Array(data.buffer));
  }

  input(info: TensorInfo): void {
    this.#inputs.push(valueInfo(info));
  }

  output(info: TensorInfo): void {
    this.#outputs.push(valueInfo(info));
  }

  /** The bytes of the file; the same graph gives the same bytes. */
  encode(name: string, metadata: Readonly<Record<string, string>>): Uint8Array {
    const graph = new MessageWriter();
    for (const node of this.#nodes) graph.message(1, node);
    graph.string(2, name);
    for (const initializer of this.#initializers) graph.message(5, initializer);
    for (const input of this.#inputs) graph.message(11, input);
    for (const output of this.#outputs) graph.message(12, output);
    const model = new MessageWriter().int(1, IR_VERSION).string(2, 'kerbside').message(7, graph);
    model.message(8, new MessageWriter().string(1, '').int(2, OPSET));
    for (const [key, value] of Object.entries(metadata)) {
      model.message(14, new MessageWriter().string(1, key).string(2, value));
    }
    return model.finish();
  }
}

function attribute(name: string, value: Attribute): MessageWriter {
  const message = new MessageWriter().string(1, name);
  if (typeof value === 'number') return message.int(3, value).int(20, ATTRIBUTE.int);
  if (typeof value === 'string') return message.string(4, value).int(20, ATTRIBUTE.string);
  if ('float' in value) return message.float(2, value.float).int(20, ATTRIBUTE.float);
  for (const item of value) message.int(8, item);
  return message.int(20, ATTRIBUTE.ints);
}

function valueInfo({ name, element, dims }: TensorInfo): MessageWriter {
  const shape = new MessageWriter();
  for (const dim of dims) {
    const entry = new MessageWriter();
    shape.message(1, typeof dim === 'number' ? entry.int(1, dim) : entry.string(2, dim));
  }
  const tensor = new MessageWriter().int(1, ELEMENT[element]).message(2, shape);
  return new MessageWriter().string(1, name).message(2, new MessageWriter().message(1, tensor));
}
