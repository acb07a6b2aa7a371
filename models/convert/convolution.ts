/** Convolutions and pools. */
import { constantAt, type OperatorConverter, tensorAt, unsupported, weight } from './conversion.ts';
import { asNchw, type TensorValue } from './layout.ts';
import type { Attribute, OnnxGraph } from './onnx.ts';
import type { GraphNode } from './tfjs.ts';

/** [kh, kw, in, out] → [out, in, kh, kw]. */
const CONV_ORDER = [3, 2, 0, 1];
/** [kh, kw, channels, multiplier] → [channels, multiplier, kh, kw]. */
const DEPTHWISE_ORDER = [2, 3, 0, 1];

export const convolution: OperatorConverter = (node, inputs, graph) => {
  const input = tensorAt(node, inputs, 0);
  const kernel = constantAt(node, inputs, 1);
  const [kh = 1, kw = 1, ins = 1, outs = 1] = kernel.shape;
  const name = weight(graph, `${node.inputs[1]}/oihw`, kernel, CONV_ORDER, [outs, ins, kh, kw]);
  const group = (input.shape[3] ?? ins) / ins;
  return [fused(node, inputs, graph, window(node, input, [kh, kw], outs), [name], { group })];
};

export const depthwise: OperatorConverter = (node, inputs, graph) => {
  const input = tensorAt(node, inputs, 0);
  const kernel = constantAt(node, inputs, 1);
  const [kh = 1, kw = 1, channels = 1, multiplier = 1] = kernel.shape;
  const dims = [channels * multiplier, 1, kh, kw];
  const name = weight(graph, `${node.inputs[1]}/oihw`, kernel, DEPTHWISE_ORDER, dims);
  const slide = window(node, input, [kh, kw], channels * multiplier);
  return [fused(node, inputs, graph, slide, [name], { group: channels })];
};

export const maxPool: OperatorConverter = (node, inputs, graph) => {
  const input = tensorAt(node, inputs, 0);
  const [, kh = 1, kw = 1] = node.attributes.integers('ksize');
  const { shape, attributes } = window(node, input, [kh, kw], input.shape[3] ?? 0);
  const { dilations: _, ...rest } = attributes;
  graph.node('MaxPool', [asNchw(graph, input)], [node.name], rest);
  return [{ kind: 'tensor', shape, nchw: node.name }];
};

interface Window {
  readonly shape: readonly number[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/**
 * Shape after a sliding window, and its ONNX attributes. SAME_UPPER puts the odd pixel at the bottom and right as
 * TensorFlow does, and stays right for every input size.
 */
function window(node: GraphNode, input: TensorValue, kernel: readonly number[], channels: number): Window {
  const [batch = 1, height = 0, width = 0] = input.shape;
  const [, strideY = 1, strideX = 1] = node.attributes.integers('strides');
  const [, dilationY = 1, dilationX = 1] = node.attributes.integers('dilations');
  const [kh = 1, kw = 1] = kernel;
  const padding = node.attributes.text('padding');
  if (padding !== 'SAME' && padding !== 'VALID') throw unsupported(node, `padding ${padding}`);
  const slide = (size: number, k: number, stride: number, dilation: number) =>
    Math.ceil((padding === 'SAME' ? size : size - (k - 1) * dilation) / stride);
  return {
    shape: [batch, slide(height, kh, strideY, dilationY), slide(width, kw, strideX, dilationX), channels],
    attributes: {
      kernel_shape: [kh, kw],
      strides: [strideY, strideX],
      dilations: [dilationY, dilationX],
      auto_pad: padding === 'SAME' ? 'SAME_UPPER' : 'VALID',
    },
  };
}

/** Adds the convolution with what TensorFlow fused into it: a bias, then an activation. */
function fused(
  node: GraphNode,
  inputs: Parameters<OperatorConverter>[1],
  graph: OnnxGraph,
  { shape, attributes }: Window,
  kernel: readonly string[],
  more: Readonly<Record<string, Attribute>>,
): TensorValue {
  const [bias, activation, ...others] = node.attributes.texts('fused_ops');
  if ((bias !== undefined && bias !== 'BiasAdd') || others.length > 0) {
    throw unsupported(node, `fused ${node.attributes.texts('fused_ops').join(' ')}`);
  }
  const operands = [asNchw(graph, tensorAt(node, inputs, 0)), ...kernel];
  if (bias !== undefined) {
    const constant = constantAt(node, inputs, 2);
    operands.push(weight(graph, `${node.inputs[2]}/bias`, constant, [0], constant.shape));
  }
  const output = activation === undefined ? node.name : `${node.name}/conv`;
  graph.node('Conv', operands, [output], { ...attributes, ...more });
  if (activation === 'Relu') graph.node('Relu', [output], [node.name]);
  else if (activation === 'Relu6') graph.node('Clip', [output, ...relu6Bounds(graph)], [node.name]);
  else if (activation !== undefined) throw unsupported(node, `activation ${activation}`);
  return { kind: 'tensor', shape, nchw: node.name };
}

/** The bounds of Relu6 as scalars for a Clip. */
export function relu6Bounds(graph: OnnxGraph): readonly string[] {
  return [graph.floats('relu6/low', [], [0]), graph.floats('relu6/high', [], [6])];
}
