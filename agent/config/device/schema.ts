/** The devices of a site file: address, profile, line, the driver's own settings, secrets. */
import type { Driver } from '../../core/driver.ts';
import type { Profile } from '../../core/profile.ts';
import { type DeviceConfig, type LineConfig, lineOfDevice } from '../../core/site.ts';
import {
  checkAddress,
  checkAddresses,
  checkKind,
  checkReferences,
  checkSettings,
  type Numbered,
  teller,
  writtenIds,
} from '../checks.ts';
import type { SiteDeps } from '../deps.ts';
import { unknownKey } from '../issues.ts';
import { nearest, type Path, type Problem, problem } from '../problem.ts';
import { deviceOf } from '../resolve.ts';
import type { SecretSource } from '../reveal.ts';
import { DEVICE_KEYS, type DeviceFile } from '../schema.ts';
import { type MapNode, placeAt } from '../tree.ts';
import type { Catalogue } from './catalogue.ts';
import { checkContacts, withCounters } from './contacts.ts';
import { withSecrets } from './secrets.ts';

/**
 * Checks devices with what their profile and driver say of them, and resolves their secrets. Gives those that are right, even
 * where others are not, so that what refers to them is checked too.
 */
export async function checkDevices(
  root: MapNode,
  list: readonly Numbered<DeviceFile>[],
  lines: ReadonlyMap<string, LineConfig>,
  catalogue: Catalogue,
  deps: SiteDeps,
  source: SecretSource,
  problems: Problem[],
): Promise<{ readonly devices: readonly DeviceConfig[]; readonly secrets: readonly string[] }> {
  const say = teller(root, problems);
  const secrets: string[] = [];
  checkReferences(root, 'devices', 'line', 'line', writtenIds(root, 'lines'), say);
  checkReferences(root, 'devices', 'profile', 'profile', catalogue.names, say);
  checkAddresses(list, say);
  const devices: (Numbered<DeviceConfig> & { readonly driver: Driver })[] = [];
  const profiles = await Promise.all(list.map(({ item }) => catalogue.load(item.profile)));
  for (const [i, numbered] of list.entries()) {
    const { index, item } = numbered;
    const line = lines.get(item.line);
    const result = profiles[i];
    if (result?.ok === false) problems.push(...result.problems);
    const rightAddress = checkAddress(root, numbered, say);
    const profile: Profile | undefined = result?.ok === true ? result.profile : undefined;
    const driver = profile === undefined ? undefined : deps.driver(profile.protocol);
    if (profile === undefined || driver === undefined || line === undefined || !rightAddress) continue;
    if (!checkKind(numbered, line, driver, say) || !checkSettings(numbered, line, say)) continue;
    const found = await withSecrets(root, index, deviceOf(item, profile, line), driver, source);
    secrets.push(...found.secrets);
    const device = locked(found.device, driver);
    const issues = deviceIssues(root, index, device, line, driver);
    // Where a reference is wrong, or was not looked behind, what the driver says of its value says nothing.
    for (const issue of issues) {
      if (found.blind.includes(issue.path)) continue;
      const secret = found.hidden.includes(issue.path);
      problems.push(secret ? { ...issue, message: issue.message.replace(/, got [\s\S]*$/, '') } : issue);
    }
    problems.push(...found.problems);
    const counted = checkContacts(device, driver, index, say) ? withCounters(device) : device;
    devices.push({ index, item: counted, driver });
  }
  for (const { index, item, driver } of devices) {
    const others = list.filter((other) => other.item.line === item.line && other.index !== index);
    if (driver.kind !== 'stream' || others.length === 0) continue;
    const names = others.map((other) => other.item.id).join(', ');
    const message = `${item.profile.id} talks by itself and needs a line of its own, ${item.line} carries ${names} too`;
    say(['devices', index, 'line'], message, 'give it another line');
  }
  return { devices: devices.map(({ item }) => item), secrets };
}

/** Points that the site file does not allow to be written are read-only to everybody. */
function locked(device: DeviceConfig, driver: Driver): DeviceConfig {
  const closed = driver.locked?.(device) ?? [];
  if (closed.length === 0) return device;
  const points = device.profile.points.map((point) =>
    closed.includes(point.id) ? { ...point, access: 'read' as const } : point,
  );
  return { ...device, profile: { ...device.profile, points } };
}

/** What the driver says of a device. Its keys stand beside ours in the file, so a misspelt one of ours ends up with it. */
function deviceIssues(
  root: MapNode,
  index: number,
  device: DeviceConfig,
  line: LineConfig,
  driver: Driver,
): readonly Problem[] {
  return driver.checkDevice(device, lineOfDevice(line, device)).map((issue) => {
    const inner = issue.path[0] === 'options' ? issue.path.slice(1) : issue.path;
    const path: Path = ['devices', index, ...inner];
    const key = inner[0];
    const misspelt = inner.length === 1 && typeof key === 'string' && !DEVICE_KEYS.includes(key);
    if (misspelt && key in device.options && nearest(key, DEVICE_KEYS) !== undefined) {
      return unknownKey(root, path, key, DEVICE_KEYS);
    }
    return problem(placeAt(root, path), path, issue.message, issue.fix);
  });
}
