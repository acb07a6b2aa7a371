/**
 * Which changes of a site the running agent follows part by part, and what stands still meanwhile. For all others it
 * restarts inside its process. Pure.
 */
import type { ConfigPart, ConfigStop, PartChange } from '../../core/config-change.ts';
import type { Site } from '../../core/site.ts';

/** Parts that come and go while the others run. */
const LIVE: ReadonlySet<ConfigPart> = new Set<ConfigPart>([
  'line',
  'device',
  'uplink',
  'alarms',
  'rules',
  'lamp',
  'programme',
  'figure',
  'virtual',
  'camera',
]);

/** About how long each stands still, ms: measured on a gateway, rounded up. */
const STANDS = { agent: 3000, line: 500, device: 200, uplink: 2000, cameras: 3000 } as const;

/** True where nothing needs the whole agent to restart. */
export function isLive(from: Site, to: Site, changes: readonly PartChange[]): boolean {
  if (changes.some(({ part }) => !LIVE.has(part))) return false;
  // A part that begins or ends to be there is wired into the others.
  return (from.alarms === undefined) === (to.alarms === undefined);
}

/** What stands still while the agent follows, and about how long. */
export function stopsOf(from: Site, to: Site, changes: readonly PartChange[]): readonly ConfigStop[] {
  if (changes.length === 0) return [];
  if (!isLive(from, to, changes)) return [{ part: 'agent', for: STANDS.agent }];
  const ids = (part: ConfigPart) =>
    changes.flatMap((one) => (one.part === part && one.id !== undefined ? [one.id] : []));
  const changed = (part: ConfigPart) =>
    changes.flatMap((one) =>
      one.part === part && one.change === 'changed' && one.id !== undefined ? [one.id] : [],
    );
  const has = (part: ConfigPart) => changes.some((one) => one.part === part);
  const lines = new Set(
    changes.flatMap((one) => (one.part === 'line' && one.change !== 'added' ? (one.id ?? []) : [])),
  );
  const stopped: ConfigStop[] = [...lines].map((id) => ({ part: `line:${id}`, for: STANDS.line }));
  for (const id of ids('device')) {
    const before = from.devices.find((device) => device.id === id);
    if (before === undefined || lines.has(before.line)) continue;
    const line = from.lines.find((one) => one.id === before.line);
    // What talks by itself shares a connection with others on its line.
    const whole = line?.kind === 'mqtt' || line?.kind === 'http';
    if (whole) stopped.push({ part: `line:${before.line}`, for: STANDS.line });
    else stopped.push({ part: `device:${id}`, for: STANDS.device });
  }
  for (const id of changed('uplink')) stopped.push({ part: `uplink:${id}`, for: STANDS.uplink });
  if (has('camera')) stopped.push({ part: 'cameras', for: STANDS.cameras });
  return stopped.filter(({ part }, at) => stopped.findIndex((other) => other.part === part) === at);
}
