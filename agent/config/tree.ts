/**
 * YAML as a tree that knows where everything stands. Read with the `yaml` package (YAML 1.2 core schema); what only
 * surprises people (tabs, double keys, unknown tags, alias bombs) is told as a problem with its place.
 */
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type YAMLError,
  type Node as YamlNode,
} from 'yaml';
import type { Place, Problem } from './problem.ts';

/** Where a value comes from. `via` names the template variable or environment variable that gave it. */
export interface Origin extends Place {
  readonly via?: { readonly kind: 'var' | 'env'; readonly name: string };
}

export type Scalar = string | number | boolean | null;
export interface ScalarNode {
  readonly kind: 'scalar';
  readonly value: Scalar;
  /** As written, without quotes: `007` stays `007`. */
  readonly source: string;
  readonly at: Origin;
}
export interface MapNode {
  readonly kind: 'map';
  readonly entries: ReadonlyMap<string, Entry>;
  readonly at: Origin;
}
export interface ListNode {
  readonly kind: 'list';
  readonly items: readonly Tree[];
  readonly at: Origin;
}
export type Tree = ScalarNode | MapNode | ListNode;
export interface Entry {
  readonly key: Origin;
  readonly node: Tree;
}

/** Values a file may expand to; a street of 1,000 devices has some 10,000. Bounds what aliases can multiply. */
const MOST_NODES = 50_000;
const DEEPEST = 32;
const MOST_SYNTAX_PROBLEMS = 10;

const SYNTAX: Partial<Record<YAMLError['code'], { readonly message: string; readonly fix: string }>> = {
  TAB_AS_INDENT: { message: 'a tab stands where indentation belongs', fix: 'write spaces, two a level' },
  DUPLICATE_KEY: { message: 'the same key stands twice in one map', fix: 'remove one of them' },
  MULTIPLE_DOCS: { message: 'more than one document in the file', fix: 'remove the line ---' },
  BAD_INDENT: { message: 'wrong indentation', fix: 'indent the keys of one map alike' },
};

export type Parsed =
  | { readonly ok: true; readonly root: Tree }
  | { readonly ok: false; readonly problems: readonly Problem[] };

class TooMuch extends Error {
  readonly place: Place;
  constructor(place: Place, message: string) {
    super(message);
    this.place = place;
  }
}

/** Reads YAML text. Gives every syntax problem it can tell apart (at most 10). Never throws. */
export function parseTree(text: string, file: string): Parsed {
  const lines = new LineCounter();
  const placeOf = (offset: number): Place => {
    const { line, col } = lines.linePos(Math.max(0, offset));
    return { file, line: Math.max(1, line), column: Math.max(1, col) };
  };
  const fail = (place: Place, message: string, fix?: string): Problem => ({
    ...place,
    path: '',
    message,
    ...(fix === undefined ? {} : { fix }),
  });
  let document: Document;
  try {
    document = parseDocument(text, { lineCounter: lines, prettyErrors: false, version: '1.2' });
  } catch (error) {
    // The parser descends by recursion; a megabyte of "[" ends its stack.
    const why = error instanceof RangeError ? 'nested too deeply' : String(error);
    return { ok: false, problems: [fail({ file, line: 1, column: 1 }, `not readable as YAML: ${why}`)] };
  }
  const bad = [...document.errors, ...document.warnings];
  if (bad.length > 0) {
    const told = bad.slice(0, MOST_SYNTAX_PROBLEMS).map((error) => {
      const known = SYNTAX[error.code];
      return fail(
        placeOf(error.pos[0]),
        known?.message ?? `not valid YAML: ${firstLine(error.message)}`,
        known?.fix,
      );
    });
    return { ok: false, problems: told };
  }
  try {
    return { ok: true, root: new Walk(placeOf).tree(document) };
  } catch (error) {
    if (!(error instanceof TooMuch)) throw error;
    return { ok: false, problems: [fail(error.place, error.message)] };
  }
}

function firstLine(message: string): string {
  return (message.split('\n')[0] ?? message).replace(/[.:]\s*$/, '');
}

class Walk {
  readonly #placeOf: (offset: number) => Place;
  #left = MOST_NODES;
  readonly #open = new Set<YamlNode>();
  /** Filled in document order: an alias means the last anchor of its name before it (YAML 1.2.2 §7.1). */
  readonly #anchors = new Map<string, YamlNode>();

