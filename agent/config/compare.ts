/** What differs between two sites, part by part, so that only changed parts stop and start. */
import { isDeepStrictEqual } from 'node:util';
import type { ConfigPart, PartChange } from '../core/config-change.ts';
import type { Site } from '../core/site.ts';

const LISTS = [
  ['line', 'lines'],
  ['device', 'devices'],
  ['camera', 'cameras'],
  ['lamp', 'lamps'],
  ['programme', 'programmes'],
  ['figure', 'figures'],
  ['virtual', 'virtual'],
  ['uplink', 'uplinks'],
] as const satisfies readonly (readonly [ConfigPart, keyof Site])[];

/**
 * Changes from `a` to `b`, empty where they are equal. A device whose profile changed has changed; a device on a changed
 * line has not (its line restarts with all it carries). Order in a list is no change. `agent` stands for what only a
 * restart can change: agent id, state folder, rate of time.
 */
export function compare(a: Site, b: Site): readonly PartChange[] {
  const changes: PartChange[] = [];
  const whole = (part: ConfigPart, of: (site: Site) => unknown) => {
    if (!isDeepStrictEqual(of(a), of(b))) changes.push({ part, change: 'changed' });
  };
  whole('site', ({ id, title, timezone, position, ...site }) => ({
    id,
    title,
    timezone,
    position,
    rest: rest({ id, title, timezone, position, ...site }),
  }));
  whole('agent', ({ agent, state, rate, origin }) => ({ agent, state, rate, origin }));
  whole('meters', (site) => site.meters);
  whole('log', (site) => site.log);
  whole('console', (site) => site.console);
  whole('node-red', (site) => site.nodeRed);
  whole('energy', (site) => site.energy);
  whole('alarms', (site) => site.alarms);
  whole('sign', (site) => site.sign);
  whole('content', (site) => site.content);
  whole('fleet', (site) => site.fleet);
  whole('pole', (site) => site.pole);
  whole('peak-limit', (site) => site.peakLimit);
  whole('rules', ({ interlocks, rights }) => ({ interlocks, rights }));
  for (const [part, list] of LISTS) {
    const before = new Map<string, unknown>((a[list] ?? []).map((item) => [item.id, item]));
    const after = new Map<string, unknown>((b[list] ?? []).map((item) => [item.id, item]));
    for (const [id, item] of before) {
      if (!after.has(id)) changes.push({ part, id, change: 'removed' });
      else if (!isDeepStrictEqual(item, after.get(id))) changes.push({ part, id, change: 'changed' });
    }
    for (const id of after.keys()) if (!before.has(id)) changes.push({ part, id, change: 'added' });
  }
  return changes;
}

/** What is named nowhere else: a new part of the site file is compared from its first day. */
function rest({
  id,
  title,
  timezone,
  position,
  agent,
  state,
  rate,
  origin,
  meters,
  log,
  console,
  nodeRed,
  energy,
  alarms,
  sign,
  content,
  pole,
  peakLimit,
  interlocks,
  rights,
  lines,
  devices,
  cameras,
  lamps,
  programmes,
  figures,
  uplinks,
  watch,
  // Every camera carries it.
  privacy,
  ...others
}: Site): unknown {
  return others;
}
