/**
 * `kerbside count --task vehicles|faces [--model <folder>] [--json] <images…>`: what the camera pipeline would count in
 * pictures. Nothing is written but the counts.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { DEFAULT_MODELS, SHIPPED } from '../../models/folders.ts';
import { readPack } from '../../models/pack.ts';
import { AgentError } from '../core/errors.ts';
import type { VisionTask } from '../core/model.ts';
import type { Detection } from '../core/view.ts';
import { loadDetector } from '../vision/detector.ts';
import { keepSharpSmall } from '../vision/picture.ts';
import { detectStill } from '../vision/still.ts';
import { EXIT, sentence } from './exit.ts';

interface CountOptions {
  readonly task: VisionTask;
  readonly model?: string;
  readonly json?: boolean;
}

export function register(program: Command): void {
  program
    .command('count')
    .description('count vehicles or faces in pictures, as the cameras do')
    .argument('<images...>', 'JPEG, PNG or WebP files')
    .addOption(
      new Option('--task <task>', 'what to count').choices(['vehicles', 'faces']).default('vehicles'),
    )
    .option('--model <folder>', 'another model pack: model.yaml, NOTICE and the ONNX file')
    .option('--json', 'one JSON line a picture: {"file","count","detections":[{"class","score","box"}]}')
    .addHelpText(
      'after',
      '\nBoxes are [left, top, right, bottom] in pixels. Exit code 0: all counted. 3: a picture or the model could not be used.',
    )
    .action(count);
}

async function count(images: readonly string[], { task, model, json }: CountOptions): Promise<void> {
  keepSharpSmall();
  const pack = await readPack(model ?? join(SHIPPED, DEFAULT_MODELS[task]));
  if (pack.task !== task) {
    throw new AgentError(
      'model-invalid',
      `model pack ${pack.name} cannot be used: it counts ${pack.task}, not ${task}`,
      {
        fix: `write --task ${pack.task}`,
      },
    );
  }
  await using detector = await loadDetector(pack);
  for (const file of images) {
    try {
      const { detections } = await detectStill(detector, await readFile(file));
      process.stdout.write(`${json === true ? jsonLine(file, detections) : textLine(file, detections)}\n`);
    } catch (error) {
      process.stderr.write(`kerbside: ${file}: ${sentence(error)}\n`);
      process.exitCode = EXIT.failed;
    }
  }
}

function jsonLine(file: string, detections: readonly Detection[]): string {
  const rounded = detections.map((detection) => ({
    class: detection.class,
    score: Math.round(detection.score * 1000) / 1000,
    box: detection.box.map((value) => Math.round(value * 10) / 10),
  }));
  return JSON.stringify({ file, count: rounded.length, detections: rounded });
}

function textLine(file: string, detections: readonly Detection[]): string {
  const classes = new Map<string, number>();
  for (const detection of detections) classes.set(detection.class, (classes.get(detection.class) ?? 0) + 1);
  const parts = Array.from(classes, ([name, found]) => `${found} ${name}`);
  return `${file}: ${detections.length}${parts.length === 0 ? '' : ` (${parts.join(', ')})`}`;
}
