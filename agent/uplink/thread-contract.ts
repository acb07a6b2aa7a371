/** What main and the uplink thread say to each other besides the calls of core/rpc. All of it is plain data. */

import type { Facts } from '../core/log.ts';
import type { Lane } from '../core/point.ts';
import type { Mono } from '../core/reading.ts';
import type { Cursor } from '../core/record.ts';
import type { Description, UplinkConfig } from '../core/site.ts';
import type { ClockMapping } from '../core/time/clock.ts';
import type { Ledger } from '../core/view.ts';

/** Lane that numbers of uplinks are kept under, as cursors are by lane. */
export const NUMBER_LANE: Lane = 'event';

export type Described = readonly { readonly hash: string; readonly description: Description }[];

export interface ThreadData {
  readonly configs: readonly UplinkConfig[];
  readonly logFile: string;
  readonly site: string;
  readonly agent: string;
  /** Which unit of the agent this is. Absent: 1. */
  readonly generation?: number;
  readonly timezone?: string;
  readonly stateDir?: string;
  readonly mapping: ClockMapping;
  readonly descriptions: Described;
}

/** It sends what is made of rollups, which the thread opens where an uplink wants them. */
export function reportsPeriods({ kind, select = [] }: UplinkConfig): boolean {
  return kind === 'hj212' || select.some(({ send }) => send === 'rollup');
}

export type ToThread =
  | { readonly to: 'wake' }
  | { readonly to: 'mapping'; readonly mapping: ClockMapping }
  | { readonly to: 'descriptions'; readonly descriptions: Described }
  /** Only what differs ends and begins. */
  | { readonly to: 'configs'; readonly configs: readonly UplinkConfig[] }
  | { readonly to: 'stop' };

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export type FromThread =
  | { readonly from: 'ready' }
  | { readonly from: 'settle'; readonly uplink: string; readonly lane: Lane; readonly cursor: Cursor }
  | {
      readonly from: 'refused';
      readonly uplink: string;
      readonly lane: Lane;
      /** Where it is an earlier one. */
      readonly epoch?: string;
      readonly records: readonly { readonly seq: number; readonly reason: string }[];
    }
  | { readonly from: 'ledger'; readonly ledger: Ledger }
  | {
      readonly from: 'link';
      readonly uplink: string;
      readonly up: boolean;
      /** Why it is down, or what is worth a remark although it is up. */
      readonly message?: string;
      readonly fix?: string;
    }
  /** Connected, but the far end takes nothing for now. A `link` that is up ends it. */
  | {
      readonly from: 'turned-down';
      readonly uplink: string;
      readonly message: string;
      readonly fix?: string;
    }
  /** The far end told the time. */
  | {
      readonly from: 'time';
      readonly uplink: string;
      readonly wall: number;
      readonly mono: Mono;
      readonly uncertaintyMs: number;
    }
  | { readonly from: 'log'; readonly level: LogLevel; readonly event: string; readonly facts: Facts };
