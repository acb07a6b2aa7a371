/** Deploys of flows on the disk: whole at every moment, kept with who and when, back after damage. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FlowVersions } from '../../../flows/runtime/versions.js';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kerbside-versions-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const flow = (name: string) => [{ id: 't', type: 'tab', label: name }];
const secret = (name: string) => ({ $: `encrypted ${name}` });
const path = (name: string) => join(dir, name);

describe('versions of flows', () => {
  test('what was deployed is read back, with its credentials and who did it', async () => {
    const versions = new FlowVersions(dir);
    await versions.save(flow('a'), secret('a'), 'anna');
    await versions.save(flow('b'), secret('b'), 'bo');
    expect(await new FlowVersions(dir).load()).toEqual({ flows: flow('b'), credentials: secret('b') });
    expect(await versions.list()).toMatchObject([
      { version: 2, by: 'bo', time: expect.stringMatching(/^\d{4}-/) },
      { version: 1, by: 'anna' },
    ]);
    expect(JSON.parse(readFileSync(path('flows.json'), 'utf8'))).toEqual(flow('b'));
  });

  test('killed at every step of a deploy: the old or the new state, flows and credentials of the same', async () => {
    const steps: string[] = [];
    await new FlowVersions(dir, (step) => void steps.push(step)).save(flow('a'), secret('a'), 'anna');
    const deploy: string[] = [];
    await new FlowVersions(dir, (step) => void deploy.push(step)).save(flow('a2'), secret('a2'), 'anna');
    expect(deploy.length).toBeGreaterThanOrEqual(15);
    for (let at = 0; at < deploy.length; at++) {
      const before = await new FlowVersions(dir).load();
      let step = 0;
      const dying = new FlowVersions(dir, () => {
        if (step++ === at) throw new Error('killed');
      });
      const next = { flows: flow(`new ${at}`), credentials: secret(`new ${at}`) };
      await expect(dying.save(next.flows, next.credentials, 'bo')).rejects.toThrow('killed');
      const after = await new FlowVersions(dir).load();
      expect([before, next], deploy[at]).toContainEqual(after);
      // And the next deploy goes as ever.
      await new FlowVersions(dir).save(flow(`after ${at}`), secret(`after ${at}`), 'bo');
      expect((await new FlowVersions(dir).load()).flows).toEqual(flow(`after ${at}`));
    }
  });

  test('a process killed while it deploys leaves a whole state each time', { timeout: 60_000 }, async () => {
    const script = `
      import { FlowVersions } from ${JSON.stringify(new URL('../../../flows/runtime/versions.js', import.meta.url).href)};
      const versions = new FlowVersions(${JSON.stringify(dir)});
      for (let i = 0; ; i++) {
        await versions.save([{ id: 't', type: 'tab', label: 'x'.repeat(50000) + i }], { $: 'x'.repeat(5000) + i }, 'bo');
        process.stdout.write('.');
      }`;
    for (let round = 0; round < 6; round++) {
      const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      // After some deploys, at whatever step it happens to be.
      for (let seen = 0; seen < 3 + round; ) seen += String((await once(child.stdout, 'data'))[0]).length;
      child.kill('SIGKILL');
      await once(child, 'exit');
      const { flows, credentials, restored } = await new FlowVersions(dir).load();
      const number = /\d+$/.exec(String((flows[0] as { label: string }).label))?.[0];
      expect(number).toBeDefined();
      expect(/\d+$/.exec(String(credentials.$))?.[0]).toBe(number);
      expect(restored).toBeUndefined();
    }
  });

  test.each([
    ['cut off', '[{"id":"t","ty', 'damaged: no whole JSON'],
    ['empty', '', 'empty'],
    ['no list', '{"a":1}', 'no list of nodes'],
  ])(
    'a file that is %s gives way to the newest state, and stays beside as evidence',
    async (_, text, why) => {
      await new FlowVersions(dir).save(flow('a'), secret('a'), 'anna');
      writeFileSync(path('flows.json'), text);
      const found = await new FlowVersions(dir).load();
      expect(found).toMatchObject({
        flows: flow('a'),
        credentials: secret('a'),
        restored: { version: 1, by: 'anna', why: `flows.json is ${why}` },
      });
      expect(readFileSync(path('flows.json.damaged'), 'utf8')).toBe(text);
      expect(JSON.parse(readFileSync(path('flows.json'), 'utf8'))).toEqual(flow('a'));
      expect((await new FlowVersions(dir).load()).restored).toBeUndefined();
    },
  );

  test('damaged credentials come back with the flows they belong to; a damaged version is passed over', async () => {
    await new FlowVersions(dir).save(flow('a'), secret('a'), 'anna');
    await new FlowVersions(dir).save(flow('b'), secret('b'), 'anna');
    writeFileSync(path('flows_cred.json'), '{"$":');
    expect((await new FlowVersions(dir).load()).credentials).toEqual(secret('b'));
    writeFileSync(path('flows.json'), '');
    writeFileSync(path('versions/000002.json'), '{"version":2');
    expect(await new FlowVersions(dir).load()).toMatchObject({ flows: flow('a'), restored: { version: 1 } });
  });

  test('with nothing to go back to it starts empty and keeps what was there', async () => {
    writeFileSync(path('flows.json'), 'rubbish');
    expect(await new FlowVersions(dir).load()).toEqual({ flows: [], credentials: {} });
    expect(readFileSync(path('flows.json.damaged'), 'utf8')).toBe('rubbish');
  });

  test('what was written by hand is a state like any other, and not lost by the next deploy', async () => {
    writeFileSync(path('flows.json'), JSON.stringify(flow('by hand')));
    const versions = new FlowVersions(dir);
    expect((await versions.load()).flows).toEqual(flow('by hand'));
    await versions.save(flow('a'), {}, 'anna');
    expect((await versions.list()).map(({ by }) => by)).toEqual(['anna', 'file']);
  });

  test('it goes back to the last good state, not to the newest', async () => {
    const versions = new FlowVersions(dir);
    expect(await versions.goBack('no reason')).toBeUndefined();
    await versions.save(flow('good'), secret('good'), 'anna');
    await versions.markGood();
    expect(await versions.goBack('no reason')).toBeUndefined();
    await versions.save(flow('bad'), secret('bad'), 'bo');
    expect(await versions.goBack('it crashed')).toMatchObject({ version: 1, by: 'anna', why: 'it crashed' });
    expect(await new FlowVersions(dir).load()).toMatchObject({
      flows: flow('good'),
      credentials: secret('good'),
    });
    expect((await versions.list()).map(({ by }) => by)).toEqual(['back to 1', 'bo', 'anna']);
  });

  test('twenty are kept, and the good one', async () => {
    const versions = new FlowVersions(dir);
    await versions.save(flow('good'), {}, 'anna');
    await versions.markGood();
    for (let i = 0; i < 25; i++) await versions.save(flow(`${i}`), {}, 'bo');
    const kept = (await versions.list()).map(({ version }) => version);
    expect(kept).toHaveLength(21);
    expect(kept.at(-1)).toBe(1);
    expect(kept[0]).toBe(26);
    expect((await readdir(path('versions'))).filter((name) => name.endsWith('.new'))).toEqual([]);
  });
});
