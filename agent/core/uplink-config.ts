/** The resolved settings of uplinks, one shape per kind; part of site.ts. Durations are ms, sizes bytes, secrets resolved. */
import type { Lane } from './point.ts';
import type { Value } from './reading.ts';
import type { TokenKey } from './token-key.ts';
import type { Unit } from './unit.ts';

/** Mappings of topics and payloads that ship with the MQTT uplink (agent/uplink/mqtt/presets). */
export const PRESETS = ['plain', 'thingsboard-gateway', 'home-assistant'] as const;
export type PresetName = (typeof PRESETS)[number];

/**
 * What leaves on an uplink: the first rule that fits a record decides, and one that no rule fits is left out. All that
 * is named has to fit; `device`, `class` and `point` are patterns with `*` and `?`.
 */
export interface SelectionRule {
  readonly lanes?: readonly Lane[];
  readonly device?: string;
  /** Class of the device, as its description says. */
  readonly class?: string;
  readonly point?: string;
  /**
   * `changes`: where the value moved by more than `deadband` (in the unit of the point) or the quality changed.
   * `every`: the first reading of each period of `every`, and where the quality changed.
   * `rollup`: instead of readings the closed buckets of `every`; readings of lane `alarm` leave as they are.
   */
  readonly send: 'all' | 'changes' | 'every' | 'rollup' | 'none';
  readonly deadband?: number;
  /** ms; periods are those of UTC, the day of `rollup` is one of the site's zone. */
  readonly every?: number;
}

/**
 * What an uplink calls things. All that is named has to fit; a rule with `point` names points, one without may name
 * devices. `{device}` and `{point}` in a name stand for ours.
 */
export interface NamingRule {
  readonly device?: string;
  readonly class?: string;
  readonly point?: string;
  readonly deviceAs?: string;
  readonly pointAs?: string;
  /** Unit of the platform; values are converted. */
  readonly unit?: Unit;
}

/** What uplinks over an MQTT broker have in common. */
export interface BrokerUplinkConfig {
  readonly id: string;
  /** Absent: everything leaves. */
  readonly select?: readonly SelectionRule[];
  /** Absent: things are called what they are called here. */
  readonly names?: readonly NamingRule[];
  /** Longest wait of readings whose clock is not to be trusted, ms; 0: none. Default 600000. */
  readonly hold?: number;
  /** Bytes per calendar month (UTC); above it less leaves. Absent: no limit. */
  readonly dataBudget?: number;
  /** mqtt:// or mqtts:// */
  readonly url: string;
  /** Further brokers, tried in order where the ones before fail; one at a time. */
  readonly fallbacks?: readonly string[];
  readonly username?: string;
  readonly password?: string;
  /** PEM texts. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** Instead of `key`. */
  readonly tokenKey?: TokenKey;
  readonly clientId: string;
  /** Keep-alive, ms. Default 30000. */
  readonly keepAlive: number;
  /** Messages in flight. Default 16. */
  readonly inFlight: number;
  /** Largest message, bytes. Default 131072. */
  readonly maxMessage: number;
  /** Records per second of backlog replay; 0: no limit. */
  readonly replayRate: number;
}

export interface MqttUplinkConfig extends BrokerUplinkConfig {
  readonly kind: 'mqtt';
  /** Absent: plain. */
  readonly preset?: PresetName;
  /** How readings stand in payload v1. Absent: json. */
  readonly payload?: 'json' | 'columns';
  /** Of payload v1. Absent: none. */
  readonly compression?: 'none' | 'gzip' | 'zstd';
}

export interface HttpUplinkConfig {
  readonly id: string;
  readonly kind: 'http';
  /** Absent: everything leaves. */
  readonly select?: readonly SelectionRule[];
  /** Absent: things are called what they are called here. */
  readonly names?: readonly NamingRule[];
  /** Longest wait of readings whose clock is not to be trusted, ms; 0: none. Default 600000. */
  readonly hold?: number;
  /** Bytes per calendar month (UTC); above it less leaves. Absent: no limit. */
  readonly dataBudget?: number;
  /** http:// or https://; batches are posted there. */
  readonly url: string;
  /** `json`: payload v1. `columns`: the same with readings as columns. `influx`: line protocol. */
  readonly format: 'json' | 'columns' | 'influx';
  readonly compression: 'none' | 'gzip' | 'zstd';
  /** Bearer token; or user name and password. */
  readonly token?: string;
  readonly username?: string;
  readonly password?: string;
  /** PEM texts. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** Instead of `key`. */
  readonly tokenKey?: TokenKey;
  /** Longest wait for an answer, ms. Default 30000. */
  readonly timeout: number;
  /** Batches on their way at once, one after the other in each stream. Default 4. */
  readonly inFlight: number;
  /** Largest body before compression, bytes. Default 1 MB. */
  readonly maxBody: number;
  /** Records per second of backlog replay; 0: no limit. */
  readonly replayRate: number;
}

