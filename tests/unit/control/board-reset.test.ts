/**
 * A lamp on a simulated Firmata board, byte by byte: controller, router, line, johnny-five, wire and board in virtual time.
 * The board is reset in the middle of the night, loses power, and is pulled and plugged again.
 */
import { expect, test } from 'vitest';
import { PoleStreet } from '../../support/pole-street.ts';
import { programmeFrom, TIMEZONE, ZIBO } from './programme-of.ts';

/** One evaluation, the ramp behind it, and a board that has to boot and be set up first. */
const BACK = 30_000;

async function night(): Promise<PoleStreet> {
  const street = new PoleStreet({
    start: Date.parse('2027-03-04T01:00+08:00'),
    place: ZIBO,
    timezone: TIMEZONE,
    utcOffset: 8,
    programme: programmeFrom({ levels: [{ from: 'dusk', level: 60 }] }),
  });
  await street.boot();
  await street.pass(600_000, () => street.shines === 60);
  expect(street.shines).toBe(60);
  return street;
}

test('a board that is reset in the middle of the night is back on its programme within an evaluation of its answer', async () => {
  const street = await night();
  const { board } = street;
  await street.pass(60_000);
  expect(street.shines).toBe(60);

  // Somebody presses its button: modes and values are gone, it is dark.
  board.reset();
  expect(street.shines).toBe(0);
  await street.pass(BACK, () => street.shines === 60);
  expect(street.shines).toBe(60);
  // What it says of itself is the truth again.
  await street.pass(12_000);
  expect(street.agent.hub.latest('board', 'lamp-level')).toMatchObject({ value: 60, quality: 'good' });

  // Reset again and again, also while it is being set up.
  for (const pause of [250, 1000, 3000, 7000]) {
    board.reset();
    await street.pass(pause);
  }
  board.reset();
  await street.pass(2 * BACK, () => street.shines === 60);
  expect(street.shines).toBe(60);
  await street.kill();
}, 60_000);

test('the cable is pulled and plugged, the board having lost its power meanwhile: lit again, and contacts heard', async () => {
  const street = await night();
  const { hub } = street.agent;
  const pulled = street.boardLine.unplug();
  street.board.reset();
  await street.pass(20_000);
  expect(street.shines).toBe(0);
  expect(hub.latest('board', 'lamp-level')?.quality).toBe('bad');
  pulled[Symbol.dispose]();
  await street.pass(120_000, () => street.shines === 60);
  expect(street.shines).toBe(60);
  await street.pass(2000);
  street.world.setHands({ sosPressed: true });
  await street.pass(2000, () => hub.latest('board', 'sos-button')?.value === true);
  expect(hub.latest('board', 'sos-button')).toMatchObject({ value: true, quality: 'good' });
  await street.kill();
}, 60_000);
