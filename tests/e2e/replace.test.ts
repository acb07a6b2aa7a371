/**
 * A gateway is replaced: the old one's backup, taken while it runs, on another folder. The new unit goes on with its
 * counters, alarms and unsent readings, the books balance, and the old one is refused when somebody switches it on again.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { openLogSource } from '../../agent/store/reader.ts';
import { startAgent } from '../support/agent-process.ts';
import { kerbside } from '../unit/cli/kerbside.ts';
import { type City, openCity } from './city.ts';
import { openSite, type Site } from './site.ts';

let site: Site;
let city: City;
const home = mkdtempSync(join(tmpdir(), 'kerbside-replace-'));

beforeAll(async () => {
  site = await openSite({ camera: false, change: { log: { window: '500ms' } } });
  city = await openCity(site.broker);
}, 60_000);
afterAll(async () => {
  await city[Symbol.asyncDispose]();
  await site[Symbol.asyncDispose]();
  rmSync(home, { recursive: true, force: true });
});

const epochs = () => new Set(Array.from(city.records.values(), ({ epoch }) => epoch));

test('in a few minutes, with nothing lost and the old unit out', { timeout: 240_000 }, async () => {
  const pass = join(home, 'pass.txt');
  writeFileSync(pass, 'correct horse battery staple\n');
  const file = join(home, 'pole.kbak');
  const [first] = await (async () => {
    await using old = startAgent(site.file);
    await old.ready;
    await city.until(() => city.records.size > 100, 'the old unit sends');
    // The city is out of reach for the last readings of the old unit: they are in the backup only.
    await old.stop();
    return [...epochs()];
  })();
  const whole = readFileSync(site.file, 'utf8');
  const cut = parse(whole);
  writeFileSync(
    site.file,
    stringify({
      ...cut,
      uplinks: cut.uplinks.map((one: object) => ({ ...one, mqtt: { url: 'mqtt://127.0.0.1:9' } })),
    }),
  );
  let unsent: Readonly<Record<string, number>>;
  {
    await using old = startAgent(site.file);
    await old.ready;
    using log = openLogSource(join(site.state, 'log.db'));
    const before = log.heads().telemetry;
    await city.until(() => log.heads().telemetry > before + 50, 'the old unit reads on');
    const began = performance.now();
    const { code, err } = await kerbside(['backup', file, '--site', site.file, '--passphrase-file', pass]);
    expect([code, err]).toEqual([0, '']);
    process.stdout.write(`backup beside the agent: ${Math.round(performance.now() - began)} ms\n`);
    unsent = log.heads();
    await old.kill();
  }
  writeFileSync(site.file, whole);

  const began = performance.now();
  const place = join(home, 'unit');
  mkdirSync(place);
  const done = await kerbside([
    'restore',
    file,
    '--site',
    join(place, 'site.yaml'),
    '--passphrase-file',
    pass,
    '--json',
  ]);
  expect([done.code, done.err]).toEqual([0, '']);
  expect(JSON.parse(done.out)).toMatchObject({ generation: 2, log: 'new-epoch', key: 'new' });
  // The broker's address as it is again.
  const restored = parse(readFileSync(join(place, 'site.yaml'), 'utf8'));
  writeFileSync(join(place, 'site.yaml'), stringify({ ...restored, uplinks: parse(whole).uplinks }));
  const before = city.records.size;
  await using renewed = startAgent(join(place, 'site.yaml'));
  await renewed.ready;
  await city.until(() => epochs().size === 2, 'the new unit begins its epoch');
  await city.until(
    () =>
      Array.from(city.records.values()).some(({ epoch, value }) => epoch !== first && value !== undefined),
    'the first reading of the new unit',
  );
  process.stdout.write(
    `from the file to the first reading at the city: ${Math.round(performance.now() - began)} ms\n`,
  );

  // What the old unit could not send leaves under its old numbers.
  using earlier = openLogSource(
    join(place, 'state', readdirSync(join(place, 'state')).find((name) => /^log-.*\.db$/.test(name)) ?? ''),
  );
  const heads = earlier.heads();
  expect(heads.telemetry).toBeGreaterThan(before / 2);
  expect(heads.telemetry).toBeLessThanOrEqual(unsent.telemetry ?? 0);
  await city.until(
    () =>
      Object.entries(heads).every(
        ([lane, last]) => last === 0 || city.records.has(`${first}/${lane}/${last}`),
      ),
    'the backlog drains',
    60_000,
  );
  await city.until(() => city.ledger.report().awaited === 0, 'nothing is awaited');
  const report = city.ledger.report();
  expect(report).toMatchObject({ missing: 0, conflicts: 0, outOfOrder: 0, broken: 0, replaced: 0 });
  expect(report.epochs.find(({ epoch }) => epoch !== first)).toMatchObject({
    chain: 'chained',
    previous: first,
  });
  expect(city.topics.get(`kerbside/v1/${restored.site.id}/${restored.agent.id}/generation`)).toMatchObject({
    generation: 2,
  });
  expect(existsSync(join(place, 'state', 'restored'))).toBe(false);

  // Somebody switches the old unit on again.
  const known = city.records.size;
  const ofOld = () =>
    Array.from(city.records.values()).filter(
      ({ epoch, lane, seq }) => epoch === first && seq > (heads[lane as keyof typeof heads] ?? 0),
    ).length;
  await using old = startAgent(site.file);
  await old.ready;
  await city.until(
    () => old.log.some((line) => line.includes('this unit was replaced')),
    'the old unit is refused',
  );
  await city.until(() => city.records.size > known + 20, 'the new one goes on');
  expect(ofOld()).toBe(0);
  expect(renewed.log.filter((line) => line.includes('this unit was replaced'))).toEqual([]);
});