  constructor(placeOf: (offset: number) => Place) {
    this.#placeOf = placeOf;
  }

  tree(document: Document): Tree {
    return this.#node(document.contents, this.#placeOf(0), 0);
  }

  #node(node: unknown, parent: Place, depth: number): Tree {
    const at = this.#at(node, parent);
    this.#left -= 1;
    if (this.#left < 0) {
      throw new TooMuch(at, `more than ${MOST_NODES} values (aliases multiply what they name)`);
    }
    if (depth > DEEPEST) throw new TooMuch(at, `nested more than ${DEEPEST} levels deep`);
    if (isAlias(node)) {
      const target = this.#anchors.get(node.source);
      if (target === undefined) throw new TooMuch(at, `alias *${node.source} names no anchor`);
      return this.#node(target, at, depth + 1);
    }
    if ((isMap(node) || isSeq(node) || isScalar(node)) && node.anchor !== undefined) {
      this.#anchors.set(node.anchor, node);
    }
    if (isMap(node)) return this.#inside(node, at, () => this.#map(node.items, at, depth));
    if (isSeq(node)) {
      return this.#inside(node, at, () => ({
        kind: 'list',
        items: node.items.map((item) => this.#node(item, at, depth + 1)),
        at,
      }));
    }
    if (isScalar(node)) {
      const value = plain(node.value);
      return { kind: 'scalar', value, source: node.source ?? (value === null ? '' : String(value)), at };
    }
    return { kind: 'scalar', value: null, source: '', at };
  }

  #map(items: readonly { key: unknown; value: unknown }[], at: Place, depth: number): MapNode {
    const entries = new Map<string, Entry>();
    for (const { key, value } of items) {
      const where = this.#at(key, at);
      const name = isScalar(key) ? String(key.value ?? '') : undefined;
      if (name === undefined) throw new TooMuch(where, 'expected a word as key, got a map or list');
      if (name === '__proto__') throw new TooMuch(where, 'the key __proto__ is not allowed');
      if (name === '<<') {
        throw new TooMuch(where, 'merge keys (<<) are not read; write extends: or repeat the values');
      }
      entries.set(name, { key: where, node: this.#node(value, where, depth + 1) });
    }
    return { kind: 'map', entries, at };
  }

  /** An alias may name a map it stands in; that has no end. */
  #inside(node: YamlNode, at: Place, walk: () => Tree): Tree {
    if (this.#open.has(node)) throw new TooMuch(at, 'an alias names a part that it stands in');
    this.#open.add(node);
    try {
      return walk();
    } finally {
      this.#open.delete(node);
    }
  }

  #at(node: unknown, parent: Place): Place {
    const range =
      typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range)
        ? node.range
        : undefined;
    return typeof range?.[0] === 'number' ? this.#placeOf(range[0]) : parent;
  }
}

function plain(value: unknown): Scalar {
  if (
    value === null ||
    typeof value === 'string' ||
    typeof value === 'number' ||
    typeof value === 'boolean'
  ) {
    return value;
  }
  return String(value);
}

/** The plain value of a tree, as a schema takes it. */
export function toPlain(tree: Tree): unknown {
  if (tree.kind === 'scalar') return tree.value;
  if (tree.kind === 'list') return tree.items.map(toPlain);
  return Object.fromEntries([...tree.entries].map(([key, entry]) => [key, toPlain(entry.node)]));
}

/** The node at `path`, or undefined where the document has none. */
export function nodeAt(tree: Tree, path: readonly (string | number)[]): Tree | undefined {
  let node: Tree | undefined = tree;
  for (const step of path) {
    if (node?.kind === 'map') node = node.entries.get(String(step))?.node;
    else if (node?.kind === 'list' && typeof step === 'number') node = node.items[step];
    else return undefined;
  }
  return node;
}

/** Where `path` stands: its key, else the nearest part above it that is in the document. */
export function placeAt(tree: Tree, path: readonly (string | number)[]): Origin {
  for (let length = path.length; length > 0; length -= 1) {
    const parent = nodeAt(tree, path.slice(0, length - 1));
    const step = path[length - 1];
    if (parent?.kind === 'map') {
      const entry = parent.entries.get(String(step));
      if (entry !== undefined) return entry.key;
    } else if (parent?.kind === 'list' && typeof step === 'number') {
      const item = parent.items[step];
      if (item !== undefined) return item.at;
    }
  }
  return tree.at;
}
