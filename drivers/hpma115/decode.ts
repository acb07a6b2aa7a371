/** Explains frames and commands of Honeywell HPM sensors. */
import { hex } from '../../agent/core/bytes.ts';
import { type Decoder, refused } from '../decode.ts';
import { bytesOf, byteText, exactly } from '../scanner.ts';
import { commandError, frameAt, valuesOf } from './frame.ts';

const COMMANDS: Readonly<Record<number, string>> = {
  1: 'wake',
  2: 'sleep',
  4: 'passive-read',
  16: 'read-cf',
  32: 'passive-mode',
  64: 'active-mode',
};

export const decoder: Decoder = {
  protocols: ['honeywell-hpma115', 'honeywell-hpma115s0', 'honeywell-hpma115c0'],
  decode(protocol, input, dir) {
    const bytes = bytesOf(input);
    if (bytes === undefined) return refused('not hex');
    if (dir === 'down' || (dir === undefined && bytes[0] === 0x68)) {
      const wrong = commandError(bytes);
      if (wrong !== undefined) return refused(wrong);
      const code = bytes[2] ?? 0;
      const command = code === 8 ? `cf-${bytes[3] ?? 0}` : (COMMANDS[code] ?? 'unknown');
      return { ok: true, command, code, checksum: byteText(bytes.at(-1) ?? 0) };
    }
    const size = bytes[0] === 0x42 ? 32 : (bytes[1] ?? 5) + 3;
    return exactly(bytes, frameAt(bytes), size, (frame) => {
      if (frame.kind === 'ack') return { ok: true, answer: frame.ok ? 'ack' : 'nack' };
      const values = valuesOf(frame, protocol.endsWith('c0') ? 'c0' : 's0');
      const readings = Object.entries(values).map(([name, value]) => ({ name, value, unit: 'ug/m3' }));
      if (frame.kind === 'answer' && frame.code === 16) return { ok: true, cf: frame.data[0] ?? 0 };
      if (readings.length === 0 && frame.kind === 'answer') {
        return { ok: true, code: frame.code, data: hex(frame.data) };
      }
      if (readings.every(({ value }) => value === 0)) {
        return refused('warming-up: all values 0 with the right checksum');
      }
      return { ok: true, ...values, readings };
    });
  },
};
