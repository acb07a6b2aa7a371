/** What the converters of single operators get to work with. */
import { AgentError } from '../../agent/core/errors.ts';
import type { GraphValue, TensorValue } from './layout.ts';
import { permute } from './layout.ts';
import type { OnnxGraph } from './onnx.ts';
import type { Constant, GraphNode } from './tfjs.ts';

/** Converts one node: adds ONNX nodes and gives its outputs. */
export type OperatorConverter = (
  node: GraphNode,
  inputs: readonly GraphValue[],
  graph: OnnxGraph,
) => readonly GraphValue[];

/** Constants below this many values stay float32: they cost nothing, and a Cast node each would. */
const SMALL = 256;

export function unsupported(node: GraphNode, why: string): AgentError {
  return new AgentError('model-invalid', `conversion of ${node.op} ${node.name} failed: ${why}`);
}

/** The input as a tensor computed at run time. */
export function tensorAt(node: GraphNode, inputs: readonly GraphValue[], index: number): TensorValue {
  const value = inputs[index];
  if (value?.kind !== 'tensor') throw unsupported(node, `input ${index} is not a tensor`);
  return value;
}

/** The input as a constant of the graph. */
export function constantAt(node: GraphNode, inputs: readonly GraphValue[], index: number): Constant {
  const value = inputs[index];
  if (value?.kind !== 'constant') throw unsupported(node, `input ${index} is not a constant`);
  return value;
}

/**
 * Puts a constant into the graph with its axes in another order and shape, and gives the name of the float32 tensor.
 * Large float16 weights stay float16 in the file (half its size) behind a Cast, which the runtime folds at load.
 */
export function weight(
  graph: OnnxGraph,
  name: string,
  constant: Constant,
  order: readonly number[],
  dims: readonly number[],
): string {
  if (constant.half === undefined || constant.values.length < SMALL) {
    return graph.floats(name, dims, permute(constant.values, constant.shape, order));
  }
  const words = Uint16Array.from(permute(constant.half, constant.shape, order));
  const half = `${name}/half`;
  if (graph.has(half)) return name;
  graph.initializer(half, 'float16', dims, new Uint8Array(words.buffer));
  graph.node('Cast', [half], [name], { to: 1 });
  return name;
}
