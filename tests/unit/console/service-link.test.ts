/** The way to a unit that nobody reaches: what opens it, who gets in, what they may, and how it ends. */
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { consoleMemory } from '../../../agent/console/server.ts';
import { newLabelCode } from '../../../agent/console/service/label-code.ts';
import { isNear, linkGrant } from '../../../agent/console/service/link.ts';
import { openNetwork } from '../../../agent/console/service/network.ts';
import { systemPrograms } from '../../../agent/console/service/programs.ts';
import { good } from '../../../agent/core/reading.ts';
import { SystemClock } from '../../../agent/core/time/system-clock.ts';
import { type Opening, openConsole, type Person, type TestConsole } from './open-console.ts';

const MINUTE = 60_000;
const PATIENCE = { timeout: 15_000 };
const BUTTON = { device: 'board', point: 'cabinet-door' };
const SERVICE = { port: 0, lasts: 15 * MINUTE, powerUp: false, button: BUTTON };
const NO_PROGRAMS = systemPrograms('/nowhere');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kerbside-service-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const open = (more: Opening = {}) =>
  openConsole({ service: SERVICE, programs: NO_PROGRAMS, uptime: 60 * MINUTE, ...more });

/** What an administrator sees of it. */
async function stateOf(at: TestConsole, person: Person) {
  return JSON.parse((await at.ask('/api/v1/service-link', { headers: person })).text);
}

function press(at: TestConsole, value = true): void {
  at.agent.publish([good({ ...BUTTON, unit: '1' }, value, at.clock.mono())]);
}

/** Presses the button and gives the address of the link when it is open. */
async function pressed(at: TestConsole, boss: Person): Promise<string> {
  press(at);
  await expect.poll(async () => (await stateOf(at, boss)).open, PATIENCE).toBe(true);
  return `https://127.0.0.1:${(await stateOf(at, boss)).port}`;
}

/** Comes in by the code of the label; the status where that is refused. */
async function enter(at: TestConsole, door: string, code: string): Promise<Person | number> {
  const { status, text, headers } = await at.post('/api/v1/service-link/login', { code }, {}, door);
  if (status !== 200) return status;
  const [cookie = ''] = (headers['set-cookie']?.[0] ?? '').split(';');
  return { cookie, 'x-kerbside-key': JSON.parse(text).key };
}

