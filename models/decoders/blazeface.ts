/**
 * BlazeFace (Bazarevsky et al., 2019), the back model of MediaPipe: two anchors in each cell of a grid of stride 16, six in
 * each of stride 32. Scores are logits, boxes are distances from the anchor's middle in pixels of the input.
 */
import type { Decoder } from '../../agent/core/model.ts';
import type { Detection } from '../../agent/core/view.ts';
import { select } from './boxes.ts';
import { dim, logit, sigmoid, tensor } from './tensors.ts';

/** Per output pair: scores, boxes with key points, stride, anchors in a cell. Names as the published ONNX file has them. */
const GRIDS = [
  { scores: 'Identity:0', boxes: 'Identity_2:0', stride: 16, perCell: 2 },
  { scores: 'Identity_1:0', boxes: 'Identity_3:0', stride: 32, perCell: 6 },
] as const;
/** Box and six key points; the points are not looked at. */
const ROW = 16;
/** Logits beyond this are clipped, as in MediaPipe's own decoder. */
const CLIP = 100;

export const blazeface: Decoder = {
  kind: 'blazeface',

  outputs: () =>
    GRIDS.flatMap(({ scores, boxes }) => [
      { name: scores, dims: [1, null, 1] },
      { name: boxes, dims: [1, null, ROW] },
    ]),

  decode(tensors, input, settings) {
    const lowest = logit(settings.threshold);
    const found: Detection[] = [];
    for (const { scores: scoreName, boxes: boxName, stride, perCell } of GRIDS) {
      const scores = tensor(tensors, scoreName);
      const { data: boxes } = tensor(tensors, boxName);
      const columns = Math.floor(input.width / stride);
      for (let anchor = 0; anchor < dim(scores, 1); anchor++) {
        const score = scores.data[anchor] ?? 0;
        if (score < lowest) continue;
        const cell = Math.floor(anchor / perCell);
        const [dx = 0, dy = 0, w = 0, h = 0] = boxes.subarray(anchor * ROW, anchor * ROW + 4);
        const cx = ((cell % columns) + 0.5) * stride + dx;
        const cy = (Math.floor(cell / columns) + 0.5) * stride + dy;
        found.push({
          class: settings.classes[0] ?? 'face',
          score: sigmoid(Math.min(CLIP, score)),
          box: [cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2],
        });
      }
    }
    return select(found, settings);
  },
};
