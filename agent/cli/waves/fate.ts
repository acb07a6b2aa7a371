/** What is known of an agent in a roll-out, and what its events say of it. */

/**
 * `sent`: asked, and not known yet, as after an interruption. `silent`: it was not there when its turn came, so nothing
 * speaks against what was sent; it is asked again later.
 */
export type Fate =
  | { readonly state: 'sent' }
  | { readonly state: 'done'; readonly what: string }
  | { readonly state: 'failed'; readonly reason: string }
  | { readonly state: 'silent'; readonly reason: string };

/** By `site/agent`. */
export type Fates = Readonly<Record<string, Fate>>;

/** The body of an event `update`. */
export type UpdateBody = Readonly<Record<string, unknown>>;

/**
 * What an event says of the end of an update; undefined where it goes on, or is about another one than `expected`. A bundle
 * that could not be read has no name.
 */
export function fateOf(
  { what, version, code, reason }: UpdateBody,
  expected: string | undefined,
): Fate | undefined {
  if (expected !== undefined && version !== expected && version !== '?') return undefined;
  if (what === 'good') return { state: 'done', what: String(version) };
  // It has it already: a command that came twice, or a roll-out that was taken up again.
  if (what === 'refused' && code === 'replayed') return { state: 'done', what: String(version) };
  if (what === 'refused') return { state: 'failed', reason: `${version} was refused (${code}): ${reason}` };
  if (what === 'returned') return { state: 'failed', reason: `${version} was taken back: ${reason}` };
  return undefined;
}
