/** How a lamp burns tonight, for whoever looks: what is planned, what holds now and why, and until when somebody else has it. */
import type { Override } from '../command.ts';

export interface LampTonight {
  readonly lamp: string;
  readonly device: string;
  readonly point: string;
  /** Absent: no programme runs it. */
  readonly programme?: {
    readonly id: string;
    /** Of the evening, `2027-06-21`. */
    readonly date: string;
    /** Local noon before and after, Unix epoch ms; of dusk and dawn where the sun goes low enough. */
    readonly from: number;
    readonly to: number;
    readonly dusk?: number;
    readonly dawn?: number;
    /** ms between two levels. */
    readonly step: number;
    /** By sun and calendar alone, %. */
    readonly levels: readonly number[];
    /** Whether a photocell decides about dusk and dawn, near those of the sun. */
    readonly photocell: boolean;
    /** Levels that traffic may raise it to, %; absent: no rule. */
    readonly traffic?: readonly [lowest: number, highest: number];
    /** Titles of what may raise it for a while. */
    readonly boosts: readonly string[];
  };
  /** Absent before the first evaluation, and where no programme runs it. */
  readonly now?: {
    /** % */
    readonly level: number;
    /** What wins: `calendar`, `traffic`, `override` … */
    readonly rung: string;
    readonly lit: boolean;
    readonly why?: string;
  };
  /** Somebody's wish that holds until it ends. */
  readonly override?: Override;
  /** The point that measures its power, and that at full light, W. */
  readonly power?: { readonly device: string; readonly point: string; readonly rated: number };
}
