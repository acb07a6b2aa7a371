/** YOLOX (Ge et al., 2021): one output [1, cells, 5 + classes] of strides 8, 16, 32; objectness and classes after sigmoid. */
import type { Decoder } from '../../agent/core/model.ts';
import type { Detection } from '../../agent/core/view.ts';
import { select, wantedChannels } from './boxes.ts';
import { dim, tensor } from './tensors.ts';

const STRIDES = [8, 16, 32];
const OUTPUT = 'output';

export const yolox: Decoder = {
  kind: 'yolox',

  outputs: (classes) => [{ name: OUTPUT, dims: [1, null, 5 + classes.length] }],

  decode(tensors, input, settings) {
    const output = tensor(tensors, OUTPUT);
    const row = dim(output, 2);
    const channels = wantedChannels(settings);
    const found: Detection[] = [];
    let first = 0;
    for (const stride of STRIDES) {
      const columns = Math.floor(input.width / stride);
      const cells = columns * Math.floor(input.height / stride);
      for (let cell = 0; cell < cells; cell++) {
        const values = output.data.subarray((first + cell) * row, (first + cell + 1) * row);
        const [x = 0, y = 0, w = 0, h = 0, objectness = 0] = values;
        if (objectness < settings.threshold) continue;
        let score = settings.threshold;
        let name: string | undefined;
        for (const [channel, channelName] of channels) {
          const value = objectness * (values[5 + channel] ?? 0);
          if (value < score) continue;
          score = value;
          name = channelName;
        }
        if (name === undefined) continue;
        const cx = (x + (cell % columns)) * stride;
        const cy = (y + Math.floor(cell / columns)) * stride;
        const halfW = (Math.exp(w) * stride) / 2;
        const halfH = (Math.exp(h) * stride) / 2;
        found.push({ class: name, score, box: [cx - halfW, cy - halfH, cx + halfW, cy + halfH] });
      }
      first += cells;
    }
    return select(found, settings);
  },
};
