/** Diagnostics bundles: what is in one, its bounds, and an agent that is stopped over a site file that does not load. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { load } from '../../../agent/cli/site.ts';
import { type Piece, writeBundle } from '../../../agent/compose/diagnostics/bundle.ts';
import { stoppedDiagnostics } from '../../../agent/compose/diagnostics/stopped.ts';
import { folder } from '../../support/update-bundles.ts';
import { MINIMAL } from '../config/site-folder.ts';

let home: Awaited<ReturnType<typeof folder>>;
beforeEach(async () => {
  home = await folder();
});
afterEach(() => home[Symbol.asyncDispose]());

function unpacked(archive: string): Readonly<Record<string, string>> {
  const to = `${archive}.unpacked`;
  mkdirSync(to);
  execFileSync('tar', ['xzf', archive, '-C', to]);
  return Object.fromEntries(readdirSync(to).map((name) => [name, readFileSync(join(to, name), 'utf8')]));
}

test('a bundle says what is in it and what is not, keeps the newest end of what is too long, and stays in its bounds', async () => {
  const line = `${'x'.repeat(1023)}\n`;
  const long = (name: string): Piece => ({
    name,
    what: 'lines',
    read: () => `${line.repeat(2000)}the end\n`,
  });
  const pieces: Piece[] = [
    { name: 'a.json', what: 'a value', read: () => ({ note: 'my-secret', password: 'another' }) },
    { name: 'b.json', what: 'nothing', read: () => undefined },
    {
      name: 'c.json',
      what: 'what fails',
      read: () => Promise.reject(new Error('it is not open: my-secret')),
    },
    ...Array.from({ length: 9 }, (_, i) => long(`log-${i}`)),
  ];
  const bundle = await writeBundle(join(home.path, 'one.tar.gz'), pieces, ['my-secret']);
  const files = unpacked(bundle.file);
  expect(JSON.parse(files['a.json'] ?? '')).toEqual({ note: '***', password: '***' });
  expect(files['b.json']).toBeUndefined();
  expect(files['log-0']).toMatch(/^…\nx{1023}\n/);
  expect(files['log-0']?.endsWith('the end\n')).toBe(true);
  expect(bundle.files.find(({ name }) => name === 'log-0')).toMatchObject({ cut: true });
  const all = Object.values(files).reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  expect(all).toBeLessThan(8.1 * 1024 * 1024);
  expect(bundle.left_out).toContainEqual({ what: 'c.json: what fails', why: 'it is not open: ***' });
  expect(bundle.left_out.filter(({ why }) => /bytes already/.test(why)).length).toBeGreaterThan(0);
  expect(JSON.parse(files['contents.json'] ?? '')).toEqual({
    files: bundle.files,
    left_out: bundle.left_out,
  });
  expect(readdirSync(home.path).sort()).toEqual(['one.tar.gz', 'one.tar.gz.unpacked']);
});

test('an agent that does not start over its site file is explained, without what the file refers to', async () => {
  const secret = 'zq-stopped-5e1c7a';
  writeFileSync(join(home.path, 'password'), `${secret}\n`);
  const text = `${MINIMAL}state: ./state
uplinks:
  - { id: city, mqtt: { url: "mqtt://127.0.0.1:9", username: pole, password: "file:password" } }
lampz: 1
`;
  const file = join(home.path, 'site.yaml');
  writeFileSync(file, text);
  mkdirSync(join(home.path, 'state', 'config'), { recursive: true });
  writeFileSync(join(home.path, 'state', 'config', 'journal.json'), '{"v":1,"changes":[]}');
  writeFileSync(join(home.path, 'agent.log'), `{"event":"uplink.down","error":"${secret} was refused"}\n`);
  const bundle = await stoppedDiagnostics({
    file,
    loaded: await load(file),
    state: join(home.path, 'state'),
    releases: join(home.path, 'state', 'releases'),
    log: join(home.path, 'agent.log'),
    out: join(home.path, 'stopped.tar.gz'),
    why: 'it does not start',
    version: '0.1.0',
  });
  const files = unpacked(bundle.file);
  expect(files['check.json']).toMatch(/lampz/);
  expect(files['log.jsonl']).toContain('*** was refused');
  expect(files['site.yaml']).toContain('password: "file:password"');
  expect(files['state-folder.json']).toContain('config/journal.json');
  expect(JSON.parse(files['doctor.json'] ?? '').findings).toContainEqual(
    expect.objectContaining({ about: 'site file', state: 'fault' }),
  );
  expect(JSON.stringify(files)).not.toContain(secret);
  const missing = bundle.left_out.map(({ what }) => what.split(':')[0]);
  expect(missing).toEqual(expect.arrayContaining(['health.json', 'events.json']));
}, 60_000);
