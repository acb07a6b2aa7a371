/**
 * The packages: the same bytes from the same commit. The one for arm64 gateways: only binaries of its own machine, and an agent that
 * runs on an emulated Cortex-A72: it polls over TCP, commits to the log and, where the network library ends the process
 * (as onnxruntime 1.30 does under qemu 7.2), comes up without vision and says so.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ARCHITECTURES } from '../../deploy/package/architecture.ts';
import { natives, unfit } from '../../deploy/package/natives.ts';
import { loadScenario } from '../../hw-sim/scenario.ts';
import manifest from '../../package.json' with { type: 'json' };
import { openSite } from '../e2e/site.ts';
import { gatewayLine } from '../support/gateway-line.ts';
import { present, program } from '../support/programs.ts';
import { type Built, buildPackages, execute, unpack } from './build.ts';

const SYSROOT = '/usr/aarch64-linux-gnu';
const qemu = program('qemu-aarch64-static');
const there =
  qemu !== undefined &&
  program('dpkg-deb') !== undefined &&
  present(`${SYSROOT}/lib/libstdc++.so.6`) !== undefined;

describe.skipIf(!there)('the package for arm64', () => {
  const dir = mkdtempSync(join(tmpdir(), 'kerbside-arm64-'));
  const root = join(dir, 'root');
  const node = join(dir, 'node');
  const main = join(root, 'usr/lib/kerbside/agent/main.ts');
  let both: readonly Built[];
  let built: Built;

  beforeAll(async () => {
    both = await buildPackages(join(dir, 'first'), ['arm64', 'amd64']);
    [built] = both as [Built];
    await unpack(built, root);
    const runtime = join(root, 'usr/lib/kerbside/runtime/node');
    // What the agent starts it starts as itself, so the emulator has to stand in front of that too.
    const words = `exec ${qemu} -cpu cortex-a72 -L ${SYSROOT} -0 ${node} ${runtime} "$@"`;
    writeFileSync(node, `#!/bin/sh\n${words}\n`, { mode: 0o755 });
  }, 900_000);

  afterAll(() => rmSync(dir, { recursive: true }), 300_000);

  test('a second build gives the same bytes for both architectures', { timeout: 400_000 }, async () => {
    const again = await buildPackages(join(dir, 'second'), ['arm64', 'amd64']);
    const sums = ({ sha256, bundle }: Built) => [
      sha256,
      ...bundle.parts.map(({ name, sha256 }) => `${name} ${sha256}`),
    ];
    expect(again.map(sums)).toEqual(both.map(sums));
    expect(new Set(both.map(({ sha256 }) => sha256)).size).toBe(2);
    expect(built.bundle.parts.map(({ name }) => name)).toEqual(['app', 'models', 'modules', 'runtime']);
    const size = (wanted: string) => built.bundle.parts.find(({ name }) => name === wanted)?.size ?? 0;
    // What most updates have to carry over 4G.
    expect(size('app')).toBeLessThan(4e6);
  });

  test('every native file is of this machine and content with the glibc of Debian 12', async () => {
    const [architecture] = ARCHITECTURES.filter(({ debian }) => debian === 'arm64');
    const found = await natives(root);
    expect(found.map(({ file }) => file.split('/').pop())).toEqual(
      expect.arrayContaining(['node', 'linux-arm64.node', 'libonnxruntime.so.1', 'onnxruntime_binding.node']),
    );
    expect(found.length).toBeGreaterThanOrEqual(7);
    expect(architecture && unfit(found, architecture)).toEqual([]);
  });

  test('the bill of materials and the notices name what is in it', async () => {
    const papers = join(root, 'usr/share/doc/kerbside');
    const { stdout: bill } = await execute('cat', [join(papers, 'sbom.cdx.json')], { maxBuffer: 16 << 20 });
    const { bomFormat, components } = JSON.parse(bill);
    expect(bomFormat).toBe('CycloneDX');
    const names = components.map(({ name }: { name: string }) => name);
    expect(names).toEqual(
      expect.arrayContaining(['better-sqlite3', 'node-red', 'node', 'nanodet', 'centernet']),
    );
    expect(names).not.toContain('vitest');
    const { stdout: notices } = await execute('cat', [join(papers, 'copyright')], { maxBuffer: 16 << 20 });
    for (const name of ['better-sqlite3 13', 'model nanodet', 'Node.js, in runtime/'])
      expect(notices).toContain(name);
  });

  test('kerbside doctor runs, and tells that counting does not', { timeout: 300_000 }, async () => {
    const site = join(root, 'usr/share/kerbside/site.yaml');
    const { stdout } = await execute(node, [main, 'doctor', '--offline', '--json', '--site', site]);
    const { ok, findings } = JSON.parse(stdout);
    const says = Object.fromEntries(
      findings.map(({ about, state, says }: Record<string, string>) => [about, `${state}: ${says}`]),
    );
    expect(ok).toBe(true);
    expect(says.runtime).toBe(`ok: Node ${manifest.dependencies.node} on arm64`);
    for (const library of ['better-sqlite3', 'serialport', 'sharp'])
      expect(says[`library ${library}`]).toMatch(/^ok: runs/);
    // Whatever this emulator does with it: it is found out, not believed.
    expect(says['library onnxruntime-node']).toMatch(/^ok: runs|^warning: ends the process .* counting/);
  });

  test('the agent polls over TCP and commits; without vision where that ends the process', {
    timeout: 900_000,
  }, async () => {
    const street = await loadScenario('street');
    await using site = await openSite({
      scenario: { ...street, lines: [gatewayLine(1000)], lamps: [], programmes: [] },
      // Nothing that names devices of the street which do not stand here.
      change: { lamps: [], programmes: [], alarms: undefined, sign: undefined },
    });
    const runs: Run[] = [];
    // What systemd does: an end that nobody asked for is followed by a new start.
    for (;;) {
      const run = new Run(
        spawn(node, [main, 'run', '--site', site.file], { stdio: ['ignore', 'ignore', 'pipe'] }),
      );
      runs.push(run);
      // Where nothing of both comes, the library works under this emulator.
      await vi
        .waitFor(() => expect(run.ended || run.says('vision.left-out')).toBe(true), {
          timeout: 120_000,
          interval: 200,
        })
        .catch(() => {});
      if (!run.ended || runs.length > 4) break;
    }
    const last = runs.at(-1) as Run;
    expect(last.ended, last.text).toBe(false);
    if (runs.length > 1) {
      expect(runs.length, 'three crashes, then a start without vision').toBe(4);
      expect(last.text).toContain('vision is left out');
    }
    await vi.waitFor(() => expect(last.says('agent.first-reading')).toBe(true), {
      timeout: 240_000,
      interval: 500,
    });
    const file = join(site.state, 'log.db');
    const patience = { timeout: 120_000, interval: 500 };
    await vi.waitFor(() => expect(committed(file)).toBeGreaterThan(0), patience);
    const before = committed(file);
    await vi.waitFor(() => expect(committed(file)).toBeGreaterThan(before), patience);
    expect(last.ended, last.text).toBe(false);
    // How fast it stops is measured elsewhere: an emulator is slower than the time a stop has.
    await last.stop();
  });
});

/** Readings of the meter lane and of telemetry in the log. */
function committed(file: string): number {
  using log = Object.assign(new Database(file, { readonly: true }), {
    [Symbol.dispose](this: Database.Database) {
      this.close();
    },
  });
  return log.prepare('SELECT coalesce(sum(count), 0) FROM batch_telemetry').pluck().get() as number;
}

class Run {
  readonly #child: ChildProcess;
  readonly #gone: Promise<unknown>;
  text = '';
  ended = false;

  constructor(child: ChildProcess) {
    this.#child = child;
    this.#gone = once(child, 'exit').then(() => {
      this.ended = true;
    });
    child.stderr?.on('data', (chunk) => {
      this.text += chunk;
    });
  }

  says(words: string): boolean {
    return this.text.includes(words);
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGINT');
    await this.#gone;
  }
}
