/** Reads a TensorFlow.js graph model: `model.json` with nodes and a weights manifest, and its one `.bin` file. */
import { AgentError } from '../../agent/core/errors.ts';

/** A constant of the graph. `half` holds the raw float16 words where the file keeps them so. */
export interface Constant {
  readonly kind: 'constant';
  readonly shape: readonly number[];
  readonly integer: boolean;
  readonly values: readonly number[];
  readonly half?: Uint16Array;
}

export interface GraphNode {
  readonly name: string;
  readonly op: string;
  /** Inputs without control edges, `name` or `name:output`. */
  readonly inputs: readonly string[];
  readonly attributes: Attributes;
}

export interface TfjsGraph {
  node(name: string): GraphNode;
  /** Value of the Const node `name`. */
  constant(name: string): Constant;
}

interface RawAttribute {
  readonly s?: string;
  readonly i?: string | number;
  readonly f?: number;
  readonly b?: boolean;
  readonly list?: { readonly i?: readonly (string | number)[]; readonly s?: readonly string[] };
  readonly shape?: { readonly dim?: readonly { readonly size: string | number }[] };
}

interface RawNode {
  readonly name: string;
  readonly op: string;
  readonly input?: readonly string[];
  readonly attr?: Readonly<Record<string, RawAttribute>>;
}

interface RawWeight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly quantization?: { readonly dtype: string };
}

interface RawModel {
  readonly modelTopology: { readonly node: readonly RawNode[] };
  readonly weightsManifest: readonly { readonly weights: readonly RawWeight[] }[];
}

/** Attributes of a node. Strings are base64 in the file, integers are JSON strings. */
export class Attributes {
  readonly #raw: Readonly<Record<string, RawAttribute>>;

  constructor(raw: Readonly<Record<string, RawAttribute>>) {
    this.#raw = raw;
  }

  text(name: string): string {
    return decode(this.#raw[name]?.s ?? '');
  }

  texts(name: string): readonly string[] {
    return (this.#raw[name]?.list?.s ?? []).map(decode);
  }

  integers(name: string): readonly number[] {
    return (this.#raw[name]?.list?.i ?? []).map(Number);
  }

  float(name: string, otherwise: number): number {
    return this.#raw[name]?.f ?? otherwise;
  }

  flag(name: string): boolean {
    return this.#raw[name]?.b ?? false;
  }

  shape(name: string): readonly number[] {
    return (this.#raw[name]?.shape?.dim ?? []).map((dim) => Number(dim.size));
  }
}

/** Throws `AgentError` `model-invalid` where the two files do not fit each other. */
export function readTfjsGraph(json: string, weights: Uint8Array): TfjsGraph {
  const model: RawModel = JSON.parse(json);
  const nodes = new Map<string, GraphNode>();
  for (const { name, op, input = [], attr = {} } of model.modelTopology.node) {
    const inputs = input.filter((edge) => !edge.startsWith('^'));
    nodes.set(name, { name, op, inputs, attributes: new Attributes(attr) });
  }
  const constants = readWeights(
    model.weightsManifest.flatMap((group) => group.weights),
    weights,
  );
  return {
    node(name) {
      const node = nodes.get(name);
      if (node === undefined) {
        throw new AgentError('model-invalid', `conversion failed: the graph has no node ${name}`);
      }
      return node;
    },
    constant(name) {
      const constant = constants.get(name);
      if (constant === undefined) {
        throw new AgentError('model-invalid', `conversion failed: no weight for the constant ${name}`);
      }
      return constant;
    },
  };
}

/** Weights lie one after the other in the order of the manifest. */
function readWeights(manifest: readonly RawWeight[], bytes: Uint8Array): Map<string, Constant> {
  const constants = new Map<string, Constant>();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  for (const { name, shape, dtype, quantization } of manifest) {
    const length = shape.reduce((product, dim) => product * dim, 1);
    const stored = quantization?.dtype ?? dtype;
    const width = stored === 'float16' ? 2 : 4;
    if (!['float16', 'float32', 'int32'].includes(stored) || at + length * width > bytes.length) {
      throw new AgentError('model-invalid', `conversion failed: weight ${name} cannot be read (${stored})`);
    }
    const start = at;
    const read = (i: number) => {
      const offset = start + i * width;
      if (stored === 'float16') return view.getFloat16(offset, true);
      return stored === 'int32' ? view.getInt32(offset, true) : view.getFloat32(offset, true);
    };
    const values = Array.from({ length }, (_, i) => read(i));
    const half = Uint16Array.from({ length: stored === 'float16' ? length : 0 }, (_, i) =>
      view.getUint16(start + i * 2, true),
    );
    constants.set(name, {
      kind: 'constant',
      shape,
      integer: dtype === 'int32',
      values,
      ...(stored === 'float16' ? { half } : {}),
    });
    at += length * width;
  }
  if (at !== bytes.length) {
    throw new AgentError(
      'model-invalid',
      `conversion failed: ${bytes.length - at} bytes of weights left over`,
    );
  }
  return constants;
}

function decode(base64: string): string {
  return Buffer.from(base64, 'base64').toString('latin1');
}
