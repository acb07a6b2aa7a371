/** What a site file says of its electronic stop sign, resolved: durations are ms, paths are absolute. */

import type { Text } from '../point.ts';
import type { FeedConfig } from './feed.ts';
import type { OutletsConfig } from './outlets.ts';
import type { ScreenConfig } from './screen.ts';

/** Local times of the day in minutes after midnight; `to` may lie before `from`, over midnight. */
export interface DailySpan {
  readonly from: number;
  readonly to: number;
}

/** Languages a sign writes and speaks. */
export const SIGN_LANGUAGES = ['zh-CN', 'en'] as const;
export type SignLanguage = (typeof SIGN_LANGUAGES)[number];

export interface SignConfig {
  /** The device that readings and events of the sign belong to. */
  readonly id: string;
  /** Name of the stop where the timetable gives none, or another than it gives. */
  readonly title?: Text;
  /** Ids of the stop in the timetable: one, or the platforms that this sign speaks for. */
  readonly stops: readonly string[];
  /** The extract that `kerbside sign import` writes. */
  readonly extract: string;
  /** The first is written large, the second beneath it. */
  readonly languages: readonly [SignLanguage, ...SignLanguage[]];
  /** When the sign does not speak and is dimmed. */
  readonly quiet?: DailySpan;
  /** A bus nearer than this is due: an event that lamps, signals and flows may use, ms. */
  readonly due: number;
  /** How far ahead rows are shown, ms. */
  readonly horizon: number;
  /** What riders look at; absent: nothing. */
  readonly screen?: ScreenConfig;
  /** Where else it is seen and heard. */
  readonly outlets?: OutletsConfig;
  /** Where it hears of buses; none: the timetable alone. */
  readonly feeds: readonly FeedConfig[];
}
