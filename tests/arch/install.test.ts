/** `npm ci` needs nothing but npm: no compiler, and no script that nobody has looked at. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const json = (file: string) => JSON.parse(readFileSync(file, 'utf8'));
const manifest: { readonly allowScripts: Readonly<Record<string, boolean>> } = json('package.json');
const lock: {
  readonly packages: Readonly<
    Record<string, { readonly hasInstallScript?: boolean; readonly gypfile?: boolean }>
  >;
} = json('package-lock.json');
const packages = Object.entries(lock.packages).filter(([path]) => path !== '');

describe('an install', () => {
  test('compiles nothing: npm calls node-gyp for a binding.gyp unless the lock file says no (.ci/lock.mjs)', () => {
    const withSources = packages.filter(([path]) => existsSync(`${path}/binding.gyp`));
    expect(withSources.length).toBeGreaterThan(0);
    const compiled = withSources.filter(([path, { gypfile }]) => {
      const { install, preinstall } = json(`${path}/package.json`).scripts ?? {};
      return install === undefined && preinstall === undefined && gypfile !== false;
    });
    expect(compiled.map(([path]) => path)).toEqual([]);
  });

  test('is possible with npm 10, which refuses a lock file whose optional peers do not fit (i18next wants TypeScript 5)', () => {
    const { stdout, stderr } = spawnSync('npm', ['ls', 'typescript', '--package-lock-only'], {
      encoding: 'utf8',
    });
    expect(stdout).toContain('typescript@');
    expect(`${stdout}${stderr}`).not.toContain('invalid');
  });

  test('runs the script of node, and every other one is denied by name', () => {
    const named = packages
      .filter(([, { hasInstallScript, gypfile }]) => hasInstallScript === true || gypfile === false)
      .map(([path]) => path.replace(/^.*node_modules\//, ''));
    expect(new Set(named)).toEqual(new Set(Object.keys(manifest.allowScripts)));
    const allowed = Object.entries(manifest.allowScripts).filter(([, yes]) => yes);
    expect(allowed.map(([name]) => name)).toEqual(['node']);
  });

  test('the packages for devices bring the Node that the tests ran on, by the hashes of a lock file', () => {
    const { dependencies } = json('package.json');
    const runtime = json('deploy/runtime/package-lock.json').packages;
    for (const cpu of ['arm64', 'x64']) {
      const { version, integrity } = runtime[`node_modules/node-linux-${cpu}`];
      expect(version).toBe(dependencies.node);
      expect(integrity).toMatch(/^sha512-/);
    }
  });
});
