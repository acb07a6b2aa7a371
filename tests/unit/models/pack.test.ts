/** Model packs: the shipped ones load and are what they say; damaged and wrong ones are refused with a reason. */
import { cp, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AgentError } from '../../../agent/core/errors.ts';
import { loadDetector } from '../../../agent/vision/detector.ts';
import { parsePack, readPack } from '../../../models/pack.ts';

const MODELS = join(import.meta.dirname, '../../../models');

let folder = '';
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'pack-')), 'faceboxes');
  await cp(join(MODELS, 'faceboxes'), folder, { recursive: true });
});
afterEach(() => rm(join(folder, '..'), { recursive: true, force: true }));

const refusal = (run: Promise<unknown>) =>
  run.then(
    () => undefined,
    (error) => {
      expect(error).toBeInstanceOf(AgentError);
      expect(error.code).toBe('model-invalid');
      expect(error.fix).toBeTruthy();
      return `${error.message}`;
    },
  );

async function edit(from: string | RegExp, to: string): Promise<void> {
  const file = join(folder, 'model.yaml');
  await writeFile(file, (await readFile(file, 'utf8')).replace(from, to));
}

describe('shipped packs', () => {
  test.each(['centernet', 'faceboxes', 'nanodet'])('%s is whole, licensed and loads', async (name) => {
    const pack = await readPack(join(MODELS, name));
    await using detector = await loadDetector(pack);
    expect(detector.pack.name).toBe(name);
    const notice = await readFile(join(MODELS, name, 'NOTICE'), 'utf8');
    expect(notice).toContain('Permission is hereby granted');
  });

  test('the hole in the licences of CenterNet is stated', async () => {
    expect(await readFile(join(MODELS, 'centernet/NOTICE'), 'utf8')).toContain('carries no\nlicence file');
    expect(await readFile(join(MODELS, 'centernet/model.yaml'), 'utf8')).toContain('has no licence file');
  });
});

describe('refused', () => {
  test('a truncated file', async () => {
    await truncate(join(folder, 'faceboxes.onnx'), 100_000);
    expect(await refusal(readPack(folder))).toMatch(
      /faceboxes.onnx is damaged or another file \(100000 bytes/,
    );
  });

  test('another hash', async () => {
    await edit(/sha256: ..../, 'sha256: 0000');
    expect(await refusal(readPack(folder))).toMatch(/expected 0000/);
  });

  test('a missing file, a missing or empty licence, a missing description', async () => {
    await edit('faceboxes.onnx', 'other.onnx');
    expect(await refusal(readPack(folder))).toMatch(/other.onnx is missing/);
    await writeFile(join(folder, 'NOTICE'), ' \n');
    expect(await refusal(readPack(folder))).toMatch(/NOTICE is empty/);
    await rm(join(folder, 'NOTICE'));
    expect(await refusal(readPack(folder))).toMatch(/NOTICE cannot be read/);
    await rm(join(folder, 'model.yaml'));
    expect(await refusal(readPack(folder))).toMatch(/model.yaml cannot be read/);
  });

  test('a file outside the pack', async () => {
    await edit('file: faceboxes.onnx', 'file: ../faceboxes.onnx');
    expect(await refusal(readPack(folder))).toMatch(/not in the pack's folder/);
  });

  test('an unknown kind, key or class', async () => {
    await edit('kind: faceboxes', 'kind: facenet');
    expect(await refusal(readPack(folder))).toMatch(/kind facenet is not known/);
    await edit('kind: facenet', 'knd: faceboxes');
    expect(await refusal(readPack(folder))).toMatch(/model.yaml is wrong/);
    await edit('knd: faceboxes', 'kind: faceboxes');
    await edit('wanted: [face]', 'wanted: [car]');
    expect(await refusal(readPack(folder))).toMatch(/wanted names a class/);
  });

  test('a network with other outputs than its kind has', async () => {
    await edit('kind: faceboxes', 'kind: centernet');
    expect(await refusal(readPack(folder).then((pack) => loadDetector(pack)))).toMatch(
      /no output heat, only cls0/,
    );
  });

  test('a network with other classes than model.yaml names', async () => {
    const pack = await readPack(join(MODELS, 'centernet'));
    const fewer = { ...pack, settings: { ...pack.settings, classes: ['car', 'bus'], wanted: ['car'] } };
    expect(await refusal(loadDetector(fewer))).toMatch(/output heat is \[1, 7, .*expected \[1, 2/);
  });

  test('bytes that are no network', async () => {
    const pack = await readPack(folder);
    expect(await refusal(loadDetector({ ...pack, onnx: pack.onnx.subarray(0, 50_000) }))).toMatch(
      /cannot be loaded/,
    );
  });
});

test('any text as model.yaml is a pack or a clear refusal', () => {
  const lines = fc.array(
    fc.oneof(
      fc.string(),
      fc.constantFrom(
        'kind: yolox',
        'input:',
        '  side: 640',
        'classes: [a]',
        'threshold: 2',
        '- x',
        'file: {}',
      ),
    ),
  );
  fc.assert(
    fc.property(lines, (parts) => {
      try {
        parsePack('x', parts.join('\n'));
      } catch (error) {
        if (!(error instanceof AgentError) || error.code !== 'model-invalid') throw error;
      }
    }),
    { seed: 20270101, numRuns: 300 },
  );
});
