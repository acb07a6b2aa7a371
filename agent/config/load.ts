/**
 * From site.yaml to `Site`: read, extend, check, resolve. Reads files and nothing else: no port is opened, no address
 * asked. Every problem of every part is told at once.
 */
import { dirname, resolve } from 'node:path';
import { ALARM_DEVICE } from '../core/alarm.ts';
import { alarmPoints } from '../core/alarm-points.ts';
import { PRIVACY_DEFAULTS } from '../core/camera.ts';
import type { Driver } from '../core/driver.ts';
import type { FigureConfig } from '../core/figure.ts';
import type { Point } from '../core/point.ts';
import type { Issue, Profile } from '../core/profile.ts';
import { SIGN_POINTS } from '../core/sign-points.ts';
import {
  type DeviceConfig,
  type LineConfig,
  lineOfDevice,
  type Site,
  type UplinkConfig,
} from '../core/site.ts';
import { checkedAlarms } from './alarm-checks.ts';
import { cameraOf, checkCamera, privacyOf } from './camera-checks.ts';
import { type Catalogue, openCatalogue } from './catalogue.ts';
import {
  checkAddress,
  checkAddresses,
  checkIds,
  checkKind,
  checkLamp,
  checkLine,
  checkPorts,
  checkReferences,
  checkSettings,
  checkUplink,
  type Numbered,
  teller,
  writtenIds,
} from './checks.ts';
import { checkContacts, withCounters } from './contacts.ts';
import { contentOf } from './content-resolve.ts';
import { type SecretSource, secretsOfLine, withSecrets } from './device-secrets.ts';
import { energy as energySchema } from './energy.ts';
import { checkEnergy } from './energy-checks.ts';
import { ENERGY_SECRETS } from './energy-uplink.ts';
import { type Environment, fillEnvironment } from './environment.ts';
import { figureOf } from './figure-check.ts';
import { checkHj212 } from './hj212-check.ts';
import { problemsOf, unknownKey } from './issues.ts';
import { type Right, rightItems, withoutEmpty } from './items.ts';
import { checkInterlock, checkLampLight, checkProgramme, type Known } from './lighting-checks.ts';
import { checkNames } from './naming-checks.ts';
import { checkPeakLimit, peakLimit as peakSchema } from './peak-limit.ts';
import { checkPlaces } from './place-check.ts';
import { checkPole, pole as poleSchema } from './pole.ts';
import { inOrder, nearest, type Path, type Problem, problem } from './problem.ts';
import { deviceOf, lineOf, type SecretField, siteOf, uplinkOf } from './resolve.ts';
import { DEVICE_KEYS, type DeviceFile, type SiteFile, siteSchema } from './schema.ts';
import { resolveSecret, type SecretRef } from './secret.ts';
import { checkRules } from './sense-checks.ts';
import { feedsOf } from './sign-feeds-resolve.ts';
import { checkOutlets } from './sign-outlets.ts';
import { checkSign } from './sign-resolve.ts';
import { type ReadSource, readSource } from './source.ts';
import { readExtended } from './template.ts';
import { type MapNode, nodeAt, placeAt, toPlain } from './tree.ts';
import { UPLINK_KINDS } from './uplink-schema.ts';

/** What a line's plan takes of it. */
export interface LineFit {
  /** 1 is all of the line. */
  readonly load: number;
  readonly requestsPerSecond: number;
  /** Why the plan cannot run; absent where it fits. */
  readonly overload?: { readonly message: string; readonly fix: string };
}

export interface SiteDeps {
  /** Absolute path of the folder of built-in profiles. */
  readonly profiles: string;
  readonly driver: (protocol: string) => Driver | undefined;
  /** Names of all protocols. */
  readonly protocols: readonly string[];
  /** Airtime of a line; undefined where it cannot be told (a device that talks by itself). */
  readonly fit?: (line: LineConfig, devices: readonly DeviceConfig[]) => LineFit | undefined;
  /** What an uplink says of its settings; paths below the kind's key. */
  readonly uplinkIssues?: (config: UplinkConfig) => readonly Issue[];
  /** Points of a figure, for what names them. */
  readonly figurePoints?: (figure: FigureConfig) => readonly Point[];
  /** Default: the environment of the process. */
  readonly env?: Environment;
  /** Names of the model packs there are, given the state folder; absent: any name is taken. */
  readonly models?: (state: string) => Promise<readonly string[]>;
  /** `skip` checks a file away from its secrets: they are empty text then. Default `resolve`. */
  readonly secrets?: 'resolve' | 'skip';
  /** Default: reads the file system. */
  readonly read?: ReadSource;
}

