/** What zod found, as problems with place, rule and fix. */
import * as z from 'zod';
import { nearest, type Path, type Problem, problem, shown } from './problem.ts';
import { isSecret } from './secret.ts';
import { nodeAt, placeAt, type Tree } from './tree.ts';
import type { Refusal } from './values.ts';

type Schema = z.core.$ZodType;

/** The schema without `optional`, defaults and transforms around it. */
export function bare(schema: Schema): Schema {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodPrefault || schema instanceof z.ZodDefault) {
    return bare(schema.def.innerType);
  }
  return schema;
}

/** The schema in force at `path`; undefined where the path leaves it. */
export function schemaAt(schema: Schema, path: Path): Schema | undefined {
  let here: Schema | undefined = bare(schema);
  for (const step of path) {
    if (here instanceof z.ZodUnion) here = blockOf(here);
    if (here instanceof z.ZodObject) here = (here.shape as Record<string, Schema>)[String(step)];
    else if (here instanceof z.ZodArray) here = here.element as Schema;
    else return undefined;
    if (here === undefined) return undefined;
    here = bare(here);
  }
  return here;
}

/** The schema in force at `path`, of the forms it may have that of a block. */
function blockAt(schema: Schema, path: Path): Schema | undefined {
  const here = schemaAt(schema, path);
  return here instanceof z.ZodUnion ? blockOf(here) : here;
}

/** The block among what a key takes. */
function blockOf(union: z.ZodUnion): Schema | undefined {
  return (union.options as readonly Schema[]).find((option) => option instanceof z.ZodObject);
}

function knownKeys(schema: Schema | undefined): readonly string[] {
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

/** `extra` are keys that are known besides the schema's (the driver's block of a profile). */
export function problemsOf(
  error: z.ZodError,
  schema: Schema,
  tree: Tree,
  base: Path = [],
  extra: readonly string[] = [],
): readonly Problem[] {
  return error.issues.flatMap((issue) => {
    const inner = issue.path.filter((step) => typeof step !== 'symbol');
    const path = [...base, ...inner];
    const meant =
      issue.code === 'invalid_union'
        ? meantBy(issue, schemaAt(schema, inner), nodeAt(tree, path))
        : undefined;
    if (meant !== undefined) return problemsOf(meant, schema, tree, base, extra);
    if (issue.code === 'unrecognized_keys') {
      const known = [...knownKeys(blockAt(schema, inner)), ...extra];
      return issue.keys.map((key) => unknownKey(tree, [...path, key], key, known));
    }
    if (issue.code === 'custom') return [refused(tree, path, issue, schemaAt(schema, inner))];
    return [misshapen(tree, path, issue)];
  });
}

/** Where a block may stand in place of a value: what is wrong under the form that was meant. */
function meantBy(
  issue: z.core.$ZodIssueInvalidUnion,
  union: Schema | undefined,
  node: Tree | undefined,
): z.ZodError | undefined {
  const options = union instanceof z.ZodUnion ? (union.options as readonly Schema[]) : [];
  const isBlock = (option: Schema) => option instanceof z.ZodObject;
  if (!options.some(isBlock)) return undefined;
  const issues = issue.errors[options.findIndex((option) => isBlock(option) === (node?.kind === 'map'))];
  if (issues === undefined) return undefined;
  return new z.ZodError(
    issues.map((one) => ({ ...one, path: [...issue.path, ...one.path] }) as z.core.$ZodIssue),
  );
}

/** An unknown key, with the nearest name, or all that are known. */
export function unknownKey(tree: Tree, path: Path, key: string, known: readonly string[]): Problem {
  const close = nearest(key, known);
  const fix = close === undefined ? `write one of ${known.join(', ')}, or remove it` : `write ${close}:`;
  return problem(placeAt(tree, path), path, `unknown key ${shown(key)}`, fix);
}

function refused(tree: Tree, path: Path, issue: z.core.$ZodIssue, schema: Schema | undefined): Problem {
  const params = ('params' in issue ? issue.params : undefined) as Partial<Refusal> | undefined;
  const expected = params?.expected ?? issue.message;
  const write = params?.write === undefined ? undefined : writeFix(path, params.write);
  const place = placeAt(tree, path);
  const node = nodeAt(tree, path);
  if (node === undefined) return problem(place, path, `missing: expected ${expected}`, write);
  return problem(place, path, `expected ${expected}, got ${gotText(node, isSecret(schema))}`, write);
}

/** What was found, without ever showing a secret or the value of an environment variable. */
export function gotText(node: Tree, secret = false): string {
  if (node.at.via?.kind === 'env') return `the value of \${env:${node.at.via.name}}`;
  if (node.kind !== 'scalar') return node.kind === 'map' ? 'a map' : 'a list';
  if (node.value === null) return 'nothing';
  return secret ? 'the secret itself' : shown(node.value);
}

function writeFix(path: Path, value: string): string {
  const key = path.at(-1);
  return typeof key === 'string' ? `write ${key}: ${value}` : `write ${value}`;
}

function misshapen(tree: Tree, path: Path, issue: z.core.$ZodIssue): Problem {
  const place = placeAt(tree, path);
  const node = nodeAt(tree, path);
  if (issue.code === 'invalid_type') {
    const list = issue.expected === 'array';
    const expected = list ? 'a list' : 'a map';
    const key = path.at(-1);
    const name = typeof key === 'string' ? `${key}: and below it` : '';
    const fix = list ? `write ${name} one line "- …" for each` : `write ${name || '-'} its keys, indented`;
    if (node === undefined) return problem(place, path, `missing: expected ${expected}`, fix);
    return problem(place, path, `expected ${expected}, got ${gotText(node)}`, fix);
  }
  if (issue.code === 'too_small') return problem(place, path, 'expected at least one, got an empty list');
  return problem(place, path, issue.message);
}
