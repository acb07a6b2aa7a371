/** Explainers of what uplinks send and hear, for `kerbside decode`: one line per protocol. */
import type { Decoder } from '../core/decode.ts';
import { decoder as buildingEnergy } from './building-energy/decode.ts';
import { decoder as hj212 } from './hj212/decode.ts';
import { decoder as sparkplug } from './sparkplug/decode.ts';

export const UPLINK_DECODERS: readonly Decoder[] = [hj212, sparkplug, buildingEnergy];
