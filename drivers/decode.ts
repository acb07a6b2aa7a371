/** What a driver gives to `kerbside decode`; the contract is agent/core/decode.ts. */
export {
  type Decoded,
  type DecodedReading,
  type Decoder,
  type Direction,
  decodeWith,
  type Fields,
  refused,
} from '../agent/core/decode.ts';
