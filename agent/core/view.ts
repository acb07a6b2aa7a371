/**
 * What the console and the local API see of the agent: read it, watch it, send a command. Composed in agent/compose.
 */

import type { AcceptanceActs } from './acceptance.ts';
import type { AlarmActs } from './alarm/alarm.ts';
import type { Command, CommandResult } from './command.ts';
import type { Commissioning } from './commissioning.ts';
import type { ConfigChanges } from './config-change.ts';
import type { Template } from './content/content.ts';
import type { DiagnosticsBundle } from './diagnostics.ts';
import type { PeakLimitView } from './energy/peak-limit.ts';
import type { EnergyView } from './energy/view.ts';
import type { ExplainedFrame } from './frame-tap.ts';
import type { Subscription } from './hub.ts';
import type { LampTonight } from './lighting/view.ts';
import type { Lane } from './point.ts';
import type { AgentEvent, EventKind, Heads, LoggedEvent } from './record.ts';
import type { SenseActs } from './sense.ts';
import type { ArrivalBoard } from './sign/arrival.ts';
import type { ScreenView } from './sign/screen.ts';
import type { Description, Site } from './site.ts';
import type { Updates } from './update.ts';
import type { VirtualActs } from './virtual.ts';

/** One bucket of history. */
export interface Bucket {
  /** Start, Unix epoch ms. */
  readonly time: number;
  readonly count: number;
  readonly min: number | null;
  readonly mean: number | null;
  readonly max: number | null;
  readonly last: number | null;
  /** Readings without a value, and such measured during maintenance or calibration, which are in no mean. Absent: none. */
  readonly bad?: number;
  readonly marked?: number;
  /** How often it was changed after it had been closed. Absent: never. */
  readonly revision?: number;
  /** Values there should be by the period of the point, and the share of it that there is; absent where it has none. */
  readonly expected?: number;
  readonly share?: number;
  /** Whether that is enough, and by which clause (agent/store/rollup/validity.ts); absent where none asks. */
  readonly sufficient?: boolean;
  readonly clause?: string;
  /** Of a sound level, dB: exceeded 10, 50 and 90 % of the time; of a day also Ld (06:00–22:00), Ln and Ldn. */
  readonly noise?: {
    readonly l10: number | null;
    readonly l50: number | null;
    readonly l90: number | null;
    readonly ld?: number | null;
    readonly ln?: number | null;
    readonly ldn?: number | null;
  };
  /** Of a direction: length of the mean vector (m/s of wind), and that as a share of the mean weight (1: it never turned). */
  readonly vector?: { readonly length: number; readonly steadiness: number | null };
  /** Of a state: ms in each. */
  readonly durations_ms?: Readonly<Record<string, number>>;
}

export type HealthState = 'ok' | 'degraded' | 'down' | 'starting' | 'off';

/** Health of one part, as a sentence with the fix where something is wrong. */
export interface PartHealth {
  /** `line:rs485-1`, `device:meter-1`, `camera:cam-1`, `uplink:city`, `store`, `vision`, `node-red`. */
  readonly part: string;
  readonly state: HealthState;
  /** Unix epoch, ms. */
  readonly since: number;
  readonly message?: string;
  readonly fix?: string;
  readonly facts: Readonly<Record<string, number | string | boolean | null>>;
}

/** The ledger of one uplink, in records, all lanes together and one by one. */
export interface Ledger {
  readonly uplink: string;
  readonly connected: boolean;
  readonly epoch: string;
  readonly stored: number;
  readonly acknowledged: number;
  readonly refused: number;
  /** Dropped with a gap record before this uplink had them. */
  readonly dropped: number;
  /** stored − acknowledged − refused − dropped. */
  readonly backlog: number;
  /** Of the acknowledged ones: left out by the selection of this uplink, and counted to the receiver. */
  readonly omitted?: number;
  /** When the oldest record that waits was measured, Unix epoch ms; absent: none waits, or not for long. */
  readonly oldest?: number;
  /** Of earlier epochs, not settled yet; they are in none of the other numbers. */
  readonly earlier?: number;
  /** Where a data budget is set: bytes on the wire this month, all of the month as forecast, and what is thinned. */
  readonly data?: { readonly bytes: number; readonly forecast: number | null; readonly thinned: string };
  /** Records sent again after a break: the receiver sees their numbers twice and drops one. */
  readonly resent: number;
  readonly heads: Heads;
  /** Where an uplink reports periods (minute, hour, day): its books by period, in reports. */
  readonly periods?: Readonly<
    Record<
      string,
      {
        readonly expected: number;
        readonly sent: number;
        readonly acknowledged: number;
        /** Nothing was measured in it. */
        readonly empty: number;
        readonly waiting: number;
        /** Too old to be sent by itself. */
        readonly dropped: number;
      }
    >
  >;
}

