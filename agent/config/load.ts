/**
 * From site.yaml to `Site`: read, extend, check, resolve. Reads files and nothing else: no port is opened, no address
 * asked. Every problem of every part is told at once.
 */
import { dirname, resolve } from 'node:path';
import { ALARM_DEVICE } from '../core/alarm/alarm.ts';
import { alarmPoints } from '../core/alarm/points.ts';
import { PRIVACY_DEFAULTS } from '../core/camera.ts';
import type { Point } from '../core/point.ts';
import { SIGN_POINTS } from '../core/sign/points.ts';
import type { DeviceConfig, LineConfig, Site } from '../core/site.ts';
import { virtualPoints } from '../core/virtual.ts';
import { checkedAlarms } from './alarms/checks.ts';
import { cameraOf, checkCamera, privacyOf } from './camera/checks.ts';
import {
  checkIds,
  checkLamp,
  checkLine,
  checkPorts,
  checkReferences,
  checkUplink,
  REPORTING,
  teller,
  writtenIds,
} from './checks.ts';
import { consoleOf } from './console.ts';
import { contentOf } from './content/resolve.ts';
import type { LineFit, SiteDeps } from './deps.ts';
import { openCatalogue } from './device/catalogue.ts';
import { checkDevices } from './device/schema.ts';
import { secretsOfLine } from './device/secrets.ts';
import { checkRules } from './device/sense-checks.ts';
import { virtualOf } from './device/virtual.ts';
import { checkEnergy } from './energy/checks.ts';
import { checkPeakLimit, peakLimit as peakSchema } from './energy/peak-limit.ts';
import { energy as energySchema } from './energy/schema.ts';
import { fillEnvironment } from './environment.ts';
import { figureOf } from './figures/checks.ts';
import { fleetOf } from './fleet.ts';
import { problemsOf } from './issues.ts';
import { type Right, rightItems, withoutEmpty } from './items.ts';
import { checkInterlock, checkLampLight, checkProgramme, type Known } from './lighting/checks.ts';
import { checkPlaces } from './place-check.ts';
import { checkPole, pole as poleSchema } from './pole.ts';
import { inOrder, type Path, type Problem, problem } from './problem.ts';
import { lineOf, type SecretField, siteOf, uplinkOf } from './resolve.ts';
import { revealer, type SecretSource } from './reveal.ts';
import { type SiteFile, siteSchema } from './schema.ts';
import type { SecretRef } from './secret.ts';
import { feedsOf } from './sign/feeds-resolve.ts';
import { checkOutlets } from './sign/outlets.ts';
import { checkSign } from './sign/resolve.ts';
import { readSource } from './source.ts';
import { readExtended } from './template.ts';
import { type MapNode, nodeAt, placeAt, toPlain } from './tree.ts';
import { ENERGY_SECRETS } from './uplink/building-energy.ts';
import { checkHj212 } from './uplink/hj212-checks.ts';
import { checkNames } from './uplink/naming-checks.ts';
import { UPLINK_KINDS } from './uplink/schema.ts';
import { fileRef, inToken } from './uplink/token-key.ts';

