/** Three ends without a stop that name one part: the next start does without it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { countCrashes } from '../../../agent/compose/crashes.ts';
import { openCrashMark, readCrashMark } from '../../../agent/core/crash-mark.ts';
import { silent } from '../../../agent/core/log.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

let state: string;
let clock: VirtualClock;
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'kerbside-crashes-'));
  clock = new VirtualClock();
});
afterEach(() => rmSync(state, { recursive: true }));

/** A start that ends without a stop, in the middle of work of the part. */
function crash(part: string | undefined): boolean {
  const crashes = countCrashes(state, undefined, clock, silent);
  if (part !== undefined) void openCrashMark(crashes.mark, part).around(() => new Promise(() => {}));
  return crashes.leftOut('vision');
}

test('three crashes in vision within ten minutes leave it out; a fourth start ten minutes later tries again', async () => {
  expect([crash('vision'), crash('vision'), crash('vision')]).toEqual([false, false, false]);
  await clock.advance(60_000);
  using crashes = countCrashes(state, undefined, clock, silent);
  expect(crashes.leftOut('vision')).toBe(true);
  expect(crashes.leftOut('uplink')).toBe(false);
  crashes[Symbol.dispose]();
  await clock.advance(600_001);
  using later = countCrashes(state, undefined, clock, silent);
  expect(later.leftOut('vision')).toBe(false);
});

test('crashes that name nobody, stops and power cuts count against no part', () => {
  for (let times = 0; times < 4; times++) {
    using stopped = countCrashes(state, undefined, clock, silent);
    void openCrashMark(stopped.mark, 'vision').around(() => new Promise(() => {}));
  }
  expect(countCrashes(state, undefined, clock, silent).leftOut('vision')).toBe(false);

  rmSync(join(state, 'crash-mark'));
  for (let times = 0; times < 4; times++) crash(undefined);
  expect(countCrashes(state, undefined, clock, silent).leftOut('vision')).toBe(false);

  for (let times = 0; times < 4; times++) {
    crash('vision');
    clock = new VirtualClock(undefined, undefined, `boot-${times}`);
  }
  expect(countCrashes(state, undefined, clock, silent).leftOut('vision')).toBe(false);
});

test('work that is done leaves no mark, and none that began before it', async () => {
  const file = join(state, 'crash-mark');
  using mark = openCrashMark(file, 'vision');
  await mark.around(async () => expect(readCrashMark(file)).toBe('vision'));
  expect(readCrashMark(file)).toBeUndefined();
  await expect(mark.around(() => Promise.reject(new Error('of the work')))).rejects.toThrow('of the work');
  expect(readCrashMark(file)).toBeUndefined();
  const both = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const;
  const running = both.map(({ promise }) => mark.around(() => promise));
  both[0].resolve();
  await running[0];
  expect(readCrashMark(file)).toBe('vision');
  both[1].resolve();
  await running[1];
  expect(readCrashMark(file)).toBeUndefined();
});

test('garbage where crashes were kept is a first start; a folder that cannot be written is no reason not to start', () => {
  for (const text of [
    '',
    'null',
    '[]',
    '{"boot":1}',
    '{"boot":"b","running":true,"crashes":[7,null,{}]}',
    '\u0000\u0001',
  ]) {
    writeFileSync(join(state, 'crashes.json'), text);
    expect(countCrashes(state, undefined, clock, silent).leftOut('vision')).toBe(false);
  }
  writeFileSync(join(state, 'file'), '');
  expect(countCrashes(join(state, 'file'), undefined, clock, silent).leftOut('vision')).toBe(false);
});
