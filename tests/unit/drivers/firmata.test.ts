import { describe, expect, it } from 'vitest';
import type { StreamSession } from '../../../agent/core/driver.ts';
import { silent } from '../../../agent/core/log.ts';
import type { Reading } from '../../../agent/core/reading.ts';
import firmata from '../../../drivers/firmata/index.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { type FakeBoard, fakeBoard } from './fake-firmata.ts';
import { type FakeStream, fakeStream } from './fake-stream.ts';
import { device, profile } from './load.ts';

const never = new AbortController().signal;

/** `wire`: ms that bytes take to the board. */
async function pole(
  options: Record<string, unknown> = {},
  board = fakeBoard(),
  wire = 0,
  clock = new VirtualClock(),
) {
  const stream = fakeStream(clock, (bytes, to) => {
    if (wire === 0) board.device(bytes, to);
    else clock.after(wire, () => board.device(bytes, to));
  });
  const emitted: Reading[] = [];
  const config = device(profile('arduino-firmata'), { options });
  const pending = firmata.open(
    { device: config, clock, log: silent },
    stream,
    (readings) => emitted.push(...readings),
    never,
  );
  const session = await pass(clock, pending);
  return { clock, stream, board, emitted, session };
}

/** Lets virtual time pass until `pending` settles. */
async function pass<T>(clock: VirtualClock, pending: Promise<T>): Promise<T> {
  let done = false;
  const settled = () => {
    done = true;
  };
  pending.then(settled, settled);
  for (let i = 0; i < 300 && !done; i++) {
    // The libraries are loaded in real time.
    await new Promise((resolve) => setTimeout(resolve, 2));
    await clock.advance(50);
  }
  return pending;
}

const last = (emitted: readonly Reading[], point: string) =>
  emitted.findLast((reading) => reading.point === point);

