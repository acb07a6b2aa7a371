/**
 * Where a tensor of the graph is in the ONNX graph, and in which order of axes.
 *
 * TensorFlow.js computes in NHWC, ONNX in NCHW. A four-dimensional value stays as it was produced (convolutions, pools
 * and resizes give NCHW); the other order is made only when an operator asks for it, once. A TensorFlow transpose
 * between the two is then no node at all: it only renames what is there.
 */
import type { OnnxGraph } from './onnx.ts';
import type { Constant } from './tfjs.ts';

export interface TensorValue {
  readonly kind: 'tensor';
  /** Shape as TensorFlow sees it. */
  readonly shape: readonly number[];
  /** Name of the ONNX tensor with axes as TensorFlow sees them. */
  raw?: string;
  /** Name of the ONNX tensor with axes 0,3,1,2 of what TensorFlow sees. */
  nchw?: string;
}

export type GraphValue = TensorValue | Constant;

export const TO_NCHW = [0, 3, 1, 2] as const;
const TO_NHWC = [0, 2, 3, 1] as const;
/** Axis of NHWC → axis of NCHW. */
const AXIS = [0, 2, 3, 1] as const;

/** The tensor in TensorFlow's order. */
export function asRaw(graph: OnnxGraph, value: TensorValue): string {
  value.raw ??= transpose(graph, value.nchw ?? '', TO_NHWC, 'nhwc');
  return value.raw;
}

/** The tensor in channels-first order. */
export function asNchw(graph: OnnxGraph, value: TensorValue): string {
  value.nchw ??= transpose(graph, value.raw ?? '', TO_NCHW, 'nchw');
  return value.nchw;
}

/** True where the value is at hand in channels-first order. */
export function isNchw(value: GraphValue): boolean {
  return value.kind === 'tensor' && value.nchw !== undefined;
}

/** The axis of TensorFlow's order (negative from the end) in the order that is used. */
export function axisIn(axis: number, rank: number, nchw: boolean): number {
  const positive = axis < 0 ? axis + rank : axis;
  return nchw ? (AXIS[positive] ?? positive) : positive;
}

/** Items of a constant's data in another order of axes. */
export function permute<T>(items: ArrayLike<T>, shape: readonly number[], order: readonly number[]): T[] {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, dim) => product * dim, 1));
  const dims = order.map((axis) => shape[axis] ?? 1);
  const steps = order.map((axis) => strides[axis] ?? 0);
  const index = dims.map(() => 0);
  const moved: T[] = [];
  for (let left = items.length; left > 0; left--) {
    moved.push(items[index.reduce((sum, i, axis) => sum + i * (steps[axis] ?? 0), 0)] as T);
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      index[axis] = (index[axis] ?? 0) + 1;
      if ((index[axis] ?? 0) < (dims[axis] ?? 1)) break;
      index[axis] = 0;
    }
  }
  return moved;
}

function transpose(graph: OnnxGraph, from: string, order: readonly number[], suffix: string): string {
  const to = `${from}/${suffix}`;
  graph.node('Transpose', [from], [to], { perm: order });
  return to;
}
