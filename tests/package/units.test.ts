/** The service files, by systemd's own judgement: they are right, and give away little. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { program } from '../support/programs.ts';

const analyze = program('systemd-analyze');
const UNITS = ['kerbside.service', 'kerbside-node-red.service'];

describe.skipIf(analyze === undefined)('systemd units', () => {
  const dir = mkdtempSync(join(tmpdir(), 'kerbside-units-'));
  afterAll(() => rmSync(dir, { recursive: true }));

  /** The unit with a program that is on this machine in place of ours. */
  function unit(name: string): string {
    const file = join(dir, name);
    const text = readFileSync(new URL(`../../deploy/systemd/${name}`, import.meta.url), 'utf8');
    writeFileSync(file, text.replace(/^ExecStart=\S+/m, 'ExecStart=/bin/true'));
    return file;
  }

  test.each(UNITS)('%s says nothing that systemd does not understand', (name) => {
    const said = execFileSync(analyze ?? '', ['verify', unit(name)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    expect(said).toBe('');
  });

  test.each(UNITS)('%s is exposed by no more than 2.0 of 10', (name) => {
    const said = execFileSync(
      analyze ?? '',
      ['security', '--offline=true', '--threshold=20', '--no-pager', unit(name)],
      {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    expect(said).toContain('Overall exposure level');
  });
});
