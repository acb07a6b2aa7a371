/**
 * `kerbside config show|schema|reference|render`: the effective configuration with sources, JSON Schemas for editors, the
 * reference of all keys, many files from one.
 */
import type { Command } from 'commander';
import { effective, effectiveYaml, fromText } from '../config/effective.ts';
import { profileJsonSchema, siteJsonSchema } from '../config/json-schema.ts';
import { pathText } from '../config/problem.ts';
import { siteReference } from '../config/reference.ts';
import { register as registerChanges } from './config-changes.ts';
import { EXIT } from './exit.ts';
import { register as registerRender } from './render.ts';
import { load, problemLines, shownPath } from './site.ts';

export function register(program: Command): void {
  const config = program
    .command('config')
    .description('what a site file means, and how it changes while the agent runs');
  config
    .command('show')
    .description('every value in force and where it comes from; secrets stay references')
    .argument('[site]', 'site file', 'site.yaml')
    .option('--json', 'answer in JSON')
    .option('--without-secrets', 'do not resolve secrets')
    .action(show);
  config
    .command('schema')
    .description('JSON Schema of site.yaml for editors')
    .option('--profile', 'of a device profile instead')
    .action((options: { profile?: true }) => {
      const schema = options.profile === true ? profileJsonSchema() : siteJsonSchema();
      process.stdout.write(`${JSON.stringify(schema, null, 2)}\n`);
    });
  config
    .command('reference')
    .description('every key of site.yaml, what it takes and means, as Markdown (docs/site-reference.md)')
    .action(() => void process.stdout.write(siteReference()));
  registerRender(config);
  registerChanges(config);
}

async function show(file: string, options: { json?: true; withoutSecrets?: true }): Promise<void> {
  const result = await load(file, options.withoutSecrets === true ? 'skip' : 'resolve');
  if (!result.ok) {
    process.exitCode = EXIT.no;
    if (options.json) process.stdout.write(`${JSON.stringify({ ok: false, problems: result.problems })}\n`);
    else process.stderr.write(problemLines(result.problems));
    return;
  }
  const { root, files } = result.facts;
  const values = effective(result.site, root, files);
  if (options.json) {
    const answer = values.map(({ path, value, from }) => ({
      path: pathText(path),
      value,
      from: fromText(from, shownPath),
    }));
    process.stdout.write(`${JSON.stringify(answer, null, 2)}\n`);
    return;
  }
  process.stdout.write(effectiveYaml(values, shownPath));
}
