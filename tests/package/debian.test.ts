/**
 * The package in a Debian 12 of its own: run by systemd, updated and cut from its power (`systemd.ts`), and without a service
 * manager, as an image is made: installed, upgraded, removed, purged.
 */
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { root as asRoot, program } from '../support/programs.ts';
import { buildPackages, execute } from './build.ts';
import { forbidden } from './machine/machine.ts';
import { FIRST, SECOND, underSystemd } from './systemd.ts';

const there =
  program('mmdebstrap') !== undefined && program('chroot') !== undefined && asRoot() !== undefined;
const MACHINE = process.arch === 'arm64' ? 'arm64' : 'amd64';
const tools = ['unshare', 'nsenter', 'losetup', 'mkfs.ext4', 'perl'].every(
  (name) => program(name) !== undefined,
);
const why = there && tools ? forbidden() : undefined;
/** `.ci/run` knows these words: no program could mend that. */
const reason = why === undefined ? '' : ` (this machine forbids it: ${why})`;

describe.skipIf(!there)('the package in a clean Debian', () => {
  const dir = mkdtempSync(join(tmpdir(), 'kerbside-debian-'));
  const root = join(dir, 'root');
  let bundle = '';
  const inside = (...command: string[]) =>
    execute('chroot', [root, ...command], {
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' },
    });
  const shell = async (words: string) => (await inside('sh', '-c', words)).stdout.trim();
  const dpkg = (...args: string[]) => inside('dpkg', '--force-unsafe-io', ...args);

  beforeAll(async () => {
    const [, [built]] = await Promise.all([
      execute('mmdebstrap', [
        '--quiet',
        '--variant=minbase',
        '--include=adduser,ca-certificates,libstdc++6,systemd',
        '--dpkgopt=force-unsafe-io',
        'bookworm',
        root,
      ]),
      buildPackages(join(dir, 'first'), [MACHINE]),
    ]);
    if (built === undefined) throw new Error('nothing was built');
    bundle = built.bundle.folder;
    copyFileSync(built.file, join(dir, 'first.deb'));
    // The same files as a later version; what matters is what dpkg and our scripts do with it.
    await execute('dpkg-deb', ['-R', built.file, join(dir, 'second')]);
    rename(join(dir, 'second/DEBIAN/control'), `Version: ${FIRST}-1`, `Version: ${SECOND}-1`);
    rename(
      join(dir, 'second/usr/lib/kerbside/package.json'),
      `"version": "${FIRST}"`,
      `"version": "${SECOND}"`,
    );
    await execute('dpkg-deb', [
      '--root-owner-group',
      '-Znone',
      '-b',
      join(dir, 'second'),
      join(dir, 'second.deb'),
    ]);
  }, 900_000);

  afterAll(async () => {
    rmSync(dir, { recursive: true, force: true });
  }, 300_000);

  // First: it only reads the root that the others install into.
  underSystemd(`under systemd${reason}`, tools && why === undefined, () => ({
    dir,
    base: root,
    debs: { first: join(dir, 'first.deb'), second: join(dir, 'second.deb') },
    bundle,
    home: join(dir, 'second/usr/lib/kerbside'),
  }));

  test('it installs, with users of its own and nothing anybody else may read', {
    timeout: 120_000,
  }, async () => {
    for (const file of ['first.deb', 'second.deb']) copyFileSync(join(dir, file), join(root, 'tmp', file));
    await dpkg('-i', '/tmp/first.deb');
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

  test('an upgrade keeps site file and log', { timeout: 120_000 }, async () => {
    await shell('echo measured > /var/lib/kerbside/log.db; chown kerbside /var/lib/kerbside/log.db');
    const before = await shell('md5sum /etc/kerbside/site.yaml; ls /var/lib/kerbside');
    await dpkg('-i', '/tmp/second.deb');
    expect((await inside('dpkg-query', '--show', 'kerbside')).stdout.trim()).toBe(`kerbside\t${SECOND}-1`);
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

function rename(file: string, from: string, to: string): void {
  const text = readFileSync(file, 'utf8');
  if (!text.includes(from)) throw new Error(`${file} has no ${from}`);
  writeFileSync(file, text.replace(from, to));
}
