/**
 * CenterNet (Zhou et al., "Objects as Points", 2019): a peak of the heat map is the centre of an object, four more maps
 * hold the distances of its sides. Heat map after sigmoid, one cell per 4 pixels, distances in pixels.
 */
import type { Decoder } from '../../agent/core/model.ts';
import type { Detection } from '../../agent/core/view.ts';
import { select, wantedChannels } from './boxes.ts';
import { dim, tensor } from './tensors.ts';

const STRIDE = 4;

export const centernet: Decoder = {
  kind: 'centernet',

  outputs: (classes) => [
    { name: 'heat', dims: [1, classes.length, null, null] },
    { name: 'ltrb', dims: [1, 4, null, null] },
  ],

  decode(tensors, _input, settings) {
    const heat = tensor(tensors, 'heat');
    const { data: sides } = tensor(tensors, 'ltrb');
    const height = dim(heat, 2);
    const width = dim(heat, 3);
    const plane = width * height;
    const found: Detection[] = [];
    for (const [channel, name] of wantedChannels(settings)) {
      const map = heat.data.subarray(channel * plane, (channel + 1) * plane);
      for (let cell = 0; cell < plane; cell++) {
        const score = map[cell] ?? 0;
        if (score < settings.threshold || !isPeak(map, cell, width, height)) continue;
        const x = STRIDE * (cell % width);
        const y = STRIDE * Math.floor(cell / width);
        const side = (index: number) => sides[index * plane + cell] ?? 0;
        found.push({ class: name, score, box: [x - side(0), y - side(1), x + side(2), y + side(3)] });
      }
    }
    return select(found, settings);
  },
};

/** True where none of the eight neighbours is higher. */
function isPeak(map: Float32Array, cell: number, width: number, height: number): boolean {
  const score = map[cell] ?? 0;
  const x = cell % width;
  const y = Math.floor(cell / width);
  for (let row = Math.max(0, y - 1); row <= Math.min(height - 1, y + 1); row++) {
    for (let column = Math.max(0, x - 1); column <= Math.min(width - 1, x + 1); column++) {
      if ((map[row * width + column] ?? 0) > score) return false;
    }
  }
  return true;
}