describe('a Firmata board', () => {
  it('opens in well under 3 s without a reset of the board', async () => {
    const { clock, session } = await pole();
    expect(clock.mono() - 1000).toBeLessThan(3000);
    await session[Symbol.asyncDispose]();
  });

  it('dims the lamp and reads back what the board holds', async () => {
    const { clock, board, session, emitted } = await pole();
    const outcome = await pass(clock, session.write({ point: 'lamp-level', value: 37 }, never));
    expect(outcome).toMatchObject({ kind: 'done', readback: { value: 37, unit: '%', quality: 'good' } });
    expect(board.values[9]).toBe(94);
    expect(last(emitted, 'lamp-level')?.value).toBe(37);
    await session[Symbol.asyncDispose]();
  });

  it('does not call it done when the board did not take it', async () => {
    const { clock, board, session } = await pole();
    board.stuck = true;
    const outcome = await pass(clock, session.write({ point: 'lamp-level', value: 50 }, never));
    expect(outcome).toMatchObject({ kind: 'rejected', reason: /expected 128, got 0 on pin 9/ });
    expect(await session.write({ point: 'lamp-level', value: 101 }, never)).toMatchObject({
      kind: 'rejected',
    });
    expect(await session.write({ point: 'sos-button', value: true }, never)).toMatchObject({
      kind: 'rejected',
    });
    await session[Symbol.asyncDispose]();
  });

  it('rejects with a timeout when the board says nothing', async () => {
    const { clock, board, session } = await pole();
    board.mute = true;
    const pending = session.write({ point: 'lamp-level', value: 50 }, never);
    await expect(pass(clock, pending)).rejects.toMatchObject({ code: 'timeout' });
    await session[Symbol.asyncDispose]();
  });

  it('leaves a burning lamp burning when it opens again', async () => {
    const board = fakeBoard();
    board.modes[9] = 3;
    board.values[9] = 255;
    const { session, emitted } = await pole({}, board);
    expect(board.modeMessages.filter((message) => message[1] === 9)).toEqual([]);
    expect(last(emitted, 'lamp-level')?.value).toBe(100);
    await session[Symbol.asyncDispose]();
  });

  it('tells door and button after the debounce, with the sense of their contacts', async () => {
    const { clock, stream, board, session, emitted } = await pole();
    await clock.advance(100);
    expect(last(emitted, 'cabinet-door')?.value).toBe(true);
    expect(last(emitted, 'sos-button')?.value).toBe(false);
    emitted.length = 0;
    for (const level of [0, 1, 0, 1]) {
      board.digital(stream, 3, level);
      await clock.advance(10);
    }
    await clock.advance(100);
    expect(emitted.filter((reading) => reading.point === 'sos-button')).toEqual([]);
    board.digital(stream, 3, 0);
    await clock.advance(100);
    expect(last(emitted, 'sos-button')).toMatchObject({ value: true, quality: 'good' });
    await session[Symbol.asyncDispose]();
  });

  it('presses no button at the start: two contacts of one port, set up one after the other', async () => {
    // The board reports whole ports: a report for the door, sent before the button had its pull-up, has the button low.
    const { clock, session, emitted } = await pole({}, fakeBoard(), 5);
    await clock.advance(200);
    const told = emitted.filter((reading) => reading.point === 'sos-button').map(({ value }) => value);
    expect(told).toEqual([false]);
    expect(last(emitted, 'cabinet-door')?.value).toBe(true);
    await session[Symbol.asyncDispose]();
  });

  it('takes no report of before the pull-up was on, whatever an earlier session left switched on', async () => {
    const board = fakeBoard();
    const { clock, stream, session } = await pole({}, board, 5);
    await session[Symbol.asyncDispose]();
    board.modes[3] = 1;
    const emitted: Reading[] = [];
    const config = device(profile('arduino-firmata'));
    const pending = firmata.open(
      { device: config, clock, log: silent },
      stream,
      (r) => emitted.push(...r),
      never,
    );
    const chatter = { on: true };
    const report = () => {
      if (!chatter.on) return;
      board.digital(stream, 2, 1);
      clock.after(1, report);
    };
    report();
    const again = await pass(clock, pending);
    await clock.advance(200);
    chatter.on = false;
    expect(emitted.filter(({ point }) => point === 'sos-button').map(({ value }) => value)).toEqual([false]);
    await again[Symbol.asyncDispose]();
  });

  it('lets the first level stand as long as any other: a pull-up needs time to charge its cable', async () => {
    const board = fakeBoard();
    const clock = new VirtualClock();
    board.digital(
      fakeStream(clock, () => {}),
      3,
      0,
    );
    const slow: FakeBoard = {
      ...board,
      device(bytes, stream) {
        board.device(bytes, stream);
        if (bytes[0] === 0xd0) clock.after(10, () => board.digital(stream, 3, 1));
      },
    };
    const { session, emitted } = await pole({}, slow, 5, clock);
    await clock.advance(200);
    expect(emitted.filter(({ point }) => point === 'sos-button').map(({ value }) => value)).toEqual([false]);
    await session[Symbol.asyncDispose]();
  });

  it('is not kept from settling by a neighbour that chatters', async () => {
    const { clock, stream, board, session, emitted } = await pole();
    await clock.advance(100);
    board.digital(stream, 3, 0);
    for (let i = 0; i < 20; i++) {
      board.digital(stream, 2, i % 2);
      await clock.advance(10);
    }
    expect(last(emitted, 'sos-button')).toMatchObject({ value: true, quality: 'good' });
    await session[Symbol.asyncDispose]();
  });

  it('sets its pins up again after the board lost power: the button is not deaf', async () => {
    const { clock, stream, board, session, emitted } = await pole();
    await clock.advance(100);
    board.reset(stream);
    await clock.advance(10_500);
    emitted.length = 0;
    board.digital(stream, 3, 0);
    await clock.advance(100);
    expect(emitted).toMatchObject([{ point: 'sos-button', value: true, quality: 'good' }]);
    board.analog(stream, 0, 700);
    expect(last(emitted, 'photocell')?.value).toBe(684);
    await session[Symbol.asyncDispose]();
  });

  it('goes on trying when the board is mute while its pins are set up again', async () => {
    const { clock, stream, board, session, emitted } = await pole();
    await clock.advance(100);
    board.reset(stream);
    board.mute = true;
    await clock.advance(15_000);
    board.mute = false;
    board.reset(stream);
    await clock.advance(25_000);
    expect(last(emitted, 'sos-button')).toMatchObject({ value: false, quality: 'good' });
    board.digital(stream, 3, 0);
    await clock.advance(100);
    expect(last(emitted, 'sos-button')).toMatchObject({ value: true, quality: 'good' });
    await session[Symbol.asyncDispose]();
  });

  it('scales the photocell and keeps small changes to the period', async () => {
    const { clock, stream, board, session, emitted } = await pole();
    board.analog(stream, 0, 512);
    expect(last(emitted, 'photocell')?.value).toBe(500);
    board.analog(stream, 0, 514);
    expect(last(emitted, 'photocell')?.value).toBe(500);
    board.analog(stream, 0, 600);
    expect(last(emitted, 'photocell')?.value).toBe(587);
    board.analog(stream, 0, 602);
    await clock.advance(10_100);
    expect(last(emitted, 'photocell')?.value).toBe(588);
    await session[Symbol.asyncDispose]();
  });

  it('is silent when the board is', async () => {
    const { clock, board, session, emitted } = await pole();
    await clock.advance(10_100);
    board.mute = true;
    emitted.length = 0;
    await clock.advance(30_000);
    expect(emitted).toEqual([]);
    await session[Symbol.asyncDispose]();
  });

  it('takes other pins from the device and refuses one the board does not have', async () => {
    const { clock, board, session } = await pole({ pins: { 'lamp-level': 10, photocell: 'A2' } });
    await pass(clock, session.write({ point: 'lamp-level', value: 100 }, never));
    expect(board.values[10]).toBe(255);
    await session[Symbol.asyncDispose]();
    await expect(pole({ pins: { 'lamp-level': 4 } })).rejects.toMatchObject({ code: 'config-invalid' });
  });

  it('runs several boards in one process and leaves none behind', async () => {
    const { default: five } = await import('johnny-five');
    const before = { sigint: process.listenerCount('SIGINT'), boards: five.Board.cache.length };
    const sessions: { session: StreamSession; stream: FakeStream }[] = [];
    for (let i = 0; i < 3; i++) sessions.push(await pole());
    expect(five.Board.cache.length).toBe(before.boards + 3);
    for (const { session } of sessions) await session[Symbol.asyncDispose]();
    expect(five.Board.cache.length).toBe(before.boards);
    expect(process.listenerCount('SIGINT')).toBe(before.sigint);
  });
});
