/**
 * Secrets stand in a site file by reference only: `${env:NAME}` or `file:path` (relative to the site file). What they
 * resolve to is never part of a message, of `config show` or of a log.
 */
import { dirname, resolve } from 'node:path';
import * as z from 'zod';
import type { ReadSource } from './source.ts';
import { scalar } from './values.ts';

export type SecretRef =
  | { readonly from: 'env'; readonly name: string }
  | { readonly from: 'file'; readonly path: string };

/** `${env:NAME}`, whole. */
const ENV = /^\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}$/;
const FILE = /^file:(\S.*)$/;

export function parseSecretRef(raw: unknown): SecretRef | undefined {
  if (typeof raw !== 'string') return undefined;
  const name = ENV.exec(raw)?.[1];
  if (name !== undefined) return { from: 'env', name };
  const path = FILE.exec(raw)?.[1];
  return path === undefined ? undefined : { from: 'file', path };
}

/** A field that takes only a reference. `example` is what a message proposes. */
export function secret(example: string) {
  return scalar({
    expected: `a reference to a secret (\${env:NAME} or file:path)`,
    // writeOnly is JSON Schema's word for what must not be shown (2020-12 Validation §9.4).
    json: {
      type: 'string',
      pattern: '^(\\$\\{env:[A-Za-z_][A-Za-z0-9_]*\\}|file:\\S.*)$',
      examples: [example],
      writeOnly: true,
    },
    read: parseSecretRef,
    write: () => example,
  });
}

/** True for a schema made by `secret`, also where a block may stand in its place. */
export function isSecret(schema: z.core.$ZodType | undefined): boolean {
  if (schema instanceof z.ZodUnion) return (schema.options as z.core.$ZodType[]).some(isSecret);
  return schema !== undefined && z.globalRegistry.get(schema)?.writeOnly === true;
}

export type Resolved =
  | { readonly ok: true; readonly value: string }
  | { readonly ok: false; readonly message: string; readonly fix: string };

/** The secret behind a reference. One line break at the end of a file is not part of it. */
export async function resolveSecret(
  ref: SecretRef,
  siteFile: string,
  env: Readonly<Record<string, string | undefined>>,
  read: ReadSource,
): Promise<Resolved> {
  if (ref.from === 'env') {
    const value = env[ref.name];
    if (value === undefined || value === '') {
      const message = `the environment variable ${ref.name} is ${value === '' ? 'empty' : 'not set'}`;
      return { ok: false, message, fix: `set ${ref.name} before the start, or write file:…` };
    }
    return { ok: true, value };
  }
  const source = await read(resolve(dirname(siteFile), ref.path));
  if (!source.ok) {
    return { ok: false, message: `file ${ref.path} cannot be read: ${source.message}`, fix: source.fix };
  }
  const value = source.text.replace(/\r?\n$/, '');
  return value === ''
    ? { ok: false, message: `file ${ref.path} is empty`, fix: 'write the secret into it' }
    : { ok: true, value };
}
