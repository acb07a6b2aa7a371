/**
 * `${env:NAME}` in a value that is no secret: put in before the schema looks, marked with where it came from, and never
 * repeated in a message, for nobody can tell what else such a variable holds.
 */
import type * as z from 'zod';
import { schemaAt } from './issues.ts';
import { type Path, type Problem, problem } from './problem.ts';
import { isSecret } from './secret.ts';
import type { Entry, MapNode, Origin, Scalar, Tree } from './tree.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

const HOLE = /\$\{env:([^}]*)\}/g;
const WHOLE = /^\$\{env:([^}]*)\}$/;

/** The tree with its environment variables filled in, secrets left as references. */
export function fillEnvironment(
  root: MapNode,
  schema: z.core.$ZodType,
  env: Environment,
  problems: Problem[],
): MapNode {
  const fill = (node: Tree, path: Path): Tree => {
    if (node.kind === 'map') {
      const entries = new Map<string, Entry>();
      for (const [key, entry] of node.entries) {
        entries.set(key, { key: entry.key, node: fill(entry.node, [...path, key]) });
      }
      return { ...node, entries };
    }
    if (node.kind === 'list') {
      return { ...node, items: node.items.map((item, i) => fill(item, [...path, i])) };
    }
    if (typeof node.value !== 'string' || !node.value.includes('${env:')) return node;
    if (isSecret(schemaAt(schema, path))) return node;
    let via: Origin['via'];
    const text = node.value.replace(HOLE, (hole, name: string) => {
      via = { kind: 'env', name };
      const value = env[name];
      if (value !== undefined && value !== '') return value;
      const message = `the environment variable ${name} is ${value === '' ? 'empty' : 'not set'}`;
      problems.push(problem(node.at, path, message, `set ${name} before the start`));
      return hole;
    });
    if (via === undefined) return node;
    const value = WHOLE.test(node.value) ? typed(text) : text;
    return { ...node, value, at: { ...node.at, via } };
  };
  const filled = fill(root, []);
  return filled.kind === 'map' ? filled : root;
}

/** A variable that is the whole value may be a number or a flag, as if it stood in the file. */
function typed(text: string): Scalar {
  if (/^-?(0|[1-9]\d*)(\.\d+)?$/.test(text)) return Number(text);
  return text === 'true' ? true : text === 'false' ? false : text;
}
