/**
 * The contract between model packs (models/) and what runs them (agent/vision): a detection network as bytes, how a
 * picture becomes its input, and how its outputs become detections.
 */
import type { Detection } from './view.ts';

/** Output of a network, row-major. */
export interface Tensor {
  readonly dims: readonly number[];
  readonly data: Float32Array;
}

/** Outputs by name. */
export type Tensors = Readonly<Record<string, Tensor>>;

export interface PictureSize {
  /** Pixels. */
  readonly width: number;
  readonly height: number;
}

export interface DecodeSettings {
  /** Lowest score, 0…1. */
  readonly threshold: number;
  /** Overlap (intersection over union) above which two boxes of one class are one. */
  readonly iou: number;
  /** The same over all wanted classes, so that a pick-up is not a car and a truck. */
  readonly mergeIou: number;
  /** Names of the network's classes, in the order of its channels. */
  readonly classes: readonly string[];
  /** The classes to report. */
  readonly wanted: readonly string[];
  /** Further classes to report, which hide no wanted one: a rider does not hide the bicycle. */
  readonly apart?: readonly string[];
}

/** An output the decoder needs; `null` is a size that depends on the picture. */
export interface OutputShape {
  readonly name: string;
  readonly dims: readonly (number | null)[];
}

/** Turns outputs into detections, boxes in pixels of the network's input. One file per kind in models/decoders. */
export interface Decoder {
  readonly kind: string;
  outputs(classes: readonly string[]): readonly OutputShape[];
  decode(tensors: Tensors, input: PictureSize, settings: DecodeSettings): readonly Detection[];
}

export interface ModelInput {
  /** Name of the input tensor. */
  readonly tensor: string;
  readonly element: 'uint8' | 'float32';
  readonly layout: 'nhwc' | 'nchw';
  readonly channels: 'rgb' | 'bgr';
  /** value = (pixel − mean) / scale */
  readonly mean: number;
  readonly scale: number;
  /** What lies right of and below the picture, 0…255. */
  readonly pad: number;
  /** `side`: the longer side, both sides rounded up to `multiple`. `size`: always this. */
  readonly fit: { readonly side: number; readonly multiple: number } | { readonly size: PictureSize };
}

export type VisionTask = 'vehicles' | 'faces';

/** A checked model pack, ready to run. */
export interface ModelPack {
  readonly name: string;
  readonly task: VisionTask;
  readonly file: string;
  readonly onnx: Uint8Array;
  readonly input: ModelInput;
  readonly settings: DecodeSettings;
  readonly decoder: Decoder;
}
