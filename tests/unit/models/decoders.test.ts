/** Decoders on tensors built by hand: what comes out is known from the papers' formulas, not from our code. */
import { describe, expect, test } from 'vitest';
import type { Decoder, DecodeSettings, Tensors } from '../../../agent/core/model.ts';
import type { Detection } from '../../../agent/core/view.ts';
import { blazeface } from '../../../models/decoders/blazeface.ts';
import { overlap, suppress } from '../../../models/decoders/boxes.ts';
import { centernet } from '../../../models/decoders/centernet.ts';
import { faceboxes } from '../../../models/decoders/faceboxes.ts';
import { gfl } from '../../../models/decoders/gfl.ts';
import { DECODERS } from '../../../models/decoders/index.ts';
import { ultraface } from '../../../models/decoders/ultraface.ts';
import { yolox } from '../../../models/decoders/yolox.ts';
import { yunet } from '../../../models/decoders/yunet.ts';

const settings = (more: Partial<DecodeSettings> = {}): DecodeSettings => ({
  threshold: 0.3,
  iou: 0.5,
  mergeIou: 0.55,
  classes: ['person', 'car', 'truck'],
  wanted: ['car', 'truck'],
  ...more,
});

const zeros = (...dims: number[]) => ({
  dims,
  data: new Float32Array(dims.reduce((product, dim) => product * dim, 1)),
});

/** Outputs of a decoder for an input, all `fill`. */
function blank(decoder: Decoder, classes: readonly string[], unknown: (name: string) => number[], fill = 0) {
  const tensors: Record<string, ReturnType<typeof zeros>> = {};
  for (const { name, dims } of decoder.outputs(classes)) {
    const sizes = unknown(name);
    const made = zeros(...dims.map((dim) => dim ?? sizes.shift() ?? 1));
    made.data.fill(fill);
    tensors[name] = made;
  }
  return tensors;
}

const rounded = (detections: readonly Detection[]) =>
  detections.map(({ class: name, score, box }) => [
    name,
    Number(score.toFixed(3)),
    ...box.map((v) => Math.round(v) + 0),
  ]);

describe('suppression', () => {
  const box = (x: number, score: number, name = 'car'): Detection => ({
    class: name,
    score,
    box: [x, 0, x + 10, 10],
  });

  test('overlap is intersection over union', () => {
    expect(overlap([0, 0, 10, 10], [5, 0, 15, 10])).toBeCloseTo(1 / 3);
    expect(overlap([0, 0, 10, 10], [10, 0, 20, 10])).toBe(0);
    expect(overlap([0, 0, 10, 10], [0, 0, 10, 10])).toBe(1);
  });

  test('the best of those that overlap stays, by class or over all', () => {
    const found = [box(0, 0.4), box(1, 0.9), box(2, 0.8, 'truck'), box(30, 0.5)];
    expect(suppress(found, 0.5, 'same class').map((one) => one.score)).toEqual([0.9, 0.8, 0.5]);
    expect(suppress(found, 0.5, 'all classes').map((one) => one.score)).toEqual([0.9, 0.5]);
  });
});

describe('centernet', () => {
  const make = (peaks: readonly (readonly [channel: number, x: number, y: number, score: number])[]) => {
    const heat = zeros(1, 3, 8, 16);
    const ltrb = zeros(1, 4, 8, 16);
    for (const [channel, x, y, score] of peaks) heat.data[channel * 128 + y * 16 + x] = score;
    for (const [side, length] of [10, 5, 20, 15].entries())
      ltrb.data.fill(length, side * 128, side * 128 + 128);
    return { heat, ltrb } satisfies Tensors;
  };
  const input = { width: 64, height: 32 };

  test('a peak is a box around its cell, four pixels a cell', () => {
    const found = centernet.decode(make([[1, 8, 4, 0.6]]), input, settings());
    expect(rounded(found)).toEqual([['car', 0.6, 22, 11, 52, 31]]);
  });

  test('a cell with a higher neighbour, below the threshold or of another class is none', () => {
    const tensors = make([
      [1, 8, 4, 0.6],
      [1, 9, 4, 0.5],
      [1, 2, 2, 0.29],
      [0, 13, 6, 0.9],
    ]);
    expect(rounded(centernet.decode(tensors, input, settings()))).toHaveLength(1);
  });

  test('a pick-up that is a car and a truck is one vehicle, with the better class', () => {
    const tensors = make([
      [1, 8, 4, 0.4],
      [2, 8, 4, 0.5],
    ]);
    expect(rounded(centernet.decode(tensors, input, settings()))).toEqual([['truck', 0.5, 22, 11, 52, 31]]);
  });
});

