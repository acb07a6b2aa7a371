/** A found device as people, the API and the site file know it. */
import type { CandidateProfile } from '../../core/commissioning.ts';
import type { Profile } from '../../core/profile.ts';
import type { DeviceConfig, LineConfig, Site } from '../../core/site.ts';
import type { Found } from '../scan/found.ts';

/** Longest id. */
const LONGEST_ID = 64;

/** Unique within a scan, and fit for an address: `unit-7`, `meter-260305510020`, `plantower-pms5003`. */
export function foundKey({ unit, address, profiles }: Found): string {
  if (unit !== undefined) return `unit-${unit}`;
  if (address !== undefined) return `meter-${String(address).replace(/[^A-Za-z0-9_-]/g, '-')}`;
  return profiles[0] ?? 'unknown';
}

/** Every id of a site that a new device may not have. */
export function takenIds(site: Site): Set<string> {
  return new Set([
    ...site.devices.map(({ id }) => id),
    ...site.cameras.map(({ id }) => id),
    ...site.lamps.map(({ id }) => id),
    ...(site.figures ?? []).map(({ id }) => id),
    ...(site.sign === undefined ? [] : [site.sign.id]),
  ]);
}

/** `sdm120-7` of the profile eastron-sdm120 at unit 7; with a number behind it where that is taken. A brand stays before a model that begins with a digit. */
export function suggestedId(found: Found, taken: ReadonlySet<string>): string {
  const [profile = 'device'] = found.profiles;
  const model = profile.replace(/^[a-z0-9]+-(?=[a-z])/, '');
  const at = found.unit ?? found.address;
  const wanted = (at === undefined ? model : `${model}-${at}`)
    .replace(/[^A-Za-z0-9_-]/g, '-')
    .slice(0, LONGEST_ID);
  return freeId(wanted, taken);
}

export function freeId(wanted: string, taken: ReadonlySet<string>): string {
  let id = wanted;
  for (let n = 2; taken.has(id); n += 1) id = `${wanted.slice(0, LONGEST_ID - 1 - `${n}`.length)}-${n}`;
  return id;
}

/** The device of the site at this address of the line. */
export function knownDevice(site: Site, line: string | undefined, found: Found): DeviceConfig | undefined {
  if (line === undefined) return undefined;
  const at = found.unit ?? found.address;
  return site.devices.find(
    (device) => device.line === line && (at === undefined ? true : sameAddress(device.address, at)),
  );
}

function sameAddress(a: number | string | undefined, b: number | string): boolean {
  const plain = (text: number | string) => String(text).replace(/^0+(?=\d)/, '');
  return a !== undefined && plain(a) === plain(b);
}

export function candidatesOf(
  found: Found,
  profiles: ReadonlyMap<string, Profile>,
): readonly CandidateProfile[] {
  return found.candidates.flatMap(({ profile: name, by, points }) => {
    const profile = profiles.get(name);
    if (profile === undefined) return [];
    return [
      {
        profile: name,
        title: profile.title,
        brand: profile.brand,
        model: profile.model,
        by,
        ...(points === undefined || by === 'talks' ? {} : { points }),
        of: profile.points.filter(({ access }) => access !== 'write').length,
      },
    ];
  });
}

/** The device as its driver reads it before it is in the site. */
export function trialDevice(found: Found, profile: Profile, key: string): DeviceConfig {
  const address = found.unit ?? found.address;
  return {
    id: key,
    title: profile.title,
    line: 'commissioning',
    profile,
    ...(address === undefined ? {} : { address }),
    options: found.options ?? {},
  };
}

/** The running line that has a port; serial ones by the path as written or as it leads. */
export function lineWith(
  lines: readonly LineConfig[],
  port: string,
  same: (a: string, b: string) => boolean,
): LineConfig | undefined {
  return lines.find((line) => {
    if (line.kind === 'serial') return line.port === port || same(line.port, port);
    if (line.kind !== 'tcp') return false;
    const host = line.host.includes(':') ? `[${line.host}]` : line.host;
    return `${host}:${line.port}` === port;
  });
}
