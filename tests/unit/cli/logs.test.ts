/** `kerbside logs`: filtered by level, area and time, for people and as JSON; a file that grows and is cut is followed. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { showLine } from '../../../agent/cli/logs.ts';
import { SiteFolder } from '../config/site-folder.ts';
import { kerbside } from './kerbside.ts';

const folder = new SiteFolder();
afterAll(() => folder[Symbol.dispose]());

const line = (level: string, event: string, at: string, facts: object = {}) =>
  JSON.stringify({ level, time: `2027-01-01T${at}.000Z`, ...facts, event });
const LINES = [
  line('info', 'agent.started', '00:00:00', { devices: 4 }),
  line('debug', 'uplink.pause', '00:00:01', { wait_ms: 100 }),
  line('warn', 'part.changed', '00:00:02', {
    part: 'device:m\u001b[2J',
    state: 'down',
    message: 'no answer',
    fix: 'Check power.',
  }),
  'http://127.0.0.1:8080: kerbside login prints a link',
  line('error', 'uplink.down', '00:00:03', { error: 'link lost' }),
];
const ALL = { areas: [], level: 'debug', since: 0 } as const;

it('a line for people has time, level, event, words, fix and facts, and moves no cursor', () => {
  expect(LINES.map((one) => showLine(one, ALL, false))).toEqual([
    '2027-01-01 00:00:00Z INFO  agent.started  devices=4',
    '2027-01-01 00:00:01Z DEBUG uplink.pause  wait_ms=100',
    '2027-01-01 00:00:02Z WARN  part.changed  no answer; Check power.  part=device:m [2J state=down',
    'http://127.0.0.1:8080: kerbside login prints a link',
    '2027-01-01 00:00:03Z ERROR uplink.down  link lost',
  ]);
});

it('levels, areas and times leave out what was not asked for; JSON is as it was', () => {
  const shown = (filter: object) =>
    LINES.flatMap((one) => showLine(one, { ...ALL, ...filter }, true) ?? []).map(
      (one) => JSON.parse(one).event,
    );
  expect(shown({ level: 'warn' })).toEqual(['part.changed', 'uplink.down']);
  expect(shown({ areas: ['uplink'] })).toEqual(['uplink.pause', 'uplink.down']);
  expect(shown({ areas: ['part.changed', 'agent'] })).toEqual(['agent.started', 'part.changed']);
  expect(shown({ areas: ['up'] })).toEqual([]);
  expect(shown({ since: Date.UTC(2027, 0, 1, 0, 0, 2) })).toEqual(['part.changed', 'uplink.down']);
  expect(showLine(LINES[4] ?? '', ALL, true)).toBe(LINES[4]);
});

it('the journal is asked for the service, and what it says when it cannot is passed on', async () => {
  const bin = folder.write(
    'bin/journalctl',
    `#!/bin/sh\necho "$@" >&2\ncat <<'END'\n${LINES.join('\n')}\nEND\n`,
  );
  chmodSync(bin, 0o755);
  const env = { PATH: `${join(folder.dir, 'bin')}:${process.env.PATH}` };
  const { code, out } = await kerbside(['logs', '--level', 'error', '--json'], { env });
  expect([code, out]).toEqual([0, `${LINES[4]}\n`]);
  writeFileSync(bin, '#!/bin/sh\necho "No journal files were opened" >&2\nexit 1\n');
  const failed = await kerbside(['logs'], { env });
  expect(failed.code).toBe(3);
  expect(failed.err).toContain(
    'reading of the journal of kerbside failed: No journal files were opened; Where the agent',
  );
});

it('a file is followed over growth and cutting until Ctrl-C', async () => {
  const file = folder.write('agent.log', `${LINES[0]}\n`);
  const main = fileURLToPath(new URL('../../../agent/main.ts', import.meta.url));
  const child = spawn(process.execPath, [main, 'logs', file, '-f', '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  const until = async (text: string) => {
    while (!out.includes(text)) {
      const [more] = (await once(child.stdout, 'data')) as [Buffer];
      out += more.toString();
    }
  };
  await until('agent.started');
  // In two pieces: a line is shown when it is whole.
  appendFileSync(file, (LINES[4] ?? '').slice(0, 20));
  appendFileSync(file, `${(LINES[4] ?? '').slice(20)}\n`);
  await until('uplink.down');
  writeFileSync(file, `${LINES[2]}\n`);
  await until('part.changed');
  child.kill('SIGINT');
  const [code] = (await once(child, 'exit')) as [number | null];
  expect(code).toBe(0);
  expect(out.trimEnd().split('\n')).toEqual([LINES[0], LINES[4], LINES[2]]);
}, 30_000);
