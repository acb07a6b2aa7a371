/** The log of the process: one JSON line an event, and no secret in any field. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createLog } from '../../../agent/cli/log.ts';
import { AgentError } from '../../../agent/core/errors.ts';

const dir = mkdtempSync(join(tmpdir(), 'kerbside-log-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

test('writes events with their facts from the level on, and masks secrets wherever they are', () => {
  const file = join(dir, 'log.jsonl');
  const pem = '-----BEGIN KEY-----\nMIIB\n-----END KEY-----';
  const log = createLog({ level: 'info', secrets: ['hunter2', pem, 'ab'], to: file });
  log.debug('line.poll', { n: 1 });
  log.info('uplink.down', { url: 'mqtt://u:hunter2@x', retry_in_ms: 12 });
  log.with({ device: 'meter-1' }).warn('device.silent', { error: new AgentError('timeout', 'no hunter2') });
  log.error('key.bad', { text: pem, password: 'short', nested: { token: 't' }, word: 'about' });
  const text = readFileSync(file, 'utf8');
  const lines = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines).toEqual([
    { level: 'info', time: expect.any(String), url: 'mqtt://u:***@x', retry_in_ms: 12, event: 'uplink.down' },
    { level: 'warn', time: expect.any(String), device: 'meter-1', error: 'no ***', event: 'device.silent' },
    {
      level: 'error',
      time: expect.any(String),
      text: '***',
      password: '***',
      nested: { token: '***' },
      word: 'about',
      event: 'key.bad',
    },
  ]);
  expect(Date.parse(lines[0].time)).toBeGreaterThan(0);
});
