/** What loading a site needs of the other parts of the agent: siblings meet in agent/cli and agent/compose only. */
import type { Driver } from '../core/driver.ts';
import type { FigureConfig } from '../core/figure.ts';
import type { Point } from '../core/point.ts';
import type { Issue } from '../core/profile.ts';
import type { DeviceConfig, LineConfig, UplinkConfig } from '../core/site.ts';
import type { Environment } from './environment.ts';
import type { ReadSource } from './source.ts';

/** What a line's plan takes of it. */
export interface LineFit {
  /** 1 is all of the line. */
  readonly load: number;
  readonly requestsPerSecond: number;
  /** Why the plan cannot run; absent where it fits. */
  readonly overload?: { readonly message: string; readonly fix: string };
}

export interface SiteDeps {
  /** Absolute path of the folder of built-in profiles. */
  readonly profiles: string;
  readonly driver: (protocol: string) => Driver | undefined;
  /** Names of all protocols. */
  readonly protocols: readonly string[];
  /** Airtime of a line; undefined where it cannot be told (a device that talks by itself). */
  readonly fit?: (line: LineConfig, devices: readonly DeviceConfig[]) => LineFit | undefined;
  /** What an uplink says of its settings; paths below the kind's key. */
  readonly uplinkIssues?: (config: UplinkConfig) => readonly Issue[];
  /** Points of a figure, for what names them. */
  readonly figurePoints?: (figure: FigureConfig) => readonly Point[];
  /** Default: the environment of the process. */
  readonly env?: Environment;
  /** Names of the model packs there are, given the state folder; absent: any name is taken. */
  readonly models?: (state: string) => Promise<readonly string[]>;
  /** `skip` checks a file away from its secrets: they are empty text then. Default `resolve`. */
  readonly secrets?: 'resolve' | 'skip';
  /** Default: reads the file system. */
  readonly read?: ReadSource;
}
