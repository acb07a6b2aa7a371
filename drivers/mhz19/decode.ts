/** Explains frames of the MH-Z19. */
import { hex } from '../../agent/core/bytes.ts';
import { type Decoded, type Decoder, refused } from '../decode.ts';
import { bytesOf, byteText, exactly } from '../scanner.ts';
import { type Frame, frameAt, SIZE } from './frame.ts';

export const decoder: Decoder = {
  protocols: ['winsen-mhz19b', 'winsen-mhz19'],
  decode(_protocol, input, dir) {
    const bytes = bytesOf(input);
    if (bytes === undefined) return refused('not hex');
    return exactly(bytes, frameAt(bytes), SIZE, (frame) => {
      const checksum = byteText(bytes[8] ?? 0);
      // A command begins with the sensor's number, an answer with the command's code, which has its high bit set.
      const down = dir === undefined ? frame.command < 0x80 && (frame.data[0] ?? 0) > 0x70 : dir === 'down';
      return down ? asked(frame, checksum) : answered(frame, checksum);
    });
  },
};

function asked({ command: sensor, data }: Frame, checksum: string): Decoded {
  const [code = 0, first = 0] = data;
  const last = ((data[4] ?? 0) << 8) | (data[5] ?? 0);
  const names: Readonly<Record<number, string>> = {
    120: 'mode',
    121: first === 0xa0 ? 'abc-on' : 'abc-off',
    125: 'abc-status',
    134: 'read',
    135: 'zero',
    136: 'span',
    153: `range${last}`,
  };
  return { ok: true, command: names[code] ?? 'unknown', code, sensor, data: hex(data.subarray(1)), checksum };
}

function answered({ command, data }: Frame, checksum: string): Decoded {
  if (command !== 0x86) return { ok: true, answers: byteText(command), data: hex(data), checksum };
  if (data.every((byte) => byte === 0))
    return refused('warming-up: all values 0 with the right checksum', { checksum });
  const [high = 0, low = 0, temp_byte = 0] = data;
  const co2_ppm = (high << 8) | low;
  const temp_c_undocumented = temp_byte - 40;
  const readings = [{ name: 'co2_ppm', value: co2_ppm, unit: '10*-6' }];
  return { ok: true, co2_ppm, temp_byte, temp_c_undocumented, checksum, readings };
}
