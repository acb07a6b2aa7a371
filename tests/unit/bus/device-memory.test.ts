/** What sessions keep of their devices: one file, written as a whole, outliving damage. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { DeviceMemories } from '../../../agent/compose/device-memory.ts';
import { silent } from '../../../agent/core/log.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kerbside-memory-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

it('is there after a restart, one text a device, several saves in one write', async () => {
  const clock = new VirtualClock();
  {
    await using memories = new DeviceMemories(dir, clock, silent);
    const [modem, water] = [memories.of('modem'), memories.of('water')];
    expect(modem.read()).toBeUndefined();
    modem.save('first');
    modem.save('second');
    water.save('third');
    expect(modem.read()).toBe('second');
    expect(() => readFileSync(join(dir, 'devices.json'))).toThrow();
  }
  expect(JSON.parse(readFileSync(join(dir, 'devices.json'), 'utf8'))).toEqual({
    modem: 'second',
    water: 'third',
  });
  await using again = new DeviceMemories(dir, clock, silent);
  expect(again.of('modem').read()).toBe('second');
});

it('writes a second after a save, without a stop', async () => {
  const clock = new VirtualClock();
  await using memories = new DeviceMemories(dir, clock, silent);
  memories.of('modem').save('kept');
  await clock.advance(1000);
  await expect.poll(() => readFileSync(join(dir, 'devices.json'), 'utf8')).toBe('{"modem":"kept"}');
});

it('a damaged file is an empty memory, and is replaced', async () => {
  writeFileSync(join(dir, 'devices.json'), '{"modem": "cut of');
  {
    await using memories = new DeviceMemories(dir, new VirtualClock(), silent);
    expect(memories.of('modem').read()).toBeUndefined();
    memories.of('modem').save('anew');
  }
  expect(readFileSync(join(dir, 'devices.json'), 'utf8')).toBe('{"modem":"anew"}');
});

it('an ill disk costs the memory, not the agent', async () => {
  const file = join(dir, 'file');
  writeFileSync(file, '');
  await using memories = new DeviceMemories(join(file, 'state'), new VirtualClock(), silent);
  memories.of('modem').save('nowhere');
  expect(memories.of('modem').read()).toBe('nowhere');
});
