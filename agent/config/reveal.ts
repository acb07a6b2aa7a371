/** Reveals what references of a site file stand for, one way for every part that has secrets. */
import type { Say } from './checks.ts';
import type { Path } from './problem.ts';
import { resolveSecret, type SecretRef } from './secret.ts';
import type { ReadSource } from './source.ts';

export interface SecretSource {
  /** The site file, absolute. */
  readonly file: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly read: ReadSource;
  /** `skip`: secrets are taken to be right, and are empty. */
  readonly mode: 'resolve' | 'skip';
}

/** The secret behind a reference at `path`; undefined where there is no reference, or it leads nowhere, which is told. */
export type Reveal = (ref: SecretRef | undefined, path: Path) => Promise<string | undefined>;

export interface Revealer {
  readonly reveal: Reveal;
  /** What was revealed so far, for the log to mask. */
  readonly secrets: readonly string[];
}

export function revealer(source: SecretSource, say: Say): Revealer {
  const secrets: string[] = [];
  const reveal: Reveal = async (ref, path) => {
    if (ref === undefined) return undefined;
    if (source.mode === 'skip') return '';
    const found = await resolveSecret(ref, source.file, source.env, source.read);
    if (found.ok) {
      secrets.push(found.value);
      return found.value;
    }
    say(path, found.message, found.fix);
    return undefined;
  };
  return { reveal, secrets };
}