/** What is known of a loaded site besides itself. */
export interface SiteFacts {
  /** The merged document; every node knows its file, line and column. */
  readonly root: MapNode;
  /** Absolute paths of the site file and its templates. */
  readonly files: readonly string[];
  /** Resolved secrets, for the log to mask. */
  readonly secrets: readonly string[];
  /** By line id. */
  readonly fits: ReadonlyMap<string, LineFit>;
}

export type LoadResult =
  | { readonly ok: true; readonly site: Site; readonly facts: SiteFacts }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Loads a site file. Expected faults are `problems`, ordered by file and line. */
export async function loadSite(path: string, deps: SiteDeps): Promise<LoadResult> {
  const file = resolve(path);
  const read = deps.read ?? readSource;
  const { root: merged, files, problems: found } = await readExtended(file, read);
  const problems: Problem[] = [...found];
  if (merged === undefined) return { ok: false, problems: inOrder(problems) };
  const root = withoutEmpty(fillEnvironment(merged, siteSchema, deps.env ?? process.env, problems));
  const say = teller(root, problems);
  const plain = toPlain(root);
  const parsed = siteSchema.safeParse(plain);
  if (!parsed.success) problems.push(...problemsOf(parsed.error, siteSchema, root));

  const lists = rightItems(plain);
  checkIds(root, say);
  const lines = new Map<string, LineConfig>();
  const rightLines = lists.lines.filter((line) => checkLine(line, say));
  checkPorts(rightLines, say);
  const source: SecretSource = { file, env: deps.env ?? process.env, read, mode: deps.secrets ?? 'resolve' };
  const agent = parsed.success ? parsed.data.agent.id : '';
  const lineSecrets: string[] = [];
  for (const { index, item } of rightLines) {
    const found = await secretsOfLine(root, index, item, source);
    problems.push(...found.problems);
    lineSecrets.push(...Object.values(found.secrets));
    lines.set(item.id, lineOf(item, found.secrets, agent));
  }

  const folders = (parsed.success ? parsed.data.profiles : []).map((name) => resolve(dirname(file), name));
  const catalogue = await openCatalogue(deps.profiles, folders, deps, read);
  for (const { folder, message } of catalogue.unreadable) {
    const index = folders.indexOf(folder);
    const at: Path = index < 0 ? ['profiles'] : ['profiles', index];
    say(at, `the folder of profiles cannot be read: ${message}`, 'write its path relative to this file');
  }
  for (const { name, files: both } of catalogue.doubled) {
    say(['profiles'], `two files are named ${name}: ${both.join(', ')}`, 'rename one of them');
  }

  const { devices, secrets: own } = await checkDevices(
    root,
    lists.devices,
    lines,
    catalogue,
    deps,
    source,
    problems,
  );
  const uplinks = await checkUplinks(root, lists.uplinks, file, deps, read, problems);
  const points = new Map(devices.map((device) => [device.id, device.profile.points] as const));
  checkRules(lists.devices, points, say);
  const deviceIds = writtenIds(root, 'devices');
  const figures = lists.figures.flatMap((one) => figureOf(one, devices, deviceIds, say) ?? []);
  const reported = new Map<string, readonly Point[]>(points);
  for (const one of figures) reported.set(one.id, deps.figurePoints?.(one) ?? []);
  const reportedIds = [...deviceIds, ...writtenIds(root, 'figures')];
  for (const uplink of lists.uplinks) checkHj212(uplink, reported, reportedIds, say);
  checkReferences(root, 'lamps', 'device', 'device', writtenIds(root, 'devices'), say);
  const cameras = await checkCameras(root, lists.cameras, parsed.data, points, file, deps, read, problems);
  const alarms = checkedAlarms(
    plain,
    (list) => writtenIds(root, list),
    {
      devices,
      cameras: cameras.map(({ camera }) => camera),
      lamps: lists.lamps.map(({ item }) => item),
      figures,
      lines: [...lines.keys()],
      uplinks: uplinks.map(({ item }) => item.id),
      sign: parsed.data?.sign?.id,
    },
    say,
  );
  const known: Known = new Map([
    ...[...writtenIds(root, 'devices'), ...writtenIds(root, 'cameras')].map((id) => [id, undefined] as const),
    ...points,
    ...(alarms === undefined ? [] : [[ALARM_DEVICE, alarmPoints(alarms)] as const]),
    ...signIds(parsed.data).map((id) => [id, SIGN_POINTS] as const),
  ]);
  for (const lamp of lists.lamps) {
    checkLamp(lamp, points, say);
    checkLampLight(lamp, writtenIds(root, 'programmes'), known, say);
  }
  for (const programme of lists.programmes) checkProgramme(programme, known, say);
  for (const interlock of lists.interlocks) checkInterlock(interlock, known, say);

  for (const uplink of uplinks) {
    checkPlaces(root, uplink, devices, say);
    checkNames(uplink, devices, say);
    const config = uplinkOf(uplink.item, uplink.secrets, parsed.success ? parsed.data.agent.id : '');
    for (const { path, message, fix } of deps.uplinkIssues?.(config) ?? []) {
      say(['uplinks', uplink.index, uplink.kind, ...path], message, fix);
    }
  }
  if (parsed.success && parsed.data.sign !== undefined) {
    const lists = ['devices', 'cameras', 'lamps', 'figures'] as const;
    const taken = lists.flatMap((list) => writtenIds(root, list));
    checkSign(parsed.data.sign, { taken, cameras: writtenIds(root, 'cameras') }, say);
    checkOutlets(parsed.data.sign, parsed.data.sign.screen !== undefined, points, say);
  }
  const signFeeds = await feedsOf(parsed.data?.sign?.feeds ?? [], agent, source, say);
  const energy = energySchema.safeParse((plain as { readonly energy?: unknown }).energy);
  if (energy.success) {
    const lists = ['devices', 'cameras', 'lamps', 'figures'] as const;
    const taken = [...lists.flatMap((list) => writtenIds(root, list)), ...signIds(parsed.data)];
    checkEnergy(energy.data, { devices, deviceIds, taken }, say);
  }
  const pole = poleSchema.safeParse((plain as { readonly pole?: unknown }).pole);
  if (pole.success) {
    const lists = ['devices', 'cameras', 'lamps', 'figures'] as const;
    const taken = [...lists.flatMap((list) => writtenIds(root, list)), ...signIds(parsed.data)];
    checkPole(pole.data, devices, deviceIds, taken, say);
  }
  const peak = peakSchema.safeParse((plain as { readonly peak_limit?: unknown }).peak_limit);
  if (peak.success) {
    const chargers = pole.data?.feeder?.chargers ?? [];
    const kept = [
      ...chargers.map(({ device, limit }) => ({ device, point: limit, by: 'the feeder of the pole' })),
      ...(parsed.data?.lamps ?? []).map(({ device, point, id }) => ({ device, point, by: `lamp ${id}` })),
    ];
    checkPeakLimit(peak.data, devices, deviceIds, kept, say);
  }
  const content =
    parsed.success && parsed.data.content !== undefined
      ? await contentOf(parsed.data.content, agent, points, source, say)
      : undefined;

  const fits =
    problems.length === 0 ? checkFit(root, [...lines.values()], devices, deps, problems) : new Map();
  if (!parsed.success || problems.length > 0) return { ok: false, problems: inOrder(problems) };
  const site = siteOf(parsed.data, {
    file,
    lines: [...lines.values()],
    devices,
    cameras: cameras.map(({ camera }) => camera),
    figures,
    content: content?.config,
    ...(alarms === undefined ? {} : { alarms }),
    signFeeds: signFeeds.feeds,
    uplinks: uplinks.map(({ item, secrets }) => uplinkOf(item, secrets, parsed.data.agent.id)),
  });
  const { console: page, nodeRed } = site;
  if (nodeRed.enabled && page.port !== 0 && page.port === nodeRed.port && page.host === nodeRed.host) {
    say(
      ['node_red', 'listen'],
      `the console listens on ${page.host}:${page.port} already`,
      'write another port',
    );
    return { ok: false, problems };
  }
  const secrets = [
    ...own,
    ...lineSecrets,
    ...(content?.secrets ?? []),
    ...signFeeds.secrets,
    ...uplinks.flatMap((uplink) => Object.values(uplink.secrets)),
    ...cameras.flatMap(({ camera }) => camera.password ?? []),
  ];
  return { ok: true, site, facts: { root, files, secrets: secrets.filter((one) => one !== ''), fits } };
}

