/** What a vehicle model makes of what Chinese streets have beside COCO's classes, drawn on the empty street. */
import sharp from 'sharp';
import type { Detector } from '../agent/vision/detector.ts';
import { detectStill } from '../agent/vision/still.ts';
import { blit, rasterize } from '../hw-sim/camera/bitmap.ts';
import { createRenderer } from '../hw-sim/camera/renderer.ts';
import { HEIGHT, laneView, WIDTH } from '../hw-sim/camera/scene.ts';
import { cargoTricycle, eBike, microvan } from '../hw-sim/camera/sprites/china.ts';

const KINDS = { 'e-bike': eBike, 'cargo tricycle': cargoTricycle, microvan } as const;
const FRAME = { width: WIDTH, height: HEIGHT };

/** By kind: pictures, in how many nothing was found, and the classes of what was. */
export async function classesOfChina(detector: Detector) {
  const renderer = await createRenderer();
  const result: Record<string, { pictures: number; nothing: number; found: Record<string, number> }> = {};
  for (const [kind, draw] of Object.entries(KINDS)) {
    const sums = { pictures: 0, nothing: 0, found: {} as Record<string, number> };
    result[kind] = sums;
    for (const lane of [0, 1, 2]) {
      for (const x of [300, 640, 980]) {
        for (const look of [0.1, 0.4, 0.8]) {
          const { ground, scale } = laneView(lane);
          const empty = await renderer.render({ vehicles: [], faces: [] }, 1, x + look * 100 + lane);
          const { data } = await sharp(empty).raw().toBuffer({ resolveWithObject: true });
          const bitmap = await rasterize(draw(look), scale / 100, lane === 1);
          blit(data, FRAME, bitmap, x, ground, 1);
          const jpeg = await sharp(data, { raw: { ...FRAME, channels: 3 } })
            .jpeg({ quality: 85 })
            .toBuffer();
          const { detections } = await detectStill(detector, jpeg);
          sums.pictures += 1;
          if (detections.length === 0) sums.nothing += 1;
          for (const { class: name } of detections) sums.found[name] = (sums.found[name] ?? 0) + 1;
        }
      }
    }
  }
  return result;
}
