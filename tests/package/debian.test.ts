/**
 * The package in a Debian 12 of its own: installed, run under its two users, upgraded, removed, purged. No service manager
 * runs in there, so the test starts what the units start, as the users they name.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { root as asRoot, program } from '../support/programs.ts';
import { buildPackages, execute } from './build.ts';

const there =
  program('mmdebstrap') !== undefined && program('chroot') !== undefined && asRoot() !== undefined;
const MACHINE = process.arch === 'arm64' ? 'arm64' : 'amd64';

describe.skipIf(!there)('the package in a clean Debian', () => {
  const dir = mkdtempSync(join(tmpdir(), 'kerbside-debian-'));
  const root = join(dir, 'root');
  const children: ChildProcess[] = [];
  const inside = (...command: string[]) =>
    execute('chroot', [root, ...command], {
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' },
    });
  const shell = async (words: string) => (await inside('sh', '-c', words)).stdout.trim();
  const dpkg = (...args: string[]) => inside('dpkg', '--force-unsafe-io', ...args);

  /** As a unit does: a user, its groups, a cleared environment. */
  function start(user: string, groups: string, env: Record<string, string>, ...command: string[]) {
    const child = spawn('chroot', [`--userspec=${user}:${user}`, `--groups=${groups}`, root, ...command], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', ...env },
    });
    children.push(child);
    const started = { child, text: '' };
    child.stderr?.on('data', (chunk) => {
      started.text += chunk;
    });
    return started;
  }

  beforeAll(async () => {
    const [debian] = await Promise.all([
      execute('mmdebstrap', [
        '--quiet',
        '--variant=minbase',
        '--include=adduser,ca-certificates,libstdc++6',
        '--dpkgopt=force-unsafe-io',
        'bookworm',
        root,
      ]),
      buildPackages(join(dir, 'first'), [MACHINE]).then(
        ([deb]) => deb && copyFileSync(deb.file, join(dir, '1.deb')),
      ),
    ]);
    // The same files as a later version; what matters is what dpkg and our scripts do with it.
    await execute('dpkg-deb', ['-R', join(dir, '1.deb'), join(dir, 'second')]);
    const control = join(dir, 'second/DEBIAN/control');
    writeFileSync(control, readFileSync(control, 'utf8').replace(/^(Version: .*)-1$/m, '$1-2'));
    await execute('dpkg-deb', [
      '--root-owner-group',
      '-Znone',
      '-b',
      join(dir, 'second'),
      join(dir, '2.deb'),
    ]);
    expect(debian).toBeDefined();
    for (const file of ['1.deb', '2.deb']) copyFileSync(join(dir, file), join(root, 'tmp', file));
  }, 400_000);

  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    rmSync(dir, { recursive: true, force: true });
  }, 300_000);

  test('it installs, with users of its own and nothing anybody else may read', {
    timeout: 120_000,
  }, async () => {
    await dpkg('-i', '/tmp/1.deb');
    expect(await shell('id -nG kerbside')).toBe('kerbside dialout video kerbside-flows');
    expect(await shell('id -nG kerbside-flows')).toBe('kerbside-flows');
    expect(await shell('stat -c "%U %a" /etc/kerbside/site.yaml /var/lib/kerbside')).toBe(
      'kerbside 640\nkerbside 700',
    );
    expect(await shell('kerbside check /etc/kerbside/site.yaml')).toContain('is right');
    expect(await shell('find /usr/lib/kerbside /usr/bin/kerbside ! -user root -o -perm /022 ! -type l')).toBe(
      '',
    );
  });

  test('agent and Node-RED run as two users and meet at the socket', { timeout: 120_000 }, async () => {
    await shell('install -d -m 2750 -o kerbside -g kerbside-flows /run/kerbside');
    await shell('install -d -m 0700 -o kerbside-flows -g kerbside-flows /var/lib/kerbside-flows');
    // Any free port: other tests run beside this one.
    await shell(
      `printf 'console: { listen: "127.0.0.1:0" }\\n' >> /etc/kerbside/site.yaml; sed -i 's|^node_red:.*|node_red: { socket: /run/kerbside/node-red.sock, listen: "127.0.0.1:0" }|' /etc/kerbside/site.yaml`,
    );
    const [, unit = ''] =
      /^ExecStart=(.*)$/m.exec(
        readFileSync(join(root, 'usr/lib/systemd/system/kerbside-node-red.service'), 'utf8'),
      ) ?? [];
    const agent = start(
      'kerbside',
      'dialout,video,kerbside-flows',
      { HOME: '/var/lib/kerbside' },
      '/usr/bin/kerbside',
      'run',
      '--site',
      '/etc/kerbside/site.yaml',
    );
    const flows = start(
      'kerbside-flows',
      'kerbside-flows',
      {
        KERBSIDE_FLOWS_SOCKET: '/run/kerbside/node-red.sock',
        STATE_DIRECTORY: '/var/lib/kerbside-flows',
        HOME: '/var/lib/kerbside-flows',
      },
      ...unit.split(' '),
    );
    await vi.waitFor(
      async () =>
        expect(await shell('ls /var/lib/kerbside-flows'), `${agent.text}\n${flows.text}`).toContain(
          'flows.json',
        ),
      { timeout: 60_000, interval: 500 },
    );
    expect(await shell('stat -c "%U:%G %a" /run/kerbside/node-red.sock 2>/dev/null || echo met')).toBe('met');
    // What technicians write reads neither the site file with its secrets nor the log.
    for (const secret of ['/etc/kerbside/site.yaml', '/var/lib/kerbside/log.db']) {
      await expect(
        execute('chroot', [
          '--userspec=kerbside-flows:kerbside-flows',
          '--groups=kerbside-flows',
          root,
          '/bin/cat',
          secret,
        ]),
      ).rejects.toThrow(/Permission denied/);
    }
    const ended = [once(agent.child, 'exit'), once(flows.child, 'exit')];
    agent.child.kill('SIGTERM');
    // Without the agent Node-RED ends by itself.
    await Promise.all(ended);
    expect(agent.child.exitCode, agent.text).toBe(0);
  });

  test('an upgrade keeps site file and log', { timeout: 120_000 }, async () => {
    const before = await shell('md5sum /etc/kerbside/site.yaml; ls /var/lib/kerbside');
    await dpkg('-i', '/tmp/2.deb');
    expect((await inside('dpkg-query', '--show', 'kerbside')).stdout.trim()).toMatch(/-2$/);
    expect(await shell('md5sum /etc/kerbside/site.yaml; ls /var/lib/kerbside')).toBe(before);
  });

  test('removing leaves what was measured, purging leaves nothing', { timeout: 120_000 }, async () => {
    await dpkg('-r', 'kerbside');
    expect(existsSync(join(root, 'usr/lib/kerbside/agent'))).toBe(false);
    expect(existsSync(join(root, 'var/lib/kerbside/log.db'))).toBe(true);
    await dpkg('-P', 'kerbside');
    expect(
      await shell('find / -xdev -path "*kerbside*" ! -path "/proc/*" ! -path "/run/*" 2>/dev/null'),
    ).toBe('');
    expect(await shell('getent passwd kerbside kerbside-flows || true')).toBe('');
  });
});
