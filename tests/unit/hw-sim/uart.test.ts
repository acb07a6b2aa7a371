/** The line as levels, and what receivers of other settings make of it. */
import { describe, expect, test } from 'vitest';
import * as uart from '../../../hw-sim/lines/uart.ts';
import { seeded } from '../../support/seeded.ts';

const ALL = Uint8Array.from({ length: 256 }, (_, i) => i);
const at = (baud: number, format = '8N1'): uart.UartSettings => ({ baud, format });
const heard = (signal: uart.Signal, settings: uart.UartSettings) => [
  ...uart.bytesOf(uart.received(signal, settings)),
];

describe('a UART', () => {
  test.each(['8N1', '8E1', '8O1', '8N2', '8E2'])('hears all bytes at its own settings: %s', (format) => {
    const characters = uart.received(uart.transmitted(ALL, at(9600, format)), at(9600, format));
    expect([...uart.bytesOf(characters)]).toEqual([...ALL]);
    expect(characters.filter(({ framing, parity }) => framing || parity)).toEqual([]);
  });

  test.each([0.97, 1.03])('stands a clock that is off by 3 %%: %d', (factor) => {
    expect(heard(uart.transmitted(ALL, at(9600 * factor)), at(9600))).toEqual([...ALL]);
  });

  test('hears at half the rate what the middle of its bits shows', () => {
    // 0x55 at 19200 is a change in every bit; at 9600 the samples fall on every second one.
    const characters = uart.received(uart.transmitted(Uint8Array.of(0x55), at(19_200)), at(9600));
    expect(characters).toHaveLength(1);
    expect(heard(uart.transmitted(Uint8Array.of(0), at(4800)), at(9600))).toEqual([0]);
    expect(heard(uart.transmitted(ALL, at(19_200)), at(9600))).not.toEqual([...ALL]);
  });

  test('hears half of the parities of another parity as wrong, and the bytes as right', () => {
    const characters = uart.received(uart.transmitted(ALL, at(9600, '8E1')), at(9600, '8O1'));
    expect([...uart.bytesOf(characters)]).toEqual([...ALL]);
    expect(characters.every(({ parity }) => parity)).toBe(true);
    const none = uart.received(uart.transmitted(ALL, at(9600, '8N1')), at(9600, '8E1'));
    expect(none.filter(({ framing, parity }) => framing || parity).length).toBeGreaterThan(64);
  });

  test('hears other bytes and breaks in their framing where the pair is inverted', () => {
    const characters = uart.received(uart.inverted(uart.transmitted(ALL, at(9600))), at(9600));
    expect([...uart.bytesOf(characters)]).not.toEqual([...ALL]);
    expect(characters.some(({ framing }) => framing)).toBe(true);
  });

  test('loses one bit of a byte to a hit on a data bit', () => {
    const bit = uart.bitTime(at(9600));
    const hit = uart.struck(uart.transmitted(Uint8Array.of(0x0f), at(9600)), [[3 * bit, 4 * bit]]);
    expect(heard(hit, at(9600))).toEqual([0x0b]);
  });

  test('hears two at once as the lower of their bits where the lower level wins', () => {
    const talk = (byte: number): uart.Talk => ({
      signal: uart.transmitted(Uint8Array.of(byte), at(9600)),
      from: 0,
      to: uart.duration(1, at(9600)),
    });
    expect(
      heard(
        uart.together(talk(0xf3), talk(0x3f), () => 0),
        at(9600),
      ),
    ).toEqual([0x33]);
  });

  test('makes something of any signal, and always the same', () => {
    const random = seeded(4);
    for (let i = 0; i < 2000; i++) {
      const edges = Array.from({ length: Math.floor(random() * 60) }, () => random() * 20).sort(
        (a, b) => a - b,
      );
      const signal: uart.Signal = { idle: random() < 0.5 ? 0 : 1, edges };
      const settings = at([1200, 9600, 115_200][i % 3] ?? 9600, ['8N1', '8E1', '7O2'][i % 3] ?? '8N1');
      const bytes = heard(signal, settings);
      expect(bytes.every((byte) => byte >= 0 && byte < 256)).toBe(true);
      expect(heard(signal, settings)).toEqual(bytes);
    }
  });
});
