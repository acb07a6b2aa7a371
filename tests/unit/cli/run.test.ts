/** `kerbside run` by its real process: up, logging, down; alone and under a parent. */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { MINIMAL, SiteFolder } from '../config/site-folder.ts';

const folder = new SiteFolder();
const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  folder[Symbol.dispose]();
});
const MAIN = fileURLToPath(new URL('../../../agent/main.ts', import.meta.url));
const site = folder.write('site.yaml', `${MINIMAL}console: { listen: "127.0.0.1:0" }\n`);

async function ended(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode;
}

test('prints the link, logs JSON lines, ends at SIGTERM, keeps compiled code in the state folder', async () => {
  // The tests' own cache would go before that of the site.
  const { NODE_COMPILE_CACHE: _, ...env } = process.env;
  const stdio = ['ignore', 'pipe', 'pipe'] as const;
  const child = spawn(process.execPath, [MAIN, 'run', '--site', site], { stdio: [...stdio], env });
  children.push(child);
  const log = text(child.stderr);
  const [link] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  expect(link).toMatch(/^http:\/\/127\.0\.0\.1:\d+\//);
  child.kill('SIGTERM');
  expect(await ended(child)).toBe(0);
  const events = (await log)
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(events.map(({ event }) => event)).toEqual(
    expect.arrayContaining(['agent.stopping', 'agent.stopped']),
  );
  expect(events.filter(({ level }) => level === 'error')).toEqual([]);
  expect(existsSync(join(folder.dir, 'state', 'compile-cache'))).toBe(true);
});

test('says under a parent that it is ready, and ends when the parent is gone', async () => {
  const child = fork(MAIN, ['run', '--site', site, '--log-level', 'error'], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  children.push(child);
  const [ready] = await once(child, 'message');
  expect(ready).toMatchObject({
    type: 'ready',
    console: expect.stringMatching(/^http:/),
    link: expect.any(String),
  });
  child.disconnect();
  expect(await ended(child)).toBe(0);
});
