/** What a schema finds wrong, in the words of the house: `expected …, got …`, with the fix where there is one. */
import { closest, distance } from 'fastest-levenshtein';
import type { z } from 'zod';
import type { Issue } from '../agent/core/profile.ts';

type Path = readonly (string | number)[];

/** All issues of `value` under `schema`, with `at` before their paths. Empty where it fits. */
export function schemaIssues(schema: z.ZodType, value: unknown, at: Path): readonly Issue[] {
  const parsed = schema.safeParse(value);
  if (parsed.success) return [];
  return parsed.error.issues.flatMap((issue) => translate(issue, value, at, keysOf(schema)));
}

function translate(
  issue: z.core.$ZodIssue,
  value: unknown,
  at: Path,
  known: readonly string[],
): readonly Issue[] {
  const steps = issue.path.map((step) => (typeof step === 'number' ? step : String(step)));
  const path = [...at, ...steps];
  const got = shown(steps.reduce<unknown>(child, value));
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey(key, path, steps.length === 0 ? known : []));
    case 'invalid_type':
      return [{ path, message: `expected ${article(issue.expected)}, got ${got}` }];
    case 'invalid_value':
      return [{ path, message: `expected one of ${issue.values.map(shown).join(', ')}, got ${got}` }];
    case 'too_small':
      return [{ path, message: `expected at least ${issue.minimum}, got ${got}` }];
    case 'too_big':
      return [{ path, message: `expected at most ${issue.maximum}, got ${got}` }];
    case 'invalid_union':
      return [{ path, message: `${unionText(issue)}, got ${got}` }];
    default:
      return [
        {
          path,
          message: issue.message.startsWith('expected') ? `${issue.message}, got ${got}` : issue.message,
        },
      ];
  }
}

function unionText(issue: z.core.$ZodIssueInvalidUnion): string {
  const options = issue.errors
    .flat()
    .map((error) => {
      if (error.code === 'invalid_value') return error.values.map(shown).join(', ');
      if (error.code === 'invalid_type') return article(error.expected);
      return error.message.replace(/^expected /, '');
    })
    .filter((text, i, all) => all.indexOf(text) === i);
  return options.length === 0 ? 'expected another value' : `expected ${options.join(' or ')}`;
}

function unknownKey(key: string, path: Path, known: readonly string[]): Issue {
  const near = known.length === 0 ? undefined : closest(key, [...known]);
  const close = near !== undefined && distance(key, near) <= 3;
  return {
    path: [...path, key],
    message: `expected a known key, got ${shown(key)}`,
    fix: close ? `write ${near}` : 'remove it',
  };
}

function keysOf(schema: z.ZodType): readonly string[] {
  return 'shape' in schema && typeof schema.shape === 'object' && schema.shape !== null
    ? Object.keys(schema.shape)
    : [];
}

function article(expected: string): string {
  if (expected === 'int') return 'a whole number';
  if (expected === 'undefined') return 'nothing';
  return `${/^[aeiou]/.test(expected) ? 'an' : 'a'} ${expected}`;
}

function child(value: unknown, step: string | number): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, step) : undefined;
}

/** A value as a message repeats it. */
export function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = typeof value === 'bigint' || typeof value === 'symbol' ? String(value) : JSON.stringify(value);
  return text !== undefined && text.length > 60 ? `${text.slice(0, 59)}…` : String(text);
}
