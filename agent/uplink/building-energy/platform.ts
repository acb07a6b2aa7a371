/**
 * Platforms as data: what one of them does differently from the next. A site file names a platform and may change single
 * settings. Sources and what of it is confirmed: docs/uplinks/building-energy.md
 */
import type { BuildingEnergyPlatform, BuildingEnergySettings } from '../../core/site.ts';
import type { Cipher } from './cipher.ts';
import { FRAMINGS, type Framing, type FramingName } from './framing.ts';

export interface Platform {
  readonly framing: Framing;
  readonly cipher: Cipher;
  /** What stands in `type`. */
  readonly type: 'operation' | 'group' | 'none';
  /** `version` attribute of a group; absent: none. */
  readonly version?: string;
  readonly md5: 'secret-last' | 'secret-first';
  /** The `error` attribute by quality; absent: values have none, and one without a value is left out. */
  readonly errors?: { readonly good: string; readonly uncertain: string; readonly bad: string };
  /** What settles a report: its own acknowledgement, or the answer to a heart-beat sent behind it. */
  readonly acknowledge: 'report' | 'heart-beat';
  /** Whether the building's code has the national form. */
  readonly nationalBuilding: boolean;
  /** Packets are compressed with zlib (a kind of its own). */
  readonly compress: boolean;
}

const GUIDELINE_ERRORS = { good: '0', uncertain: '1', bad: '1' };
/** OPC quality. */
const OPC_ERRORS = { good: '192', uncertain: '64', bad: '0' };

const PLATFORMS: Readonly<
  Record<BuildingEnergyPlatform, Omit<Platform, 'framing'> & { framing: FramingName }>
> = {
  guideline: {
    framing: 'guideline',
    cipher: { mode: 'cbc', padding: 'pkcs7', iv: 'key' },
    type: 'operation',
    md5: 'secret-last',
    errors: GUIDELINE_ERRORS,
    acknowledge: 'report',
    nationalBuilding: true,
    compress: false,
  },
  netdau: {
    framing: 'netdau',
    cipher: { mode: 'cbc', padding: 'zero', iv: 'key' },
    type: 'operation',
    md5: 'secret-last',
    errors: OPC_ERRORS,
    acknowledge: 'report',
    nationalBuilding: true,
    compress: false,
  },
  acrel: {
    framing: 'acrel',
    cipher: { mode: 'cbc', padding: 'pkcs7', iv: 'key' },
    type: 'group',
    version: '2',
    md5: 'secret-last',
    acknowledge: 'report',
    nationalBuilding: false,
    compress: false,
  },
  'hex-ecb': {
    framing: 'hex',
    cipher: { mode: 'ecb', padding: 'pkcs7', iv: 'zero' },
    type: 'operation',
    md5: 'secret-last',
    errors: GUIDELINE_ERRORS,
    acknowledge: 'report',
    nationalBuilding: true,
    compress: false,
  },
};

/** The platform of this name with what a site file changes of it. */
export function platformOf(name: BuildingEnergyPlatform, changed: BuildingEnergySettings = {}): Platform {
  const { framing, cipher, ...rest } = PLATFORMS[name];
  const { crc, crcOrder, mode, padding, iv, version, errors, ...others } = changed;
  return {
    ...rest,
    ...others,
    ...(version === undefined || version === '' ? {} : { version }),
    ...(errors === undefined ? {} : { errors }),
    framing: {
      ...FRAMINGS[framing],
      ...(crc === undefined ? {} : { crc }),
      ...(crcOrder === undefined ? {} : { crcOrder }),
    },
    cipher: {
      mode: mode ?? cipher.mode,
      padding: padding ?? cipher.padding,
      iv: iv ?? cipher.iv,
    },
  };
}
