/**
 * The resolved site: what agent/config makes of site.yaml. Durations are ms, sizes are bytes, secrets are resolved,
 * defaults are filled in, profiles are loaded. Parts are compared one by one when a file changes.
 */
import type { AlarmsConfig } from './alarm/alarm.ts';
import type { CameraConfig, PrivacyConfig } from './camera.ts';
import type { Condition } from './condition.ts';
import type { ContactRules } from './contacts.ts';
import type { ContentConfig } from './content/config.ts';
import type { EnergyConfig } from './energy/energy.ts';
import type { PeakLimitConfig } from './energy/peak-limit.ts';
import type { FigureConfig } from './figure.ts';
import type { LampPower, LightingProgramme } from './lighting/lighting.ts';
import type { LineConfig, SerialSettings } from './line.ts';
import type { Lane, Text } from './point.ts';
import type { PoleConfig } from './pole.ts';
import type { Profile } from './profile.ts';
import type { Value } from './reading.ts';
import type { SenseRules } from './rules.ts';
import type { SignConfig } from './sign/sign.ts';
import type { FleetConfig } from './update.ts';
import type { UplinkConfig } from './uplink-config.ts';
import type { VirtualDevice } from './virtual.ts';

export type { LineConfig, SerialSettings };

export type Datum = 'WGS84' | 'GCJ02' | 'CGCS2000';

export interface Position {
  readonly lat: number;
  readonly lon: number;
  readonly datum: Datum;
}

