/** Whether the points that the blocks of uplinks name are there. */
import { type Numbered, type Say, unknownName, writtenIds } from './checks.ts';
import type { Path } from './problem.ts';
import type { MapNode } from './tree.ts';
import { energyPlaces } from './uplink/building-energy.ts';
import { firePlaces } from './uplink/gb26875.ts';
import type { UplinkFile } from './uplink/schema.ts';

/** Points that an uplink names are there. `devices` are those whose profile is known; others are told of elsewhere. */
export function checkPlaces(
  root: MapNode,
  { index, item }: Numbered<UplinkFile>,
  devices: readonly {
    readonly id: string;
    readonly profile: { readonly protocol: string; readonly points: readonly { readonly id: string }[] };
  }[],
  say: Say,
): void {
  const energy = item.building_energy;
  const fire = item.gb26875;
  const places = energy !== undefined ? energyPlaces(energy) : fire === undefined ? [] : firePlaces(fire);
  const kind = energy === undefined ? 'gb26875' : 'building_energy';
  for (const place of places) {
    const { path, device } = place;
    const at: Path = ['uplinks', index, kind, ...path];
    if (device === undefined) {
      say([...at, 'device'], 'missing: expected a device here or at the meter', 'write device: meter-1');
      continue;
    }
    const known = [...writtenIds(root, 'devices'), ...writtenIds(root, 'cameras')];
    if (!known.includes(device)) unknownName(say, [...at, 'device'], 'device', device, known);
    const found = devices.find(({ id }) => id === device)?.profile;
    if (place.point === undefined) {
      if (found !== undefined && found.protocol !== 'gb26875') {
        const why = `${device} does not speak GB/T 26875.3 itself`;
        say(at, why, 'name its points below points: instead');
      }
      continue;
    }
    const points = found?.points.map(({ id }) => id);
    if (points !== undefined && !points.includes(place.point)) {
      unknownName(say, [...at, 'point'], `point of ${device}`, place.point, points);
    }
  }
  for (const [i, { part, analogue }] of (fire?.points ?? []).entries()) {
    if (analogue !== undefined && part === undefined) {
      say(
        ['uplinks', index, kind, 'points', i, 'part'],
        'missing: an analogue is of a part',
        'write part: { type: 92, address: 1 }',
      );
    }
  }
}
