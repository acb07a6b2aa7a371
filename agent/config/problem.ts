/** What is wrong in a file somebody wrote: the place, the rule, the fix. Expected outcomes, so values and not errors. */
import { distance } from 'fastest-levenshtein';

/** Where something stands. `line` and `column` count from 1. */
export interface Place {
  /** Absolute path of the file. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface Problem extends Place {
  /** `devices[2].baud`; empty for the file as a whole. */
  readonly path: string;
  /** `expected …, got …` */
  readonly message: string;
  /** `write baud: 9600` */
  readonly fix?: string;
}

export type Path = readonly (string | number)[];

/** `['devices', 2, 'baud']` as `devices[2].baud`. */
export function pathText(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    return text === '' ? step : `${text}.${step}`;
  }, '');
}

/** A problem at a place; the path is that of the merged document. */
export function problem(place: Place, path: Path, message: string, fix?: string): Problem {
  return {
    file: place.file,
    line: place.line,
    column: place.column,
    path: pathText(path),
    message,
    ...(fix === undefined ? {} : { fix }),
  };
}

/** `site.yaml:14:7 devices[2].baud: expected one of 1200…115200, got "9.6k"; write baud: 9600`. */
export function formatProblem(found: Problem, name: (file: string) => string = (file) => file): string {
  const where = `${name(found.file)}:${found.line}:${found.column}`;
  const what = found.path === '' ? found.message : `${found.path}: ${found.message}`;
  return found.fix === undefined ? `${where} ${what}` : `${where} ${what}; ${found.fix}`;
}

/** Files in the order they were met, each from top to bottom; the same thing is said once. */
export function inOrder(problems: readonly Problem[]): readonly Problem[] {
  const files = [...new Set(problems.map((found) => found.file))];
  const seen = new Set<string>();
  return problems
    .filter((found) => {
      const text = formatProblem(found);
      return !seen.has(text) && seen.add(text);
    })
    .sort((a, b) => files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line || a.column - b.column);
}

/** The candidate that `name` was most likely meant to be: at most a third of its letters differ, or it is cut short. */
export function nearest(name: string, candidates: Iterable<string>): string | undefined {
  const wanted = name.toLowerCase().slice(0, 64);
  let best: { readonly candidate: string; readonly far: number } | undefined;
  for (const candidate of candidates) {
    const far = distance(wanted, candidate.toLowerCase());
    const limit = Math.min(4, Math.ceil(Math.max(wanted.length, candidate.length) / 3));
    if (far <= limit && (best === undefined || far < best.far)) best = { candidate, far };
  }
  if (best !== undefined) return best.candidate;
  const longer = [...candidates].filter((one) => wanted.length > 3 && one.toLowerCase().startsWith(wanted));
  return longer.length === 1 ? longer[0] : undefined;
}

/** A value as it is repeated in a message: short, told apart from a number, without user and password of a URL. */
export function shown(value: unknown): string {
  if (typeof value === 'string') {
    const open = value.replace(/\/\/[^/@]*@/, '//…@');
    return JSON.stringify(open.length > 80 ? `${open.slice(0, 79)}…` : open);
  }
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  return String(value);
}
