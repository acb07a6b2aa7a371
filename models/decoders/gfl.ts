/**
 * NanoDet with generalized focal loss (Li et al., 2020): per cell a score for each class and, for each side of the box,
 * a distribution over bins whose expectation is the distance in strides.
 */
import type { Decoder } from '../../agent/core/model.ts';
import type { Detection } from '../../agent/core/view.ts';
import { select, wantedChannels } from './boxes.ts';
import { dim, tensor } from './tensors.ts';

const STRIDES = [8, 16, 32];
const BINS = 11;

export const gfl: Decoder = {
  kind: 'gfl',

  outputs: (classes) =>
    STRIDES.flatMap((stride) => [
      { name: `cls${stride}`, dims: [1, null, classes.length] },
      { name: `reg${stride}`, dims: [1, null, 4 * BINS] },
    ]),

  decode(tensors, input, settings) {
    const channels = wantedChannels(settings);
    const found: Detection[] = [];
    for (const stride of STRIDES) {
      const scores = tensor(tensors, `cls${stride}`);
      const { data: bins } = tensor(tensors, `reg${stride}`);
      const classes = dim(scores, 2);
      const columns = input.width / stride;
      for (let cell = 0; cell < dim(scores, 1); cell++) {
        let score = settings.threshold;
        let name: string | undefined;
        for (const [channel, channelName] of channels) {
          const value = scores.data[cell * classes + channel] ?? 0;
          if (value < score) continue;
          score = value;
          name = channelName;
        }
        if (name === undefined) continue;
        const x = ((cell % columns) + 0.5) * stride;
        const y = (Math.floor(cell / columns) + 0.5) * stride;
        const side = (index: number) => expectation(bins, (cell * 4 + index) * BINS) * stride;
        found.push({ class: name, score, box: [x - side(0), y - side(1), x + side(2), y + side(3)] });
      }
    }
    return select(found, settings);
  },
};

/** Σ i·softmax(bins)ᵢ */
function expectation(bins: Float32Array, at: number): number {
  const values = bins.subarray(at, at + BINS);
  const highest = Math.max(...values);
  let sum = 0;
  let weighted = 0;
  values.forEach((value, i) => {
    const weight = Math.exp(value - highest);
    sum += weight;
    weighted += i * weight;
  });
  return weighted / sum;
}
