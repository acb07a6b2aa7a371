/**
 * `extends: pole.yaml` puts a template under a site file, `vars:` gives its variables. A template is a site file with
 * holes `${var:name}`; its own `vars:` are the defaults, and one without value must be given. Maps are merged key by
 * key, lists whose items have an `id` item by item, everything else is replaced; `key: null` takes away what the
 * template gave. A template may extend another one.
 */
import { dirname, resolve } from 'node:path';
import { nearest, type Path, type Problem, problem, shown } from './problem.ts';
import type { ReadSource } from './source.ts';
import {
  type Entry,
  type ListNode,
  type MapNode,
  nodeAt,
  type Origin,
  parseTree,
  type Tree,
} from './tree.ts';

const MOST_TEMPLATES = 8;
const HOLE = /\$\{var:([^}]*)\}/g;
const WHOLE = /^\$\{var:([^}]*)\}$/;

export interface Extended {
  /** The merged document without `extends` and `vars`; undefined where it cannot be made. */
  readonly root: MapNode | undefined;
  /** Absolute paths of the files it was made of, the site file first. */
  readonly files: readonly string[];
  readonly problems: readonly Problem[];
}

type Vars = ReadonlyMap<string, Entry>;
/** A variable handed to a template. One that the giving file uses itself need not be known there. */
type Given = ReadonlyMap<string, { readonly entry: Entry; readonly optional: boolean }>;

/** Reads a site file and what it extends. Never rejects. */
export async function readExtended(file: string, read: ReadSource): Promise<Extended> {
  const files: string[] = [];
  const problems: Problem[] = [];
  const start: Origin = { file, line: 1, column: 1 };

  const load = async (path: string, given: Given, asked: Origin, at: Path): Promise<MapNode | undefined> => {
    const refuse = (message: string, fix?: string) => {
      problems.push(problem(asked, at, message, fix));
      return undefined;
    };
    if (files.includes(path)) {
      return refuse(`the template ${shown(path)} extends itself, by way of ${files.length} files`);
    }
    if (files.length > MOST_TEMPLATES) return refuse(`more than ${MOST_TEMPLATES} templates in a row`);
    files.push(path);
    const source = await read(path);
    if (!source.ok) return refuse(`${shown(path)} cannot be read: ${source.message}`, source.fix);
    const parsed = parseTree(source.text, path);
    if (!parsed.ok) {
      problems.push(...parsed.problems);
      return undefined;
    }
    const root = parsed.root;
    if (root.kind !== 'map') {
      const message = 'expected a map with site:, agent:, lines: and devices:';
      problems.push(
        problem(root.at, [], `${message}, got ${root.kind === 'list' ? 'a list' : 'no key at all'}`),
      );
      return undefined;
    }
    const vars = variables(root, given, path !== file, problems);
    const used = new Set<string>();
    const filled = fill(without(root), vars, [], used, problems);
    const parent = nodeAt(root, ['extends']);
    if (parent === undefined) return filled;
    const from = root.entries.get('extends')?.key ?? root.at;
    if (parent.kind !== 'scalar' || typeof parent.value !== 'string' || parent.value === '') {
      problems.push(
        problem(from, ['extends'], 'expected the path of a template', 'write extends: ./pole.yaml'),
      );
      return filled;
    }
    const under = resolve(dirname(path), parent.value);
    const below = await load(under, handedOn(vars, used), from, ['extends']);
    return below === undefined ? filled : mergeMaps(below, filled);
  };

  const root = await load(file, new Map(), start, []);
  return { root, files, problems };
}

function handedOn(vars: Vars, used: ReadonlySet<string>): Given {
  return new Map([...vars].map(([name, entry]) => [name, { entry, optional: used.has(name) }]));
}

function without(root: MapNode): MapNode {
  return {
    ...root,
    entries: new Map([...root.entries].filter(([key]) => key !== 'extends' && key !== 'vars')),
  };
}

