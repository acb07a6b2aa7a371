/** Operators that work on each element alone; they keep the layout of what they get. */
import { type OperatorConverter, tensorAt, unsupported, weight } from './conversion.ts';
import { relu6Bounds } from './convolution.ts';
import { asNchw, asRaw, type GraphValue, isNchw, type TensorValue, TO_NCHW } from './layout.ts';
import type { Attribute, OnnxGraph } from './onnx.ts';
import type { Constant, GraphNode } from './tfjs.ts';

/** An operator with one operand. */
export function unary(
  op: string,
  attributes: (node: GraphNode) => Readonly<Record<string, Attribute>> = () => ({}),
): OperatorConverter {
  return (node, inputs, graph) => [apply(node, inputs, graph, op, [], attributes(node))];
}

export const relu6: OperatorConverter = (node, inputs, graph) => [
  apply(node, inputs, graph, 'Clip', relu6Bounds(graph), {}),
];

function apply(
  node: GraphNode,
  inputs: readonly GraphValue[],
  graph: OnnxGraph,
  op: string,
  more: readonly string[],
  attributes: Readonly<Record<string, Attribute>>,
): TensorValue {
  const input = tensorAt(node, inputs, 0);
  const nchw = isNchw(input);
  const from = nchw ? asNchw(graph, input) : asRaw(graph, input);
  graph.node(op, [from, ...more], [node.name], attributes);
  return named(input.shape, node.name, nchw);
}

/** An operator with two operands and broadcasting; two constants are computed now. */
export function binary(op: string, fold: (a: number, b: number) => number): OperatorConverter {
  return (node, inputs, graph) => {
    const [a, b] = inputs;
    if (a === undefined || b === undefined) throw unsupported(node, 'an operand is missing');
    if (a.kind === 'constant' && b.kind === 'constant') return [folded(a, b, fold)];
    const nchw = isNchw(a) || isNchw(b);
    const operands = [a, b].map((value, i) => operand(graph, value, node.inputs[i] ?? '', nchw));
    graph.node(op, operands, [node.name]);
    return [named(broadcast(a.shape, b.shape), node.name, nchw)];
  };
}

function operand(graph: OnnxGraph, value: GraphValue, name: string, nchw: boolean): string {
  if (value.kind === 'tensor') return nchw ? asNchw(graph, value) : asRaw(graph, value);
  if (value.values.length === 1) return graph.floats(`${name}/scalar`, [], value.values);
  if (!nchw) {
    const order = value.shape.map((_, axis) => axis);
    return weight(graph, `${name}/raw`, value, order, value.shape);
  }
  // Broadcasting aligns at the last axis, which is the channel in NHWC and is not in NCHW.
  const shape = [...Array<number>(4 - value.shape.length).fill(1), ...value.shape];
  const dims = TO_NCHW.map((axis) => shape[axis] ?? 1);
  return weight(graph, `${name}/nchw`, { ...value, shape }, TO_NCHW, dims);
}

function folded(a: Constant, b: Constant, fold: (a: number, b: number) => number): Constant {
  const [long, short] = a.values.length >= b.values.length ? [a, b] : [b, a];
  const pick = (c: Constant, i: number) => c.values[i % c.values.length] ?? 0;
  const values = long.values.map((_, i) => fold(pick(a, i), pick(b, i)));
  if (short.values.length !== 1 && short.values.length !== long.values.length) {
    throw new RangeError('constants of different shapes are not folded');
  }
  return { kind: 'constant', shape: long.shape, integer: a.integer && b.integer, values };
}

/** Shape of two operands together, aligned at the last axis. */
function broadcast(a: readonly number[], b: readonly number[]): readonly number[] {
  const rank = Math.max(a.length, b.length);
  const at = (shape: readonly number[], axis: number) => shape[axis - rank + shape.length] ?? 1;
  return Array.from({ length: rank }, (_, axis) => Math.max(at(a, axis), at(b, axis)));
}

/** A value that is known in one layout. */
export function named(shape: readonly number[], name: string, nchw: boolean): TensorValue {
  return nchw ? { kind: 'tensor', shape, nchw: name } : { kind: 'tensor', shape, raw: name };
}
