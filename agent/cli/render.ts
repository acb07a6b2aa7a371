/** `kerbside config render <table>`: makes and checks the site files of many poles from one template. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import type { Command } from 'commander';
import Papa from 'papaparse';
import type { SiteDeps } from '../config/deps.ts';
import { loadSite } from '../config/load.ts';
import { formatProblem } from '../config/problem.ts';
import { type Rendered, type RenderProblem, type RenderRow, render } from '../config/render.ts';
import { AgentError } from '../core/errors.ts';
import { EXIT } from './exit.ts';
import { shownPath, siteDeps } from './site.ts';

interface Options {
  readonly template: string;
  readonly out: string;
  readonly force?: true;
  readonly json?: true;
}

export function register(config: Command): void {
  config
    .command('render')
    .description('make and check the site files of many poles: one template, one row of a table each')
    .argument(
      '<table>',
      'CSV: column file names the site file, every other column is a variable of the template',
    )
    .requiredOption('--template <file>', 'site file with vars')
    .requiredOption('--out <folder>', 'where the site files go')
    .option('--force', 'replace files that are there and differ')
    .option('--json', 'answer in JSON')
    .addHelpText(
      'after',
      '\nExit code 0: all are right. 1: some are not; each problem with the line of the table.',
    )
    .action(run);
}

async function run(table: string, options: Options): Promise<void> {
  const rows = tableRows(await readFile(table, 'utf8').catch(unreadable(table)));
  const out = resolve(options.out);
  const extend = relative(out, resolve(options.template));
  const { files, problems } = render(rows, extend.startsWith('.') ? extend : `./${extend}`);
  const told = problems.map((problem) => ({ ...problem, file: undefined as string | undefined }));
  await mkdir(out, { recursive: true });
  const agents = new Map<string, Rendered>();
  const deps = siteDeps('skip');
  for (const file of files) {
    const found = await written(file, out, options.force === true, { agents, deps });
    told.push(...found);
  }
  told.sort((a, b) => a.line - b.line);
  const made = files.length - new Set(told.flatMap(({ file }) => file ?? [])).size;
  if (options.json)
    process.stdout.write(`${JSON.stringify({ ok: told.length === 0, made, problems: told })}\n`);
  else {
    for (const { line, message, fix } of told)
      process.stderr.write(`${shownPath(resolve(table))}:${line} ${message}; ${fix}\n`);
    process.stdout.write(`${made} site files are right in ${shownPath(out)}\n`);
  }
  process.exitCode = told.length === 0 ? EXIT.ok : EXIT.no;
}

type Told = RenderProblem & { readonly file: string };

/** Writes one file and checks it where it lies. */
async function written(
  rendered: Rendered,
  out: string,
  force: boolean,
  { agents, deps }: { readonly agents: Map<string, Rendered>; readonly deps: SiteDeps },
): Promise<readonly Told[]> {
  const { line, name, text } = rendered;
  const file = join(out, `${name}.yaml`);
  const problem = (message: string, fix: string): Told => ({ line, file, message, fix });
  const there = await readFile(file, 'utf8').catch(() => undefined);
  if (there !== undefined && there !== text && !force) {
    return [
      problem(
        `${shownPath(file)} is there and differs`,
        'take the change over into the table, or add --force',
      ),
    ];
  }
  if (there !== text) await writeFile(file, text, { mode: 0o640 });
  const result = await loadSite(file, deps);
  if (!result.ok) {
    return result.problems.map((found) =>
      problem(
        formatProblem({ ...found, fix: '' }, shownPath).trim(),
        found.fix ?? `mend ${shownPath(found.file)}`,
      ),
    );
  }
  // Two agents of one id would throw each other out at the broker, and mix their numbers.
  const id = `${result.site.id}/${result.site.agent.id}`;
  const other = agents.get(id);
  agents.set(id, rendered);
  if (other === undefined) return [];
  return [
    problem(
      `agent ${id} is that of line ${other.line} (${other.name}) too`,
      'give each agent an id of its own',
    ),
  ];
}

function tableRows(text: string): readonly RenderRow[] {
  const { data, errors, meta } = Papa.parse<Record<string, string>>(text.replace(/^\uFEFF/, ''), {
    header: true,
    skipEmptyLines: 'greedy',
    transformHeader: (header) => header.trim(),
  });
  const [first] = errors.filter(({ type }) => type !== 'Delimiter');
  if (first !== undefined) {
    throw new AgentError(
      'config-invalid',
      `the table is not right: row ${(first.row ?? 0) + 2}: ${first.message}`,
      {
        fix: 'give each row as many cells as the head, and quotes around cells with commas',
      },
    );
  }
  if (!(meta.fields ?? []).includes('file')) {
    throw new AgentError('config-invalid', 'the table has no column file', {
      fix: 'write a first row with file and the variables of the template',
    });
  }
  return data.map((cells, index) => ({ line: index + 2, cells }));
}

function unreadable(table: string): (cause: unknown) => never {
  return (cause) => {
    throw new AgentError(
      'config-invalid',
      `${shownPath(resolve(table))} cannot be read: ${(cause as Error).message}`,
      {
        cause,
        fix: `name a CSV file in ${dirname(table)}`,
      },
    );
  };
}
