/** Decodes a picture and brings it to the size a network wants. Pictures live in memory only. */
import sharp from 'sharp';
import { AgentError } from '../core/errors.ts';
import type { ModelInput, PictureSize } from '../core/model.ts';
import { type Letterbox, letterbox } from './letterbox.ts';

/** Largest frame, pixels: a header can promise more than memory holds. */
export const MAX_PIXELS = 25_000_000;

/** One picture at a time keeps memory bounded, and libvips' cache would keep frames alive. */
export function keepSharpSmall(): void {
  sharp.concurrency(1);
  sharp.cache(false);
}

/** A frame scaled into a network's input: RGB, 3 bytes a pixel, rows from the top. */
export interface Picture {
  readonly rgb: Uint8Array;
  readonly letterbox: Letterbox;
}

/**
 * Size of a picture as it is seen (turned as its EXIF says). Throws `AgentError` `source-failed` for what is no
 * picture or is larger than `MAX_PIXELS`.
 */
export async function measure(bytes: Uint8Array): Promise<PictureSize> {
  const { autoOrient, format } = await attempt(() => sharp(bytes, { limitInputPixels: false }).metadata());
  const { width, height } = autoOrient;
  if (width * height > MAX_PIXELS) {
    const megapixels = Math.round((width * height) / 1e6);
    throw new AgentError(
      'source-failed',
      `decoding failed: the ${format} frame has ${megapixels} megapixels, 25 are allowed`,
      {
        fix: 'set the camera to a smaller picture',
      },
    );
  }
  return { width, height };
}

/** Decodes and scales in one go, so that a JPEG is decoded no larger than needed. Throws as `measure` does. */
export async function decode(bytes: Uint8Array, frame: PictureSize, input: ModelInput): Promise<Picture> {
  const box = letterbox(frame, input.fit);
  const { width, height } = box.scaled;
  const background = { r: input.pad, g: input.pad, b: input.pad };
  const { data, info } = await attempt(() =>
    sharp(bytes, { limitInputPixels: MAX_PIXELS, sequentialRead: true })
      .autoOrient()
      .flatten()
      .toColourspace('srgb')
      .resize(width, height, { fit: 'fill', kernel: 'linear' })
      .extend({ right: box.input.width - width, bottom: box.input.height - height, background })
      .raw()
      .toBuffer({ resolveWithObject: true }),
  );
  if (info.channels !== 3 || info.width !== box.input.width || info.height !== box.input.height) {
    throw new AgentError('internal', `decoding failed: got ${info.width}x${info.height}x${info.channels}`);
  }
  return { rgb: data, letterbox: box };
}

async function attempt<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (cause) {
    const why = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause);
    throw new AgentError('source-failed', `decoding failed: the frame is damaged or no picture (${why})`, {
      cause,
    });
  }
}
