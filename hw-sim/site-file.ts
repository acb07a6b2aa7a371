/** The site file of the simulated street, for the agent: the real ports and addresses of this start. */
import { stringify } from 'yaml';
import { energyPart } from './building/energy-part.ts';
import { METER_MODELS } from './devices/meters.ts';
import { MODBUS_MODELS } from './devices/modbus-models.ts';
import type { StreetLine, StreetParts } from './street-parts.ts';
import { monotonic } from './world/world-clock.ts';

export interface SiteAddresses {
  /** mqtt:// or mqtts:// */
  readonly broker: string;
  /** Ports of 127.0.0.1. */
  readonly console: number;
  readonly nodeRed: number;
  /** Agent's state folder, relative to the file. */
  readonly state: string;
  /** What the agent's clock shows now, Unix epoch ms; absent: the street's time. */
  readonly wall?: number;
  /** Whose documents may take the sign over, and the folder they come to, relative to the file. */
  readonly content?: {
    readonly key: { readonly id: string; readonly public: string };
    readonly folder: string;
  };
  /** The stop sign of the street, if it has one. */
  readonly sign?: SignAddresses;
}

export interface SignAddresses {
  /** http:// address of the centre. */
  readonly centre: string;
  readonly stops: readonly string[];
  /** File of the timetable, relative to the site file. */
  readonly extract: string;
  /** Port of 127.0.0.1 of the screen. */
  readonly screen: number;
}

const ms = (duration: number): string => (duration % 1000 === 0 ? `${duration / 1000}s` : `${duration}ms`);

/** site.yaml as text. */
export function siteFile(street: StreetParts, at: SiteAddresses): string {
  const { scenario } = street;
  const site = {
    site: {
      id: scenario.site.id,
      title: scenario.site.title,
      timezone: scenario.site.timezone,
      position: { ...scenario.site.position, datum: 'WGS84' },
    },
    agent: { id: scenario.agent },
    state: at.state,
    rate: street.clock.rate,
    // Only where the world's time is not the machine's: the agent's wall clock then follows it, also after a restart.
    origin: originOf(street, at.wall),
    lines: [...street.lines.values()].map(lineEntry),
    devices: [...street.lines.values()].flatMap(({ plan }) =>
      plan.devices.map((device) => ({
        id: device.id,
        title: device.title,
        line: plan.id,
        profile: device.model,
        address: MODBUS_MODELS.has(device.model)
          ? (device.unit ?? MODBUS_MODELS.get(device.model)?.unit ?? 1)
          : METER_MODELS.includes(device.model)
            ? (device.address ?? '1')
            : undefined,
        baud: device.baud,
        format: device.format,
        every: device.every === undefined ? undefined : ms(device.every),
        asset: device.asset,
      })),
    ),
    cameras:
      street.camera === undefined
        ? []
        : scenario.cameras.map(({ id, title, rate }) => ({
            id,
            title,
            source: street.camera?.url,
            rate,
            tasks: ['vehicles', 'faces'],
            preview: true,
            every: '10s',
          })),
    lamps: scenario.lamps,
    programmes: scenario.lamps.some((lamp) => 'programme' in lamp)
      ? scenario.programmes.map((one) => possible(one, present(street, at)))
      : [],
    sign: at.sign === undefined ? undefined : signEntry(street, at.sign),
    content: at.content && { keys: [at.content.key], folder: at.content.folder },
    alarms: scenario.alarms,
    energy:
      scenario.building === undefined
        ? undefined
        : energyPart(new Set(scenario.lines.flatMap((line) => line.devices.map(({ id }) => id)))),
    uplinks: [{ id: 'city', mqtt: { url: at.broker } }],
    console: { listen: `127.0.0.1:${at.console}` },
    node_red: { enabled: true, listen: `127.0.0.1:${at.nodeRed}` },
  };
  const head = '# Written by the simulated street at every start; changes here are lost.\n';
  return head + stringify(site, { keepUndefined: false });
}

/** Ids of everything that readings come of. */
function present({ scenario, camera }: StreetParts, { sign }: SiteAddresses): ReadonlySet<string> {
  return new Set([
    ...scenario.lines.flatMap((line) => line.devices.map(({ id }) => id)),
    ...(camera === undefined ? [] : scenario.cameras.map(({ id }) => id)),
    ...(sign === undefined || scenario.sign === undefined ? [] : [scenario.sign.id]),
    'alarms',
  ]);
}

/** A programme without what hangs on a camera or a sign that this start does not have. */
function possible(programme: Readonly<Record<string, unknown>>, there: ReadonlySet<string>): object {
  const seen = (one: unknown): boolean => {
    if (typeof one !== 'object' || one === null) return true;
    const { device, when } = one as { readonly device?: unknown; readonly when?: unknown };
    return typeof device === 'string' ? there.has(device) : seen(when);
  };
  const { traffic, boosts, ...rest } = programme;
  return {
    ...rest,
    ...(traffic === undefined || !seen(traffic) ? {} : { traffic }),
    ...(Array.isArray(boosts) ? { boosts: boosts.filter(seen) } : {}),
  };
}

function originOf({ clock, scenario }: StreetParts, wall: number | undefined): object | undefined {
  if (wall !== undefined) return { mono: Math.round(monotonic()), wall };
  return clock.rate === 1 && scenario.start === 'now' ? undefined : clock.origin;
}

function signEntry(
  { scenario, clock }: StreetParts,
  { centre, stops, extract, screen }: SignAddresses,
): object {
  // As often on the street as in the field, as far as the machine can.
  const every = `${Math.max(1, Math.round(10 / clock.rate))}s`;
  const feed = (id: string, path: string, alerts: boolean) => ({
    id,
    format: 'gtfs-rt',
    datum: 'wgs84',
    http: { url: `${centre}/${path}`, every, plain: true },
    alerts,
  });
  return {
    id: scenario.sign?.id,
    stops,
    extract,
    feeds: [
      feed('vehicles', 'vehicles.pb', false),
      feed('trips', 'trips.pb', false),
      feed('alerts', 'alerts.pb', true),
    ],
    screen: { phone: scenario.sign?.phone, listen: `127.0.0.1:${screen}` },
  };
}

function lineEntry(line: StreetLine): object {
  const { id, baud, format, timeout } = line.plan;
  const wait = timeout === undefined ? undefined : ms(timeout);
  if (line.kind !== 'serial') {
    const at = `${line.port.host.includes(':') ? `[${line.port.host}]` : line.port.host}:${line.port.port}`;
    if (line.kind === 'udp') return { id, udp: at, timeout: wait };
    return {
      id,
      tcp: at,
      framing: 'modbus-tcp',
      timeout: wait,
    };
  }
  return { id, port: line.port.path, baud, format, timeout: wait };
}
