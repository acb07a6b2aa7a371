/** A board with StandardFirmata at the level of bytes, written from the protocol's text: an Uno of 20 pins. */
import type { FakeStream } from './fake-stream.ts';

const PINS = 20;
const PWM = [3, 5, 6, 9, 10, 11];

export interface FakeBoard {
  /** Device side of a fake stream. */
  readonly device: (bytes: Uint8Array, stream: FakeStream) => void;
  /** Modes and values as the board holds them. */
  readonly modes: number[];
  readonly values: number[];
  analog(stream: FakeStream, channel: number, value: number): void;
  digital(stream: FakeStream, pin: number, level: number): void;
  /** Answers nothing while true. */
  mute: boolean;
  /** PWM writes are ignored while true. */
  stuck: boolean;
  /** Bytes that came as pin mode messages. */
  readonly modeMessages: number[][];
  /** Power fails for a moment: modes and reports are forgotten, the board says hello. */
  reset(stream: FakeStream): void;
}

export function fakeBoard(): FakeBoard {
  const inputs = new Array<number>(PINS).fill(1);
  const reported = new Set<number>();
  let rest: number[] = [];
  const board: FakeBoard = {
    modes: new Array<number>(PINS).fill(1),
    values: new Array<number>(PINS).fill(0),
    modeMessages: [],
    mute: false,
    stuck: false,
    analog(stream, channel, value) {
      stream.send([0xe0 + channel, value % 128, value >> 7]);
    },
    digital(stream, pin, level) {
      inputs[pin] = level;
      report(stream, pin >> 3);
    },
    reset(stream) {
      board.modes.fill(1);
      board.values.fill(0);
      reported.clear();
      rest = [];
      stream.send([0xf9, 2, 5]);
    },
    device(bytes, stream) {
      if (board.mute) return;
      rest.push(...bytes);
      for (;;) {
        const size = messageSize(rest);
        if (size === 0) return;
        handle(rest.slice(0, size), stream);
        rest = rest.slice(size);
      }
    },
  };

  function report(stream: FakeStream, port: number): void {
    if (!reported.has(port) || board.mute) return;
    let mask = 0;
    for (let i = 0; i < 8; i++) {
      const pin = 8 * port + i;
      const input = board.modes[pin] === 0 || board.modes[pin] === 11;
      if (input && inputs[pin] === 1) mask += 2 ** i;
    }
    stream.send([0x90 + port, mask % 128, mask >> 7]);
  }

  function handle(message: number[], stream: FakeStream): void {
    const [first = 0, second = 0, third = 0] = message;
    if (first === 0xf9) stream.send([0xf9, 2, 5]);
    else if (first === 0xf4) {
      board.modeMessages.push(message);
      board.modes[second] = third;
      if (third === 3) board.values[second] = 0;
    } else if (first >= 0xe0 && first < 0xf0) {
      if (!board.stuck) board.values[first - 0xe0] = second + 128 * third;
    } else if (first >= 0xd0 && first < 0xe0) {
      if (second === 1) reported.add(first - 0xd0);
      report(stream, first - 0xd0);
    } else if (first === 0xf0) sysex(message, stream);
  }

  function sysex(message: number[], stream: FakeStream): void {
    const [, id, pin = 0] = message;
    if (id === 0x79)
      stream.send([0xf0, 0x79, 2, 5, ...[...'Std'].flatMap((c) => [c.charCodeAt(0), 0]), 0xf7]);
    if (id === 0x6b) {
      const pins = Array.from({ length: PINS }, (_, n) => [
        0,
        1,
        1,
        1,
        11,
        1,
        ...(PWM.includes(n) ? [3, 8] : []),
        ...(n >= 14 ? [2, 10] : []),
        0x7f,
      ]);
      stream.send([0xf0, 0x6c, ...pins.flat(), 0xf7]);
    }
    if (id === 0x69) {
      stream.send([0xf0, 0x6a, ...Array.from({ length: PINS }, (_, n) => (n >= 14 ? n - 14 : 127)), 0xf7]);
    }
    if (id === 0x6d) {
      const value = board.values[pin] ?? 0;
      stream.send([0xf0, 0x6e, pin, board.modes[pin] ?? 0, value % 128, value >> 7, 0xf7]);
    }
  }

  return board;
}

function messageSize(bytes: readonly number[]): number {
  const [first] = bytes;
  if (first === undefined) return 0;
  if (first === 0xf0) return bytes.indexOf(0xf7) + 1;
  if (first === 0xf9 || first === 0xff) return 1;
  const size = first >= 0xc0 && first < 0xe0 ? 2 : 3;
  return bytes.length >= size ? size : 0;
}
