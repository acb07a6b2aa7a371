/** The running agent follows a changed site part by part: what did not change misses nothing. */
import type { Lines } from '../../bus/lines.ts';
import type { Alarms } from '../../control/alarms/alarms.ts';
import type { ConfigPart, PartChange } from '../../core/config-change.ts';
import type { Site } from '../../core/site.ts';
import type { VirtualDevice } from '../../core/virtual.ts';
import { sensePlan } from '../../sense/plan.ts';
import type { Store } from '../../store/contract.ts';
import type { Uplinks } from '../../uplink/uplinks.ts';
import type { Commands } from '../commands.ts';
import type { DerivedPoints } from '../derived-points.ts';
import type { Directory } from '../describe.ts';
import type { HealthBoard } from '../health.ts';
import type { Exchanged } from './exchanged.ts';
import type { LiveSense } from './live-sense.ts';

type Live<T extends AsyncDisposable | Disposable> = readonly [
  part: Exchanged<T>,
  make: (site: Site) => T | undefined,
];

export interface FollowingParts {
  readonly running: () => Site;
  /** From here on the other site is the one that everybody sees. */
  readonly became: (site: Site) => void;
  readonly directory: Directory;
  readonly showDisplays: () => void;
  readonly derived: DerivedPoints;
  readonly sense: LiveSense;
  readonly lines: Lines;
  readonly store: Pick<Store, 'pointsChanged'>;
  readonly board: HealthBoard;
  readonly gnss: Live<Disposable>;
  readonly alarms: Alarms | undefined;
  readonly commands: Pick<Commands, 'change'>;
  readonly figures: Live<Disposable>;
  readonly virtual: { reconfigure(devices: readonly VirtualDevice[]): void };
  readonly uplinks: Live<Uplinks>;
  readonly vision: Live<AsyncDisposable>;
}

/**
 * Only for changes that `isLive` allows. First everybody knows what there will be, then what goes is closed and what comes
 * is started, so that no reading comes of a device nobody knows. Rejects where a part did not start.
 */
export async function followSite(
  site: Site,
  changes: readonly PartChange[],
  parts: FollowingParts,
): Promise<void> {
  const has = (...kinds: readonly ConfigPart[]) => changes.some(({ part }) => kinds.includes(part));
  const exchange = async <T extends AsyncDisposable | Disposable>([part, make]: Live<T>) =>
    part.exchange(() => make(site));
  const { snapshots = true, settlementDay } = site.meters ?? {};
  const plan = sensePlan(site.devices, site.rate);
  parts.became(site);
  parts.directory.change(site);
  parts.showDisplays();
  parts.store.pointsChanged();
  if (snapshots) parts.derived.snapshots(plan.snapshots, settlementDay !== undefined);
  if (has('device')) await parts.sense.change(plan);
  if (has('device', 'line')) {
    await parts.lines.change(site.lines, site.devices);
    await exchange(parts.gnss);
  }
  if (has('alarms') && site.alarms !== undefined) parts.alarms?.reconfigure(site.alarms);
  if (has('rules', 'lamp', 'programme')) parts.commands.change(site, has('lamp', 'programme'));
  if (has('figure')) await exchange(parts.figures);
  if (has('virtual')) parts.virtual.reconfigure(site.virtual ?? []);
  if (has('camera')) await exchange(parts.vision);
  parts.board.forget((part) => gone(part, changes));
  const [uplinks] = parts.uplinks;
  const goesOn = !has('uplink') || uplinks.current?.change(site.uplinks) === true;
  if (goesOn) uplinks.current?.described();
  else await exchange(parts.uplinks);
}

/** What is told of a part that is no more, as `device:meter-1` or `meter:meter-1`. */
function gone(part: string, changes: readonly PartChange[]): boolean {
  const [kind = '', id = ''] = part.split(':');
  const named: Readonly<Record<string, ConfigPart>> = {
    line: 'line',
    device: 'device',
    meter: 'device',
    maintenance: 'device',
    camera: 'camera',
    uplink: 'uplink',
  };
  const removed = (one: PartChange) => one.change === 'removed' && one.part === named[kind] && one.id === id;
  return changes.some(removed);
}
