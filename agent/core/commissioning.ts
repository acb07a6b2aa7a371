/**
 * Commissioning: which ports there are, a scan as a job, what it found with live values, and taking that into the site file.
 * Times are Unix epoch ms, durations ms.
 */
import type { ConfigAnswer } from './config-change.ts';
import type { Text } from './point.ts';
import type { Quality, Reason, Value } from './reading.ts';
import type { Unit } from './unit.ts';

/** `free`: nobody has it, a scan opens it. `shared`: a line has it and lends a scan its free time. `refused`: see `why`. */
export type PortUse = 'free' | 'shared' | 'refused';

/** A port that could be scanned. */
export interface PortChoice {
  /** As it is written into a site file: the name in /dev/serial/by-id where there is one, `host:port` of a gateway. */
  readonly port: string;
  readonly kind: 'serial' | 'tcp';
  /** What the adapter says of itself. */
  readonly adapter?: string;
  /** Line of the site that has it, and how many devices it has there. */
  readonly line?: string;
  readonly devices?: number;
  readonly use: PortUse;
  /** Why it is refused. */
  readonly why?: 'talks' | 'not-asked' | 'missing';
}

/**
 * Why a profile fits, the surer first. `register` and `identification`: the device says so of itself, in a register of its own or
 * by Modbus 43/14. `address`: it answered its protocol's question to everybody. `talks`: frames of its kind were heard.
 * `values`: every register of the profile was read, and every value can be true.
 */
export const EVIDENCE = ['register', 'identification', 'address', 'talks', 'values'] as const;
export type Evidence = (typeof EVIDENCE)[number];

/** A profile that fits a device that answered. */
export interface CandidateProfile {
  readonly profile: string;
  readonly title: Text;
  readonly brand: string;
  readonly model: string;
  readonly by: Evidence;
  /** Points that were read, of all the profile has; absent: not tried. */
  readonly points?: number;
  readonly of: number;
}

export interface TrialValue {
  readonly point: string;
  readonly title: Text;
  readonly unit: Unit;
  readonly decimals?: number;
  readonly states?: Readonly<Record<string, Text>>;
  /** Absent where quality is bad. */
  readonly value: Value | null;
  readonly quality: Quality;
  readonly reason?: Reason;
  readonly time: number;
}

export interface FoundDevice {
  /** Unique within its scan: `unit-7`, `meter-260305510020`, a profile's name. */
  readonly key: string;
  /** Unit id or address; absent: it talks by itself. */
  readonly address?: number | string;
  /** `9600 8N1`, `10.0.0.7:502`. */
  readonly setting: string;
  /** Best first; empty: it answers, but no profile fits. */
  readonly candidates: readonly CandidateProfile[];
  /** What it says of itself. */
  readonly says?: string;
  /** Id of the device of the site that this is. */
  readonly known?: string;
  /** Id to be offered; free in the site. */
  readonly id: string;
  /** Profile that it is read with now; absent: it is not read. */
  readonly profile?: string;
  /** First of its points, as last read; at most 8. */
  readonly values: readonly TrialValue[];
  /** Points that were read well, of those that were asked for, at the last look. */
  readonly read?: { readonly good: number; readonly of: number };
  /** Why the last look gave nothing. */
  readonly trouble?: string;
}

/**
 * `searching`: it asks. `ended`: everything was asked. `stopped`: by somebody, what was found stays. `failed`: the port could not be
 * used. `saved`: what was accepted is in the site file.
 */
export type ScanPhase = 'searching' | 'ended' | 'stopped' | 'failed' | 'saved';

export interface ScanState {
  readonly id: string;
  readonly port: string;
  /** Line of the site that lends its time; absent: the port is the scan's own. */
  readonly line?: string;
  /** Every unit at every setting, not only what is usual. */
  readonly thorough: boolean;
  readonly phase: ScanPhase;
  readonly by: string;
  readonly started: number;
  readonly ended?: number;
  /** What is asked just now: setting, unit, and which of how many settings. */
  readonly setting?: string;
  readonly unit?: number;
  readonly step: number;
  readonly steps: number;
  /** What the search still takes if nothing else answers. */
  readonly left: number;
  /** Settings at which bytes came that are no answer. */
  readonly noise: readonly string[];
  readonly found: readonly FoundDevice[];
  /** Devices are read again and again, until this moment if nobody asks for more. */
  readonly readingUntil?: number;
  readonly error?: { readonly message: string; readonly fix?: string };
  /** What was saved: the change of the site file, and the devices. */
  readonly saved?: { readonly change: number; readonly line: string; readonly devices: readonly string[] };
}

/** A found device as somebody wants it in the site. */
export interface AcceptedDevice {
  readonly key: string;
  readonly profile: string;
  readonly id: string;
  readonly title: Text;
}

export interface SaveRequest {
  /** Id of the line where the port has none yet. */
  readonly line?: string;
  readonly devices: readonly AcceptedDevice[];
  /** Name of the person, and the reason. */
  readonly name?: string;
  readonly why?: string;
}

/** What a save would do. `problems[].key` names the found device that one is about. */
export interface SaveCheck {
  readonly ok: boolean;
  readonly line: string;
  readonly problems: readonly { readonly key?: string; readonly message: string; readonly fix?: string }[];
  /** Airtime of the line before and after, 1 is all of it. */
  readonly load?: { readonly before?: number; readonly after?: number };
  /** The piece of the site file as it will stand. */
  readonly yaml: string;
}

/** Everything is refused with `AgentError`: `not-found`, `busy` (`port-busy`), `config-invalid`, `unsupported`. */
export interface Commissioning {
  ports(): Promise<readonly PortChoice[]>;
  /** Newest first, at most 4. */
  scans(): readonly ScanState[];
  scan(id: string): ScanState;
  /** Told of a scan that has changed, at most four times a second each. */
  onScan(listener: (scan: ScanState) => void): Disposable;
  /** Begins a scan. One at a time on a port; a scan of the port that has ended is forgotten. */
  start(port: string, thorough: boolean, by: string): Promise<ScanState>;
  /** Ends the search, keeps what was found. */
  stop(id: string, by: string): Promise<ScanState>;
  /** Reads these devices with these profiles about every second from now on; ends the search. An empty list ends the reading. */
  read(id: string, devices: readonly Pick<AcceptedDevice, 'key' | 'profile'>[]): Promise<ScanState>;
  check(id: string, request: SaveRequest, signal: AbortSignal): Promise<SaveCheck>;
  /** Writes the accepted devices into the site file, as a change that is watched. */
  save(
    id: string,
    request: SaveRequest,
    by: string,
    signal: AbortSignal,
  ): Promise<{ readonly check: SaveCheck; readonly answer: ConfigAnswer }>;
  /** Ends everything a scan does, frees its port and forgets it. */
  discard(id: string, by: string): Promise<void>;
}
