/** YuNet (Wu et al., 2023): scores and boxes per cell of strides 8, 16, 32; class and objectness after sigmoid. */
import type { Decoder } from '../../agent/core/model.ts';
import type { Detection } from '../../agent/core/view.ts';
import { select } from './boxes.ts';
import { dim, tensor } from './tensors.ts';

const STRIDES = [8, 16, 32];

const unit = (value: number) => Math.min(1, Math.max(0, value));

export const yunet: Decoder = {
  kind: 'yunet',

  outputs: () =>
    STRIDES.flatMap((stride) => [
      { name: `cls_${stride}`, dims: [1, null, 1] },
      { name: `obj_${stride}`, dims: [1, null, 1] },
      { name: `bbox_${stride}`, dims: [1, null, 4] },
    ]),

  decode(tensors, input, settings) {
    const found: Detection[] = [];
    for (const stride of STRIDES) {
      const scores = tensor(tensors, `cls_${stride}`);
      const { data: objects } = tensor(tensors, `obj_${stride}`);
      const { data: boxes } = tensor(tensors, `bbox_${stride}`);
      const columns = input.width / stride;
      for (let cell = 0; cell < dim(scores, 1); cell++) {
        const score = Math.sqrt(unit(scores.data[cell] ?? 0) * unit(objects[cell] ?? 0));
        if (score < settings.threshold) continue;
        const [x = 0, y = 0, w = 0, h = 0] = boxes.subarray(cell * 4, cell * 4 + 4);
        const cx = ((cell % columns) + x) * stride;
        const cy = (Math.floor(cell / columns) + y) * stride;
        const halfW = (Math.exp(w) * stride) / 2;
        const halfH = (Math.exp(h) * stride) / 2;
        found.push({
          class: settings.classes[0] ?? 'face',
          score,
          box: [cx - halfW, cy - halfH, cx + halfW, cy + halfH],
        });
      }
    }
    return select(found, settings);
  },
};
