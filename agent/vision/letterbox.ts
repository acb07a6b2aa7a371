/**
 * How a frame lies in the input of a network: scaled to fit, at the top left, the rest padded. Padding only right and
 * below means that mapping back is a division.
 */
import type { ModelInput, PictureSize } from '../core/model.ts';
import type { Detection } from '../core/view.ts';

export interface Letterbox {
  /** Pixels of the frame before and after. */
  readonly frame: PictureSize;
  readonly scaled: PictureSize;
  /** Pixels of the network's input. */
  readonly input: PictureSize;
  /** Input pixels per frame pixel. */
  readonly scale: number;
}

export function letterbox(frame: PictureSize, fit: ModelInput['fit']): Letterbox {
  const scale =
    'size' in fit
      ? Math.min(fit.size.width / frame.width, fit.size.height / frame.height)
      : fit.side / Math.max(frame.width, frame.height);
  const scaled = {
    width: Math.max(1, Math.round(frame.width * scale)),
    height: Math.max(1, Math.round(frame.height * scale)),
  };
  if ('size' in fit) return { frame, scaled, input: fit.size, scale };
  const up = (length: number) => Math.ceil(length / fit.multiple) * fit.multiple;
  return { frame, scaled, input: { width: up(scaled.width), height: up(scaled.height) }, scale };
}

/** A detection in pixels of the input as one in pixels of the frame, cut at its edges. */
export function toFrame(detection: Detection, { frame, scale }: Letterbox): Detection {
  const x = (value: number) => Math.min(frame.width, Math.max(0, value / scale));
  const y = (value: number) => Math.min(frame.height, Math.max(0, value / scale));
  const [x1, y1, x2, y2] = detection.box;
  return { ...detection, box: [x(x1), y(y1), x(x2), y(y2)] };
}
