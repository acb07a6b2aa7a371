/** What mqtt-packet keeps of each length of a packet does not pin the pool's slabs. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const OURS = new URL('../../../agent/uplink/mqtt/small-buffers.ts', import.meta.url);

/** MB of array buffers after publishing 2,000 packets of different lengths, with other small buffers between them. */
function kept(before: string): number {
  const script = `
    import { Writable } from 'node:stream';
    import packet from 'mqtt-packet';
    ${before}
    const sink = new Writable({ write: (chunk, encoding, done) => done() });
    for (let length = 1; length <= 2000; length++) {
      packet.writeToStream({ cmd: 'publish', topic: 't', payload: new Uint8Array(length), qos: 1, messageId: 1, retain: false, dup: false }, sink, { protocolVersion: 4 });
      for (let i = 0; i < 40; i++) Buffer.allocUnsafe(1024);
    }
    gc(); gc();
    console.log(process.memoryUsage().arrayBuffers / 1e6);`;
  const args = ['--expose-gc', '--input-type=module', '-e', script];
  const cwd = fileURLToPath(new URL('../../..', import.meta.url));
  return Number(
    spawnSync(process.execPath, args, { cwd, stdio: ['ignore', 'pipe', 'inherit'] }).stdout.toString(),
  );
}

test('the lengths of packets take a few bytes each, not a slab', () => {
  // Or the test would say nothing: with the pool they do.
  expect(kept('')).toBeGreaterThan(30);
  expect(kept(`import { withoutBufferPool } from '${OURS.href}'; withoutBufferPool();`)).toBeLessThan(5);
});
