/** Pixels of drawings, and putting them over each other. */
import sharp from 'sharp';
import type { Drawing } from './sprites/sprite.ts';

/** RGBA, 4 bytes a pixel; `left` and `top` are where its anchor (middle of the lower edge) lies in it. */
export interface Bitmap {
  readonly width: number;
  readonly height: number;
  readonly rgba: Uint8Array;
  readonly anchorX: number;
  readonly anchorY: number;
}

/** A lens is never perfectly sharp, and edges of drawn shapes are. */
const BLUR = 1;
const MARGIN = 4;

/** Draws at `scale` pixels per centimetre, blurred as by a lens. */
export async function rasterize(drawing: Drawing, scale: number, flip: boolean): Promise<Bitmap> {
  const width = Math.ceil(drawing.width * scale) + 2 * MARGIN;
  const height = Math.ceil(drawing.height * scale) + 2 * MARGIN;
  const x = flip ? width - MARGIN : MARGIN;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><g transform="translate(${x},${height - MARGIN - drawing.height * scale}) scale(${flip ? -scale : scale},${scale})">${drawing.body}</g></svg>`;
  const rgba = await sharp(Buffer.from(svg)).ensureAlpha().blur(BLUR).raw().toBuffer();
  return { width, height, rgba, anchorX: width / 2, anchorY: height - MARGIN };
}

/** Puts a bitmap over RGB pixels with its anchor at (x, y), its colours times `light`. */
export function blit(
  rgb: Uint8ClampedArray | Uint8Array,
  frame: { readonly width: number; readonly height: number },
  bitmap: Bitmap,
  x: number,
  y: number,
  light: number,
): void {
  const left = Math.round(x - bitmap.anchorX);
  const top = Math.round(y - bitmap.anchorY);
  const fromX = Math.max(0, -left);
  const toX = Math.min(bitmap.width, frame.width - left);
  for (let row = Math.max(0, -top); row < Math.min(bitmap.height, frame.height - top); row++) {
    for (let column = fromX; column < toX; column++) {
      const from = (row * bitmap.width + column) * 4;
      const alpha = (bitmap.rgba[from + 3] ?? 0) / 255;
      if (alpha === 0) continue;
      const to = ((top + row) * frame.width + left + column) * 3;
      for (let channel = 0; channel < 3; channel++) {
        const over = (bitmap.rgba[from + channel] ?? 0) * light;
        rgb[to + channel] = (rgb[to + channel] ?? 0) * (1 - alpha) + over * alpha;
      }
    }
  }
}
