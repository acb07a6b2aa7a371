/** Counts on a single picture: what the pipeline does with a frame, for `kerbside count` and the bench. */
import type { PictureSize } from '../core/model.ts';
import type { Detector, Found } from './detector.ts';
import { decode, measure } from './picture.ts';

export interface Still extends Found {
  readonly frame: PictureSize;
}

/** Throws `AgentError` `source-failed` for what is no picture. */
export async function detectStill(detector: Detector, bytes: Uint8Array): Promise<Still> {
  const frame = await measure(bytes);
  const picture = await decode(bytes, frame, detector.pack.input);
  return { ...(await detector.detect(picture)), frame };
}