/** Platforms of building-energy upload that settings are known of (agent/uplink/building-energy/platform.ts). */
export const BUILDING_ENERGY_PLATFORMS = ['guideline', 'netdau', 'acrel', 'hex-ecb'] as const;
export type BuildingEnergyPlatform = (typeof BUILDING_ENERGY_PLATFORMS)[number];

/** What may be changed of a platform. */
export interface BuildingEnergySettings {
  readonly mode?: 'cbc' | 'ecb' | 'none';
  readonly padding?: 'zero' | 'pkcs7';
  /** Start value of CBC: the key, zeros, or one of its own. */
  readonly iv?: 'key' | 'zero' | 'own';
  /** Where the check begins, and which of its bytes comes first. */
  readonly crc?: 'none' | 'from-head' | 'from-sequence';
  readonly crcOrder?: 'le' | 'be';
  /** What stands in the element `type`. */
  readonly type?: 'operation' | 'group' | 'none';
  readonly version?: string;
  readonly md5?: 'secret-last' | 'secret-first';
  readonly errors?: { readonly good: string; readonly uncertain: string; readonly bad: string };
  /** What settles a report. */
  readonly acknowledge?: 'report' | 'heart-beat';
  readonly nationalBuilding?: boolean;
  readonly compress?: boolean;
}

/** A value of a meter as the centre knows it. */
export interface EnergyFunction {
  /** Number or name of the function. */
  readonly id: string;
  readonly device: string;
  readonly point: string;
  /** Energy code; absent with platforms that have none. */
  readonly code?: string;
  /** Unit on the wire; absent: the code's. */
  readonly unit?: Unit;
}

export interface BuildingEnergyUplinkConfig {
  readonly id: string;
  readonly kind: 'building-energy';
  readonly select?: readonly SelectionRule[];
  /** Longest wait for true time, ms; absent: as the MQTT uplink. */
  readonly hold?: number;
  readonly host: string;
  readonly port: number;
  readonly platform: BuildingEnergyPlatform;
  readonly settings: BuildingEnergySettings;
  readonly building: string;
  readonly gateway: string;
  /** Key of the encryption, its start value, and the secret of the login; `next…`: tried where the first are refused. */
  readonly key?: string;
  readonly iv?: string;
  readonly secret?: string;
  readonly nextKey?: string;
  readonly nextSecret?: string;
  /** `national`, or one platform's `local` order. */
  readonly codes: 'national' | 'local';
  /** Codes of the platform beside its tree, with their names. */
  readonly moreCodes: Readonly<Record<string, string>>;
  readonly meters: readonly {
    readonly id: string;
    readonly address?: string;
    readonly functions: readonly EnergyFunction[];
  }[];
  /** Period of the reports, ms; the centre may change it where `periodByCentre`. */
  readonly every: number;
  readonly periodByCentre: boolean;
  /** A reading this close behind the beginning of a period stands for it; a later one gets its own time, ms. */
  readonly align: number;
  /** Longest wait for the values of a period that are still missing, ms. */
  readonly gather: number;
  /** Interval of heart-beats, ms. */
  readonly heartBeat: number;
  /** Longest wait for an acknowledgement, ms. */
  readonly timeout: number;
  /** Whether the centre's time sets our clock: where nothing better is known, or never. */
  readonly clock: 'untrusted' | 'never';
  readonly inFlight: number;
  /** Records per second of backlog; 0: no limit. */
  readonly replayRate: number;
}

/** An edge node of Sparkplug B 3.0. */
export interface SparkplugUplinkConfig extends BrokerUplinkConfig {
  readonly kind: 'sparkplug';
  readonly group: string;
  /** Id of the edge node. */
  readonly node: string;
  /** Id of the host application that must be online; absent: nobody is waited for. */
  readonly primaryHost?: string;
  /** With several servers: how long the primary host is waited for at one of them, ms. */
  readonly hostWait: number;
  /** Data by alias, births by name and alias; false: all by name. */
  readonly aliases: boolean;
  /** Types in data too, not in births alone. */
  readonly types: boolean;
  /** Rebirths at least so far apart, ms. */
  readonly rebirthEvery: number;
  /** Life of a command that says nothing of it, ms. */
  readonly commandLife: number;
  /** A topic that takes a QoS 1 message as the barrier; absent: the subscription to commands is repeated. */
  readonly barrierTopic?: string;
}

/** A point under the code of an environment platform. */
export interface Hj212Point {
  readonly device: string;
  readonly point: string;
  /** Factor code of HJ 212 Annex B, or one of the platform. */
  readonly factor: string;
  /** Unit on the wire; absent: the factor table's, else the point's own. */
  readonly unit?: Unit;
  /** Absent: the factor table's, else 3. */
  readonly decimals?: number;
}

