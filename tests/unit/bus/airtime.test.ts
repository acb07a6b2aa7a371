import { describe, expect, test } from 'vitest';
import {
  characterBits,
  lineLoad,
  lineTiming,
  overload,
  silenceTime,
  transactionTime,
} from '../../../agent/bus/airtime.ts';
import type { LineConfig } from '../../../agent/core/site.ts';

const serial = { baud: 9600, dataBits: 8, parity: 'none', stopBits: 1 } as const;
const line: LineConfig = { id: 'rs485', kind: 'serial', port: '/dev/ttyUSB0', timeout: 300, serial };

describe('airtime', () => {
  test('characters and silences, MODBUS over serial line V1.02 §2.5.1.1', () => {
    expect(characterBits(serial)).toBe(10);
    expect(characterBits({ ...serial, parity: 'even' })).toBe(11);
    expect(silenceTime({ ...serial, parity: 'even' })).toBeCloseTo(4.0104, 3);
    expect(silenceTime({ ...serial, baud: 19_200, parity: 'even' })).toBeCloseTo(2.0052, 3);
    expect(silenceTime({ ...serial, baud: 38_400 })).toBe(1.75);
    expect(
      lineTiming({ id: 't', kind: 'tcp', host: '::1', port: 502, framing: 'modbus-tcp', timeout: 1 }),
    ).toEqual({
      character: 0,
      silence: 0,
    });
  });

  test('one read of 24 registers against 24 reads of one, at 9600 baud and 20 ms turnaround', () => {
    const block = transactionTime(lineTiming(line), { requestBytes: 8, answerBytes: 53 }, 20);
    const single = transactionTime(lineTiming(line), { requestBytes: 8, answerBytes: 7 }, 20);
    expect(block).toBeCloseTo(90.8, 0);
    expect(24 * single).toBeCloseTo(1030, -1);
  });

  test('a plan over 100 % is refused with the numbers and what to change', () => {
    const plans = Array.from({ length: 8 }, (_, i) => ({
      device: `meter-${i + 1}`,
      polls: [{ id: 'fc4@0+60', period: 500, requestBytes: 8, answerBytes: 125 }],
    }));
    const load = lineLoad(line, plans);
    expect(load.load).toBeCloseTo((8 * (133 * (10 / 9.6) + 2 * 3.6458 + 20)) / 500, 3);
    const said = overload(line, plans);
    expect(said?.message).toContain(
      '265 % of the line at 9600 baud (16.0 requests/s; meter-1 fc4@0+60: 166 ms every 500 ms',
    );
    expect(said?.fix).toBe(
      'read at 2.9 times the periods, or set the line and its devices to 57600 baud, or move devices to a second line.',
    );
    expect(overload(line, plans.slice(0, 3))).toBeUndefined();
  });
});
