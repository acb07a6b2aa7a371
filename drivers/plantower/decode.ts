/** Explains Plantower frames and commands. */
import { fromHex, hex } from '../../agent/core/bytes.ts';
import { type Decoded, type DecodedReading, type Decoder, refused } from '../decode.ts';
import { type Frame, frameAt, sumOf } from './frame.ts';

const COMMANDS: Readonly<Record<number, readonly [string, string]>> = {
  225: ['passive-mode', 'active-mode'],
  226: ['passive-read', 'passive-read'],
  228: ['sleep', 'wake'],
};
const MASSES = ['raw01', 'raw25', 'raw10', 'pm01', 'pm25', 'pm10'] as const;
const SIZES = ['n0_3', 'n0_5', 'n1_0', 'n2_5', 'n5_0', 'n10_0'] as const;

export const decoder: Decoder = {
  protocols: [
    'plantower-pms5003',
    'plantower-pms5003t',
    'plantower-pms5003st',
    'plantower-pms7003',
    'plantower-pmsa003',
    'plantower-pms3003',
  ],
  decode(protocol, input, dir) {
    const bytes = typeof input === 'string' ? fromHex(input) : input;
    if (bytes === undefined) return refused('not hex');
    if (dir !== 'up' && bytes.length === 7 && bytes[0] === 0x42 && bytes[1] === 0x4d) return commandOf(bytes);
    const found = frameAt(bytes);
    if (found === undefined) {
      const size = bytes.length < 4 ? 4 : ((bytes[2] ?? 0) << 8) + (bytes[3] ?? 0) + 4;
      return refused(`short: ${bytes.length} of ${size} bytes`);
    }
    if (!found.ok) return refused(found.error);
    if (found.size !== bytes.length)
      return refused(`length: ${found.size} bytes and ${bytes.length - found.size} more`);
    return fields(protocol, found.frame, hex(bytes.subarray(-2)));
  },
};

function commandOf(bytes: Uint8Array): Decoded {
  const sum = sumOf(bytes, 0, 5);
  const sent = ((bytes[5] ?? 0) << 8) | (bytes[6] ?? 0);
  if (sum !== sent) return refused(`checksum ${sent} != ${sum}`);
  const names = COMMANDS[bytes[2] ?? 0];
  const data = ((bytes[3] ?? 0) << 8) | (bytes[4] ?? 0);
  return { ok: true, command: names?.[data === 0 ? 0 : 1] ?? 'unknown', code: bytes[2], data };
}

function fields(protocol: string, frame: Frame, checksum: string): Decoded {
  const { words, length } = frame;
  if (length === 4) return { ok: true, length, acknowledges: words[0], checksum };
  const temperature = protocol === 'plantower-pms5003t';
  const sizes = length === 20 ? 0 : temperature ? 4 : 6;
  if (words.slice(0, 6 + sizes).every((word) => word === 0) && length !== 20) {
    return refused('warming-up: all values 0 with the right checksum', { length, checksum });
  }
  const out: Record<string, unknown> = { length, checksum };
  const readings: DecodedReading[] = [];
  for (const [i, name] of MASSES.entries()) {
    out[name] = words[i];
    readings.push({ name, value: words[i] ?? null, unit: 'ug/m3' });
  }
  for (const [i, name] of SIZES.slice(0, sizes).entries()) {
    const count = words[6 + i] ?? 0;
    out[`${name}_per_0.1L`] = count;
    out[name] = count / 100;
    readings.push({ name, value: count, unit: '/dL' });
  }
  if (length === 36) {
    out.hcho = (words[12] ?? 0) / 1000;
    readings.push({ name: 'hcho', value: Number(out.hcho), unit: 'mg/m3' });
  }
  if (temperature || length === 36) {
    const at = temperature ? 10 : 13;
    const raw = words[at] ?? 0;
    out.temp_c = (raw > 0x7fff ? raw - 0x10000 : raw) / 10;
    out.rh = (words[at + 1] ?? 0) / 10;
    readings.push({ name: 'temp_c', value: Number(out.temp_c), unit: 'Cel' });
    readings.push({ name: 'rh', value: Number(out.rh), unit: '%' });
  }
  const status = words[length === 36 ? 16 : 12];
  if (status !== undefined) {
    out.version = status >> 8;
    out.error = status & 0xff;
  }
  return { ...out, ok: true, readings };
}
