/** Two processes that look for a port at the same moment do not find the same one. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { freePort } from '../../../hw-sim/free-port.ts';

const dir = mkdtempSync(join(tmpdir(), 'kerbside-ports-'));
const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(dir, { recursive: true });
});
const FREE_PORT = fileURLToPath(new URL('../../../hw-sim/free-port.ts', import.meta.url));
const WANTED = 23_400;

async function looker(): Promise<{ readonly child: ChildProcess; readonly port: number }> {
  const file = join(dir, 'look.mjs');
  writeFileSync(
    file,
    `import { freePort } from ${JSON.stringify(FREE_PORT)};\nprocess.send(await freePort(${WANTED}));\nsetInterval(() => {}, 1000);\n`,
  );
  const child = fork(file);
  children.push(child);
  const [port] = (await once(child, 'message')) as [number];
  return { child, port };
}

test('none is promised twice, though nobody listens yet, and one is free again when its process is gone', async () => {
  const found = await Promise.all([looker(), looker(), looker()]);
  const ports = found.map(({ port }) => port);
  expect(new Set(ports).size).toBe(ports.length);
  const lowest = Math.min(...ports);
  for (const { child } of found) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  expect(await freePort(lowest)).toBe(lowest);
  // Whoever has been promised it may look again.
  expect(await freePort(lowest)).toBe(lowest);
});
