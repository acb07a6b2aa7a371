/** The converter on small graphs whose results are worked out by hand. */
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { type Cut, convert } from '../../../models/convert/convert.ts';
import { permute } from '../../../models/convert/layout.ts';
import { MessageWriter } from '../../../models/convert/protobuf.ts';
import { readTfjsGraph } from '../../../models/convert/tfjs.ts';

const base64 = (text: string) => Buffer.from(text, 'latin1').toString('base64');
const list = (...i: number[]) => ({ list: { i: i.map(String) } });

interface Weight {
  readonly shape: readonly number[];
  readonly values: readonly number[];
  readonly type?: 'int32';
}

/** A TensorFlow.js model of these nodes and constants. */
function graph(nodes: readonly Record<string, unknown>[], weights: Readonly<Record<string, Weight>>) {
  const manifest = Object.entries(weights).map(([name, { shape, type }]) => ({
    name,
    shape,
    dtype: type ?? 'float32',
  }));
  const parts = Object.values(weights).map(({ values, type }) =>
    Buffer.from((type === 'int32' ? Int32Array.from(values) : Float32Array.from(values)).buffer),
  );
  const constants = Object.keys(weights).map((name) => ({ name, op: 'Const' }));
  const json = {
    modelTopology: { node: [{ name: 'picture', op: 'Placeholder' }, ...constants, ...nodes] },
    weightsManifest: [{ weights: manifest }],
  };
  return readTfjsGraph(JSON.stringify(json), Buffer.concat(parts));
}

const cut = (more: Partial<Cut> = {}): Cut => ({
  name: 'test',
  image: { at: 'picture', layout: 'nhwc', side: 4, channels: 'rgb' },
  outputs: [{ node: 'out', name: 'y' }],
  metadata: {},
  ...more,
});

async function run(onnx: Uint8Array, pixels: readonly number[], height: number, width: number) {
  const session = await InferenceSession.create(onnx);
  const { y } = await session.run({
    image: new Tensor('uint8', Uint8Array.from(pixels), [1, height, width, 3]),
  });
  return { dims: y?.dims, values: Array.from(y?.data as Float32Array, (v) => Math.round(v * 1000) / 1000) };
}

/** Red counts up, green and blue are constant. */
const picture = (count: number) => Array.from({ length: count }, (_, i) => [i, 10, 20]).flat();

describe('operators', () => {
  test('a convolution with stride, SAME padding, bias and activation', async () => {
    // 3×3 ones over the red channel only, stride 2: TensorFlow pads at the bottom and right here.
    const kernel = Array.from({ length: 27 }, (_, i) => (i % 3 === 0 ? 1 : 0));
    const source = graph(
      [
        {
          name: 'out',
          op: '_FusedConv2D',
          input: ['picture', 'kernel', 'bias', '^control'],
          attr: {
            strides: list(1, 2, 2, 1),
            dilations: list(1, 1, 1, 1),
            padding: { s: base64('SAME') },
            fused_ops: { list: { s: [base64('BiasAdd'), base64('Relu')] } },
          },
        },
      ],
      { kernel: { shape: [3, 3, 3, 1], values: kernel }, bias: { shape: [1], values: [-40] } },
    );
    const { dims, values } = await run(convert(source, cut()), picture(16), 4, 4);
    expect(dims).toEqual([1, 1, 2, 2]);
    // Sums of rows 0-2 × columns 0-2: 45; columns 2-3: 39; rows 2-3 × columns 0-2: 66; the corner: 50; minus 40, at least 0.
    expect(values).toEqual([5, 0, 26, 10]);
  });

  test('transposes to NCHW and back cost nothing, axes and constants follow', async () => {
    const source = graph(
      [
        { name: 'first', op: 'Transpose', input: ['picture', 'toNchw'] },
        { name: 'joined', op: 'ConcatV2', input: ['first', 'first', 'one'] },
        { name: 'back', op: 'Transpose', input: ['joined', 'toNhwc'] },
        { name: 'out', op: 'Mul', input: ['back', 'factors'] },
      ],
      {
        toNchw: { shape: [4], values: [0, 3, 1, 2], type: 'int32' },
        toNhwc: { shape: [4], values: [0, 2, 3, 1], type: 'int32' },
        one: { shape: [], values: [1], type: 'int32' },
        factors: { shape: [6], values: [1, 2, 3, 4, 5, 6] },
      },
    );
    const onnx = convert(source, cut());
    const { dims, values } = await run(onnx, [1, 2, 3], 1, 1);
    expect(dims).toEqual([1, 6, 1, 1]);
    expect(values).toEqual([1, 4, 9, 4, 10, 18]);
    // The one at the uint8 input.
    expect(Buffer.from(onnx).toString('latin1').split('Transpose').length - 1).toBe(1);
  });

  test('the same file takes pictures of another size', async () => {
    const source = graph(
      [
        {
          name: 'out',
          op: 'ResizeBilinear',
          input: ['picture', 'size'],
          attr: { half_pixel_centers: { b: false } },
        },
      ],
      { size: { shape: [2], values: [8, 8], type: 'int32' } },
    );
    const { dims, values } = await run(convert(source, cut()), picture(2), 1, 2);
    expect(dims).toEqual([1, 3, 2, 4]);
    // Asymmetric: output pixel i looks at i/2.
    expect(values.slice(0, 4)).toEqual([0, 0.5, 1, 1]);
  });

  test('BGR, mean and scale are put into the graph', async () => {
    const source = graph([{ name: 'out', op: 'Identity', input: ['picture'] }], {});
    const image = {
      ...cut().image,
      channels: 'bgr' as const,
      mean: [1, 2, 3] as const,
      scale: [2, 4, 8] as const,
    };
    const { values } = await run(convert(source, cut({ image })), [11, 10, 21], 1, 1);
    expect(values).toEqual([10, 2, 1]);
  });

  test('an unknown operator is refused by name', () => {
    const source = graph([{ name: 'out', op: 'Einsum', input: ['picture'] }], {});
    expect(() => convert(source, cut())).toThrow(
      'conversion of Einsum out failed: the operator is not known',
    );
  });
});

test('weights that do not fit the file are refused', () => {
  const json = JSON.stringify({
    modelTopology: { node: [] },
    weightsManifest: [{ weights: [{ name: 'w', shape: [4], dtype: 'float32' }] }],
  });
  expect(() => readTfjsGraph(json, new Uint8Array(12))).toThrow('weight w cannot be read');
  expect(() => readTfjsGraph(json, new Uint8Array(20))).toThrow('4 bytes of weights left over');
});

test('axes of constants are permuted as numpy does', () => {
  // shape [2, 3] → [3, 2]
  expect(permute([1, 2, 3, 4, 5, 6], [2, 3], [1, 0])).toEqual([1, 4, 2, 5, 3, 6]);
});

test('protobuf fields as the encoding guide shows them', () => {
  // https://protobuf.dev/programming-guides/encoding: field 1 = 150; field 2 = "testing"; -2 as int32.
  expect(Buffer.from(new MessageWriter().int(1, 150).finish()).toString('hex')).toBe('089601');
  expect(Buffer.from(new MessageWriter().string(2, 'testing').finish()).toString('hex')).toBe(
    '120774657374696e67',
  );
  expect(Buffer.from(new MessageWriter().int(1, -2).finish()).toString('hex')).toBe('08feffffffffffffffff01');
});
