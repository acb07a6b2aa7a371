/** Runs a detection network on a picture. */
// First, so that it stands before the library starts.
import './telemetry-off.ts';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { AgentError } from '../core/errors.ts';
import type { ModelInput, ModelPack, Tensors } from '../core/model.ts';
import type { Detection } from '../core/view.ts';
import { applyGain, type Brightness, brightness, isDark } from './brightness.ts';
import { toFrame } from './letterbox.ts';
import type { Picture } from './picture.ts';

export interface DetectorOptions {
  /** Threads of one inference. Default 1: a gateway has other things to do. */
  readonly threads?: number;
  /** Whether dark pictures are brightened first. Default true. */
  readonly gain?: boolean;
}

export interface Found {
  /** Boxes in pixels of the frame. */
  readonly detections: readonly Detection[];
  readonly brightness: Brightness;
  readonly dark: boolean;
  /** Factor the picture was brightened by. */
  readonly gain: number;
}

export interface Detector extends AsyncDisposable {
  readonly pack: ModelPack;
  /**
   * Blocks the thread while the network runs. A dark picture is not looked at. Brightens `picture` in place.
   */
  detect(picture: Picture, look?: Look): Promise<Found>;
}

/** What differs from the pack's own settings in one look. */
export interface Look {
  /** Another lowest score. */
  readonly threshold?: number;
  /** Classes to report besides the wanted ones, where the network knows them. */
  readonly also?: readonly string[];
}

/** Loads the network. Throws `AgentError` `model-invalid` where it cannot be loaded or has other tensors than its kind. */
export async function loadDetector(pack: ModelPack, options: DetectorOptions = {}): Promise<Detector> {
  const session = await InferenceSession.create(pack.onnx, {
    intraOpNumThreads: options.threads ?? 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    logSeverityLevel: 3,
  }).catch((cause) => {
    throw new AgentError('model-invalid', `model ${pack.name} cannot be loaded: ${cause}`, {
      fix: `copy ${pack.file} again`,
      cause,
    });
  });
  checkTensors(pack, session);

  return {
    pack,
    async detect(picture, { threshold = pack.settings.threshold, also = [] } = {}) {
      const light = brightness(picture);
      if (isDark(light)) return { detections: [], brightness: light, dark: true, gain: 1 };
      const gain = options.gain === false ? 1 : applyGain(picture, light);
      const { width, height } = picture.letterbox.input;
      const { data, dims } = inputData(picture, pack.input);
      const input =
        data instanceof Uint8Array ? new Tensor('uint8', data, dims) : new Tensor('float32', data, dims);
      const outputs = await session.run({ [pack.input.tensor]: input });
      const apart = also.filter((name) => pack.settings.classes.includes(name));
      const settings = { ...pack.settings, threshold, apart };
      const found = pack.decoder.decode(tensors(pack, outputs), { width, height }, settings);
      const detections = found.map((detection) => toFrame(detection, picture.letterbox));
      return { detections, brightness: light, dark: false, gain };
    },
    async [Symbol.asyncDispose]() {
      await session.release();
    },
  };
}

/** Pixels as the network wants them; bytes in picture order are handed over as they are. */
function inputData(
  { rgb, letterbox: { input } }: Picture,
  { element, layout, channels, mean, scale }: ModelInput,
): { readonly data: Uint8Array | Float32Array; readonly dims: readonly number[] } {
  const { width, height } = input;
  const dims = layout === 'nhwc' ? [1, height, width, 3] : [1, 3, height, width];
  const plane = width * height;
  if (element === 'uint8' && layout === 'nhwc' && channels === 'rgb') return { data: rgb, dims };
  const data = element === 'uint8' ? new Uint8Array(rgb.length) : new Float32Array(rgb.length);
  for (let channel = 0; channel < 3; channel++) {
    const from = channels === 'rgb' ? channel : 2 - channel;
    for (let pixel = 0; pixel < plane; pixel++) {
      const at = layout === 'nhwc' ? pixel * 3 + channel : channel * plane + pixel;
      data[at] = ((rgb[pixel * 3 + from] ?? 0) - mean) / scale;
    }
  }
  return { data, dims };
}

function tensors(pack: ModelPack, outputs: InferenceSession.OnnxValueMapType): Tensors {
  const found: Record<string, { dims: readonly number[]; data: Float32Array }> = {};
  for (const { name } of pack.decoder.outputs(pack.settings.classes)) {
    const output: Tensor | undefined = outputs[name];
    if (output?.data instanceof Float32Array) found[name] = { dims: output.dims, data: output.data };
  }
  return found;
}

function checkTensors(pack: ModelPack, session: InferenceSession): void {
  const fail = (why: string) => {
    throw new AgentError('model-invalid', `model ${pack.name} cannot be used: ${why}`, {
      fix: `check kind, input and classes in model.yaml of ${pack.name}`,
      context: { inputs: session.inputNames, outputs: session.outputNames },
    });
  };
  if (!session.inputNames.includes(pack.input.tensor)) {
    fail(`it has no input ${pack.input.tensor}, only ${session.inputNames.join(', ')}`);
  }
  for (const { name, dims } of pack.decoder.outputs(pack.settings.classes)) {
    const found = session.outputMetadata.find((output) => output.name === name);
    if (found === undefined || !found.isTensor) {
      fail(`it has no output ${name}, only ${session.outputNames.join(', ')}`);
      continue;
    }
    const fits =
      found.shape.length === dims.length &&
      dims.every(
        (dim, axis) => dim === null || typeof found.shape[axis] !== 'number' || found.shape[axis] === dim,
      );
    if (!fits)
      fail(
        `output ${name} is [${found.shape.join(', ')}], expected [${dims.map((d) => d ?? '?').join(', ')}]`,
      );
  }
}
