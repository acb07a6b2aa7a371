/**
 * TensorFlow.js graph model → ONNX, for the operators that the default models use. Walks back from the wanted outputs,
 * so that anchor generation and non-maximum suppression inside the graph, which nobody asks for, are never visited.
 */
import { type OperatorConverter, tensorAt, unsupported } from './conversion.ts';
import { convolution, depthwise, maxPool } from './convolution.ts';
import { binary, relu6, unary } from './elementwise.ts';
import { asRaw, type GraphValue, isNchw, TO_NCHW } from './layout.ts';
import { OnnxGraph } from './onnx.ts';
import { concat, mean, pad, reshape, resizeBilinear, sparseToDense, split, transpose } from './shaping.ts';
import type { GraphNode, TfjsGraph } from './tfjs.ts';

/** How the picture comes into the graph: uint8 RGB [1, height, width, 3] at input `image`, then as said here. */
export interface ImageInput {
  /** Node of the graph whose output becomes the picture. */
  readonly at: string;
  /** Axes of that node in TensorFlow. */
  readonly layout: 'nhwc' | 'nchw';
  /** Sides of the static graph, in pixels; others work too where both are multiples of its largest stride. */
  readonly side: number;
  readonly channels: 'rgb' | 'bgr';
  /** (pixel − mean) / scale, per channel in the order of `channels`. */
  readonly mean?: readonly [number, number, number];
  readonly scale?: readonly [number, number, number];
}

export interface GraphOutput {
  readonly node: string;
  /** Name in the ONNX graph. */
  readonly name: string;
  /** Channels to keep; absent: all. */
  readonly channels?: readonly number[];
}

export interface Cut {
  readonly name: string;
  readonly image: ImageInput;
  readonly outputs: readonly GraphOutput[];
  readonly metadata: Readonly<Record<string, string>>;
}

const identity: OperatorConverter = (_, inputs) => inputs.slice(0, 1);

const OPERATORS: Readonly<Record<string, OperatorConverter>> = {
  Identity: identity,
  Conv2D: convolution,
  _FusedConv2D: convolution,
  DepthwiseConv2dNative: depthwise,
  FusedDepthwiseConv2dNative: depthwise,
  MaxPool: maxPool,
  Relu: unary('Relu'),
  Relu6: relu6,
  LeakyRelu: unary('LeakyRelu', (node) => ({ alpha: { float: node.attributes.float('alpha', 0.2) } })),
  Sigmoid: unary('Sigmoid'),
  Neg: unary('Neg'),
  Add: binary('Add', (a, b) => a + b),
  AddV2: binary('Add', (a, b) => a + b),
  Sub: binary('Sub', (a, b) => a - b),
  Mul: binary('Mul', (a, b) => a * b),
  ConcatV2: concat,
  SplitV: split,
  Mean: mean,
  Pad: pad,
  PadV2: pad,
  Transpose: transpose,
  Reshape: reshape,
  ResizeBilinear: resizeBilinear,
  SparseToDense: sparseToDense,
};

/** The ONNX file. The same input gives the same bytes. Throws `AgentError` `model-invalid` for what it does not know. */
export function convert(source: TfjsGraph, cut: Cut): Uint8Array {
  const graph = new OnnxGraph();
  const done = new Map<string, readonly GraphValue[]>();
  done.set(cut.image.at, [imageInput(graph, cut.image)]);

  const outputsOf = (name: string): readonly GraphValue[] => {
    const known = done.get(name);
    if (known !== undefined) return known;
    const node = source.node(name);
    const made = node.op === 'Const' ? [source.constant(name)] : operate(node);
    done.set(name, made);
    return made;
  };
  const operate = (node: GraphNode) => {
    const operator = OPERATORS[node.op];
    if (operator === undefined) throw unsupported(node, 'the operator is not known');
    return operator(node, node.inputs.map(valueAt), graph);
  };
  const valueAt = (edge: string): GraphValue => {
    const [name = '', index = '0'] = edge.split(':');
    const value = outputsOf(name)[Number(index)];
    if (value === undefined) throw unsupported(source.node(name), `no output ${index}`);
    return value;
  };

  for (const output of cut.outputs) addOutput(graph, source.node(output.node), valueAt(output.node), output);
  return graph.encode(cut.name, cut.metadata);
}

/** uint8 NHWC → float NCHW, so that the raw buffer of a decoded picture is handed over as it is. */
function imageInput(graph: OnnxGraph, image: ImageInput): GraphValue {
  const { side, channels, mean: means, scale } = image;
  graph.input({ name: 'image', element: 'uint8', dims: [1, 'height', 'width', 3] });
  graph.node('Cast', ['image'], ['image/float'], { to: 1 });
  graph.node('Transpose', ['image/float'], ['image/nchw'], { perm: TO_NCHW });
  let name = 'image/nchw';
  if (channels === 'bgr') {
    graph.node('Gather', [name, graph.integers('image/order', [2, 1, 0])], ['image/bgr'], { axis: 1 });
    name = 'image/bgr';
  }
  if (means !== undefined) {
    graph.node('Sub', [name, graph.floats('image/mean', [1, 3, 1, 1], means)], ['image/centred']);
    name = 'image/centred';
  }
  if (scale !== undefined) {
    const factors = scale.map((value) => 1 / value);
    graph.node('Mul', [name, graph.floats('image/factor', [1, 3, 1, 1], factors)], ['image/scaled']);
    name = 'image/scaled';
  }
  return image.layout === 'nhwc'
    ? { kind: 'tensor', shape: [1, side, side, 3], nchw: name }
    : { kind: 'tensor', shape: [1, 3, side, side], raw: name };
}

function addOutput(
  graph: OnnxGraph,
  node: GraphNode,
  value: GraphValue,
  { name, channels }: GraphOutput,
): void {
  const tensor = tensorAt(node, [value], 0);
  const nchw = isNchw(tensor);
  const from = tensor.nchw ?? asRaw(graph, tensor);
  const [batch = 1, second = 1, third = 1, last = 1] = tensor.shape;
  if (channels === undefined) graph.node('Identity', [from], [name]);
  else graph.node('Gather', [from, graph.integers(`${name}/channels`, channels)], [name], { axis: 1 });
  const dims = nchw
    ? [batch, channels?.length ?? last, `${name}_height`, `${name}_width`]
    : tensor.shape.length === 3
      ? [batch, `${name}_cells`, third]
      : [batch, second, third, last];
  graph.output({ name, element: 'float32', dims });
}
