/** A programme as a site file gives it: written in YAML's words, resolved by the real config. */

import { programmeOf } from '../../../agent/config/lighting/resolve.ts';
import { programme } from '../../../agent/config/lighting/schema.ts';
import type { LightingProgramme } from '../../../agent/core/lighting/lighting.ts';

export const ZIBO = { lat: 36.8, lon: 118.05 };
export const TIMEZONE = 'Asia/Shanghai';

export function programmeFrom(keys: Readonly<Record<string, unknown>> = {}): LightingProgramme {
  return programmeOf(programme.parse({ id: 'street', ...keys }));
}
