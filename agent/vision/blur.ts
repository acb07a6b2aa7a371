/** Makes a frame fit to be looked at: faces unrecognisable, no larger than a screen. Never written anywhere. */
import sharp, { type OverlayOptions } from 'sharp';
import type { PictureSize } from '../core/model.ts';
import type { Detection } from '../core/view.ts';
import { MAX_PIXELS } from './picture.ts';

/** A face keeps this many pixels across: enough to see that it is one, too few to see whose. */
const BLOCKS = 5;
/** Hair, ears and chin count too. */
const MARGIN = 0.3;
const MAX_WIDTH = 1280;

export interface ShownFrame {
  readonly jpeg: Uint8Array;
  readonly width: number;
  readonly height: number;
  /** Shown pixels per frame pixel. */
  readonly scale: number;
}

/** The frame as it is, no larger than a screen. */
export async function plainFrame(bytes: Uint8Array, frame: PictureSize): Promise<ShownFrame> {
  const { scale, width, height, picture } = fitted(bytes, frame);
  return { jpeg: await picture.jpeg({ quality: 80 }).toBuffer(), width, height, scale };
}

function fitted(bytes: Uint8Array, frame: PictureSize) {
  const scale = Math.min(1, MAX_WIDTH / frame.width);
  const width = Math.round(frame.width * scale);
  const height = Math.round(frame.height * scale);
  const picture = sharp(bytes, { limitInputPixels: MAX_PIXELS })
    .autoOrient()
    .flatten()
    .toColourspace('srgb')
    .resize(width, height, { fit: 'fill' });
  return { scale, width, height, picture };
}

/** `faces`: boxes in pixels of the frame. */
export async function blurFaces(
  bytes: Uint8Array,
  frame: PictureSize,
  faces: readonly Detection[],
): Promise<ShownFrame> {
  const { scale, width, height, picture } = fitted(bytes, frame);
  const { data, info } = await picture.raw().toBuffer({ resolveWithObject: true });
  const raw = { width, height, channels: info.channels };
  const covers = faces.flatMap((face) => region(face, scale, { width, height }));
  const overlays: OverlayOptions[] = [];
  for (const cover of covers) {
    const blocks = await sharp(data, { raw })
      .extract(cover)
      .resize(BLOCKS, BLOCKS, { fit: 'fill', kernel: 'linear' })
      .png()
      .toBuffer();
    const input = await sharp(blocks)
      .resize(cover.width, cover.height, { fit: 'fill', kernel: 'nearest' })
      .png()
      .toBuffer();
    overlays.push({ input, left: cover.left, top: cover.top });
  }
  const jpeg = await sharp(data, { raw }).composite(overlays).jpeg({ quality: 80 }).toBuffer();
  return { jpeg, width, height, scale };
}

function region({ box }: Detection, scale: number, { width, height }: PictureSize) {
  const [x1, y1, x2, y2] = box;
  const [dx, dy] = [(x2 - x1) * MARGIN, (y2 - y1) * MARGIN];
  const left = Math.max(0, Math.floor((x1 - dx) * scale));
  const top = Math.max(0, Math.floor((y1 - dy) * scale));
  const right = Math.min(width, Math.ceil((x2 + dx) * scale));
  const bottom = Math.min(height, Math.ceil((y2 + dy) * scale));
  return right > left && bottom > top ? [{ left, top, width: right - left, height: bottom - top }] : [];
}
