/** Explains frames of Nova Fitness sensors, both ways. */
import { hex } from '../../agent/core/bytes.ts';
import { type Decoded, type Decoder, refused } from '../decode.ts';
import { bytesOf, byteText, exactly, sum8 } from '../scanner.ts';
import { COMMAND_SIZE, frameAt, SIZE, valuesOf } from './frame.ts';

export const decoder: Decoder = {
  protocols: ['nova-sds011', 'nova-sds198'],
  decode(_protocol, input, dir) {
    const bytes = bytesOf(input);
    if (bytes === undefined) return refused('not hex');
    if (dir === 'down' || (dir === undefined && bytes[0] === 0xaa && bytes[1] === 0xb4)) return asked(bytes);
    return exactly(bytes, frameAt(bytes), SIZE, (frame) => {
      const checksum = byteText(bytes[8] ?? 0);
      const device = { device_id: frame.id, checksum };
      if (frame.kind === 'answer') {
        const [code = 0, set = 0, value = 0] = frame.data;
        return {
          ok: true,
          answers: nameOf(code, set, value),
          code,
          data: hex(frame.data.subarray(1)),
          ...device,
        };
      }
      const values = valuesOf(frame);
      const readings = Object.entries(values).map(([name, value]) => ({ name, value, unit: 'ug/m3' }));
      return { ok: true, ...values, ...device, readings };
    });
  },
};

function asked(bytes: Uint8Array): Decoded {
  if (bytes.length < COMMAND_SIZE) return refused(`short: ${bytes.length} of ${COMMAND_SIZE} bytes`);
  if (bytes[0] !== 0xaa || bytes[1] !== 0xb4)
    return refused(`header ${hex(bytes.subarray(0, 2))} is not AA B4`);
  if (bytes.length > COMMAND_SIZE) return refused(`length: 19 bytes and ${bytes.length - COMMAND_SIZE} more`);
  if (bytes[18] !== 0xab) return refused(`tail ${byteText(bytes[18] ?? 0)} is not AB`);
  const sum = sum8(bytes, 2, 17);
  const sent = bytes[17] ?? 0;
  if (sum !== sent) return refused(`checksum ${byteText(sent)} should be ${byteText(sum)}`);
  const [code = 0, set = 0, value = 0] = bytes.subarray(2);
  const device_id = hex(bytes.subarray(15, 17)).replace(' ', '');
  const more = code === 5 ? { new_id: hex(bytes.subarray(13, 15)).replace(' ', '') } : {};
  return { ok: true, command: nameOf(code, set, value), code, device_id, ...more, checksum: byteText(sent) };
}

function nameOf(code: number, set: number, value: number): string {
  if (code === 4) return 'query';
  if (code === 5) return 'set-id';
  if (code === 7) return 'firmware';
  const name = { 2: 'mode', 6: 'power', 8: 'period' }[code];
  if (name === undefined) return 'unknown';
  if (set === 0) return `query-${name}`;
  if (code === 2) return value === 0 ? 'active' : 'passive';
  if (code === 6) return value === 0 ? 'sleep' : 'wake';
  return value === 0 ? 'continuous' : `work-${value}min`;
}