export type { LineFit, SiteDeps } from './deps.ts';

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
  const uplinks = await checkUplinks(root, lists.uplinks, source, problems);
  const points = new Map(devices.map((device) => [device.id, device.profile.points] as const));
  checkRules(lists.devices, points, say);
  const deviceIds = writtenIds(root, 'devices');
  const figures = lists.figures.flatMap((one) => figureOf(one, devices, deviceIds, say) ?? []);
  const virtual = lists.virtual.flatMap((one) => virtualOf(one, say) ?? []);
  const reported = new Map<string, readonly Point[]>(points);
  for (const one of figures) reported.set(one.id, deps.figurePoints?.(one) ?? []);
  const reportedIds = [...deviceIds, ...writtenIds(root, 'figures')];
  for (const uplink of lists.uplinks) checkHj212(uplink, reported, reportedIds, say);
  checkReferences(root, 'lamps', 'device', 'device', writtenIds(root, 'devices'), say);
  const cameras = await checkCameras(root, lists.cameras, parsed.data, points, deps, source, problems);
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
    ...virtual.map((device) => [device.id, virtualPoints(device)] as const),
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
  const taken = REPORTING.flatMap((list) => writtenIds(root, list));
  if (parsed.success && parsed.data.sign !== undefined) {
    checkSign(parsed.data.sign, { taken, cameras: writtenIds(root, 'cameras') }, say);
    checkOutlets(parsed.data.sign, parsed.data.sign.screen !== undefined, points, say);
  }
  const signFeeds = await feedsOf(parsed.data?.sign?.feeds ?? [], agent, source, say);
  const energy = energySchema.safeParse((plain as { readonly energy?: unknown }).energy);
  if (energy.success) {
    checkEnergy(energy.data, { devices, deviceIds, taken: [...taken, ...signIds(parsed.data)] }, say);
  }
  const pole = poleSchema.safeParse((plain as { readonly pole?: unknown }).pole);
  if (pole.success) {
    checkPole(pole.data, devices, deviceIds, [...taken, ...signIds(parsed.data)], say);
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

  const door = parsed.success
    ? await consoleOf(parsed.data.console, { points, devices: deviceIds, agent, source }, say)
    : undefined;

  const fleet =
    parsed.success && parsed.data.fleet !== undefined
      ? await fleetOf(parsed.data.fleet, [...taken, ...signIds(parsed.data)], source, say)
      : undefined;

  const fits =
    problems.length === 0 ? checkFit(root, [...lines.values()], devices, deps, problems) : new Map();
  if (!parsed.success || door === undefined || problems.length > 0) {
    return { ok: false, problems: inOrder(problems) };
  }
  const site = siteOf(parsed.data, {
    file,
    lines: [...lines.values()],
    devices,
    cameras: cameras.map(({ camera }) => camera),
    figures,
    virtual,
    content: content?.config,
    fleet: fleet?.config,
    console: door.config,
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
    ...door.secrets,
    ...(content?.secrets ?? []),
    ...(fleet?.secrets ?? []),
    ...signFeeds.secrets,
    ...uplinks.flatMap((uplink) => Object.values(uplink.secrets)),
    ...cameras.flatMap(({ camera }) => camera.password ?? []),
  ];
  return { ok: true, site, facts: { root, files, secrets: secrets.filter((one) => one !== ''), fits } };
}

function signIds(parsed: SiteFile | undefined): readonly string[] {
  return parsed?.sign === undefined ? [] : [parsed.sign.id];
}

const SECRET_FIELDS: readonly SecretField[] = [
  'token',
  'password',
  'ca',
  'cert',
  'key',
  'pin',
  ...ENERGY_SECRETS.filter((name) => name !== 'key'),
];

async function checkUplinks(
  root: MapNode,
  list: Right['uplinks'],
  source: SecretSource,
  problems: Problem[],
) {
  const say = teller(root, problems);
  const { reveal } = revealer(source, say);
  const right = list.filter((uplink) => checkUplink(root, uplink, say));
  return Promise.all(
    right.map(async ({ index, item }) => {
      const secrets: Partial<Record<SecretField, string>> = {};
      const kind = UPLINK_KINDS.find((one) => item[one] !== undefined) ?? 'mqtt';
      // A kind without secrets has none of these keys.
      const block: object = item[kind] ?? {};
      const { key, ...others }: Partial<Record<SecretField, SecretRef | undefined>> = block;
      const refs = { ...others, key: fileRef(key), pin: inToken(key)?.pin };
      for (const name of SECRET_FIELDS) {
        const at = name === 'pin' ? ['key', name] : [name];
        const found = await reveal(refs[name], ['uplinks', index, kind, ...at]);
        if (found !== undefined) secrets[name] = found;
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
  deps: SiteDeps,
  source: SecretSource,
  problems: Problem[],
) {
  const { file } = source;
  const say = teller(root, problems);
  const { reveal } = revealer(source, say);
  const privacy = parsed === undefined ? PRIVACY_DEFAULTS : privacyOf(parsed.privacy);
  const models = parsed && (await deps.models?.(resolve(dirname(file), parsed.state)));
  const written = writtenIds(root, 'devices');
  return Promise.all(
    list.map(async ({ index, item }) => {
      checkCamera({ index, item }, privacy.floor, points, written, models, say);
      const password = await reveal(item.password, ['cameras', index, 'password']);
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
