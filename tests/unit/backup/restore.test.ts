/** Backup and restore of a whole unit, through files: what comes back, what begins anew, and the power cut at every step. */
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { finishRestore } from '../../../agent/backup/plan.ts';
import { restore } from '../../../agent/cli/restore.ts';
import { openLogSource } from '../../../agent/store/reader.ts';
import { kerbside } from '../cli/kerbside.ts';
import { SiteFolder, STREET } from '../config/site-folder.ts';
import { open, reading } from '../store/site.ts';

const SITE = `${STREET.replace('agent:\n', 'state: ./var\nagent:\n')}uplinks:
  - id: city
    mqtt:
      url: mqtt://127.0.0.1:1883
      username: pole
      password: file:secrets/broker
`;
const PASSPHRASE = 'correct horse battery staple';
// Quicker to open than a passphrase, which is stretched.
const { privateKey, publicKey } = generateKeyPairSync('x25519', {
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
});

const folder = new SiteFolder();
const state = join(folder.dir, 'var');
const backup = join(folder.dir, 'pole.kbak');
const pass = join(folder.dir, 'pass.txt');
const targets: string[] = [];

/** The unit as it stood on its pole: a log of which a part has left, an alarm that stands, a command, counters, flows. */
async function live(): Promise<void> {
  folder.write('site.yaml', SITE);
  folder.write('secrets/broker', 'hunter2hunter2\n');
  folder.write('pass.txt', `${PASSPHRASE}\n`);
  folder.write('backup.pub', publicKey);
  folder.write('var/devices.json', '{"modem":"42"}');
  folder.write('var/node-red/flows.json', '[]');
  folder.write('var/node-red.key', 'flow key');
  folder.write('var/sign/learned', 'kerbside-learned 1 x\n{}');
  folder.write('var/console/tokens.json', '[]');
  folder.write('var/compile-cache/x', 'made anew');
  const { store } = await open(state, { agent: 'pole-0817' });
  await store.append([reading('voltage', 230, 1000), reading('energy', 1234.5, 1500)], []);
  store.settle('city', 'telemetry', { low: 1, above: [] });
  const alarm = {
    mark: 'alarm',
    id: 'alarm:door',
    device: 'board',
    alarm: 'door',
    state: 'active',
    what: 'raised',
  };
  await store.append(
    [reading('voltage', 231, 61_000)],
    [{ event: 'alarm', severity: 'alarm', time: 61_000, body: alarm }],
  );
  await store.journal.accept({
    id: 'c-1',
    device: 'board',
    point: 'lamp',
    value: 60,
    issuer: 'city',
    issued: 1,
    expires: 2,
  });
  await store.journal.finish({ id: 'c-1', state: 'done', readback: 60, at: 3 });
  await store.append([reading('energy', 1240, 300_000)], []);
  await store[Symbol.asyncDispose]();
}

beforeAll(async () => {
  await live();
  const { code, err } = await kerbside(['backup', backup, '--log', '--recipient', 'backup.pub'], {
    cwd: folder.dir,
  });
  expect([code, err]).toEqual([0, '']);
}, 240_000);
afterAll(() => {
  folder[Symbol.dispose]();
  for (const dir of targets) rmSync(dir, { recursive: true, force: true });
});

function target(): string {
  const dir = mkdtempSync(join(tmpdir(), 'kerbside-restore-'));
  targets.push(dir);
  return dir;
}

const restoreTo = (
  dir: string,
  more: { sameDevice?: boolean; before?: (step: string) => void; file?: string } = {},
) =>
  restore({
    file: backup,
    siteFile: join(dir, 'site.yaml'),
    opening: { privateKey, passphrase: PASSPHRASE },
    sameDevice: false,
    ...more,
  });

/** Every file below a folder with its content. */
function tree(dir: string): Record<string, string> {
  const files: Record<string, string> = {};
  for (const found of readdirSync(dir, { recursive: true, withFileTypes: true }))
    if (found.isFile())
      files[join(found.parentPath, found.name).slice(dir.length)] = readFileSync(
        join(found.parentPath, found.name),
        'latin1',
      );
  return files;
}

