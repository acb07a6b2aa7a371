/**
 * The package under a real systemd, process 1 of a machine of its own: installed, run by its two units, updated by signed bundles of
 * the whole release, through releases that crash, that fall silent, and cuts of the power; then the package again. A street
 * with a meter and the city's broker stand outside, on the loopback.
 */
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type BootState, isWhole, readBootState } from '../../agent/update/boot-state.ts';
import { loadScenario } from '../../hw-sim/scenario.ts';
import manifest from '../../package.json' with { type: 'json' };
import { type City, openCity } from '../e2e/city.ts';
import { openSite } from '../e2e/site.ts';
import { gatewayLine } from '../support/gateway-line.ts';
import { CITY } from '../support/update-bundles.ts';
import { Machine } from './machine/machine.ts';
import { ACCESS, CRASHES, Releases, SILENT } from './machine/releases.ts';

export interface Stand {
  /** Empty folder. */
  readonly dir: string;
  /** Root of a Debian with systemd, only read. */
  readonly base: string;
  /** The package, and a later one of the same files; of the versions `FIRST` and `SECOND`. */
  readonly debs: { readonly first: string; readonly second: string };
  /** Bundle as `npm run package` made it, and the agent's folder of the package, unpacked. */
  readonly bundle: string;
  readonly home: string;
}

const ROOT = 'kerbside/v1/demo-street/pole-0817';
const RELEASES = '/var/lib/kerbside/releases';
const PATIENCE = 90_000;
const LOOK = new URL('./machine/look.pl', import.meta.url).pathname;
/** Versions of the two packages. */
export const FIRST = manifest.version;
export const SECOND = FIRST.replace(/\d+$/, (patch) => String(Number(patch) + 1));

