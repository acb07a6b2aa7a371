/** What is installed for which architecture, and that nothing of it may be missing unnoticed. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ARCHITECTURES } from '../../deploy/package/architecture.ts';
import { foreignBinary, foreignPackages, widened } from '../../deploy/package/machines.ts';
import { install } from '../../deploy/package/modules.ts';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const [ARM, AMD] = ARCHITECTURES as [(typeof ARCHITECTURES)[0], (typeof ARCHITECTURES)[0]];

const unused = (path: string) => path.includes('pty');

describe('packages for one processor', () => {
  test('are installed for all that are wanted, and for no other system', async () => {
    const { needed } = await widened(REPOSITORY, ARCHITECTURES, unused);
    for (const cpu of ['arm64', 'x64']) {
      expect(needed).toContain(`node_modules/@img/sharp-linux-${cpu}`);
      expect(needed).toContain(`node_modules/@img/sharp-libvips-linux-${cpu}`);
    }
    expect(needed.filter((path) => /musl|darwin|win32|freebsd/.test(path))).toEqual([]);
    // What only developers have, and what no device loads, is no part of a package.
    expect(needed.filter((path) => /biome|rolldown|pty/.test(path))).toEqual([]);
    const { needed: one } = await widened(REPOSITORY, [ARM], unused);
    expect(needed.filter((path) => !path.includes('x64'))).toEqual(one);
  });

  test('each needed one is foreign to exactly the other architecture', async () => {
    const { needed } = await widened(REPOSITORY, ARCHITECTURES, unused);
    const foreign = await Promise.all(ARCHITECTURES.map((one) => foreignPackages(REPOSITORY, one)));
    for (const path of needed) expect(foreign.filter((paths) => paths.includes(path)).length, path).toBe(1);
  });

  test('binaries for many systems in one package are told apart', () => {
    const onnx = (where: string) => `onnxruntime-node/bin/napi-v6/${where}/onnxruntime_binding.node`;
    expect(foreignBinary(onnx('linux/arm64'), ARM)).toBe(false);
    expect(foreignBinary(onnx('linux/x64'), ARM)).toBe(true);
    expect(foreignBinary(onnx('darwin/arm64'), ARM)).toBe(true);
    expect(foreignBinary('better-sqlite3/prebuilds/linux-x64.node', AMD)).toBe(false);
    expect(foreignBinary('better-sqlite3/prebuilds/linuxmusl-x64.node', AMD)).toBe(true);
    expect(foreignBinary('better-sqlite3/lib/index.js', AMD)).toBe(false);
  });
});

describe('a package that cannot be fetched', () => {
  const dir = mkdtempSync(join(tmpdir(), 'kerbside-machines-'));
  const asked: string[] = [];
  const registry = createServer(({ url = '' }, response) => {
    asked.push(url);
    response.writeHead(404).end();
  });

  beforeEach(async () => {
    await new Promise<void>((done) => registry.listen(0, '127.0.0.1', done));
    const url = `http://127.0.0.1:${(registry.address() as AddressInfo).port}/`;
    vi.stubEnv('npm_config_registry', url);
    vi.stubEnv('npm_config_cache', join(dir, 'cache'));
    const name = 'lamp-linux-arm64';
    const root = { name: 'street', version: '1.0.0', optionalDependencies: { [name]: '1.0.0' } };
    const locked = {
      version: '1.0.0',
      resolved: `${url}${name}.tgz`,
      integrity: `sha512-${Buffer.alloc(64, 1).toString('base64')}`,
      cpu: ['arm64'],
      os: ['linux'],
      optional: true,
    };
    const packages = { '': root, [`node_modules/${name}`]: locked };
    const lock = { name: 'street', version: '1.0.0', lockfileVersion: 3, requires: true, packages };
    writeFileSync(join(dir, 'package.json'), JSON.stringify(root));
    writeFileSync(join(dir, 'package-lock.json'), JSON.stringify(lock));
  });

  afterEach(async () => {
    vi.unstubAllEnvs();
    await new Promise((done) => registry.close(done));
    rmSync(dir, { recursive: true });
  });

  test('ends the build, though to npm it is optional', async () => {
    const to = mkdtempSync(join(dir, 'to-'));
    await expect(install(dir, to, [ARM])).rejects.toThrow(
      'npm ci left out node_modules/lamp-linux-arm64, which devices need',
    );
    expect(asked).toEqual(['/lamp-linux-arm64.tgz']);
  });
});