describe('a backup', () => {
  it('says what is in it without the passphrase, and holds nothing in the clear', async () => {
    const bytes = readFileSync(backup);
    expect(JSON.parse(bytes.subarray(0, bytes.indexOf(10)).toString())).toMatchObject({
      agent: 'pole-0817',
      site: 'demo-street',
    });
    expect(bytes.includes('hunter2')).toBe(false);
    folder.write('backup.key', privateKey);
    const { code, out } = await kerbside(['restore', backup, '--check', '--key', 'backup.key', '--json'], {
      cwd: folder.dir,
    });
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      ok: true,
      log: { records: 'all', clean: true, heads: { telemetry: 2 } },
    });
  });

  it('without secrets needs no seal and has none', async () => {
    const plain = join(folder.dir, 'plain.kbak');
    const { code } = await kerbside(['backup', plain, '--without-secrets'], { cwd: folder.dir });
    expect(code).toBe(0);
    const dir = target();
    await restoreTo(dir, { file: plain });
    expect(existsSync(join(dir, 'secrets/broker'))).toBe(false);
    expect(existsSync(join(dir, 'var/node-red.key'))).toBe(false);
    expect(existsSync(join(dir, 'var/console/tokens.json'))).toBe(false);
    expect(existsSync(join(dir, 'var/devices.json'))).toBe(true);
    rmSync(plain);
  });

  it('without a word on its secrets is refused', async () => {
    const { code, err } = await kerbside(['backup'], { cwd: folder.dir });
    expect(code).toBe(2);
    expect(err).toContain('a backup holds keys and passwords');
  });

  it('that cannot be made leaves nothing behind', async () => {
    const dir = target();
    const { code, err } = await kerbside(['backup', join(dir, 'no/such/x.kbak'), '--without-secrets'], {
      cwd: folder.dir,
    });
    expect(code).toBe(3);
    expect(err).toContain('making of the backup');
    expect(readdirSync(dir)).toEqual([]);
  });

  it('without --log leaves out what has left, and knows the last numbers and values all the same', async () => {
    const small = join(folder.dir, 'small.kbak');
    await kerbside(['backup', small, '--recipient', 'backup.pub'], { cwd: folder.dir });
    const dir = target();
    await restoreTo(dir, { file: small });
    const name = readdirSync(join(dir, 'var')).find((one) => /^log-.*\.db$/.test(one)) ?? '';
    using log = openLogSource(join(dir, 'var', name));
    expect(log.heads()).toMatchObject({ telemetry: 2, meter: 2 });
    rmSync(small);
    const { store } = await open(join(dir, 'var'), { agent: 'pole-0817' });
    expect(await store.latest([{ device: 'meter-1', point: 'energy' }])).toMatchObject([{ value: 1240 }]);
    await store[Symbol.asyncDispose]();
  });
});

describe('a restore', () => {
  it('brings everything, and begins a new epoch, key and generation', async () => {
    const dir = target();
    const done = await restoreTo(dir);
    expect(done).toMatchObject({ agent: 'pole-0817', generation: 2, log: 'new-epoch', key: 'new' });
    const files = tree(dir);
    expect(files['/secrets/broker']).toBe('hunter2hunter2\n');
    expect(files['/var/devices.json']).toBe('{"modem":"42"}');
    expect(files['/var/node-red.key']).toBe('flow key');
    expect(files['/var/sign/learned']).toBe('kerbside-learned 1 x\n{}');
    expect(JSON.parse(files['/var/identity.json'] ?? '')).toMatchObject({ generation: 2 });
    expect(
      Object.keys(files).filter((name) => /compile-cache|device-key|\.restore|\.kbak|pass/.test(name)),
    ).toEqual([]);

    const { store, events } = await open(join(dir, 'var'), { agent: 'pole-0817' });
    const [begun] = events.filter(({ event }) => event === 'epoch');
    expect(begun?.body).toMatchObject({ reason: 'restored', heads: { telemetry: 2, meter: 2, alarm: 1 } });
    expect(await store.marks()).toMatchObject([{ id: 'alarm:door', state: 'active' }]);
    // Applied once, whatever becomes of the log.
    expect(
      await store.journal.accept({
        id: 'c-1',
        device: 'board',
        point: 'lamp',
        value: 60,
        issuer: 'city',
        issued: 1,
        expires: 2,
      }),
    ).toMatchObject({ fresh: false, result: { state: 'done', readback: 60 } });
    expect(await store.latest([{ device: 'meter-1', point: 'energy' }])).toMatchObject([{ value: 1240 }]);
    await store[Symbol.asyncDispose]();
    expect(existsSync(join(dir, 'var/restored'))).toBe(false);
    expect(readFileSync(join(dir, 'var/device-key.pem'), 'utf8')).not.toBe(
      readFileSync(join(state, 'device-key.pem'), 'utf8'),
    );
  });

  it('with --same-device goes on with key, epoch and numbers, where no number was given since', async () => {
    const dir = target();
    const before = openLogSource(join(state, 'log.db'));
    const { epoch } = before;
    before[Symbol.dispose]();
    // The log of these tests says that it was written on hardware test:1.
    const done = await restoreTo(dir, { sameDevice: true });
    expect(done).toMatchObject({
      key: 'kept',
      generation: 1,
      log: 'new-epoch',
      why: 'this is other hardware than the backup was made on',
    });
    expect(readFileSync(join(dir, 'var/device-key.pem'), 'utf8')).toBe(
      readFileSync(join(state, 'device-key.pem'), 'utf8'),
    );
    // A log that is here already goes on as it is.
    const there = target();
    cpSync(state, join(there, 'var'), { recursive: true });
    expect(await restoreTo(there, { sameDevice: true })).toMatchObject({ log: 'goes-on', key: 'kept' });
    using log = openLogSource(join(there, 'var/log.db'));
    expect(log.epoch).toBe(epoch);
  });

  it('keeps what was there aside, and a later log of the same agent as an earlier epoch', async () => {
    const dir = target();
    writeFileSync(join(dir, 'site.yaml'), 'site: other\n');
    const { store } = await open(join(dir, 'var'), { agent: 'pole-0817' });
    await store.append([reading('voltage', 1, 1)], []);
    await store[Symbol.asyncDispose]();
    writeFileSync(join(dir, 'var/devices.json'), 'old');
    const own = openLogSource(join(dir, 'var/log.db'));
    const { epoch } = own;
    own[Symbol.dispose]();
    await restoreTo(dir);
    const files = tree(dir);
    expect(files['/var/before-restore/devices.json']).toBe('old');
    expect(files['/site-before-restore/site.yaml']).toBe('site: other\n');
    expect(Object.keys(files)).toContain(`/var/log-${epoch}.db`);
    expect(Object.keys(files)).not.toContain('/var/log.db');
  });

  it('is refused while an agent runs there, and where the file is damaged or sealed', async () => {
    const dir = target();
    await restoreTo(dir);
    const before = tree(dir);
    const server = createServer((socket) => socket.end()).listen(join(dir, 'var/console/login.sock'));
    await new Promise((resolve) => server.once('listening', resolve));
    await expect(restoreTo(dir)).rejects.toMatchObject({ code: 'port-busy' });
    server.close();
    const bytes = readFileSync(backup);
    const damaged = join(dir, 'damaged.kbak');
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    writeFileSync(damaged, bytes);
    await expect(restoreTo(dir, { file: damaged })).rejects.toMatchObject({ code: 'frame-invalid' });
    rmSync(damaged);
    const sealed = { file: backup, siteFile: join(dir, 'site.yaml'), opening: {}, sameDevice: false };
    await expect(restore(sealed)).rejects.toMatchObject({ code: 'auth-failed' });
    expect(tree(dir)).toEqual(before);
  });

  it('under a passphrase works the same', async () => {
    const sealed = join(folder.dir, 'sealed.kbak');
    await kerbside(['backup', sealed, '--passphrase-file', pass], { cwd: folder.dir });
    const dir = target();
    expect(await restoreTo(dir, { file: sealed })).toMatchObject({ agent: 'pole-0817', site: 'demo-street' });
    rmSync(sealed);
  });
});

