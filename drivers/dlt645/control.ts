/** What a control request (1C) asks for, explained. DL/T 645-2007 §7.14 */
import { hex } from '../../agent/core/bytes.ts';
import type { Fields } from '../decode.ts';
import { addressText, hex2 } from '../meter-frame.ts';

const ACTIONS: Readonly<Record<number, string>> = {
  26: 'trip (open relay)',
  27: 'allow close',
  28: 'direct close',
  42: 'alarm',
  43: 'alarm off',
  58: 'keep power',
  59: 'keep power off',
};

/** PA P0..P2 | C0..C3 | N1 N2 | ss mm hh DD MM YY */
export function controlFields(data: Uint8Array): Fields {
  if (data.length !== 16) return { payload: hex(data) };
  const n1 = data[8] ?? 0;
  const [second, minute, hour, day, month, year] = Array.from(data.subarray(10), hex2);
  return {
    password_level: data[0],
    password: addressText(data.subarray(1, 4)),
    operator: addressText(data.subarray(4, 8)),
    n1: hex2(n1),
    action: ACTIONS[n1] ?? 'unknown',
    valid_until: `20${year}-${month}-${day} ${hour}:${minute}:${second}`,
  };
}