export interface Hj212UplinkConfig {
  readonly id: string;
  readonly kind: 'hj212';
  readonly select?: readonly SelectionRule[];
  readonly hold?: number;
  /** tcp://host:port of the centre, the primary first. */
  readonly urls: readonly string[];
  readonly edition: '2005' | '2017' | '2025';
  /** Absent: asked for with 1001 and set by 1002 (2025). */
  readonly mn?: string;
  readonly password?: string;
  readonly st: string;
  readonly crc: '212' | 'modbus' | 'modbus-swapped' | 'arc' | 'off';
  /** 16 characters; present: data fields are encrypted with SM4 (2025 §6.4). */
  readonly key?: string;
  readonly points: readonly Hj212Point[];
  /** Intervals, ms; 0: not sent. */
  readonly realTime: number;
  readonly minute: number;
  readonly hour: boolean;
  readonly day: boolean;
  /** Whether data ask for an answer (9014). */
  readonly acknowledge: boolean;
  /** Wait for an answer, ms, and how often a packet goes again. */
  readonly timeout: number;
  readonly resends: number;
  /** Interval of heart-beats, ms; 0: none. */
  readonly heartbeat: number;
  /** Whether the marks of data go along in minute, hour and day data. */
  readonly flags: boolean;
  /** Of its values a period must have, 0…1; an hour these minutes; a day these hours (GB 3095 Table 4). */
  readonly validShare: number;
  readonly validMinutes: number;
  readonly validHours: number;
  /** Older periods are not sent by themselves, ms. */
  readonly backlogAge: number;
  /** What a request to set the clock gets. */
  readonly clock: 'refuse' | 'compare' | 'untrusted';
  /** Point that is true while the source stands still (mark F). */
  readonly stopped?: { readonly device: string; readonly point: string };
  /** Writes that a control command (CN) becomes; others are refused. */
  readonly actions: Readonly<
    Record<string, { readonly device: string; readonly point: string; readonly value: Value }>
  >;
  readonly inFlight: number;
  readonly replayRate: number;
}

/** States of systems and parts in the order of their bits, from bit 1 on (GB/T 26875.3-2011 figures 6 and 7). */
export const FIRE_STATES = ['fire', 'fault', 'shield', 'supervise', 'start', 'feedback', 'delay'] as const;

/** A point as the fire centre knows it, where it does not come from a device that speaks GB/T 26875.3 itself. */
export interface FirePoint {
  readonly device: string;
  readonly point: string;
  readonly system: { readonly type: number; readonly address: number };
  /** Absent: the state of the system itself. */
  readonly part?: { readonly type: number; readonly address: number; readonly text?: string };
  /** Bit of the state that a true value sets. */
  readonly state?: number;
  /** Kind of an analogue (Table 6), and the step of a vendor's. */
  readonly analogue?: { readonly type: number; readonly step?: number; readonly unit?: Unit };
}

export interface Gb26875UplinkConfig {
  readonly id: string;
  readonly kind: 'gb26875';
  readonly select?: readonly SelectionRule[];
  /** Longest wait for true time, ms; absent: as the MQTT uplink. Alarms never wait. */
  readonly hold?: number;
  readonly host: string;
  readonly port: number;
  readonly transport: 'tcp' | 'udp';
  /** Our address and the centre's, six bytes. */
  readonly source: number;
  readonly centre: number;
  /** User version of the protocol; the main version is 1. */
  readonly userVersion: number;
  /** Devices whose objects go on as they came, and the points that hold them. */
  readonly forward: readonly { readonly device: string; readonly points: readonly string[] }[];
  readonly points: readonly FirePoint[];
  /** Layouts of vendors' types, by number. */
  readonly types: Readonly<Record<string, string>>;
  /** An empty frame of command 2, ms between two; 0: none. */
  readonly heartBeat: number;
  /** Longest wait for an answer, ms, and how often a frame goes again. */
  readonly timeout: number;
  readonly resends: number;
  /** Longest wait between two tries to connect, ms. */
  readonly retry: number;
  /** Analogues of our own points leave this often at most, ms. */
  readonly analogueEvery: number;
  /** What a duty check writes (its minutes, or true), and what answers it by becoming true. */
  readonly dutyCheck?: { readonly device: string; readonly point: string };
  readonly dutyAnswer?: { readonly device: string; readonly point: string };
  readonly operator: number;
  readonly clock: 'untrusted' | 'never';
  /** What is told of this agent: `1.0`, and a text. */
  readonly version: string;
  readonly configuration: string;
  readonly inFlight: number;
  readonly replayRate: number;
}

/** Grows by one member per uplink kind. */
export type UplinkConfig =
  | MqttUplinkConfig
  | HttpUplinkConfig
  | SparkplugUplinkConfig
  | BuildingEnergyUplinkConfig
  | Hj212UplinkConfig
  | Gb26875UplinkConfig;