/** The file's own variables with those given from above in their place. */
function variables(root: MapNode, given: Given, template: boolean, problems: Problem[]): Vars {
  const own = nodeAt(root, ['vars']);
  const vars = new Map<string, Entry>();
  if (own?.kind === 'map') for (const [name, entry] of own.entries) vars.set(name, entry);
  else if (own !== undefined && !(own.kind === 'scalar' && own.value === null)) {
    problems.push(problem(own.at, ['vars'], 'expected a map of variables', 'write vars: { pole: "0817" }'));
  }
  for (const [name, { entry, optional }] of given) {
    if (vars.has(name)) vars.set(name, entry);
    else if (!optional) {
      const close = nearest(name, vars.keys());
      const known = vars.size === 0 ? 'remove it' : `write one of ${[...vars.keys()].join(', ')}`;
      const fix = close === undefined ? known : `write ${close}:`;
      problems.push(problem(entry.key, ['vars', name], `the template has no variable ${shown(name)}`, fix));
    }
  }
  if (template) {
    for (const [name, entry] of vars) {
      if (entry.node.kind !== 'scalar' || entry.node.value !== null) continue;
      const fix = `write vars: { ${name}: … } beside extends:`;
      problems.push(problem(entry.key, ['vars', name], `the variable ${shown(name)} has no value`, fix));
    }
  }
  return vars;
}

function fill(root: MapNode, vars: Vars, path: Path, used: Set<string>, problems: Problem[]): MapNode {
  const entries = new Map<string, Entry>();
  for (const [key, entry] of root.entries) {
    entries.set(key, { key: entry.key, node: fillNode(entry.node, vars, [...path, key], used, problems) });
  }
  return { ...root, entries };
}

function fillNode(node: Tree, vars: Vars, path: Path, used: Set<string>, problems: Problem[]): Tree {
  if (node.kind === 'map') return fill(node, vars, path, used, problems);
  if (node.kind === 'list') {
    return {
      ...node,
      items: node.items.map((item, i) => fillNode(item, vars, [...path, i], used, problems)),
    };
  }
  if (typeof node.value !== 'string' || !node.value.includes('${var:')) return node;
  const look = (name: string): Tree | undefined => {
    const found = vars.get(name);
    used.add(name);
    if (found !== undefined) return found.node;
    const close = nearest(name, vars.keys());
    const fix = close === undefined ? `write vars: { ${name}: … }` : `write \${var:${close}}`;
    problems.push(problem(node.at, path, `no variable ${shown(name)} is given`, fix));
    return undefined;
  };
  const whole = WHOLE.exec(node.value)?.[1];
  if (whole !== undefined) {
    const found = look(whole);
    return found === undefined ? node : { ...found, at: { ...node.at, via: { kind: 'var', name: whole } } };
  }
  let via: Origin['via'];
  const text = node.value.replace(HOLE, (hole, name: string) => {
    const found = look(name);
    via = { kind: 'var', name };
    if (found === undefined) return hole;
    if (found.kind === 'scalar') return found.source;
    problems.push(
      problem(node.at, path, `the variable ${shown(name)} is a ${found.kind}, it cannot stand in a text`),
    );
    return hole;
  });
  return { ...node, value: text, source: text, at: via === undefined ? node.at : { ...node.at, via } };
}

function idOf(node: Tree): string | undefined {
  const found = node.kind === 'map' ? nodeAt(node, ['id']) : undefined;
  return found?.kind === 'scalar' && found.value !== null ? String(found.value) : undefined;
}

function merge(below: Tree, above: Tree): Tree {
  if (below.kind === 'map' && above.kind === 'map') return mergeMaps(below, above);
  if (below.kind === 'list' && above.kind === 'list') {
    const named = [...below.items, ...above.items].every((item) => idOf(item) !== undefined);
    return named ? mergeLists(below, above) : above;
  }
  return above;
}

function mergeMaps(below: MapNode, above: MapNode): MapNode {
  const entries = new Map(below.entries);
  for (const [key, entry] of above.entries) {
    const under = below.entries.get(key);
    if (under === undefined) entries.set(key, entry);
    else if (entry.node.kind === 'scalar' && entry.node.value === null) entries.delete(key);
    else entries.set(key, { key: entry.key, node: merge(under.node, entry.node) });
  }
  return { kind: 'map', entries, at: above.at };
}

function mergeLists(below: ListNode, above: ListNode): ListNode {
  const left = [...above.items];
  const merged = below.items.map((item) => {
    const index = left.findIndex((other) => idOf(other) === idOf(item));
    const [found] = index < 0 ? [] : left.splice(index, 1);
    return found === undefined ? item : merge(item, found);
  });
  return { kind: 'list', items: [...merged, ...left], at: above.at };
}
