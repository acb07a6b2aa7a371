/** Operators that move, join, cut, pad or scale tensors. */
import { constantAt, type OperatorConverter, tensorAt, unsupported } from './conversion.ts';
import { named } from './elementwise.ts';
import { asNchw, asRaw, axisIn, isNchw, type TensorValue, TO_NCHW } from './layout.ts';
import type { OnnxGraph } from './onnx.ts';

const use = (graph: OnnxGraph, value: TensorValue, nchw: boolean) =>
  nchw ? asNchw(graph, value) : asRaw(graph, value);

export const concat: OperatorConverter = (node, inputs, graph) => {
  const axis = constantAt(node, inputs, inputs.length - 1).values[0] ?? 0;
  const parts = inputs.slice(0, -1).map((_, i) => tensorAt(node, inputs, i));
  const nchw = parts.some(isNchw);
  const shape = [...(parts[0]?.shape ?? [])];
  const at = axisIn(axis, shape.length, false);
  shape[at] = parts.reduce((sum, part) => sum + (part.shape[at] ?? 0), 0);
  const names = parts.map((part) => use(graph, part, nchw));
  graph.node('Concat', names, [node.name], { axis: axisIn(axis, shape.length, nchw) });
  return [named(shape, node.name, nchw)];
};

export const split: OperatorConverter = (node, inputs, graph) => {
  const input = tensorAt(node, inputs, 0);
  const sizes = constantAt(node, inputs, 1).values;
  const axis = constantAt(node, inputs, 2).values[0] ?? 0;
  const nchw = isNchw(input);
  const rank = input.shape.length;
  const names = sizes.map((_, i) => (i === 0 ? node.name : `${node.name}:${i}`));
  graph.node('Split', [use(graph, input, nchw), graph.integers(`${node.name}/sizes`, sizes)], names, {
    axis: axisIn(axis, rank, nchw),
  });
  return sizes.map((size, i) =>
    named(
      input.shape.map((dim, at) => (at === axisIn(axis, rank, false) ? size : dim)),
      names[i] ?? '',
      nchw,
    ),
  );
};

export const mean: OperatorConverter = (node, inputs, graph) => {
  const input = tensorAt(node, inputs, 0);
  if (!node.attributes.flag('keep_dims')) throw unsupported(node, 'axes are dropped');
  const axes = constantAt(node, inputs, 1).values;
  const nchw = isNchw(input);
  const rank = input.shape.length;
  const mapped = axes.map((axis) => axisIn(axis, rank, nchw)).sort((a, b) => a - b);
  graph.node('ReduceMean', [use(graph, input, nchw)], [node.name], { axes: mapped, keepdims: 1 });
  const shape = input.shape.map((dim, at) =>
    axes.some((axis) => axisIn(axis, rank, false) === at) ? 1 : dim,
  );
  return [named(shape, node.name, nchw)];
};

/** Pad and PadV2: paddings [rank, 2], then the value to pad with (0). */
export const pad: OperatorConverter = (node, inputs, graph) => {
  const input = tensorAt(node, inputs, 0);
  const paddings = constantAt(node, inputs, 1).values;
  const value = inputs[2]?.kind === 'constant' ? (inputs[2].values[0] ?? 0) : 0;
  const nchw = isNchw(input);
  const order = nchw ? TO_NCHW : input.shape.map((_, axis) => axis);
  const ends = [0, 1].flatMap((end) => order.map((axis) => paddings[axis * 2 + end] ?? 0));
  graph.node(
    'Pad',
    [
      use(graph, input, nchw),
      graph.integers(`${node.name}/pads`, ends),
      graph.floats(`${node.name}/value`, [], [value]),
    ],
    [node.name],
    { mode: 'constant' },
  );
  const shape = input.shape.map(
    (dim, axis) => dim + (paddings[axis * 2] ?? 0) + (paddings[axis * 2 + 1] ?? 0),
  );
  return [named(shape, node.name, nchw)];
};

/** A transpose between NHWC and NCHW is a renaming; any other is a node. */
export const transpose: OperatorConverter = (node, inputs, graph) => {
  const input = tensorAt(node, inputs, 0);
  const order = constantAt(node, inputs, 1).values;
  const shape = order.map((axis) => input.shape[axis] ?? 0);
  const key = order.join(',');
  if (key === '0,3,1,2') return [named(shape, asNchw(graph, input), false)];
  if (key === '0,2,3,1') return [named(shape, asRaw(graph, input), true)];
  graph.node('Transpose', [asRaw(graph, input)], [node.name], { perm: order });
  return [named(shape, node.name, false)];
};

/**
 * Reshape. Where the last axis is the product of both picture sides it is left to the runtime (-1), so that the graph
 * takes pictures of any size.
 */
export const reshape: OperatorConverter = (node, inputs, graph) => {
  const input = tensorAt(node, inputs, 0);
  const length = input.shape.reduce((product, dim) => product * dim, 1);
  const asked = constantAt(node, inputs, 1).values;
  const known = asked.filter((dim) => dim !== -1).reduce((product, dim) => product * dim, 1);
  const shape = asked.map((dim) => (dim === -1 ? length / known : dim));
  const [, , height = 0, width = 0] = input.shape;
  const flat = input.shape.length === 4 && shape.at(-1) === height * width;
  const sizes = flat ? [...shape.slice(0, -1), -1] : shape;
  graph.node('Reshape', [asRaw(graph, input), graph.integers(`${node.name}/shape`, sizes)], [node.name]);
  return [named(shape, node.name, false)];
};

/** Bilinear resize by the ratio the static graph has, so that it holds for any size. */
export const resizeBilinear: OperatorConverter = (node, inputs, graph) => {
  const input = tensorAt(node, inputs, 0);
  const [batch = 1, height = 1, width = 1, channels = 1] = input.shape;
  const [toHeight = 1, toWidth = 1] = constantAt(node, inputs, 1).values;
  const scales = graph.floats(`${node.name}/scales`, [4], [1, 1, toHeight / height, toWidth / width]);
  const coordinates = node.attributes.flag('align_corners')
    ? 'align_corners'
    : node.attributes.flag('half_pixel_centers')
      ? 'half_pixel'
      : 'asymmetric';
  graph.node('Resize', [asNchw(graph, input), '', scales], [node.name], {
    mode: 'linear',
    coordinate_transformation_mode: coordinates,
  });
  return [named([batch, toHeight, toWidth, channels], node.name, true)];
};

/** Only constants are made dense: it builds the static sizes of a reshape. */
export const sparseToDense: OperatorConverter = (node, inputs) => {
  const [at, size, values, otherwise] = [0, 1, 2, 3].map((i) => constantAt(node, inputs, i));
  const length = size?.values[0];
  if (size?.values.length !== 1 || length === undefined) throw unsupported(node, 'more than one axis');
  const dense = Array<number>(length).fill(otherwise?.values[0] ?? 0);
  at?.values.forEach((index, i) => {
    dense[index] = values?.values[values.values.length === 1 ? 0 : i] ?? 0;
  });
  return [{ kind: 'constant', shape: [length], integer: true, values: dense }];
};
