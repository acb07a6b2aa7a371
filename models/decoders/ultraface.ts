/** Ultra-Light-Fast-Generic-Face-Detector: scores [1, N, background|face], boxes [1, N, 4] as corners 0…1. */
import type { Decoder } from '../../agent/core/model.ts';
import type { Detection } from '../../agent/core/view.ts';
import { select } from './boxes.ts';
import { dim, tensor } from './tensors.ts';

export const ultraface: Decoder = {
  kind: 'ultraface',

  outputs: () => [
    { name: 'scores', dims: [1, null, 2] },
    { name: 'boxes', dims: [1, null, 4] },
  ],

  decode(tensors, { width, height }, settings) {
    const scores = tensor(tensors, 'scores');
    const { data: boxes } = tensor(tensors, 'boxes');
    const found: Detection[] = [];
    for (let i = 0; i < dim(scores, 1); i++) {
      const score = scores.data[i * 2 + 1] ?? 0;
      if (score < settings.threshold) continue;
      const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = boxes.subarray(i * 4, i * 4 + 4);
      found.push({
        class: settings.classes[0] ?? 'face',
        score,
        box: [x1 * width, y1 * height, x2 * width, y2 * height],
      });
    }
    return select(found, settings);
  },
};
