/** Reads a model pack: a folder with `model.yaml`, the ONNX file it names, and the licence text in `NOTICE`. */
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { AgentError } from '../agent/core/errors.ts';
import type { ModelInput, ModelPack } from '../agent/core/model.ts';
import { DECODERS } from './decoders/index.ts';

/** Nothing that runs on a gateway is larger. */
const MAX_BYTES = 64 * 1024 * 1024;

const share = z.number().gt(0).lte(1);
const side = z.int().min(32).max(4096);

const inputSchema = z
  .strictObject({
    tensor: z.string().min(1),
    element: z.enum(['uint8', 'float32']),
    layout: z.enum(['nhwc', 'nchw']),
    channels: z.enum(['rgb', 'bgr']),
    side: side.optional(),
    multiple: z.int().min(1).max(256).default(32),
    size: z.tuple([side, side]).optional(),
    pad: z.int().min(0).max(255).default(0),
    normalisation: z.union([
      z.literal('none'),
      z.strictObject({ mean: z.number(), scale: z.number().gt(0) }),
    ]),
  })
  .refine((input) => (input.side === undefined) !== (input.size === undefined), {
    message: 'one of side and size is needed',
  });

const packSchema = z
  .strictObject({
    kind: z.string(),
    task: z.enum(['vehicles', 'faces']),
    file: z.string().min(1),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    licence: z.string().min(1),
    source: z.string().min(1),
    input: inputSchema,
    threshold: share,
    iou: share,
    mergeIou: share,
    classes: z.array(z.string()).min(1).max(1000),
    wanted: z.array(z.string()).min(1),
  })
  .refine((pack) => pack.wanted.every((name) => pack.classes.includes(name)), {
    message: 'wanted names a class that is not in classes',
  });

/**
 * Reads and checks a pack. Throws `AgentError` `model-invalid` with the file and the fix where something is missing,
 * damaged or not what model.yaml says. Output shapes are checked when the network is loaded.
 */
export async function readPack(folder: string): Promise<ModelPack> {
  const name = basename(folder);
  const facts = parsePack(name, await text(folder, 'model.yaml'));
  const decoder = DECODERS.get(facts.kind);
  if (decoder === undefined) {
    throw invalid(name, `kind ${facts.kind} is not known`, `use one of ${[...DECODERS.keys()].join(', ')}`);
  }
  if ((await text(folder, 'NOTICE')).trim() === '') {
    throw invalid(name, 'NOTICE is empty', 'put the licence text of the weights into it');
  }
  if (basename(facts.file) !== facts.file) {
    throw invalid(name, `file ${facts.file} is not in the pack's folder`, 'name a file beside model.yaml');
  }
  const onnx = await network(folder, name, facts.file, facts.sha256);
  const { threshold, iou, mergeIou, classes, wanted } = facts;
  return {
    name,
    task: facts.task,
    file: facts.file,
    onnx,
    input: modelInput(facts.input),
    settings: { threshold, iou, mergeIou, classes, wanted },
    decoder,
  };
}

/** Checks the text of a model.yaml. */
export function parsePack(name: string, yaml: string): z.infer<typeof packSchema> {
  let raw: unknown;
  try {
    raw = parse(yaml, { logLevel: 'error' });
  } catch (cause) {
    throw invalid(name, `model.yaml is not YAML (${cause})`, 'correct the file', cause);
  }
  const result = packSchema.safeParse(raw);
  if (result.success) return result.data;
  const places = result.error.issues.map((issue) => `${issue.path.join('.') || 'file'}: ${issue.message}`);
  throw invalid(name, `model.yaml is wrong: ${places.join('; ')}`, 'correct the file');
}

async function network(folder: string, name: string, file: string, sha256: string): Promise<Uint8Array> {
  const path = join(folder, file);
  const size = await stat(path).then(
    (found) => found.size,
    () => undefined,
  );
  if (size === undefined) throw invalid(name, `${file} is missing`, 'copy the pack again');
  if (size > MAX_BYTES) throw invalid(name, `${file} has ${size} bytes`, `use one below ${MAX_BYTES} bytes`);
  const bytes = await readFile(path);
  const found = createHash('sha256').update(bytes).digest('hex');
  if (found === sha256) return bytes;
  throw invalid(
    name,
    `${file} is damaged or another file (${size} bytes, sha256 ${found.slice(0, 12)}…, expected ${sha256.slice(0, 12)}…)`,
    'copy the pack again, or correct sha256 in model.yaml if the file was changed on purpose',
  );
}

function modelInput(input: z.infer<typeof inputSchema>): ModelInput {
  const { mean, scale } = input.normalisation === 'none' ? { mean: 0, scale: 1 } : input.normalisation;
  const [width, height] = input.size ?? [0, 0];
  return {
    tensor: input.tensor,
    element: input.element,
    layout: input.layout,
    channels: input.channels,
    mean,
    scale,
    pad: input.pad,
    fit:
      input.side === undefined ? { size: { width, height } } : { side: input.side, multiple: input.multiple },
  };
}

async function text(folder: string, file: string): Promise<string> {
  try {
    return await readFile(join(folder, file), 'utf8');
  } catch (cause) {
    throw invalid(basename(folder), `${file} cannot be read`, `a pack needs ${file}`, cause);
  }
}

function invalid(name: string, why: string, fix: string, cause?: unknown): AgentError {
  return new AgentError('model-invalid', `model pack ${name} cannot be used: ${why}`, { fix, cause });
}