function signIds(parsed: SiteFile | undefined): readonly string[] {
  return parsed?.sign === undefined ? [] : [parsed.sign.id];
}

async function checkDevices(
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

const SECRET_FIELDS: readonly SecretField[] = [
  'token',
  'password',
  'ca',
  'cert',
  'key',
  ...ENERGY_SECRETS.filter((name) => name !== 'key'),
];

async function checkUplinks(
  root: MapNode,
  list: Right['uplinks'],
  file: string,
  deps: SiteDeps,
  read: ReadSource,
  problems: Problem[],
) {
  const say = teller(root, problems);
  const right = list.filter((uplink) => checkUplink(root, uplink, say));
  return Promise.all(
    right.map(async ({ index, item }) => {
      const secrets: Partial<Record<SecretField, string>> = {};
      const kind = UPLINK_KINDS.find((one) => item[one] !== undefined) ?? 'mqtt';
      // A kind without secrets has none of these keys.
      const block: object = item[kind] ?? {};
      const refs: Partial<Record<SecretField, SecretRef | undefined>> = block;
      for (const name of SECRET_FIELDS) {
        const ref = refs[name];
        if (ref === undefined) continue;
        if (deps.secrets === 'skip') {
          secrets[name] = '';
          continue;
        }
        const resolved = await resolveSecret(ref, file, deps.env ?? process.env, read);
        if (resolved.ok) secrets[name] = resolved.value;
        else say(['uplinks', index, kind, name], resolved.message, resolved.fix);
      }
      return { index, kind, item, secrets };
    }),
  );
}

async function checkCameras(
  root: MapNode,
  list: Right['cameras'],
  parsed: SiteFile | undefined,
  points: Parameters<typeof checkCamera>[2],
  file: string,
  deps: SiteDeps,
  read: ReadSource,
  problems: Problem[],
) {
  const say = teller(root, problems);
  const privacy = parsed === undefined ? PRIVACY_DEFAULTS : privacyOf(parsed.privacy);
  const models = parsed && (await deps.models?.(resolve(dirname(file), parsed.state)));
  const written = writtenIds(root, 'devices');
  return Promise.all(
    list.map(async ({ index, item }) => {
      checkCamera({ index, item }, privacy.floor, points, written, models, say);
      let password: string | undefined;
      if (item.password !== undefined && deps.secrets === 'skip') password = '';
      else if (item.password !== undefined) {
        const resolved = await resolveSecret(item.password, file, deps.env ?? process.env, read);
        if (resolved.ok) password = resolved.value;
        else say(['cameras', index, 'password'], resolved.message, resolved.fix);
      }
      return { camera: cameraOf(item, password, privacy, file) };
    }),
  );
}

function checkFit(
  root: MapNode,
  lines: readonly LineConfig[],
  devices: readonly DeviceConfig[],
  deps: SiteDeps,
  problems: Problem[],
): ReadonlyMap<string, LineFit> {
  const fits = new Map<string, LineFit>();
  const items = nodeAt(root, ['lines']);
  const ids = writtenIds(root, 'lines');
  for (const line of lines) {
    const fit = deps.fit?.(
      line,
      devices.filter((device) => device.line === line.id),
    );
    if (fit === undefined) continue;
    fits.set(line.id, fit);
    if (fit.overload === undefined || items === undefined) continue;
    const path: Path = ['lines', ids.indexOf(line.id)];
    problems.push(problem(placeAt(root, path), path, fit.overload.message, fit.overload.fix));
  }
  return fits;
}