describe('the service link', () => {
  test('opens by its button, once pressed and not while held, and closes by itself', async () => {
    await using at = await open();
    const boss = await at.login();
    expect(await stateOf(at, boss)).toMatchObject({ configured: true, open: false, until: null });
    press(at, false);
    const door = await pressed(at, boss);
    expect((await at.ask('/', { at: door })).status).toBe(200);
    const { until, by } = await stateOf(at, boss);
    expect([by, until - at.agent.now()]).toEqual(['button', 15 * MINUTE]);
    await at.clock.advance(10 * MINUTE);
    press(at);
    expect((await stateOf(at, boss)).until).toBe(until);
    press(at, false);
    press(at);
    await expect.poll(async () => (await stateOf(at, boss)).until, PATIENCE).toBe(until + 10 * MINUTE);
    await at.clock.advance(15 * MINUTE);
    await expect.poll(async () => (await stateOf(at, boss)).open, PATIENCE).toBe(false);
    await expect(at.ask('/', { at: door })).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(at.agent.audited.map(({ act, who }) => `${act} ${who}`)).toEqual(
      expect.arrayContaining(['service-link-opened button', 'service-link-closed time']),
    );
  });

  test('lets in who has the label, for commissioning alone, and forgets them when it closes', async () => {
    await using at = await open();
    const boss = await at.login();
    const door = await pressed(at, boss);
    expect(await enter(at, door, 'K7QM-3XPD-9W2T')).toBe(401);
    const code = await newLabelCode(at.stateDir, 1);
    expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){2}[0-9A-HJKMNP-TV-Z]{4}$/);
    const kept = await readFile(join(at.stateDir, 'console', 'label.json'), 'utf8');
    expect(kept).toContain('argon2id');
    for (const text of [code, code.replaceAll('-', '')]) expect(kept).not.toContain(text);
    const technician = await enter(at, door, ` ${code.toLowerCase().replaceAll('-', ' ')} `);
    if (typeof technician === 'number') throw new Error(`refused: ${technician}`);
    const status = async (path: string, headers = technician, where: string | undefined = door) =>
      (await at.ask(path, { headers, at: where })).status;
    expect(await status('/api/v1/session')).toBe(200);
    expect(await status('/api/v1/points')).toBe(200);
    for (const path of ['/people', '/tokens', '/sessions', '/service-link', '/cameras/camera-1/frame']) {
      expect([path, await status(`/api/v1${path}`)]).toEqual([path, 403]);
    }
    expect(await status('/metrics')).toBe(403);
    expect((await at.post('/api/v1/commands', {}, technician, door)).status).toBe(403);
    expect(await status('/api/v1/session', technician, at.console.url)).toBe(401);
    // Nor does what opens elsewhere open here.
    expect(await status('/api/v1/session', boss)).toBe(401);
    expect(
      await status('/api/v1/session', {
        ...(await at.token('administrator')),
        cookie: '',
        'x-kerbside-key': '',
      }),
    ).toBe(401);
    expect((await at.post('/api/v1/login', { name: 'x', password: 'x' }, {}, door)).status).toBe(403);
    expect(at.agent.audited).toContainEqual(
      expect.objectContaining({
        act: 'login',
        who: 'console:administrator:label',
        how: 'label',
        door: 'service',
      }),
    );
    await at.post('/api/v1/service-link/close', {}, boss);
    expect(JSON.parse((await at.ask('/api/v1/sessions', { headers: boss })).text).sessions).toHaveLength(1);
  });

  test('takes the code of the newest label only, counts wrong ones, and takes none at another door', async () => {
    await using at = await open();
    const boss = await at.login();
    const door = await pressed(at, boss);
    const old = await newLabelCode(at.stateDir, 1);
    const code = await newLabelCode(at.stateDir, 2);
    expect(await enter(at, at.console.url, code)).toBe(403);
    const tries: unknown[] = [];
    for (let i = 0; i < 11; i++) tries.push(await enter(at, door, old));
    expect(tries).toEqual([...Array<number>(10).fill(401), 429]);
    expect(await enter(at, door, code)).toBe(429);
    await at.clock.advance(6000);
    expect(await enter(at, door, code)).toMatchObject({ cookie: expect.any(String) });
  });

  test('opens for whoever has just claimed the unit over it, and his login is held to commissioning', async () => {
    const memory = consoleMemory(new SystemClock());
    memory.claimedOverLink = true;
    const grant = linkGrant('claim');
    const [claimer, boss] = [memory.codes.create(grant), memory.codes.create({ role: 'administrator' })];
    await using at = await open({ memory });
    const person = await at.login();
    await expect.poll(async () => (await stateOf(at, person)).by, PATIENCE).toBe('claim');
    const door = `https://127.0.0.1:${(await stateOf(at, person)).port}`;
    // What opens everything opens nothing here, long code or short.
    for (const code of [boss.code, memory.codes.create({ role: 'administrator' }).short])
      expect((await at.ask(`/login?code=${code}`, { at: door })).status).toBe(401);
    const session = await at.enter(`/login?code=${claimer.code}`, door);
    const asked = (path: string) => at.ask(`/api/v1${path}`, { at: door, headers: session });
    expect(JSON.parse((await asked('/session')).text)).toMatchObject({ scopes: grant.scopes });
    expect([(await asked('/points')).status, (await asked('/people')).status]).toEqual([200, 403]);
    // Once: a console that starts after it opens nothing.
    expect(memory.claimedOverLink).toBe(false);
  });

  test('opens after power-up as long as nobody has claimed the unit, for what is left of its time', async () => {
    const stateDir = join(folder, 'factory');
    const unit = { stateDir, service: { ...SERVICE, powerUp: true }, uptime: 5 * MINUTE };
    {
      await using at = await open({ ...unit, uptime: 15 * MINUTE });
      expect(at.console.health()).toMatchObject([{ part: 'service-link', facts: { open: false } }]);
    }
    await mkdir(stateDir, { recursive: true });
    {
      await using at = await open(unit);
      await expect
        .poll(() => at.console.health(), PATIENCE)
        .toMatchObject([{ facts: { open: true, claimed: false } }]);
      await at.clock.advance(10 * MINUTE);
      await expect.poll(() => at.console.health(), PATIENCE).toMatchObject([{ facts: { open: false } }]);
    }
    {
      await using at = await open(unit);
      // A viewer claims nothing; an administrator does.
      await at.login('viewer');
      expect(at.console.health()).toMatchObject([{ facts: { claimed: false } }]);
      await at.login();
      await expect
        .poll(() => readFile(join(stateDir, 'console', 'claim.json'), 'utf8').catch(() => ''), PATIENCE)
        .toContain('claimed');
    }
    await using at = await open(unit);
    const boss = await at.login();
    expect(await stateOf(at, boss)).toMatchObject({ open: false, claimed: true });
    // The button still opens it.
    await pressed(at, boss);
  });

  test('is none where the site has none', async () => {
    await using at = await openConsole();
    const boss = await at.login();
    expect(await stateOf(at, boss)).toMatchObject({ configured: false, open: false });
    expect((await at.post('/api/v1/service-link/open', {}, boss)).status).toBe(404);
  });

  test('says why it cannot open, and that there is no label', async () => {
    const taken = createServer().listen(0, '::');
    await new Promise((resolve) => taken.once('listening', resolve));
    const address = taken.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await using at = await open({ service: { ...SERVICE, port } });
    expect(at.console.health()).toMatchObject([
      {
        state: 'degraded',
        message: expect.stringContaining('no label'),
        fix: expect.stringContaining('label --access'),
      },
    ]);
    const boss = await at.login();
    await at.post('/api/v1/service-link/open', {}, boss);
    expect(await stateOf(at, boss)).toMatchObject({
      open: false,
      trouble: expect.stringContaining('EADDRINUSE'),
    });
    expect(at.console.health()).toMatchObject([{ state: 'down' }]);
    taken.close();
  });

  test('takes connections over links of its own only', () => {
    const wlan = {
      address: '10.42.0.1',
      netmask: '255.255.255.0',
      family: 'IPv4',
      mac: '',
      internal: false,
      cidr: null,
    } as const;
    const lan = { ...wlan, address: '192.168.7.20' };
    const all = { wlan0: [wlan], eth0: [lan] };
    for (const near of [
      '127.0.0.1',
      '::1',
      'fe80::1%eth0',
      'febf::2',
      '169.254.3.4',
      '::ffff:169.254.3.4',
      '10.42.0.1',
    ]) {
      expect([near, isNear(near, ['wlan0'], all)]).toEqual([near, true]);
    }
    for (const far of ['192.168.7.20', '::ffff:192.168.7.20', '2001:db8::1', 'fec0::1', '']) {
      expect([far, isNear(far, ['wlan0'], all)]).toEqual([far, false]);
    }
    expect(isNear('10.42.0.1', [], all)).toBe(false);
  });
});

