/** `kerbside models list|add|remove`: the networks that count, checked before they are used. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { DEFAULT_MODELS, findPack, modelNames } from '../../models/folders.ts';
import { installPack, rollBack } from '../../models/install.ts';
import { parsePack, readPack } from '../../models/pack.ts';
import { loadSite } from '../config/load.ts';
import { AgentError } from '../core/errors.ts';
import { tryOut } from '../vision/try-out.ts';
import { problemLines, siteDeps } from './site.ts';

const SITE = ['--site <file>', 'site file, whose state folder holds added packs', 'site.yaml'] as const;

const JSON_TOO = ['--json', 'answer in JSON'] as const;

interface Flags {
  readonly site: string;
  readonly json?: true;
}

export function register(program: Command): void {
  const models = program.command('models').description('list, add and remove models that count');
  models
    .command('list')
    .description('the models that a site file can name')
    .option(...SITE)
    .option(...JSON_TOO)
    .action(list);
  models
    .command('add')
    .description('check a model pack (hash, shapes, licence text, a first look) and add it')
    .argument('<folder>', 'folder with model.yaml, NOTICE and the ONNX file')
    .option(...SITE)
    .option(...JSON_TOO)
    .addHelpText(
      'after',
      '\nThen name it in the site file: `shadow:` runs it beside the old one, `models:` lets it count.\nIt is rolled back to the default by itself where it fails.',
    )
    .action(add);
  models
    .command('remove')
    .description('take an added model out; the one it replaced comes back')
    .argument('<name>', 'name of the model')
    .option(...SITE)
    .option(...JSON_TOO)
    .action(remove);
}

async function stateOf(file: string): Promise<string> {
  // A site may name the model already that is about to be added.
  const { models: _, ...deps } = siteDeps('skip');
  const result = await loadSite(file, deps);
  if (result.ok) return result.site.state;
  throw new AgentError(
    'config-invalid',
    `state folder of ${file} is not known\n${problemLines(result.problems)}`,
  );
}

async function list({ site, json }: Flags): Promise<void> {
  const state = await stateOf(site);
  const found: object[] = [];
  for (const name of await modelNames(state)) {
    const folder = (await findPack(name, state)) ?? '';
    const pack = parsePack(name, await readFile(join(folder, 'model.yaml'), 'utf8'));
    const standard = Object.values(DEFAULT_MODELS).includes(name);
    found.push({ name, task: pack.task, default: standard, kind: pack.kind, licence: pack.licence });
    if (json !== true)
      process.stdout.write(
        `${name}: ${pack.task}${standard ? ' (default)' : ''}, ${pack.kind}; ${pack.licence}\n`,
      );
  }
  if (json === true) process.stdout.write(`${JSON.stringify(found, null, 2)}\n`);
}

async function add(folder: string, { site, json }: Flags): Promise<void> {
  const state = await stateOf(site);
  let facts = '';
  const name = await installPack(folder, state, async (copy) => {
    const pack = await readPack(copy);
    const { ms, input } = await tryOut(pack);
    facts = `${pack.task}, ${input.width}x${input.height}, ${Math.round(ms)} ms a look here; ${pack.settings.wanted.join(', ')}`;
  });
  process.stdout.write(
    json === true ? `${JSON.stringify({ added: name, facts })}\n` : `${name} added: ${facts}\n`,
  );
}

async function remove(name: string, { site, json }: Flags): Promise<void> {
  const done = await rollBack(name, await stateOf(site));
  const what = done === 'restored' ? 'taken out; the one before is back' : 'removed';
  process.stdout.write(json === true ? `${JSON.stringify({ name, done })}\n` : `${name} ${what}\n`);
}
