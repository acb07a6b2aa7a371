/**
 * mqtt-packet keeps for ever, for each length below 16 KB that a packet ever had, the few bytes that tell it. They come from
 * Node's pool of 64 KB slabs, and each pins a whole one: found by `npm run soak`, 11 MB an hour, up to a gigabyte in the end.
 * Without the pool each takes its own few bytes. For threads that publish; what is lost is some speed of small buffers.
 */
export function withoutBufferPool(): void {
  Buffer.poolSize = 0;
}
