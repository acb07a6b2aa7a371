/** What a city may do to the agent itself, at a real agent: bundles refused and told, a part restarted, diagnostics without a secret. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startAgent } from '../support/agent-process.ts';
import { CITY, makeRelease, STRANGER } from '../support/update-bundles.ts';
import { openCity } from './city.ts';
import { openSite } from './site.ts';

const ROOT = 'kerbside/v1/demo-street/pole-0817';
const SECRET = 'a-token-nobody-may-read';

test('acts of a city at the agent', { timeout: 120_000 }, async () => {
  await using site = await openSite({
    camera: false,
    change: {
      fleet: { keys: [CITY.key], token: `\${env:BUNDLE_TOKEN}` },
    },
  });
  await using city = await openCity(site.broker);
  const bundles = join(site.dir, 'bundles');
  const now = {
    issued: new Date(Date.now() - 60_000).toISOString(),
    expires: new Date(Date.now() + 86_400_000).toISOString(),
  };
  await makeRelease(join(bundles, 'stranger'), { version: '0.9.0', key: STRANGER, change: now });
  await makeRelease(join(bundles, 'city'), { version: '0.9.0', change: now });
  let ids = 0;
  const command = async (point: string, value: object | string) => {
    const id = `fleet-${++ids}`;
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    await city.publish(`${ROOT}/cmd/agent/${point}`, { id, value: text, ttl: 60_000 });
    await city.until(() => city.topics.has(`${ROOT}/cmd/${id}/result`), `the result of ${point}`);
    return city.topics.get(`${ROOT}/cmd/${id}/result`);
  };
  const bodies = (event: string) =>
    [...city.records.values()]
      .filter((one) => one.event === event)
      .flatMap(({ body }) => (body === undefined ? [] : [body]));
  await using agent = startAgent(site.file, { BUNDLE_TOKEN: SECRET });
  await agent.ready;
  await city.until(() => city.records.size > 20, 'the agent speaks');
  expect(city.topics.get(`${ROOT}/describe/agent`)).toMatchObject({
    device: 'agent',
    points: ['update', 'restart', 'trace', 'diagnostics'].map((id) => ({ id, access: 'write' })),
  });

  // A broker's word is not enough.
  expect(await command('update', { act: 'apply', source: join(bundles, 'stranger') })).toMatchObject({
    state: 'done',
  });
  await city.until(() => bodies('update').length > 0, 'the refusal');
  expect(bodies('update')[0]).toMatchObject({ what: 'refused', code: 'unknown-key' });
  // Nor is the city's, where no launcher could come back.
  expect(await command('update', { act: 'apply', source: join(bundles, 'city') })).toMatchObject({
    state: 'done',
  });
  await city.until(() => bodies('update').length > 1, 'the next refusal');
  expect(bodies('update')[1]).toMatchObject({
    what: 'refused',
    kind: 'release',
    version: '0.9.0',
    code: 'not-here',
  });
  expect(await command('update', 'latest')).toMatchObject({ state: 'rejected', code: 'device-refused' });

  expect(await command('restart', { part: 'line:rs485-9' })).toMatchObject({
    reason: 'there is no line rs485-9',
  });
  expect(await command('restart', { part: 'agent' })).toMatchObject({
    reason: expect.stringContaining('no service manager'),
  });
  expect(await command('restart', { part: 'uplinks' })).toMatchObject({ state: 'done' });
  const states = () => city.arrivals.filter((topic) => topic === `${ROOT}/state`).length;
  const before = states();
  await city.until(() => states() > before + 1, 'the uplink left and is back');

  expect(await command('diagnostics', { why: `looking for ${SECRET}` })).toMatchObject({ state: 'done' });
  await city.until(() => bodies('agent').some((body) => body.what === 'diagnostics'), 'the bundle');
  const dir = join(site.state, 'diagnostics');
  const [bundle = ''] = readdirSync(dir).filter((name) => name.endsWith('.tar.gz'));
  const out = join(site.dir, 'out');
  mkdirSync(out);
  execFileSync('tar', ['xzf', join(dir, bundle), '-C', out]);
  const files = readdirSync(out);
  expect(files).toEqual(
    expect.arrayContaining([
      'about.json',
      'contents.json',
      'doctor.json',
      'state-folder.json',
      'health.json',
      'ledgers.json',
      'log.jsonl',
      'site-effective.json',
      'updates.json',
    ]),
  );
  const all = files.map((name) => readFileSync(join(out, name), 'utf8')).join('\n');
  expect(all).not.toContain(SECRET);
  expect(all).toContain('demo-street');
  expect(JSON.parse(readFileSync(join(out, 'updates.json'), 'utf8')).history).toHaveLength(2);
  // It says itself what is in it and what is not.
  const contents = JSON.parse(readFileSync(join(out, 'contents.json'), 'utf8'));
  expect(
    [...contents.files.map(({ name }: { readonly name: string }) => name), 'contents.json'].sort(),
  ).toEqual(files.sort());
  expect(JSON.stringify(contents.left_out)).toMatch(/pictures/);
  const { findings } = JSON.parse(readFileSync(join(out, 'doctor.json'), 'utf8'));
  expect(findings).toContainEqual(expect.objectContaining({ about: 'site file', state: 'ok' }));
  // It was there to be found.
  expect(readFileSync(join(out, 'about.json'), 'utf8')).toContain('looking for ***');
  expect(city.ledger.report()).toMatchObject({ missing: 0, conflicts: 0, outOfOrder: 0 });
});
