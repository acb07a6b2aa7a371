/**
 * FaceBoxes (Zhang et al., 2017): anchors of five scales on three grids, the small ones densified. Channel order and
 * box coding as in TropComplique/FaceBoxes-tensorflow.
 */
import type { Decoder, PictureSize, Tensor } from '../../agent/core/model.ts';
import type { Detection } from '../../agent/core/view.ts';
import { select } from './boxes.ts';
import { dim, logit, sigmoid, tensor } from './tensors.ts';

/** Per level: anchor scale in pixels and how often it is repeated along each side of a cell. */
const LEVELS = [
  [
    [32, 4],
    [64, 2],
    [128, 1],
  ],
  [[256, 1]],
  [[512, 1]],
] as const;
const CENTRE_VARIANCE = 10;
const SIZE_VARIANCE = 5;

/** Anchors of one level as centre x, centre y, width, height in pixels, cell after cell in row order. */
interface AnchorGrid {
  readonly perCell: number;
  readonly values: Float32Array;
}

export const faceboxes: Decoder = {
  kind: 'faceboxes',

  outputs: () =>
    LEVELS.flatMap((scales, level) => {
      const perCell = scales.reduce((sum, [, repeat]) => sum + repeat * repeat, 0);
      return [
        { name: `cls${level}`, dims: [1, perCell * 2, null, null] },
        { name: `box${level}`, dims: [1, perCell * 4, null, null] },
      ];
    }),

  decode(tensors, input, settings) {
    const name = settings.classes[0] ?? 'face';
    const lowest = logit(settings.threshold);
    const found: Detection[] = [];
    for (const [level] of LEVELS.entries()) {
      const scores = tensor(tensors, `cls${level}`);
      const boxes = tensor(tensors, `box${level}`);
      found.push(...decodeLevel(scores, boxes, anchors(level, scores, input), lowest, name));
    }
    return select(found, settings);
  },
};

function decodeLevel(
  scores: Tensor,
  boxes: Tensor,
  grid: AnchorGrid,
  lowest: number,
  name: string,
): readonly Detection[] {
  const plane = dim(scores, 2) * dim(scores, 3);
  const found: Detection[] = [];
  for (let anchor = 0; anchor < grid.perCell; anchor++) {
    for (let cell = 0; cell < plane; cell++) {
      const background = scores.data[anchor * 2 * plane + cell] ?? 0;
      const face = scores.data[(anchor * 2 + 1) * plane + cell] ?? 0;
      // Most cells end here, before any exponential.
      if (face - background < lowest) continue;
      const at = (cell * grid.perCell + anchor) * 4;
      const [ax = 0, ay = 0, aw = 0, ah = 0] = grid.values.subarray(at, at + 4);
      const code = (index: number) => boxes.data[(anchor * 4 + index) * plane + cell] ?? 0;
      const cy = (code(0) / CENTRE_VARIANCE) * ah + ay;
      const cx = (code(1) / CENTRE_VARIANCE) * aw + ax;
      const h = Math.exp(code(2) / SIZE_VARIANCE) * ah;
      const w = Math.exp(code(3) / SIZE_VARIANCE) * aw;
      found.push({
        class: name,
        score: sigmoid(face - background),
        box: [cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2],
      });
    }
  }
  return found;
}

/** Anchors depend on the input size alone; a camera has one or two, so the last few are kept. */
const KEPT = 8;
const cache = new Map<string, AnchorGrid>();

function anchors(level: number, scores: Tensor, input: PictureSize): AnchorGrid {
  const key = `${level}/${input.width}x${input.height}`;
  const known = cache.get(key);
  if (known !== undefined) return known;
  if (cache.size >= KEPT * LEVELS.length) cache.clear();
  const made = makeAnchors(LEVELS[level] ?? [], dim(scores, 3), dim(scores, 2), input);
  cache.set(key, made);
  return made;
}

function makeAnchors(
  scales: readonly (readonly [number, number])[],
  columns: number,
  rows: number,
  { width, height }: PictureSize,
): AnchorGrid {
  const values: number[] = [];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const cx = ((column + 0.5) / columns) * width;
      const cy = ((row + 0.5) / rows) * height;
      for (const [scale, repeat] of scales) {
        const step = scale / repeat;
        // x is the slow index.
        for (let i = 0; i < repeat; i++) {
          for (let j = 0; j < repeat; j++) {
            const x = cx - scale / 2 + step / 2 + i * step;
            const y = cy - scale / 2 + step / 2 + j * step;
            values.push(...clipped(x, scale, width), ...clipped(y, scale, height));
          }
        }
      }
    }
  }
  // x, width, y, height → x, y, width, height
  const ordered = new Float32Array(values.length);
  for (let at = 0; at < values.length; at += 4) {
    ordered.set([values[at] ?? 0, values[at + 2] ?? 0, values[at + 1] ?? 0, values[at + 3] ?? 0], at);
  }
  const perCell = scales.reduce((sum, [, repeat]) => sum + repeat * repeat, 0);
  return { perCell, values: ordered };
}

/** Centre and size of an anchor cut at the edges of the picture. */
function clipped(centre: number, size: number, limit: number): readonly [number, number] {
  const low = Math.max(0, centre - size / 2);
  const high = Math.min(limit, centre + size / 2);
  return [(low + high) / 2, high - low];
}
