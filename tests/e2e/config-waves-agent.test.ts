/** Configuration in waves at a whole agent: a process, a city at its broker, the command of the city's operator. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startAgent } from '../support/agent-process.ts';
import { CITY } from '../support/update-bundles.ts';
import { wavesCommand, wavesOf } from '../support/waves-command.ts';
import { openCity } from './city.ts';
import { openSite } from './site.ts';

test('what silences the uplink returns, what misses a secret is refused, what is right is kept over a restart of the agent', {
  timeout: 300_000,
}, async () => {
  await using site = await openSite({ camera: false, change: { fleet: { keys: [CITY.key] } } });
  await using city = await openCity(site.broker);
  const first = readFileSync(site.file, 'utf8');
  writeFileSync(join(site.dir, 'city.pem'), CITY.secret);
  await using agent = startAgent(site.file);
  await agent.ready;
  await city.until(() => city.records.size > 50, 'the agent speaks', 60_000);

  /** `text`: absent, where its folder is there already. */
  const roll = (id: string, text?: string) => {
    const sites = join(site.dir, id);
    mkdirSync(sites, { recursive: true });
    if (text !== undefined) writeFileSync(join(sites, 'pole-0817.yaml'), text);
    const out = join(site.dir, 'out', id);
    const key = `${CITY.key.id}=${join(site.dir, 'city.pem')}`;
    const making = ['--site-files', sites, '--sign', key, '--out', out, '--why', 'a test', '--watch', '20s'];
    const bundle = ['--bundle', join(out, '{site}', '{agent}')];
    return wavesOf(wavesCommand({ home: site.dir, broker: site.broker, id }, [...making, ...bundle]));
  };

  const silent = await roll('silent', first.replaceAll(site.broker, 'mqtt://127.0.0.1:9'));
  expect(silent.end).toMatchObject({ complete: false, failed: 1, stopped_at: 1 });
  expect(silent.said.join('\n')).toMatch(
    /demo-street\/pole-0817: #\d+ was taken back: uplink:city was ok and is/,
  );
  expect(readFileSync(site.file, 'utf8')).toBe(first);

  const secret = first.replace('mqtt:\n', 'mqtt:\n      username: pole\n      password: file:no.password\n');
  expect(secret).not.toBe(first);
  const missing = await roll('missing', secret);
  expect(missing.end).toMatchObject({ complete: false, failed: 1 });
  expect(missing.said.join('\n')).toMatch(
    /was refused \(failed-trial\): the file has problems.*no\.password/,
  );
  expect(readFileSync(site.file, 'utf8')).toBe(first);

  // A setting of the log restarts the agent inside its process.
  const good = `${first}log: { window: 2s }\n`;
  const kept = await roll('good', good);
  expect(kept.end).toMatchObject({ complete: true, done: 1, failed: 0 });
  expect(readFileSync(site.file, 'utf8')).toBe(good);
  expect(agent.log.some((line) => line.includes('"restart":true'))).toBe(true);
  // The same wish once more: it has it already, and nothing is begun.
  const begun = agent.log.filter((line) => line.includes('config.committed')).length;
  writeFileSync(join(site.dir, 'good.json'), '{"id":"good","fates":{}}');
  const again = await roll('good');
  expect(again.end).toMatchObject({ complete: true, done: 1 });
  expect(agent.log.filter((line) => line.includes('config.committed'))).toHaveLength(begun);
  expect(city.ledger.report()).toMatchObject({ missing: 0, conflicts: 0 });
});
