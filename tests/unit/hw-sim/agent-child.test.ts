import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { keepAgent } from '../../../hw-sim/agent-child.ts';
import { withoutTerminals } from '../../../hw-sim/agent-launch.ts';
import { openPtyLine } from '../../../hw-sim/lines/pty-line.ts';

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hw-sim-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('an agent that dies is started again with growing pauses, told once each, and stays dead when disposed', async () => {
  const site = join(folder, 'site.yaml');
  const log = join(folder, 'agent.log');
  // It refuses this file and ends at once.
  writeFileSync(site, 'site: 5\n');
  const said: string[] = [];
  const agent = keepAgent({ site, log, say: (line) => said.push(line), ready: () => said.push('ready') });
  const deaths = () => said.filter((line) => line.startsWith('the agent ended'));
  for (let i = 0; i < 1500 && deaths().length < 2; i++) await pause(10);
  expect(deaths()[0]).toBe('the agent ended (exit code 1); it is started again in 0.5 s');
  expect(deaths()[1]).toBe('the agent ended (exit code 1); it is started again in 1.0 s');
  await agent[Symbol.asyncDispose]();
  expect(agent.pid).toBeUndefined();
  expect(said.join('\n')).toContain('site.yaml');
  expect(readFileSync(log, 'utf8')).toContain('site.yaml');
  const before = deaths().length;
  await pause(1300);
  expect(deaths()).toHaveLength(before);
  expect(said).not.toContain('ready');
});

test('a child holds no terminal of a simulated line, so that pulling the adapter out hangs it up', async () => {
  await using _line = await openPtyLine({ id: 'usb', baud: 9600, link: join(folder, 'usb') });
  const held = (more: readonly number[]): string => {
    const list =
      "fs.readdirSync('/proc/self/fd').map((fd)=>{try{return fs.readlinkSync('/proc/self/fd/'+fd)}catch{}})";
    const args = ['-e', `console.log(${list}.filter((to)=>/ptmx/.test(to)).length)`];
    return spawnSync(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'inherit', ...more],
    }).stdout.toString();
  };
  expect(held([]).trim()).not.toBe('0');
  expect(held(withoutTerminals(3)).trim()).toBe('0');
});