export function underSystemd(title: string, there: boolean, stand: () => Stand): void {
  describe.skipIf(!there)(title, () => {
    const open = new AsyncDisposableStack();
    let machine: Machine;
    let city: City;
    let releases: Releases;
    let server: Awaited<ReturnType<Releases['serve']>>;
    let commands = 0;

    const shell = (words: string) => machine.run('sh', '-c', words);
    const state = (): BootState => {
      const { state: read } = readBootState(machine.path(RELEASES));
      if (read === undefined) throw new Error('there is no boot state');
      return read;
    };
    const news = () =>
      [...city.records.values()]
        .filter(({ event }) => event === 'update')
        .map(({ body }) => body as { what: string; version: string; reason?: string; code?: string });
    const heard = async (what: string, version: string) => {
      await city
        .until(
          () => news().some((one) => one.what === what && one.version === version),
          `${what} ${version}`,
          PATIENCE,
        )
        .catch(async (thrown: Error) => {
          throw new Error(`${thrown.message}\n${JSON.stringify(news())}\n${await machine.journal()}`);
        });
      return news().find((one) => one.what === what && one.version === version);
    };
    const running = async () => {
      const { MainPID = '0' } = await machine.unit('kerbside');
      return shell(`readlink /proc/${MainPID}/exe`);
    };
    const active = (unit: string) =>
      vi.waitFor(
        async () => {
          const { ActiveState, SubState } = await machine.unit(unit);
          expect(`${ActiveState} ${SubState}`).toBe('active running');
        },
        { timeout: PATIENCE, interval: 200 },
      );
    const update = async (version: string, act: 'apply' | 'stage' = 'apply') => {
      const id = `update-${++commands}`;
      const value = JSON.stringify({ act, source: `${server.address}/${version}/manifest.json` });
      await city.publish(`${ROOT}/cmd/agent/update`, { id, value, ttl: 60_000 });
      await city.until(() => city.topics.has(`${ROOT}/cmd/${id}/result`), `the result of ${id}`);
      expect(city.topics.get(`${ROOT}/cmd/${id}/result`)).toMatchObject({ state: 'done' });
    };
    /** Waits for a state of the device's disk, looking often. */
    const sees = (met: (now: BootState) => boolean) =>
      vi.waitFor(() => expect(met(state())).toBe(true), { timeout: PATIENCE, interval: 5 });

    beforeAll(async () => {
      const { dir, base, debs, bundle, home } = stand();
      for (const name of ['machine', 'releases']) mkdirSync(join(dir, name));
      machine = open.use(new Machine(base, join(dir, 'machine')));
      for (const [name, file] of Object.entries(debs)) linkSync(file, join(machine.shared, `${name}.deb`));
      releases = new Releases(join(dir, 'releases'), bundle, home);
      server = open.use(await releases.serve());
      const street = await loadScenario('street');
      const site = open.use(
        await openSite({
          scenario: { ...street, lines: [gatewayLine(1000)], lamps: [], programmes: [] },
          camera: false,
          change: {
            state: '/var/lib/kerbside',
            lamps: [],
            programmes: [],
            alarms: undefined,
            sign: undefined,
            node_red: { socket: '/run/kerbside/node-red.sock', listen: '127.0.0.1:0' },
            fleet: { keys: [CITY.key], ca: 'file:./ca.pem', token: 'file:./token' },
          },
        }),
      );
      city = open.use(await openCity(site.broker));
      await machine.boot();
      await machine.run('dpkg', '--force-unsafe-io', '-i', '/shared/first.deb');
      copyFileSync(site.file, machine.path('/etc/kerbside/site.yaml'));
      writeFileSync(machine.path('/etc/kerbside/ca.pem'), ACCESS.ca);
      writeFileSync(machine.path('/etc/kerbside/token'), ACCESS.token);
      // Before each start the services look around; a watchdog of a minute is long in a test.
      copyFileSync(LOOK, machine.path('/usr/local/lib/look.pl'));
      for (const unit of ['kerbside', 'kerbside-node-red']) {
        const folder = machine.path(`/etc/systemd/system/${unit}.service.d`);
        mkdirSync(folder, { recursive: true });
        writeFileSync(
          join(folder, 'test.conf'),
          '[Service]\nExecStartPre=/usr/bin/perl /usr/local/lib/look.pl\nWatchdogSec=20\n',
        );
      }
      await machine.run('systemctl', 'daemon-reload');
      await shell('chown kerbside /etc/kerbside/ca.pem /etc/kerbside/token; chmod 600 /etc/kerbside/token');
    }, 120_000);

    afterAll(() => open.disposeAsync(), 60_000);

    test('the package starts as two services that say when they are ready', {
      timeout: 120_000,
    }, async () => {
      await machine.run('systemctl', 'start', 'kerbside', 'kerbside-node-red');
      // Type=notify: start comes back when the agent says so.
      expect(await machine.unit('kerbside')).toMatchObject({
        Type: 'notify',
        ActiveState: 'active',
        UnitFileState: 'enabled',
        NRestarts: '0',
      });
      expect(await running()).toBe('/usr/lib/kerbside/runtime/node');
      await active('kerbside-node-red');
      await city.until(() => city.records.size > 20, 'readings at the city', PATIENCE);
      // They have met at their socket.
      await vi.waitFor(
        async () => expect(await shell('ls /var/lib/kerbside-flows')).toContain('flows.json'),
        {
          timeout: PATIENCE,
          interval: 500,
        },
      );
    });

    test('each of them is held in as its unit says', async () => {
      const agent = JSON.parse(readFileSync(machine.path('/var/lib/kerbside/look.json'), 'utf8'));
      const denied = 'Operation not permitted';
      const readOnly = 'Read-only file system';
      expect(agent).toMatchObject({
        user: 'kerbside',
        null: 'open',
        'loop-control': denied,
        'write /etc': readOnly,
        'write /usr/lib/kerbside': readOnly,
        'write /var/lib': readOnly,
        'write /etc/kerbside': 'open',
        'write /var/lib/kerbside': 'open',
        'write /tmp': 'open',
        'read /etc/kerbside/site.yaml': 'open',
        'read /proc/1/status': 'No such file or directory',
      });
      expect(agent.groups.split(' ')).toEqual(
        expect.arrayContaining(['dialout', 'video', 'kerbside', 'kerbside-flows']),
      );
      // Where there is no port behind its name the answer is another one than no.
      expect(['open', 'Input/output error', 'No such device or address']).toContain(agent.ttyS0);
      const flows = JSON.parse(readFileSync(machine.path('/var/lib/kerbside-flows/look.json'), 'utf8'));
      expect(flows).toMatchObject({
        user: 'kerbside-flows',
        groups: 'kerbside-flows',
        null: 'open',
        ttyS0: 'No such file or directory',
        'loop-control': 'No such file or directory',
        'write /etc': readOnly,
        'write /var/lib/kerbside-flows': 'open',
        'read /etc/kerbside/site.yaml': 'Permission denied',
        'read /proc/1/status': 'No such file or directory',
      });
      for (const look of [agent, flows]) if ('namespace' in look) expect(look.namespace).toBe(denied);
      expect(flows['write /var/lib/kerbside']).not.toBe('open');
      for (const unit of ['kerbside', 'kerbside-node-red']) {
        const { MainPID = '' } = await machine.unit(unit);
        const status = await shell(`cat /proc/${MainPID}/status`);
        expect(status).toMatch(/^CapBnd:\t0+$/m);
        expect(status).toMatch(/^NoNewPrivs:\t1$/m);
        expect(status).toMatch(/^Seccomp:\t2$/m);
        const said = await machine.run('systemd-analyze', 'security', '--no-pager', `${unit}.service`);
        const [, exposure = ''] = /exposure level for \S+: ([\d.]+)/.exec(said) ?? [];
        expect(Number(exposure)).toBeLessThanOrEqual(2);
        expect(Number(exposure)).toBeGreaterThan(0);
      }
      // What follows is about the agent.
      await machine.run('systemctl', 'disable', '--now', 'kerbside-node-red');
    });

    test('a stick with only what is new on it updates the package, by hand and as root', {
      timeout: 240_000,
    }, async () => {
      await releases.make({ version: '0.2.0' });
      const stick = join(machine.shared, 'stick');
      mkdirSync(stick);
      for (const file of ['manifest.json', 'app.tar.zst'])
        copyFileSync(join(releases.served('0.2.0'), file), join(stick, file));
      expect(await machine.run('kerbside', 'update', 'verify', '/shared/stick')).toBe('it would be taken');
      expect(await machine.run('kerbside', 'update', 'apply', '/shared/stick')).toContain(
        'runs from the next start on',
      );
      await machine.run('systemctl', 'restart', 'kerbside');
      expect(await running()).toBe(`${RELEASES}/0.2.0/runtime/node`);
      await heard('staged', '0.2.0');
      await heard('switched', '0.2.0');
      await heard('good', '0.2.0');
      // What the package has was copied out of it.
      expect(readdirSync(machine.path(`${RELEASES}/0.2.0`)).sort()).toContain('models');
      expect(await shell(`find ${RELEASES} ! -user kerbside`)).toBe('');
    });

    test('a release that crashes at its start is taken back, and the city hears why', {
      timeout: 240_000,
    }, async () => {
      await releases.make({ version: '0.3.0', breaks: CRASHES });
      await update('0.3.0');
      const { reason } = (await heard('returned', '0.3.0')) ?? {};
      expect(reason).toContain('started 3 times');
      expect(await running()).toBe(`${RELEASES}/0.2.0/runtime/node`);
      await active('kerbside');
      // Of four parts the device had three.
      expect(server.asked).toEqual(['0.3.0/manifest.json', '0.3.0/app.tar.zst']);
      await update('0.3.0');
      expect(await heard('refused', '0.3.0')).toMatchObject({ code: 'refused-before' });
    });

    test('a release whose uplink is silent is taken back by itself', { timeout: 240_000 }, async () => {
      await releases.make({ version: '0.4.0', breaks: SILENT, within: 6 });
      await update('0.4.0');
      const { reason } = (await heard('returned', '0.4.0')) ?? {};
      expect(reason).toContain('uplink city is silent');
      await active('kerbside');
      expect(await running()).toBe(`${RELEASES}/0.2.0/runtime/node`);
      expect(state()).toMatchObject({ current: '0.2.0', floor: '0.2.0' });
    });

    test('cuts of the power leave the release before or the new one, whole, and the next try goes through', {
      timeout: 400_000,
    }, async () => {
      await releases.make({ version: '0.5.0' });
      const back = async (...allowed: string[]) => {
        await machine.cut();
        await machine.boot();
        await active('kerbside');
        const { current } = state();
        expect(allowed).toContain(current);
        expect(isWhole(machine.path(RELEASES), current)).toBe(true);
        expect(await running()).toBe(`${RELEASES}/${current}/runtime/node`);
        return current;
      };
      const connected = async () => {
        const states = () => city.arrivals.filter((topic) => topic === `${ROOT}/state`).length;
        const before = states();
        await city.until(() => states() > before, 'the agent is back at the city', PATIENCE);
      };
      // While it is laid out.
      await update('0.5.0');
      await vi.waitFor(() => expect(existsSync(machine.path(`${RELEASES}/.new-0.5.0`))).toBe(true), {
        timeout: PATIENCE,
        interval: 2,
      });
      await back('0.2.0');
      await connected();
      // When it is staged.
      await update('0.5.0', 'stage');
      await sees(({ history }) => history.some((one) => one.what === 'staged' && one.version === '0.5.0'));
      await back('0.2.0');
      expect(isWhole(machine.path(RELEASES), '0.5.0')).toBe(true);
      await connected();
      // When it is switched to: on the disk, or about to be.
      await update('0.5.0');
      await sees(({ current }) => current === '0.5.0');
      if ((await back('0.2.0', '0.5.0')) === '0.2.0') {
        await connected();
        await update('0.5.0');
        await sees(({ current }) => current === '0.5.0');
      }
      // On trial, while it runs.
      await sees(({ trial }) => (trial?.starts ?? 0) > 0);
      await back('0.5.0');
      await heard('good', '0.5.0');
      expect(state()).toMatchObject({ current: '0.5.0', previous: '0.2.0', floor: '0.5.0' });
    });

    test('an agent that stands still is ended by the watchdog and starts again', {
      timeout: 120_000,
    }, async () => {
      const { MainPID: before = '' } = await machine.unit('kerbside');
      await shell(`kill -STOP ${before}`);
      await vi.waitFor(
        async () => {
          const now = await machine.unit('kerbside');
          expect(now.NRestarts).toBe('1');
          expect(now.MainPID).not.toBe(before);
        },
        { timeout: PATIENCE, interval: 500 },
      );
      await active('kerbside');
      expect(
        await machine.run('journalctl', '--no-pager', '-u', 'kerbside', '-g', 'Watchdog timeout'),
      ).toContain('Watchdog timeout');
      expect(await running()).toBe(`${RELEASES}/0.5.0/runtime/node`);
    });

    test('of package and bundle the later one wins; the same package again changes nothing', {
      timeout: 400_000,
    }, async () => {
      const install = async (name: string) => {
        await machine.run('dpkg', '--force-unsafe-io', '-i', `/shared/${name}.deb`);
        await active('kerbside');
      };
      await install('second');
      expect(await running()).toBe('/usr/lib/kerbside/runtime/node');
      const { reason } = (await heard('returned', '0.5.0')) ?? {};
      expect(reason).toBe(`the package ${SECOND} was installed after it, over ${FIRST}`);
      expect(await machine.run('kerbside', 'update', 'status')).toContain(`${SECOND} of the package runs`);
      // The bundle again, by hand: the later wish.
      const asked = server.asked.length;
      await update('0.5.0');
      await sees(({ current, trial }) => current === '0.5.0' && trial === undefined);
      expect(server.asked.slice(asked)).toEqual(['0.5.0/manifest.json']);
      await install('second');
      expect(await running()).toBe(`${RELEASES}/0.5.0/runtime/node`);
      // An older package is a wish as well.
      await install('first');
      expect(await running()).toBe('/usr/lib/kerbside/runtime/node');
      expect(await machine.run('kerbside', 'update', 'status')).toContain(`${FIRST} of the package runs`);
    });

    test('through all of this the city has every record, and removing stops the service', {
      timeout: 120_000,
    }, async () => {
      expect(city.ledger.report()).toMatchObject({ missing: 0, conflicts: 0, outOfOrder: 0 });
      await machine.run('dpkg', '-r', 'kerbside');
      expect(await machine.unit('kerbside')).toMatchObject({ ActiveState: 'inactive' });
    });
  });
}
