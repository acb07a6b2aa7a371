/** All that `kerbside decode` can explain: what devices say, what uplinks send and hear, and figures. */
import { DECODERS } from '../../drivers/index.ts';
import { type Decoded, type Direction, decodeWith, type Hints } from '../core/decode.ts';
import { FIGURE_DECODERS } from '../derive/decode.ts';
import { UPLINK_DECODERS } from '../uplink/decode.ts';

const ALL = [...DECODERS, ...UPLINK_DECODERS, ...FIGURE_DECODERS];

/** See `decodeWith`. */
export function decode(
  protocol: string,
  input: Uint8Array | string,
  dir?: Direction,
  hints?: Hints,
): Decoded {
  return decodeWith(ALL, protocol, input, dir, hints);
}
