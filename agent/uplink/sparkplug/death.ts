/** The certificate of death of an edge node, which is its will too. */
import { encodePayload } from './payload.ts';

/**
 * bdSeq is all there is: no number, and no time, for nobody knows when a will is read [tck-id-payloads-ndeath-seq]
 * [tck-id-topics-ndeath-payload].
 */
export function deathOf(bdSeq: number): Uint8Array {
  return encodePayload({
    metrics: [{ name: 'bdSeq', type: 'Int64', withType: true, value: bdSeq }],
  });
}
