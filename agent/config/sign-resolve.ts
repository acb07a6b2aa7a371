/** From the checked part on the sign to the types of agent/core/sign.ts. */
import { dirname, join, resolve } from 'node:path';
import type { FeedConfig } from '../core/feed.ts';
import type { SignConfig, SignLanguage } from '../core/sign.ts';
import type { Say } from './checks.ts';
import { definedOnly } from './profile.ts';
import type { SignFile } from './sign.ts';

/** Where the extract lies when the site file names no other place; `state`: absolute path of the state folder. */
export function extractIn(state: string): string {
  return join(state, 'sign', 'extract');
}

/** `file`: absolute path of the site file; `state`: that of the state folder. */
export function signOf(
  sign: SignFile,
  file: string,
  state: string,
  feeds: readonly FeedConfig[],
): SignConfig {
  const [first = 'zh-CN', ...others] = [...new Set<SignLanguage>(sign.languages)];
  return {
    id: sign.id,
    ...definedOnly({ title: sign.title, quiet: sign.quiet }),
    stops: [...new Set(sign.stops)],
    extract: sign.extract === undefined ? extractIn(state) : resolve(dirname(file), sign.extract),
    languages: [first, ...others],
    due: sign.due,
    horizon: sign.horizon,
    feeds,
  };
}

/** The sign is a device of readings and shares their name space. `taken`: ids of devices, cameras, lamps and figures. */
export function checkSign({ id }: Pick<SignFile, 'id'>, taken: readonly string[], say: Say): void {
  if (taken.includes(id)) say(['sign', 'id'], `the id "${id}" is taken by a device`, 'write another id');
}
