/** Arithmetic of boxes and polygons. */
import type { Spot } from '../core/camera.ts';
import type { PictureSize } from '../core/model.ts';
import type { Detection } from '../core/view.ts';

export type Box = Detection['box'];

export const centre = (box: Box): readonly [number, number] => [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2];

/** The longer side, at least 1. */
export const boxSize = (box: Box) => Math.max(1, box[2] - box[0], box[3] - box[1]);

export const shifted = (box: Box, dx: number, dy: number): Box => [
  box[0] + dx,
  box[1] + dy,
  box[2] + dx,
  box[3] + dy,
];

/** Between the middles. */
export function distance(a: Box, b: Box): number {
  const [ax, ay] = centre(a);
  const [bx, by] = centre(b);
  return Math.hypot(ax - bx, ay - by);
}

/** Intersection over union, 0…1. */
export function overlap(a: Box, b: Box): number {
  const width = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  if (width <= 0 || height <= 0) return 0;
  const area = (box: Box) => (box[2] - box[0]) * (box[3] - box[1]);
  return (width * height) / (area(a) + area(b) - width * height);
}

/** Within the frame: what is cut by its lower edge stands just inside of a zone that ends there. */
const INNERMOST = 0.9999;

/** Where something touches the ground: the middle of its lower edge, in parts of the frame. */
export function foot(box: Box, frame: PictureSize): Spot {
  return [(box[0] + box[2]) / 2 / frame.width, Math.min(INNERMOST, box[3] / frame.height)];
}

/** A little above the foot, where the body of a vehicle is over its bay, in parts of the frame. */
export function stance(box: Box, frame: PictureSize): Spot {
  return [(box[0] + box[2]) / 2 / frame.width, (box[3] - (box[3] - box[1]) / 4) / frame.height];
}

/** Even-odd rule; `polygon` closes by itself. */
export function inside([x, y]: Spot, polygon: readonly Spot[]): boolean {
  let within = false;
  polygon.forEach(([ax, ay], i) => {
    const [bx, by] = polygon[(i + 1) % polygon.length] ?? [ax, ay];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) within = !within;
  });
  return within;
}
