/**
 * A lamp on a simulated Firmata board, byte by byte: controller, router, line, johnny-five, wire and board in virtual time.
 * The board is reset in the middle of the night, loses power, and is pulled and plugged again.
 */
import { expect, test } from 'vitest';
import { openLine } from '../../../agent/bus/open.ts';
import { CommandRouter } from '../../../agent/command/router.ts';
import { startLighting } from '../../../agent/control/lighting/lighting.ts';
import { silent } from '../../../agent/core/log.ts';
import type { AgentEvent } from '../../../agent/core/record.ts';
import { Hub } from '../../../agent/hub/hub.ts';
import firmata from '../../../drivers/firmata/index.ts';
import { ArduinoFirmata } from '../../../hw-sim/devices/arduino-firmata.ts';
import { createWorld } from '../../../hw-sim/world/world.ts';
import { worldClock } from '../../../hw-sim/world/world-clock.ts';
import { simulatedLine } from '../../support/simulated-line.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { device, profile } from '../drivers/load.ts';
import { Pole } from './lamp.ts';
import { programmeFrom, TIMEZONE, ZIBO } from './programme-of.ts';

const START = Date.parse('2027-03-04T01:00+08:00');
/** One evaluation, the ramp behind it, and a board that has to boot and be set up first. */
const BACK = 30_000;

async function night() {
  const clock = new VirtualClock(START);
  const world = createWorld({ seed: 7, start: START, place: ZIBO, utcOffset: 8 });
  const now = worldClock(START, 1, () => clock.mono());
  const board = new ArduinoFirmata({ world, clock: now });
  const sim = simulatedLine(clock, 57_600, '8N1', [board], 'full');
  const hub = new Hub({ clock, log: silent, window: 5000, lane: () => 'telemetry', append: async () => {} });
  const events: AgentEvent[] = [];
  hub.onEvent((event) => void events.push(event));
  const config = device(profile('arduino-firmata'), { id: 'board' });
  const serial = { baud: 57_600, dataBits: 8, parity: 'none', stopBits: 1 } as const;
  const stack = new AsyncDisposableStack();
  const line = stack.use(
    openLine({
      line: { id: 'line', kind: 'serial', port: 'sim', timeout: 300, serial },
      devices: [config],
      driver: () => firmata,
      clock,
      log: silent,
      publisher: hub,
      port: sim.port,
      random: () => 0.5,
    }),
  );
  const router = stack.use(
    await CommandRouter.start({
      clock,
      log: silent,
      hub,
      journal: new Pole(START).journal,
      points: (id) => (id === 'board' ? config.profile.points : undefined),
      write: (id, write, signal) => line.write(id, write, signal),
      fallback: () => 100,
      holds: () => 3_600_000,
    }),
  );
  const lamp = { id: 'lamp-1', device: 'board', point: 'lamp-level', programme: 'street', overrideFor: 1e6 };
  const programme = programmeFrom({ levels: [{ from: 'dusk', level: 60 }] });
  const site = {
    lamps: [lamp],
    programmes: [programme],
    position: { ...ZIBO, datum: 'WGS84' as const },
    timezone: TIMEZONE,
  };
  stack.use(startLighting({ site, clock, hub, log: silent, steer: router.steer, override: router.override }));
  const shines = () => Math.round(world.lampLevel(now.now()) * 100);
  /** Lets virtual time pass while the libraries are loaded in real time. */
  const pass = async (ms: number, until: () => boolean = () => false) => {
    for (let gone = 0; gone < ms && !until(); gone += 250) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      await clock.advance(250);
    }
  };
  await pass(600_000, () => shines() === 60);
  return { clock, world, board, sim, hub, events, shines, pass, stop: () => stack.disposeAsync() };
}

test('a board that is reset in the middle of the night is back on its programme within an evaluation of its answer', async () => {
  const { board, shines, pass, hub, stop } = await night();
  expect(shines()).toBe(60);
  await pass(60_000);
  expect(shines()).toBe(60);

  // Somebody presses its button: modes and values are gone, it is dark.
  board.reset();
  expect(shines()).toBe(0);
  await pass(BACK, () => shines() === 60);
  expect(shines()).toBe(60);
  // What it says of itself is the truth again, and the button is not deaf.
  await pass(12_000);
  expect(hub.latest('board', 'lamp-level')).toMatchObject({ value: 60, quality: 'good' });

  // Reset again and again, also while it is being set up.
  for (const pause of [250, 1000, 3000, 7000]) {
    board.reset();
    await pass(pause);
  }
  board.reset();
  await pass(2 * BACK, () => shines() === 60);
  expect(shines()).toBe(60);
  await stop();
}, 60_000);

test('the cable is pulled and plugged, the board having lost its power meanwhile: lit again, and contacts heard', async () => {
  const { board, world, sim, shines, pass, hub, stop } = await night();
  expect(shines()).toBe(60);
  const pulled = sim.unplug();
  board.reset();
  await pass(20_000);
  expect(shines()).toBe(0);
  expect(hub.latest('board', 'lamp-level')?.quality).toBe('bad');
  pulled[Symbol.dispose]();
  await pass(120_000, () => shines() === 60);
  expect(shines()).toBe(60);
  await pass(2000);
  world.setHands({ sosPressed: true });
  await pass(2000, () => hub.latest('board', 'sos-button')?.value === true);
  expect(hub.latest('board', 'sos-button')).toMatchObject({ value: true, quality: 'good' });
  await stop();
}, 60_000);
