/** Site files of many poles from one template: a row of a table gives the variables of one file. */
import { stringify } from 'yaml';

export interface RenderRow {
  /** Line of the table, from 1. */
  readonly line: number;
  readonly cells: Readonly<Record<string, string>>;
}

export interface Rendered {
  readonly line: number;
  /** Name of the file without `.yaml`. */
  readonly name: string;
  readonly text: string;
}

export interface RenderProblem {
  /** Line of the table; 0 for the table as a whole. */
  readonly line: number;
  readonly message: string;
  readonly fix: string;
}

/** What a file name may be on every system, and in a topic. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;
/** A number that reads the same when it is written again: 0817 is a word. */
const NUMBER = /^-?(?:0|[1-9]\d{0,14})(?:\.\d{1,12})?$/;

/**
 * One site file a row. Column `file` names it; every other column is a variable of the template. `column:text` keeps digits as
 * a word. An empty cell leaves the template's own value.
 */
export function render(
  rows: readonly RenderRow[],
  extend: string,
): { readonly files: readonly Rendered[]; readonly problems: readonly RenderProblem[] } {
  const files: Rendered[] = [];
  const problems: RenderProblem[] = [];
  const seen = new Map<string, number>();
  for (const { line, cells } of rows) {
    const name = (cells.file ?? '').trim();
    if (!NAME.test(name)) {
      const fix = 'write letters, digits, - and _ into column file, such as pole-0817';
      problems.push({
        line,
        message: `column file: expected the name of a site file, got ${JSON.stringify(name)}`,
        fix,
      });
      continue;
    }
    const before = seen.get(name.toLowerCase());
    if (before !== undefined) {
      problems.push({
        line,
        message: `${name} stands in line ${before} already`,
        fix: 'give each pole a name of its own',
      });
      continue;
    }
    seen.set(name.toLowerCase(), line);
    files.push({ line, name, text: stringify({ extends: extend, vars: variables(cells) }) });
  }
  return { files, problems };
}

function variables(cells: Readonly<Record<string, string>>): Record<string, string | number | boolean> {
  const vars: Record<string, string | number | boolean> = {};
  for (const [column, cell] of Object.entries(cells)) {
    const text = cell.trim();
    if (column === 'file' || text === '') continue;
    const [name = '', kind] = column.split(':');
    vars[name.trim()] = kind === 'text' ? text : cellValue(text);
  }
  return vars;
}

function cellValue(text: string): string | number | boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  return NUMBER.test(text) ? Number(text) : text;
}
