/** Reads the imports of the source tree, for the rules of the house. */

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

export interface Import {
  /** Path from the repository's root, with slashes. */
  readonly from: string;
  /** The same, or the package's name. */
  readonly to: string;
  readonly own: boolean;
  readonly typeOnly: boolean;
  /** Named as the entry of a process or thread (`new URL(…, import.meta.url)`). */
  readonly process: boolean;
}

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s+(type\s+)?(?:[\w*{}\s,$]+?\s+from\s+)?['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)|new URL\(\s*['"]([^'"]+\.ts)['"]\s*,\s*import\.meta\.url/g;

/** Files that git knows or would add: what a clone has. */
export function sourceFiles(): string[] {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    encoding: 'utf8',
  });
  return listed
    .split('\n')
    .filter((file) => /\.(ts|js|cjs|mjs)$/.test(file) && !file.startsWith('node_modules/'));
}

export function importsOf(file: string): Import[] {
  const text = readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\//g, '');
  return Array.from(text.matchAll(IMPORT), (match) => {
    const target = match[2] ?? match[3] ?? match[4] ?? '';
    const own = target.startsWith('.') || match[4] !== undefined;
    return {
      from: file,
      to: own ? normalize(join(dirname(file), target)) : target,
      own,
      typeOnly: match[1] !== undefined,
      process: match[4] !== undefined,
    };
  });
}
