/** From the checked file to the types of agent/core/site.ts: defaults that depend on other parts are filled in here. */
import { dirname, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { AlarmsConfig } from '../core/alarm/alarm.ts';
import { PRIVACY_DEFAULTS } from '../core/camera.ts';
import type { ContentConfig } from '../core/content/config.ts';
import type { FigureConfig } from '../core/figure.ts';
import type { Profile } from '../core/profile.ts';
import { NO_RULES } from '../core/rules.ts';
import type { FeedConfig } from '../core/sign/feed.ts';
import type {
  CameraConfig,
  ConsoleConfig,
  DeviceConfig,
  LineConfig,
  NamingRule,
  SerialSettings,
  Site,
  UplinkConfig,
} from '../core/site.ts';
import type { FleetConfig } from '../core/update.ts';
import type { VirtualDevice } from '../core/virtual.ts';
import { privacyOf } from './camera/checks.ts';
import { contactsOf } from './device/contacts.ts';
import { definedOnly } from './device/profile.ts';
import { mergedRules, rulesOf } from './device/sense.ts';
import { peakLimitOf } from './energy/peak-limit.ts';
import { energyOf } from './energy/resolve.ts';
import { interlockOf, lampOf, programmeOf } from './lighting/resolve.ts';
import { poleOf } from './pole.ts';
import type { DeviceFile, LineFile, SiteFile } from './schema.ts';
import { signOf } from './sign/resolve.ts';
import { buildingEnergyOf, type ENERGY_SECRETS } from './uplink/building-energy.ts';
import { gb26875Of } from './uplink/gb26875.ts';
import type { UplinkFile } from './uplink/schema.ts';
import { tokenKeyOf } from './uplink/token-key.ts';

/** Defaults that are no defaults of a key, but depend on its neighbours. */
export const LINE_DEFAULTS = {
  baud: 9600,
  format: '8N1',
  serialTimeout: 300,
  tcpTimeout: 1000,
  dialInTimeout: 3000,
} as const;
export const NODE_RED_OFF = { enabled: false, host: '127.0.0.1', port: 1880, heap: 192 * 1024 ** 2 } as const;

/** Secrets of a line of messages, resolved. */
export type LineSecrets = Readonly<Partial<Record<'token' | 'password' | 'ca' | 'cert' | 'key', string>>>;

/** `port`, `tcp`, `udp`, or `listen` with `registration` is present: checked before. */
export function lineOf(line: LineFile, secrets: LineSecrets = {}, agent = ''): LineConfig {
  const serial: SerialSettings = {
    baud: line.baud ?? LINE_DEFAULTS.baud,
    ...(line.format ?? { dataBits: 8, parity: 'none', stopBits: 1 }),
  };
  if (line.listen !== undefined && line.transport !== undefined) {
    return {
      id: line.id,
      kind: 'caller',
      ...line.listen,
      transport: line.transport,
      ...definedOnly({ from: line.from }),
      serial,
      timeout: line.timeout ?? LINE_DEFAULTS.dialInTimeout,
    };
  }
  if (line.network !== undefined) {
    return { id: line.id, kind: 'network', timeout: LINE_DEFAULTS.tcpTimeout };
  }
  if (line.ocpp !== undefined) {
    return { id: line.id, kind: 'ocpp', ...line.ocpp.listen, ...secrets, timeout: LINE_DEFAULTS.tcpTimeout };
  }
  if (line.mqtt !== undefined) {
    const { url, username, client_id } = line.mqtt;
    const clientId = client_id ?? `${agent}-${line.id}`;
    const timeout = LINE_DEFAULTS.tcpTimeout;
    return { id: line.id, kind: 'mqtt', url, ...definedOnly({ username }), ...secrets, clientId, timeout };
  }
  if (line.http !== undefined) {
    const { listen, max_body: maxBody } = line.http;
    return { id: line.id, kind: 'http', ...listen, ...secrets, maxBody, timeout: LINE_DEFAULTS.tcpTimeout };
  }
  if (line.listen !== undefined) {
    return {
      id: line.id,
      kind: 'dial-in',
      ...line.listen,
      registration: line.registration ?? '',
      ...definedOnly({ heartbeat: line.heartbeat }),
      serial,
      timeout: line.timeout ?? LINE_DEFAULTS.dialInTimeout,
    };
  }
  if (line.udp !== undefined) {
    const { host, port } = line.udp;
    return { id: line.id, kind: 'udp', host, port, timeout: line.timeout ?? LINE_DEFAULTS.tcpTimeout };
  }
  if (line.tcp === undefined) {
    return {
      id: line.id,
      kind: 'serial',
      port: line.port ?? '',
      serial,
      timeout: line.timeout ?? LINE_DEFAULTS.serialTimeout,
      ...(line.rts === undefined ? {} : { rts: line.rts }),
    };
  }
  const framing = line.framing ?? 'modbus-tcp';
  return {
    id: line.id,
    kind: 'tcp',
    host: line.tcp.host,
    port: line.tcp.port,
    framing,
    timeout: line.timeout ?? LINE_DEFAULTS.tcpTimeout,
    ...(framing === 'modbus-tcp' ? {} : { serial }),
    ...definedOnly({ pipeline: line.pipeline }),
  };
}

/** `line`: where it is; a device that sets half of its settings has the rest of it. */
export function deviceOf(file: DeviceFile, profile: Profile, on: LineConfig): DeviceConfig {
  const {
    id,
    title,
    line,
    profile: _,
    address,
    every,
    asset,
    position,
    baud,
    format,
    sense,
    debounce,
    pulses,
    fail_safe,
    ...options
  } = file;
  const own = on.serial !== undefined && (baud !== undefined || format !== undefined);
  const serial = own ? { ...on.serial, ...definedOnly({ baud }), ...format } : undefined;
  const rules = sense === undefined ? profile.sense : mergedRules(profile.sense ?? NO_RULES, rulesOf(sense));
  const contacts = contactsOf({ debounce, pulses, fail_safe });
  const optional = definedOnly({ address, every, asset, position, serial, sense: rules, contacts });
  return { id, title: title ?? { en: id }, line, profile, ...optional, options };
}

/** What uplinks over a broker have in common; `clientId` where none is written. */
function brokerOf(
  file: NonNullable<UplinkFile['mqtt'] | UplinkFile['sparkplug']>,
  secrets: Secrets,
  clientId: string,
) {
  const [url = '', ...fallbacks] = file.urls ?? [file.url ?? ''];
  const { pin, ...plain } = secrets;
  return {
    url,
    ...(fallbacks.length === 0 ? {} : { fallbacks }),
    ...definedOnly({ username: file.username }),
    ...plain,
    ...tokenKeyOf(file.key, pin),
    clientId: file.client_id ?? clientId,
    keepAlive: file.keep_alive,
    inFlight: file.in_flight,
    maxMessage: file.max_message,
    replayRate: file.replay_rate,
  };
}

/** Another than that of an MQTT uplink: at one broker the two would throw each other out. */
export function sparkplugClientId(agent: string): string {
  return `${agent}-spb`;
}

function nameOf({
  device_as: deviceAs,
  point_as: pointAs,
  ...rule
}: NonNullable<UplinkFile['names']>[number]): NamingRule {
  return definedOnly({ ...rule, deviceAs, pointAs });
}

/** Secrets of an uplink, resolved. */
export type Secrets = Readonly<Partial<Record<SecretField, string>>>;
export type SecretField =
  | 'token'
  | 'password'
  | 'ca'
  | 'cert'
  | 'key'
  | 'pin'
  | (typeof ENERGY_SECRETS)[number];

/** One kind is present: checked before. */
export function uplinkOf(
  {
    id,
    select,
    names,
    hold,
    data_budget: dataBudget,
    mqtt,
    http,
    sparkplug,
    hj212,
    building_energy: energy,
    gb26875,
  }: UplinkFile,
  secrets: Secrets,
  agent: string,
): UplinkConfig {
  const selected = {
    ...(select === undefined ? {} : { select: select.map((rule) => definedOnly(rule)) }),
    ...definedOnly({ hold }),
  };
  const named = {
    ...selected,
    ...definedOnly({ dataBudget }),
    ...(names === undefined ? {} : { names: names.map(nameOf) }),
  };
  if (gb26875 !== undefined) return gb26875Of(id, gb26875, selected);
  if (energy !== undefined) return buildingEnergyOf(id, energy, secrets, selected);
  if (mqtt !== undefined) {
    const { preset, payload, compression } = mqtt;
    return {
      id,
      kind: 'mqtt',
      ...named,
      ...brokerOf(mqtt, secrets, agent),
      ...definedOnly({ preset, payload, compression }),
    };
  }
  if (sparkplug !== undefined) {
    const { primary_host: primaryHost, barrier_topic: barrierTopic } = sparkplug;
    return {
      id,
      kind: 'sparkplug',
      ...named,
      ...brokerOf(sparkplug, secrets, sparkplugClientId(agent)),
      ...definedOnly({ primaryHost, barrierTopic }),
      group: sparkplug.group,
      node: sparkplug.node ?? agent,
      hostWait: sparkplug.host_wait,
      aliases: sparkplug.aliases,
      types: sparkplug.types_in_data,
      rebirthEvery: sparkplug.rebirth_every,
      commandLife: sparkplug.command_life,
    };
  }
  if (hj212 !== undefined) {
    const { url, urls, key: _, password: __, ...settings } = hj212;
    return {
      id,
      kind: 'hj212',
      urls: urls ?? [url ?? ''],
      ...definedOnly({ mn: settings.mn, stopped: settings.stopped }),
      ...definedOnly({ password: secrets.password, key: secrets.key }),
      edition: settings.edition,
      st: settings.st,
      crc: settings.crc,
      points: settings.points.map((point) => definedOnly(point)),
      realTime: settings.real_time,
      minute: settings.minute,
      hour: settings.hour,
      day: settings.day,
      acknowledge: settings.acknowledge,
      timeout: settings.timeout,
      resends: settings.resends,
      heartbeat: settings.heartbeat,
      flags: settings.flags ?? settings.edition !== '2005',
      validShare: settings.valid_share,
      validMinutes: settings.valid_minutes,
      validHours: settings.valid_hours,
      backlogAge: settings.backlog_age,
      clock: settings.clock,
      actions: settings.actions,
      inFlight: settings.in_flight,
      replayRate: settings.replay_rate,
    };
  }
  if (http === undefined) throw new TypeError(`uplink ${id} has no kind`);
  const { pin, ...plain } = secrets;
  return {
    id,
    kind: 'http',
    ...named,
    url: http.url,
    format: http.format,
    compression: http.compression,
    ...definedOnly({ username: http.username }),
    ...plain,
    ...tokenKeyOf(http.key, pin),
    timeout: http.timeout,
    inFlight: http.in_flight,
    maxBody: http.max_body,
    replayRate: http.replay_rate,
  };
}

interface Parts {
  readonly alarms?: AlarmsConfig;
  /** Absolute path of the site file. */
  readonly file: string;
  readonly lines: readonly LineConfig[];
  readonly devices: readonly DeviceConfig[];
  readonly cameras: readonly CameraConfig[];
  readonly figures: readonly FigureConfig[];
  readonly virtual: readonly VirtualDevice[];
  readonly uplinks: readonly UplinkConfig[];
  readonly content?: ContentConfig | undefined;
  readonly fleet?: FleetConfig | undefined;
  readonly console: ConsoleConfig;
  readonly signFeeds?: readonly FeedConfig[] | undefined;
}

export function siteOf(
  parsed: SiteFile,
  {
    file,
    lines,
    devices,
    cameras,
    figures,
    virtual,
    uplinks,
    alarms,
    content,
    fleet,
    console,
    signFeeds = [],
  }: Parts,
): Site {
  const privacy = privacyOf(parsed.privacy);
  const { site, agent, log, node_red: nodeRed } = parsed;
  const state = resolve(dirname(file), parsed.state);
  return {
    id: site.id,
    title: site.title ?? { en: site.id },
    timezone: site.timezone,
    position: site.position,
    agent,
    state,
    rate: parsed.rate,
    ...definedOnly({ origin: parsed.origin }),
    log: {
      window: log.window,
      writeBudget: log.write_budget,
      ...definedOnly({ cardRating: log.card_rating }),
      budget: log.budget,
      maxAge: log.max_age,
      ring: log.ring,
    },
    lines,
    devices,
    cameras,
    ...(isDeepStrictEqual(privacy, PRIVACY_DEFAULTS) ? {} : { privacy }),
    lamps: parsed.lamps.map(lampOf),
    programmes: parsed.programmes.map(programmeOf),
    interlocks: parsed.interlocks.map(interlockOf),
    ...definedOnly({ rights: parsed.rights }),
    meters: {
      snapshots: parsed.meters.snapshots,
      ...definedOnly({ settlementDay: parsed.meters.settlement_day }),
    },
    ...(figures.length === 0 ? {} : { figures }),
    ...(virtual.length === 0 ? {} : { virtual }),
    ...(parsed.energy === undefined ? {} : { energy: energyOf(parsed.energy, devices, site.timezone) }),
    ...definedOnly({ alarms }),
    ...(parsed.sign === undefined ? {} : { sign: signOf(parsed.sign, file, state, signFeeds) }),
    ...definedOnly({ content, fleet }),
    ...(parsed.pole === undefined ? {} : { pole: poleOf(parsed.pole, devices) }),
    ...(parsed.peak_limit === undefined ? {} : { peakLimit: peakLimitOf(parsed.peak_limit) }),
    uplinks,
    watch: parsed.changes.watch,
    console,
    nodeRed:
      nodeRed === undefined
        ? NODE_RED_OFF
        : {
            enabled: nodeRed.enabled,
            heap: nodeRed.heap,
            ...nodeRed.listen,
            ...definedOnly({ socket: nodeRed.socket }),
          },
  };
}
