/** What differs between two texts, as people read it: a unified diff with three lines around each change. */
import { createTwoFilesPatch } from 'diff';

/** Two files that have nothing in common are not compared for longer, ms: nothing waits for it. */
const LONGEST = 50;

/** Empty where they are the same; undefined where it would take too long. */
export function patchOf(
  before: { readonly name: string; readonly text: string },
  after: { readonly name: string; readonly text: string },
): string | undefined {
  if (before.text === after.text) return '';
  return createTwoFilesPatch(before.name, after.name, before.text, after.text, undefined, undefined, {
    context: 3,
    timeout: LONGEST,
  });
}
