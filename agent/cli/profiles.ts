/** `kerbside profiles`: the device models there are. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { openCatalogue } from '../config/device/catalogue.ts';
import { readSource } from '../config/source.ts';
import type { Profile } from '../core/profile.ts';
import { EXIT } from './exit.ts';
import { problemLines, siteDeps } from './site.ts';

export function register(program: Command): void {
  program
    .command('profiles')
    .description('list the device profiles there are')
    .argument(
      '[words...]',
      'only those with all of these words in id, class, brand, model, protocol or title',
    )
    .option('--folder <folder...>', 'further folders of profiles')
    .option('--json', 'answer in JSON')
    .action(list);
}

async function list(
  words: readonly string[],
  options: { folder?: readonly string[]; json?: true },
): Promise<void> {
  const deps = siteDeps();
  const folders = (options.folder ?? []).map((folder) => resolve(folder));
  const catalogue = await openCatalogue(deps.profiles, folders, deps, readSource);
  const results = await Promise.all(catalogue.names.map((name) => catalogue.load(name)));
  const problems = results.flatMap((result) => (result?.ok === false ? result.problems : []));
  const found = results
    .flatMap((result) => (result?.ok === true ? [result.profile] : []))
    .filter((profile) => words.every((word) => searched(profile).includes(word.toLowerCase())));
  if (options.json === true) {
    const facts = found.map(({ id, title, class: kind, brand, model, protocol, points }) => ({
      ...{ id, title, class: kind, brand, model, protocol },
      points: points.length,
    }));
    process.stdout.write(`${JSON.stringify(facts, null, 2)}\n`);
  } else {
    const width = Math.max(0, ...found.map(({ id }) => id.length));
    for (const { id, protocol, title } of found) {
      process.stdout.write(`${id.padEnd(width)}  ${protocol.padEnd(9)}  ${title.en}\n`);
    }
  }
  if (problems.length > 0) process.stderr.write(problemLines(problems));
  process.exitCode = problems.length > 0 || found.length === 0 ? EXIT.no : EXIT.ok;
}

function searched({ id, class: kind, brand, model, protocol, title }: Profile): string {
  return [id, kind, brand, model, protocol, title.en, title.zh ?? ''].join(' ').toLowerCase();
}