export interface DeviceConfig {
  readonly id: string;
  readonly title: Text;
  readonly line: string;
  readonly profile: Profile;
  /** Unit id, or the protocol's address as text. Absent where the line has one device. */
  readonly address?: number | string;
  /** Period for all points of the device, ms; absent: the profile's. */
  readonly every?: number;
  /** Asset code of the city's register. */
  readonly asset?: string;
  readonly position?: Position;
  /** Settings of its own, on a line whose port is set from here; absent: the line's. */
  readonly serial?: SerialSettings;
  /** What may be believed of its points: the profile's rules with those of the site on top. */
  readonly sense?: SenseRules;
  /** What the gateway makes of its contacts. */
  readonly contacts?: ContactRules;
  /** Options of the driver for this one device (pins of a board …); checked by the driver. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** The line as one device on it has it: with the device's own settings, where it has some. */
export function lineOfDevice(line: LineConfig, { serial }: Pick<DeviceConfig, 'serial'>): LineConfig {
  if (serial === undefined || line.serial === undefined) return line;
  return { ...line, serial };
}

/** The device as its driver knows it: without what the gateway makes of its points. */
export function bareDevice(device: DeviceConfig): DeviceConfig {
  const { contacts, ...bare } = device;
  if (contacts === undefined) return device;
  const made = contacts.pulses.map(({ id }) => id);
  const points = bare.profile.points.filter(({ id }) => !made.includes(id));
  return { ...bare, profile: { ...bare.profile, points } };
}

export interface LogConfig {
  /** Longest wait of telemetry for its commit, ms: the stated loss window. Default 5000. */
  readonly window: number;
  /** Bytes written to the card per day; above it the window grows, to 60 s at most. Absent: no limit. */
  readonly writeBudget?: number;
  /** Bytes the card may be written in its life, by its data sheet; for the forecast of how long it lasts. */
  readonly cardRating?: number;
  /** Bytes. Default 512 MB. */
  readonly budget: number;
  /** ms. Default 30 days. */
  readonly maxAge: number;
  /** Readings held per lane at most in memory while the disk is ill, bytes. Default 20 MB. */
  readonly ring: number;
}

export interface ListenConfig {
  readonly host: string;
  readonly port: number;
}

/** The console from elsewhere: TLS, and only where the site turns it on. */
export interface RemoteConfig {
  readonly listen: ListenConfig;
  /** Further names under which it is asked. */
  readonly hosts: readonly string[];
  /** Absolute paths of PEM files; absent: the agent makes a certificate for itself. */
  readonly certificate?: { readonly cert: string; readonly key: string };
  /** Tells browsers to come by TLS only, for a year; for certificates that an authority vouches for. */
  readonly hsts: boolean;
}

/** The way to a unit that nobody reaches: opened by a button or after power-up, for commissioning alone. */
export interface ServiceLinkConfig {
  /** On every interface but such as lead to the network of the operator; TLS. */
  readonly port: number;
  /** ms until it closes by itself. */
  readonly lasts: number;
  /** A contact that is true while somebody presses it. */
  readonly button?: { readonly device: string; readonly point: string };
  /** Opens after power-up, too, as long as nobody has claimed the unit. */
  readonly powerUp: boolean;
  /** Absent: none is made. */
  readonly wifi?: {
    /** Absent: the first one there is. */
    readonly interface?: string;
    readonly ssid: string;
    readonly password: string;
  };
  /** Name of the interface that a USB cable gives. */
  readonly usb?: string;
}

export interface ConsoleConfig extends ListenConfig {
  /** Absent: there is no service link. */
  readonly service?: ServiceLinkConfig;
  /** Absent: nobody comes from elsewhere. */
  readonly remote?: RemoteConfig;
}

export interface NodeRedConfig extends ListenConfig {
  readonly enabled: boolean;
  /** V8 heap, bytes. */
  readonly heap: number;
  /** Where Node-RED is a service of its own: the socket it comes to. Absent: it is a child of the agent. */
  readonly socket?: string;
}

/** A lamp as the controllers, console and flows see it. */
export interface LampConfig {
  readonly id: string;
  readonly device: string;
  readonly point: string;
  /** Level when nobody commands it and no programme runs it, %; absent: 100, for a street must not be dark by accident. */
  readonly fallback?: number;
  /** Id of the programme that runs it. */
  readonly programme?: string;
  /** How long a command without a lease holds against the programme, ms. */
  readonly overrideFor: number;
  readonly power?: LampPower;
}

/** A write that must not be made unless a condition holds. */
export interface Interlock {
  readonly device: string;
  readonly point: string;
  /** Only this value is locked; absent: any. */
  readonly value?: Value;
  readonly onlyWhile: Condition;
  /** For people. */
  readonly reason: string;
}

/** Who may command what; patterns with `*` and `?`. */
export interface CommandRight {
  readonly issuer: string;
  readonly device: string;
  readonly point: string;
}

export interface MeterConfig {
  /** Registers are noted at every local midnight. */
  readonly snapshots: boolean;
  /** Day of the month, 1…28, at whose beginning bills are made; absent: there is none. */
  readonly settlementDay?: number;
}

export interface Site {
  readonly id: string;
  readonly title: Text;
  /** IANA zone: days are local days. */
  readonly timezone: string;
  readonly position: Position;
  readonly agent: { readonly id: string };
  /** Absolute path of the state folder: the only place the agent writes to. */
  readonly state: string;
  /** Wall time per monotonic time; 1 in the field. */
  readonly rate: number;
  /** In a demonstration only: what the wall clock showed (Unix epoch ms) at a monotonic time of this boot (ms). */
  readonly origin?: { readonly mono: number; readonly wall: number };
  readonly log: LogConfig;
  readonly lines: readonly LineConfig[];
  readonly devices: readonly DeviceConfig[];
  readonly cameras: readonly CameraConfig[];
  /** Absent: `PRIVACY_DEFAULTS`. */
  readonly privacy?: PrivacyConfig;
  readonly lamps: readonly LampConfig[];
  readonly programmes: readonly LightingProgramme[];
  readonly interlocks: readonly Interlock[];
  /** Absent: every issuer may command every point. */
  readonly rights?: readonly CommandRight[];
  /** Absent: snapshots, and no settlement day. */
  readonly meters?: MeterConfig;
  /** Absent: none. */
  readonly figures?: readonly FigureConfig[];
  /** Absent: none. */
  readonly virtual?: readonly VirtualDevice[];
  /** Absent: no energy account is kept. */
  readonly energy?: EnergyConfig;
  /** Absent: no alarms. */
  readonly alarms?: AlarmsConfig;
  /** Absent: the agent is no stop sign. */
  readonly sign?: SignConfig;
  /** Absent: nothing is shown in public but arrivals. */
  readonly content?: ContentConfig;
  /** Absent: nobody updates the agent from afar. */
  readonly fleet?: FleetConfig;
  /** Absent: a pole with its lamp alone. */
  readonly pole?: PoleConfig;
  /** Absent: no load gives way. */
  readonly peakLimit?: PeakLimitConfig;
  readonly uplinks: readonly UplinkConfig[];
  /** How long a change of the site file is watched before it is kept, ms. Absent: 5 min. */
  readonly watch?: number;
  readonly console: ConsoleConfig;
  readonly nodeRed: NodeRedConfig;
}

/** What a device is, for people and platforms; published retained as `describe/<device>` and named by its hash. */
export interface Description {
  readonly device: string;
  readonly title: Text;
  readonly class: string;
  readonly brand: string;
  readonly model: string;
  readonly asset?: string;
  readonly position?: Position;
  readonly points: readonly import('./point.ts').Point[];
}

export * from './uplink-config.ts';
export type { CameraConfig, Lane };