/** A record that a receiver refused for good. */
export interface RefusedRecord {
  readonly uplink: string;
  readonly lane: Lane;
  readonly seq: number;
  readonly reason: string;
  /** Unix epoch, ms. */
  readonly at: number;
}

export interface Detection {
  readonly class: string;
  readonly score: number;
  /** Pixels of the frame: x1, y1, x2, y2. */
  readonly box: readonly [number, number, number, number];
}

/** What was found in the newest frame of a camera, in its pixels. */
export interface FoundInFrame {
  readonly width: number;
  readonly height: number;
  /** Unix epoch ms. */
  readonly time: number;
  readonly detections: readonly Detection[];
}

/** The same with the frame; lives in memory only. */
export interface Preview extends FoundInFrame {
  readonly jpeg: Uint8Array;
}

export interface AgentView {
  /** Absent: no load gives way. */
  readonly peakLimit?: PeakLimitView;
  readonly site: Site;
  readonly hub: Subscription;
  now(): number;
  /** True time of a monotonic time, Unix epoch ms. */
  wall(mono: number): number;
  descriptions(): readonly { readonly hash: string; readonly description: Description }[];
  health(): readonly PartHealth[];
  onHealth(listener: (part: PartHealth) => void): Disposable;
  ledgers(): readonly Ledger[];
  /** `from`, `to`: Unix epoch ms; `bucket`: ms, one of 60000, 900000, 3600000, 86400000. At most 5,000 buckets. */
  history(
    device: string,
    point: string,
    from: number,
    to: number,
    bucket: number,
    signal: AbortSignal,
  ): Promise<readonly Bucket[]>;
  /** Absent: the site keeps no energy account. */
  readonly energy?: EnergyView;
  /** What people tell the agent of its devices. */
  readonly sense: SenseActs;
  /** Points that flows and programs give values to. */
  readonly virtual: VirtualActs;
  /** Absent: the site has no alarms. */
  readonly alarms?: AlarmActs;
  /** What the stop sign knows of the buses to come; undefined where the agent is none, or is starting. */
  arrivals(): ArrivalBoard | undefined;
  /** What riders see; undefined where there is no screen. */
  screen(): ScreenView | undefined;
  /** Absent: the agent runs a site that is no file (tests, benches). */
  readonly config?: ConfigChanges;
  /** Tests on site and the report of the commissioning; undefined while the agent starts. */
  acceptance?(): AcceptanceActs | undefined;
  /** Absent while the agent starts, and where it cannot scan. */
  readonly commissioning?: Commissioning;
  /** What may be shown in public; absent where the site shows nothing but arrivals. */
  readonly templates?: () => readonly Template[];
  submit(command: Command): Promise<CommandResult>;
  recentCommands(
    limit: number,
  ): Promise<readonly { readonly command: Command; readonly result: CommandResult }[]>;
  /** Undefined where the site forbids it, the camera is dark or nobody may look. */
  preview(camera: string, blur?: boolean): Promise<Preview | undefined>;
  /** The same without a picture, which then is not made either. */
  boxes(camera: string): Promise<FoundInFrame | undefined>;
  /** Lamps tonight; none where there are none. */
  lamps?(): readonly LampTonight[];
  /** Records that receivers refused for good, newest first; the last 1,000 are kept. */
  refusals?(limit: number): Promise<readonly RefusedRecord[]>;
  /** Events of these kinds on lane event, newest first, before the number `before` where it is given. */
  events?(kinds: readonly EventKind[], limit: number, before?: number): Promise<readonly LoggedEvent[]>;
  /**
   * Raw frames of a device from now on, until disposed. Costs nothing while nobody looks. Resolves with undefined where its
   * bytes do not pass through the agent.
   */
  frames?(device: string, listener: (frame: ExplainedFrame) => void): Promise<Disposable | undefined>;
  /** Makes a diagnostics bundle in the state folder. */
  diagnose?(why: string): Promise<DiagnosticsBundle>;
  /** Absent: nobody updates the agent from afar. */
  readonly updates?: Updates | undefined;
  /** Writes an audit event: who did what, beyond commands. */
  audit(body: AgentEvent['body'], device?: string): void;
  /** The address and a one-time ticket for Node-RED in the name of `by`, or undefined where it is off or down. */
  nodeRedTicket(by: string): Promise<string | undefined>;
}
