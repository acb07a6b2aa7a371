/** A text panel on an ill line: no text that it does not show is told as shown, and all is good again by itself. */
import { afterEach, expect, test } from 'vitest';
import { type LineHandle, openLine } from '../../../agent/bus/open.ts';
import { silent } from '../../../agent/core/log.ts';
import type { Reading } from '../../../agent/core/reading.ts';
import type { LineConfig } from '../../../agent/core/site.ts';
import { driverFor } from '../../../drivers/index.ts';
import { TextPanel } from '../../../hw-sim/devices/text-panel.ts';
import * as faults from '../../../hw-sim/faults.ts';
import { simulatedLine } from '../../support/simulated-line.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { device, profile } from '../../unit/drivers/load.ts';

const line: LineConfig = {
  id: 'line',
  kind: 'serial',
  port: 'sim',
  timeout: 300,
  serial: { baud: 9600, dataBits: 8, parity: 'none', stopBits: 1 },
};

let handle: LineHandle | undefined;
let clock: VirtualClock;
afterEach(async () => {
  const closing = handle?.[Symbol.asyncDispose]();
  await clock.advance(3000);
  await closing;
  handle = undefined;
});

async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 500) await clock.advance(500);
}

test.each([
  faults.silence(),
  faults.checksumError(),
  faults.checksumError(undefined, 0.5, 7),
  faults.lateAnswer(450),
  faults.truncated(2),
  faults.glued(),
  faults.dripping(5),
  faults.noise(11),
  faults.babble(3),
])('$name', async (fault) => {
  clock = new VirtualClock();
  const panel = new TextPanel({ now: () => clock.mono() });
  const { port, wire } = simulatedLine(clock, 9600, '8N1', [panel]);
  const readings: Reading[] = [];
  handle = openLine({
    line,
    devices: [device(profile('kerbside-text-panel'), { id: 'led-1', every: 2000 })],
    driver: driverFor,
    clock,
    log: silent,
    publisher: { readings: (some) => void readings.push(...some), event: () => {} },
    port,
    random: () => 0.5,
  });
  await pass(3000);
  const write = async (value: string) => {
    const wait = new AbortController();
    const done = handle?.write('led-1', { point: 'text', value }, wait.signal).catch(() => undefined);
    await pass(6000);
    wait.abort();
    return await done;
  };
  expect(await write(' 你好')).toMatchObject({ kind: 'done' });
  const struck = wire.inject(fault);
  const told = await write(' 再见');
  if (told?.kind === 'done') expect(told.readback.value).toBe(' 再见');
  await pass(30_000);
  struck[Symbol.dispose]();
  const said = new Set([' 你好', ' 再见', '']);
  for (const { point, value } of readings)
    if (point === 'text' && value !== null) expect(said).toContain(value);
  await pass(60_000);
  readings.length = 0;
  await pass(10_000);
  expect(readings.filter(({ point }) => point === 'text').at(-1)?.quality).toBe('good');
  expect(await write(' 又见')).toMatchObject({ kind: 'done', readback: { value: ' 又见' } });
  expect(panel.rows()).toEqual(['又见']);
});