describe('faceboxes', () => {
  const input = { width: 128, height: 128 };
  const one = settings({ threshold: 0.5, classes: ['face'], wanted: ['face'], iou: 0.3, mergeIou: 0.3 });
  // Grids of strides 32, 64, 128.
  const grids: Record<string, number[]> = {
    cls0: [4, 4],
    cls1: [2, 2],
    cls2: [1, 1],
    box0: [4, 4],
    box1: [2, 2],
    box2: [1, 1],
  };
  const make = () => {
    const tensors = blank(faceboxes, ['face'], (name) => [...(grids[name] ?? [])]);
    for (const [name, tensor] of Object.entries(tensors)) {
      // Background wins everywhere.
      if (!name.startsWith('cls')) continue;
      const plane = (tensor.dims[2] ?? 1) * (tensor.dims[3] ?? 1);
      for (let channel = 0; channel < (tensor.dims[1] ?? 0); channel += 2)
        tensor.data.fill(9, channel * plane, channel * plane + plane);
    }
    return tensors;
  };
  const set = (
    tensors: ReturnType<typeof make>,
    name: string,
    channel: number,
    cell: number,
    value: number,
  ) => {
    const tensor = tensors[name];
    if (tensor === undefined) throw new Error(name);
    tensor.data[channel * (tensor.dims[2] ?? 1) * (tensor.dims[3] ?? 1) + cell] = value;
  };

  test('nothing in an empty picture', () => {
    expect(faceboxes.decode(make(), input, one)).toEqual([]);
  });

  test('the anchor of scale 128 in cell (1, 1) is cut at the picture', () => {
    const tensors = make();
    // Anchor 20 is the last of the 21 of a cell; logit difference 2.
    set(tensors, 'cls0', 40, 5, 0);
    set(tensors, 'cls0', 41, 5, 2);
    const found = faceboxes.decode(tensors, input, one);
    // Centre (48, 48), size 128: from −16 to 112, cut at 0.
    expect(rounded(found)).toEqual([['face', 0.881, 0, 0, 112, 112]]);
  });

  test('densified anchors: x is the slow index', () => {
    const tensors = make();
    // Scale 32 repeated 4×4: anchor 4 is i = 1, j = 0: centre x = 48 − 16 + 4 + 8 = 44, y = 48 − 16 + 4 = 36.
    set(tensors, 'cls0', 8, 5, 0);
    set(tensors, 'cls0', 9, 5, 2);
    expect(rounded(faceboxes.decode(tensors, input, one))).toEqual([['face', 0.881, 28, 20, 60, 52]]);
  });

  test('codes move and stretch the anchor: tenths of its size, exp of fifths', () => {
    const tensors = make();
    set(tensors, 'cls0', 8, 5, 0);
    set(tensors, 'cls0', 9, 5, 2);
    set(tensors, 'box0', 16, 5, 5); // ty: half its height down
    set(tensors, 'box0', 17, 5, -5); // tx: half its width left
    set(tensors, 'box0', 18, 5, 5 * Math.log(2)); // th: twice as high
    expect(rounded(faceboxes.decode(tensors, input, one))).toEqual([['face', 0.881, 12, 20, 44, 84]]);
  });
});

test('gfl: the expectation of a distribution over bins, in strides', () => {
  const tensors = blank(gfl, ['person', 'car', 'truck'], (name) => [
    { '8': 32, '6': 8, '2': 2 }[name.at(-1) ?? ''] ?? 0,
  ]);
  const { cls16, reg16 } = tensors;
  if (cls16 === undefined || reg16 === undefined) throw new Error('no outputs');
  cls16.data[5 * 3 + 1] = 0.7; // cell 5 of a 4×2 grid: centre (24, 24)
  for (const [side, bin] of [1, 1, 1, 0].entries()) reg16.data[5 * 44 + side * 11 + bin] = 50;
  const found = gfl.decode(tensors, { width: 64, height: 32 }, settings());
  expect(rounded(found)).toEqual([['car', 0.7, 8, 8, 40, 24]]);
});

