/** The name that was probably meant. */
import { closest, distance } from 'fastest-levenshtein';

/** Of `names`, the one nearest to `name`; undefined where none is near. */
export function nearestName(name: string, names: readonly string[]): string | undefined {
  const like = names.filter((one) => Math.abs(one.length - name.length) <= 3 && one.length <= 100);
  if (like.length === 0 || like.length > 100_000 || name.length > 100) return undefined;
  const found = closest(name, like);
  return distance(name, found) <= Math.max(2, name.length / 3) ? found : undefined;
}