describe('a power cut', () => {
  it('at every step leaves the old or the new, and the next start ends it', async () => {
    // The steps there are.
    const steps: string[] = [];
    const old = (dir: string) => {
      writeFileSync(join(dir, 'site.yaml'), SITE.replace('pole-0817', 'pole-0000'));
      cpSync(join(folder.dir, 'secrets'), join(dir, 'secrets'), { recursive: true });
      execFileSync('mkdir', ['-p', join(dir, 'var/console')]);
      writeFileSync(join(dir, 'var/devices.json'), 'old');
      writeFileSync(join(dir, 'var/console/tokens.json'), '["old"]');
    };
    const whole = target();
    old(whole);
    await restoreTo(whole, { before: (step) => void steps.push(step.replace(whole, '')) });
    const renewed = shown(whole);
    expect(steps.length).toBeGreaterThan(12);
    let outcomes = '';
    for (let cut = 0; cut < steps.length; cut++) {
      const dir = target();
      old(dir);
      const untouched = shown(dir);
      let n = 0;
      const interrupted = restoreTo(dir, {
        before: () => {
          if (n++ === cut) throw new Error('power cut');
        },
      });
      await expect(interrupted).rejects.toThrow('power cut');
      // What the next start does before it reads anything; cut once more on the way, then left alone.
      let m = 0;
      try {
        finishRestore(join(dir, 'site.yaml'), () => {
          if (m++ === 1) throw new Error('power cut');
        });
      } catch {
        // Again.
      }
      finishRestore(join(dir, 'site.yaml'));
      const now = shown(dir);
      const isOld = JSON.stringify(now) === JSON.stringify(untouched);
      if (!isOld) expect(now, `cut before ${steps[cut]}`).toEqual(renewed);
      outcomes += isOld ? 'o' : 'n';
      // And a second restore after an interrupted one works.
      if (cut % 5 === 0) {
        await restoreTo(dir);
        expect(JSON.parse(readFileSync(join(dir, 'var/identity.json'), 'utf8')).generation).toBeGreaterThan(
          1,
        );
      }
    }
    expect(outcomes).toMatch(/^o+n+$/);
  }, 240_000);
});

/** What stands where it counts: not staged files of a restore that did not happen, nor what was kept aside. */
function shown(dir: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(tree(dir))
      .filter(([name]) => !/\.restore|before-restore/.test(name))
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}