test('yolox: objectness times class, offsets in strides, exp of sizes', () => {
  const output = zeros(1, 8 * 4 + 4 * 2 + 2, 8);
  // Second stride (16), cell (1, 1) of 4×2.
  output.data.set([0.5, 0.25, Math.log(2), Math.log(1), 0.9, 0, 0.8, 0.1], (32 + 5) * 8);
  const found = yolox.decode({ output }, { width: 64, height: 32 }, settings());
  expect(rounded(found)).toEqual([['car', 0.72, 8, 12, 40, 28]]);
});

test('yunet: root of class times objectness', () => {
  const tensors = blank(yunet, ['face'], (name) => [{ '8': 32, '6': 8, '2': 2 }[name.at(-1) ?? ''] ?? 0]);
  const { cls_8: cls, obj_8: obj, bbox_8: bbox } = tensors;
  if (cls === undefined || obj === undefined || bbox === undefined) throw new Error('no outputs');
  cls.data[9] = 0.81;
  obj.data[9] = 1.5; // clamped
  bbox.data.set([0.5, 0.5, Math.log(2), Math.log(3)], 9 * 4); // cell (1, 1) of 8×4
  const one = settings({ classes: ['face'], wanted: ['face'] });
  expect(rounded(yunet.decode(tensors, { width: 64, height: 32 }, one))).toEqual([
    ['face', 0.9, 4, 0, 20, 24],
  ]);
});

test('ultraface: corners as parts of the input', () => {
  const scores = { dims: [1, 2, 2], data: Float32Array.from([0.1, 0.9, 0.8, 0.2]) };
  const boxes = { dims: [1, 2, 4], data: Float32Array.from([0.1, 0.2, 0.3, 0.5, 0, 0, 1, 1]) };
  const one = settings({ classes: ['face'], wanted: ['face'] });
  expect(rounded(ultraface.decode({ scores, boxes }, { width: 100, height: 100 }, one))).toEqual([
    ['face', 0.9, 10, 20, 30, 50],
  ]);
});

test('blazeface: anchors of both grids, distances in pixels, logits', () => {
  const tensors = blank(blazeface, ['face'], (name) => [/^Identity(_2)?:/.test(name) ? 512 : 384], -50);
  const {
    'Identity:0': fine,
    'Identity_2:0': fineBoxes,
    'Identity_1:0': coarse,
    'Identity_3:0': coarseBoxes,
  } = tensors;
  if (!fine || !fineBoxes || !coarse || !coarseBoxes) throw new Error('no outputs');
  // Second anchor of cell (3, 1) of 16×16: its middle is at 56, 24.
  const near = (1 * 16 + 3) * 2 + 1;
  fine.data[near] = Math.log(3); // sigmoid: 0.75
  fineBoxes.data.set([4, -4, 20, 24], near * 16);
  // Last anchor of the last cell of 8×8: 240, 240.
  coarse.data[383] = 500;
  coarseBoxes.data.set([-40, -40, 100, 120], 383 * 16);
  const one = settings({ classes: ['face'], wanted: ['face'], threshold: 0.6 });
  expect(rounded(blazeface.decode(tensors, { width: 256, height: 256 }, one))).toEqual([
    ['face', 1, 150, 140, 250, 260],
    ['face', 0.75, 50, 8, 70, 32],
  ]);
  expect(blazeface.decode(tensors, { width: 256, height: 256 }, { ...one, threshold: 0.8 })).toHaveLength(1);
});

test('a class apart hides no wanted one, and is not hidden', () => {
  const outputs = blank(centernet, ['person', 'car', 'truck'], () => [8, 8]);
  const { heat, ltrb } = outputs;
  if (!heat || !ltrb) throw new Error('no outputs');
  heat.data[27] = 0.9; // a person …
  heat.data[64 + 27] = 0.5; // … in the very place of a car
  ltrb.data.fill(8);
  const both = centernet.decode(outputs, { width: 32, height: 32 }, settings({ apart: ['person'] }));
  expect(both.map((one) => one.class).sort()).toEqual(['car', 'person']);
  expect(centernet.decode(outputs, { width: 32, height: 32 }, settings()).map((one) => one.class)).toEqual([
    'car',
  ]);
});

test('every decoder says which output is missing', () => {
  for (const decoder of DECODERS.values()) {
    const first = decoder.outputs(['face'])[0]?.name ?? '';
    expect(() =>
      decoder.decode({}, { width: 64, height: 64 }, settings({ classes: ['face'], wanted: ['face'] })),
    ).toThrow(new RegExp(`no output ${first.slice(0, 3)}`));
  }
});
