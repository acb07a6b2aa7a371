/** Rules of devices held to the points there are. */
import type { Numbered } from '../checks.ts';
import type { Path } from '../problem.ts';
import type { DeviceFile } from '../schema.ts';
import { nearestFix, ruleIssues } from './sense.ts';

/** The `sense:` blocks of the devices name points that are there. Those of a wrong profile are not judged. */
export function checkRules(
  list: readonly Numbered<DeviceFile>[],
  points: ReadonlyMap<string, readonly { readonly id: string }[]>,
  say: (path: Path, message: string, fix?: string) => void,
): void {
  const named = (device: string) => points.get(device)?.map(({ id }) => id);
  for (const { index, item } of list) {
    const own = named(item.id);
    if (item.sense === undefined || own === undefined) continue;
    for (const issue of ruleIssues(item.sense, own, named))
      say(['devices', index, 'sense', ...issue.path], issue.message, nearestFix(issue));
  }
}
