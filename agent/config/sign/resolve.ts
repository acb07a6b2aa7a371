/** From the checked part on the sign to the types of agent/core/sign/sign.ts. */
import { dirname, join, resolve } from 'node:path';
import type { FeedConfig } from '../../core/sign/feed.ts';
import type { SignConfig, SignLanguage } from '../../core/sign/sign.ts';
import { type Say, unknownName } from '../checks.ts';
import { definedOnly } from '../device/profile.ts';
import { outletsOf } from './outlets.ts';
import type { SignFile } from './schema.ts';
import { screenOf } from './screen.ts';

/** Where the extract lies when the site file names no other place; `state`: absolute path of the state folder. */
export function extractIn(state: string): string {
  return join(state, 'sign', 'extract');
}

/** `file`: absolute path of the site file; `state`: that of the state folder. */
export function signOf(
  sign: SignFile,
  file: string,
  state: string,
  feeds: readonly FeedConfig[],
): SignConfig {
  const [first = 'zh-CN', ...others] = [...new Set<SignLanguage>(sign.languages)];
  return {
    id: sign.id,
    ...definedOnly({ title: sign.title, quiet: sign.quiet }),
    stops: [...new Set(sign.stops)],
    extract: sign.extract === undefined ? extractIn(state) : resolve(dirname(file), sign.extract),
    languages: [first, ...others],
    due: sign.due,
    horizon: sign.horizon,
    feeds,
    ...(sign.screen === undefined ? {} : { screen: screenOf(sign.screen, file) }),
    outlets: outletsOf(sign, file),
  };
}

/** What a sign names has to be there. */
export interface SignPlaces {
  /** Ids of devices, cameras, lamps and figures: the sign is a device of readings and shares their name space. */
  readonly taken: readonly string[];
  readonly cameras: readonly string[];
}

export function checkSign(
  { id, screen }: Pick<SignFile, 'id' | 'screen'>,
  { taken, cameras }: SignPlaces,
  say: Say,
): void {
  if (taken.includes(id)) say(['sign', 'id'], `the id "${id}" is taken by a device`, 'write another id');
  if (screen === undefined) return;
  const { camera, light, browser, restart_file: restart } = screen;
  if (camera !== undefined && !cameras.includes(camera)) {
    unknownName(say, ['sign', 'screen', 'camera'], 'camera', camera, cameras);
  }
  if (light !== undefined && !taken.includes(light.device)) {
    unknownName(say, ['sign', 'screen', 'light', 'device'], 'device', light.device, taken);
  }
  if (browser !== undefined && restart !== undefined) {
    say(['sign', 'screen', 'restart_file'], 'the agent starts the browser itself', 'remove it, or browser:');
  }
}
