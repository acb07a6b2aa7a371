/** Boxes and non-maximum suppression, shared by the decoders. */
import type { DecodeSettings } from '../../agent/core/model.ts';
import type { Detection } from '../../agent/core/view.ts';

type Box = Detection['box'];

/** Intersection over union, 0…1. */
export function overlap(a: Box, b: Box): number {
  const width = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  if (width <= 0 || height <= 0) return 0;
  const shared = width * height;
  return shared / (area(a) + area(b) - shared);
}

/** Greedy non-maximum suppression: of boxes that overlap more than `iou`, the one with the best score stays. Best first. */
export function suppress(
  detections: readonly Detection[],
  iou: number,
  across: 'same class' | 'all classes',
): readonly Detection[] {
  const kept: Detection[] = [];
  for (const candidate of [...detections].sort((a, b) => b.score - a.score)) {
    const covered = kept.some(
      (other) =>
        (across === 'all classes' || other.class === candidate.class) &&
        overlap(other.box, candidate.box) > iou,
    );
    if (!covered) kept.push(candidate);
  }
  return kept;
}

/** What every decoder ends with: suppression within each class, then over all wanted ones. */
export function select(candidates: readonly Detection[], settings: DecodeSettings): readonly Detection[] {
  const { wanted, apart = [], iou, mergeIou } = settings;
  const of = (names: readonly string[]) => {
    const own = candidates.filter((candidate) => names.includes(candidate.class));
    return suppress(suppress(own, iou, 'same class'), mergeIou, 'all classes');
  };
  return apart.length === 0 ? of(wanted) : [...of(wanted), ...of(apart)];
}

/** Channels of the wanted classes, with their names. */
export function wantedChannels({
  classes,
  wanted,
  apart = [],
}: DecodeSettings): readonly (readonly [number, string])[] {
  const named = (name: string) => wanted.includes(name) || apart.includes(name);
  return classes.flatMap((name, channel) => (named(name) ? [[channel, name] as const] : []));
}

function area(box: Box): number {
  return (box[2] - box[0]) * (box[3] - box[1]);
}
