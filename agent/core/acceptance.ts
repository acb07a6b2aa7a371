/**
 * The acceptance of a unit on site: tests that somebody does with it, and the report of its commissioning. Times are Unix epoch ms.
 * A test that was not done says so; it never passes.
 */
import type { Text } from './point.ts';
import type { Quality, Reason, Value } from './reading.ts';
import type { Unit } from './unit.ts';

/** A press of a help button, light at 0, 50 and 100 %, a door, what riders see, what a centre has acknowledged. */
export const TEST_KINDS = ['sos', 'lamp', 'door', 'sign', 'uplink'] as const;
export type TestKind = (typeof TEST_KINDS)[number];

export const TEST_STATES = ['not-done', 'running', 'passed', 'failed'] as const;
export type TestState = (typeof TEST_STATES)[number];

/** What was seen, in closed words; texts of both languages are in agent/console/report/words.ts. */
export const TEST_FACTS = [
  'pressed',
  'alarm',
  'output',
  'level',
  'power',
  'not-measured',
  'opened',
  'closed',
  'screen',
  'stop',
  'line',
  'record',
  'acknowledged-after',
  'returned',
] as const;
export type TestFactName = (typeof TEST_FACTS)[number];

export interface TestFact {
  readonly what: TestFactName;
  /** What it is of: `board/beacon`, `50 %`, a line of the sign. */
  readonly of?: string;
  readonly value: Value | null;
  readonly unit?: Unit;
}

/** Why a test failed. */
export const TEST_FAULTS = [
  'nobody-pressed',
  'output-dark',
  'command-refused',
  'no-power-reading',
  'power-does-not-follow',
  'nobody-opened',
  'not-closed',
  'not-proven',
  'no-screen',
  'not-acknowledged',
  'interrupted',
] as const;
export type TestFault = (typeof TEST_FAULTS)[number];

export interface AcceptanceTest {
  /** `lamp.lamp-1`: kind and subject. */
  readonly id: string;
  readonly kind: TestKind;
  readonly title: Text;
  readonly state: TestState;
  readonly begun?: number;
  readonly ended?: number;
  /** Issuer, and the name of the person as they gave it. */
  readonly by?: string;
  readonly name?: string;
  readonly facts: readonly TestFact[];
  readonly fault?: TestFault;
  /** More of the fault, in the words of what failed. */
  readonly detail?: string;
}

export interface ReportPoint {
  readonly point: string;
  readonly title: Text;
  readonly unit: Unit;
  readonly decimals?: number;
  readonly states?: Readonly<Record<string, Text>>;
  /** Absent quality: never read. */
  readonly value: Value | null;
  readonly quality?: Quality;
  readonly reason?: Reason;
  readonly time?: number;
}

export interface ReportDevice {
  readonly device: string;
  readonly title: Text;
  readonly brand: string;
  readonly model: string;
  readonly asset?: string;
  readonly line?: string;
  readonly address?: number | string;
  /** Profile and the hash of what it describes; absent where the agent makes the device itself. */
  readonly profile?: string;
  readonly hash: string;
  readonly points: readonly ReportPoint[];
}

export interface AcceptanceReport {
  readonly v: 1;
  readonly site: {
    readonly id: string;
    readonly title: Text;
    readonly timezone: string;
    readonly position: { readonly lat: number; readonly lon: number; readonly datum: string };
  };
  readonly agent: string;
  readonly made: number;
  readonly by: string;
  readonly name?: string;
  readonly versions: {
    readonly kerbside: string;
    readonly node: string;
    readonly system: string;
    readonly models: readonly string[];
  };
  /** Revision of the site file that runs; absent where it is no file. */
  readonly revision?: string;
  readonly devices: readonly ReportDevice[];
  readonly uplinks: readonly {
    readonly uplink: string;
    readonly connected: boolean;
    readonly stored: number;
    readonly acknowledged: number;
    readonly backlog: number;
  }[];
  readonly tests: readonly AcceptanceTest[];
}

export interface AcceptanceActs {
  /** Every test that this site can do, done or not. */
  tests(): readonly AcceptanceTest[];
  /** Begins a test; one that runs is given as it is. Rejects with `not-found`. */
  begin(id: string, by: string, name?: string): Promise<AcceptanceTest>;
  report(by: string, name?: string): Promise<AcceptanceReport>;
}
