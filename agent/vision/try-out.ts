/** A first look of a network that is to be added: it loads, its tensors fit its kind, and nothing comes out that cannot be. */
import sharp from 'sharp';
import { AgentError } from '../core/errors.ts';
import type { ModelPack, PictureSize } from '../core/model.ts';
import { loadDetector } from './detector.ts';
import { decode } from './picture.ts';

/** A street camera's usual shape. */
const FRAME = { width: 1280, height: 720 };
/** More boxes in a grey picture than this are no detector. */
const MOST = 50;

/** Throws `AgentError` `model-invalid`. Gives the time of one look, ms, and the size of the input. */
export async function tryOut(pack: ModelPack): Promise<{ readonly ms: number; readonly input: PictureSize }> {
  await using detector = await loadDetector(pack);
  const grey = await sharp({ create: { ...FRAME, channels: 3, background: { r: 120, g: 120, b: 120 } } })
    .jpeg()
    .toBuffer();
  const wrong = (why: string, cause?: unknown) =>
    new AgentError('model-invalid', `model ${pack.name} cannot be used: ${why}`, {
      fix: 'check kind, input and classes in model.yaml',
      cause,
    });
  let ms = 0;
  for (let look = 0; look < 2; look++) {
    const picture = await decode(grey, FRAME, pack.input);
    const started = performance.now();
    const found = await detector.detect(picture).catch((cause: unknown) => {
      throw wrong(`a first look failed (${cause instanceof Error ? cause.message : cause})`, cause);
    });
    ms = performance.now() - started;
    const { length } = found.detections;
    if (length > MOST) throw wrong(`it finds ${length} things in an empty picture`);
    if (found.detections.some(({ box, score }) => ![...box, score].every(Number.isFinite))) {
      throw wrong('it gives boxes that are no numbers');
    }
    if (look === 1) return { ms, input: picture.letterbox.input };
  }
  throw wrong('no look was taken');
}
