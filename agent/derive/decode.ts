/** What `kerbside decode` reckons from a text: figures instead of frames. */
import type { Decoder } from '../core/decode.ts';
import { decoder as aqi } from './aqi/decode.ts';
import { decoder as noise } from './noise/decode.ts';

export const FIGURE_DECODERS: readonly Decoder[] = [aqi, noise];