describe('what the system gives', () => {
  const WIFI = { ssid: 'pole-0817', password: 'under the lamp' };

  /** A machine with these interfaces and programs, which note what they are asked. */
  async function machine(
    name: string,
    interfaces: readonly string[],
    programs: Readonly<Record<string, string>>,
  ) {
    const dir = join(folder, name);
    const [net, bin] = [join(dir, 'net'), join(dir, 'bin')];
    for (const one of interfaces) await mkdir(join(net, one), { recursive: true });
    await mkdir(bin, { recursive: true });
    for (const [program, then] of Object.entries(programs)) {
      const file = join(bin, program);
      const text = `#!/bin/sh\nfor a in "$@"; do printf '%s|' "$a"; done >> ${dir}/asked\necho >> ${dir}/asked\n${then}\n`;
      await writeFile(file, text);
      await chmod(file, 0o755);
    }
    const asked = async () =>
      (await readFile(join(dir, 'asked'), 'utf8').catch(() => '')).split('\n').filter(Boolean);
    return { interfaces: net, programs: systemPrograms(`${bin}:/bin:/usr/bin`), asked, dir };
  }

  test('an access point and USB by NetworkManager, whose passphrase is on no command line, and both go with the link', async () => {
    const box = await machine('nm', ['eth0', 'wlan0/wireless', 'usb0'], {
      // The file with the passphrase is there while nmcli runs, and for its user alone.
      nmcli:
        'for a in "$@"; do case "$a" in */secret) cat "$a" > "$(dirname "$0")/../psk"; stat -c %a "$a" >> "$(dirname "$0")/../psk";; esac; done',
    });
    const opened = await openNetwork({ ...box, config: { wifi: WIFI, usb: 'usb0' } });
    expect(opened.ways).toEqual([
      {
        way: 'wifi',
        interface: 'wlan0',
        up: true,
        message: 'access point pole-0817 on wlan0 by NetworkManager',
      },
      { way: 'usb', interface: 'usb0', up: true, message: 'usb0 by NetworkManager' },
    ]);
    const before = await box.asked();
    expect(before.find((line) => line.includes('|wifi|'))).toMatch(
      /^connection\|add\|type\|wifi\|con-name\|kerbside-service\|ifname\|wlan0\|autoconnect\|no\|ssid\|pole-0817\|/,
    );
    expect(before.join('\n')).not.toContain(WIFI.password);
    expect(await readFile(join(box.dir, 'psk'), 'utf8')).toBe(
      '802-11-wireless-security.psk:under the lamp\n600\n',
    );
    await opened[Symbol.asyncDispose]();
    expect((await box.asked()).slice(before.length)).toEqual([
      'connection|delete|id|kerbside-service-usb|',
      'connection|delete|id|kerbside-service|',
    ]);
  });

  test('an access point by hostapd where there is no NetworkManager, with settings that nobody else may read', async () => {
    const box = await machine('hostapd', ['wlan1/wireless'], {
      hostapd:
        'case "$1" in -v) exit 0;; esac\ncp "$1" "$(dirname "$0")/../conf"; stat -c %a "$1" >> "$(dirname "$0")/../conf"; exec sleep 600',
    });
    const opened = await openNetwork({ ...box, config: { wifi: WIFI } });
    expect(opened.ways).toMatchObject([{ up: true, message: expect.stringContaining('by hostapd') }]);
    const conf = await readFile(join(box.dir, 'conf'), 'utf8');
    expect(conf).toContain('wpa_passphrase=under the lamp\n');
    expect(conf.trim().split('\n').at(-1)).toBe('600');
    await opened[Symbol.asyncDispose]();
  });

  test('what is missing is named', async () => {
    const config = { wifi: WIFI, usb: 'usb0' };
    const messages = async (box: Awaited<ReturnType<typeof machine>>) => {
      await using opened = await openNetwork({ ...box, config });
      return opened.ways.map(({ up, message }) => `${up} ${message}`);
    };
    expect(await messages(await machine('bare', ['eth0'], {}))).toEqual([
      'false missing: this machine has no Wi-Fi interface',
      'false missing: there is no interface usb0; the image needs a USB gadget (g_ether)',
    ]);
    expect(await messages(await machine('no-programs', ['wlan0/wireless', 'usb0'], {}))).toEqual([
      'false missing: neither nmcli (NetworkManager) nor hostapd is installed',
      'true usb0 as the system set it up: nmcli is not installed',
    ]);
    const broken = 'case "$*" in *up*|*add*ethernet*) echo "Error: no." >&2; exit 4;; esac';
    expect(await messages(await machine('broken', ['wlan0/wireless', 'usb0'], { nmcli: broken }))).toEqual([
      'false nmcli could not start the access point: Error: no.',
      'false nmcli could not set up usb0: Error: no.',
    ]);
  });

  test('and the link says it to the administrator, and opens with what there is', async () => {
    const box = await machine('told', ['eth0'], {});
    const system = { interfaces: box.interfaces };
    await using at = await open({ service: { ...SERVICE, wifi: WIFI }, system });
    const boss = await at.login();
    await pressed(at, boss);
    expect(await stateOf(at, boss)).toMatchObject({
      ways: [{ way: 'wifi', up: false, message: 'missing: this machine has no Wi-Fi interface' }],
    });
    expect(at.agent.audited).toContainEqual(
      expect.objectContaining({
        act: 'service-link-opened',
        missing: ['missing: this machine has no Wi-Fi interface'],
      }),
    );
  });
});
