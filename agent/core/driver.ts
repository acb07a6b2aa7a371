/**
 * The driver contract. Drivers live in drivers/<protocol>/, are listed in drivers/index.ts, import only agent/core and
 * pass tests/conformance/driver.ts. A driver knows one protocol; what a device model is stands in its profile.
 */

import type { Exchange, Stream } from './link.ts';
import type { Log } from './log.ts';
import type { Issue, Profile } from './profile.ts';
import type { Mono, Reading, Value } from './reading.ts';
import type { DeviceConfig, LineConfig } from './site.ts';
import type { Clock } from './time/clock.ts';

/**
 * What a session remembers of its device over restarts of the agent: where a counter stood, not readings. A few hundred
 * bytes of text, the driver's own form.
 */
export interface DeviceMemory {
  /** What was saved last; undefined where nothing was, or where it could not be read. */
  read(): string | undefined;
  /** Kept soon, and at the latest at a clean stop; never throws. */
  save(text: string): void;
}

export interface DriverContext {
  readonly device: DeviceConfig;
  readonly clock: Clock;
  readonly log: Log;
  /** Absent where nothing is to be kept: in the tools of a technician. */
  readonly memory?: DeviceMemory;
}

/** One thing to be asked of a device again and again. */
export interface Poll {
  /** Stable within the device as long as the plan stands, e.g. `fc4@0+34`. */
  readonly id: string;
  /** Points it reads; every execution gives exactly one reading for each. */
  readonly points: readonly string[];
  /** ms */
  readonly period: number;
  /** Bytes on the wire, for airtime. */
  readonly requestBytes: number;
  readonly answerBytes: number;
  /**
   * Asks once. Rejects with `AgentError` when there is no answer; the bus then publishes bad readings. May change
   * the session's plan (a hole in the register map was learned): the bus reads `polls` again after each execution.
   */
  execute(exchange: Exchange, signal: AbortSignal): Promise<readonly Reading[]>;
}

/** A command on its way to a device. */
export interface PointWrite {
  readonly point: string;
  readonly value: Value;
}

/** What a device says of a write. The value read back is a reading like any other. */
export type WriteOutcome =
  | { readonly kind: 'done'; readonly readback: Reading }
  | { readonly kind: 'rejected'; readonly reason: string };

/** A device on a shared line: it is asked. Holds no port; one exists per device and line generation. */
export interface PolledSession {
  /** The plan, coalesced. */
  readonly polls: readonly Poll[];
  /** Writes and reads back; idempotent writes only, each attempted once. Rejects as `execute` does. */
  write(write: PointWrite, exchange: Exchange, signal: AbortSignal): Promise<WriteOutcome>;
  /** A cheap question to see if a silent device is back (half-open probe of the breaker). */
  probe(exchange: Exchange, signal: AbortSignal): Promise<void>;
  /**
   * Told after good answers what the device's turnaround is, ms from the end of a request to the first byte of its
   * answer, so that the plan can weigh a hole in the map against a second request. `polls` is read again after it.
   */
  measured?(turnaround: number): void;
}

/** A device with a line of its own: it talks. Disposed with its stream. */
export interface StreamSession extends AsyncDisposable {
  write(write: PointWrite, signal: AbortSignal): Promise<WriteOutcome>;
}

interface DriverFacts {
  /** `protocol` in profiles; the folder's name. */
  readonly protocol: string;
  /** Checks the driver's blocks of a profile, without I/O: `options` and each point's `wire`. */
  checkProfile(profile: Profile): readonly Issue[];
  /** Options of a device that hold secrets, as paths: the site file gives them by reference only. */
  readonly secrets?: readonly (readonly string[])[];
  /** Points that may be written by their profile, and not by what the device's options allow. */
  readonly locked?: (device: DeviceConfig) => readonly string[];
  /** Checks a device against its line, without I/O: address in range, kind of line, options. */
  checkDevice(device: DeviceConfig, line: LineConfig): readonly Issue[];
}

export interface PolledDriver extends DriverFacts {
  readonly kind: 'polled';
  /** Pure: makes the plan. */
  open(context: DriverContext, line: LineConfig): PolledSession;
}

export interface StreamDriver extends DriverFacts {
  readonly kind: 'stream';
  /** Longest silence of a healthy device, ms; after it its points turn bad with `timeout`. */
  staleAfter(device: DeviceConfig): number;
  /** Starts to listen. `emit` takes readings as they come. Rejects with `AgentError` within 15 s if the device is not there. */
  open(
    context: DriverContext,
    stream: Stream,
    emit: (readings: readonly Reading[]) => void,
    signal: AbortSignal,
  ): Promise<StreamSession>;
}

/** A message that came on a line of messages. */
export interface Message {
  /** Of MQTT; of HTTP the path without its leading slash. */
  readonly topic: string;
  readonly payload: Uint8Array;
  /** The broker had kept it from before the subscription: nobody knows how old it is. */
  readonly retained: boolean;
  /** When it came. */
  readonly time: Mono;
}

/** A device that sends messages, beside others on one line. Holds nothing open. */
export interface MessageSession {
  /** Topics it hears, with `+` and `#` as in MQTT 3.1.1 §4.7.1. */
  readonly filters: readonly string[];
  /**
   * Takes a message whose topic fits a filter. Undefined where it is another device's; readings, or none, where it is its
   * own. Throws `AgentError` `frame-invalid` where it is its own and makes no sense.
   */
  take(message: Message): readonly Reading[] | undefined;
}

export interface MessageDriver extends DriverFacts {
  readonly kind: 'message';
  /** Kind of line that brings its messages. */
  readonly by: 'mqtt' | 'http';
  /** Longest silence of a healthy device, ms; after it its points turn bad with `timeout`. */
  staleAfter(device: DeviceConfig): number;
  /** Pure. */
  open(context: DriverContext, line: LineConfig): MessageSession;
}

/** A device with sockets of its driver's. */
export interface NetworkSession extends AsyncDisposable {
  /** Writes and reads back, as `PolledSession` does; absent where nothing can be written. */
  write?(write: PointWrite, signal: AbortSignal): Promise<WriteOutcome>;
}

/** A device that is reached over the gateway's own network, with sockets of the driver's; any number share a line. */
export interface NetworkDriver extends DriverFacts {
  readonly kind: 'network';
  /** Kind of its line. Default `network`; `ocpp`: an endpoint that chargers call. */
  readonly by?: 'network' | 'ocpp';
  /**
   * Starts at once; never throws. Tells every point that can be read at least once a period (one that the device tells by
   * itself at the device's own), whether the device is there or not.
   */
  start(
    context: DriverContext,
    emit: (readings: readonly Reading[]) => void,
    line: LineConfig,
  ): NetworkSession;
}

export type Driver = PolledDriver | StreamDriver | MessageDriver | NetworkDriver;

/** Gives the literal its contract; a driver is `export default defineDriver({…})`. */
export function defineDriver<const D extends Driver>(driver: D): D {
  return driver;
}
