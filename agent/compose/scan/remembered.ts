/**
 * What a Modbus device has said while it is told which profile fits: many profiles read the same registers, and are answered
 * from here then. Some ninety profiles cost a third of the questions so. For Modbus RTU; other frames pass through.
 */
import { crcFits, withCrc } from '../../../drivers/modbus/crc.ts';
import { type AgentError, asAgentError } from '../../core/errors.ts';
import type { Answer, Exchange } from '../../core/link.ts';

const REQUEST_LENGTH = 8;
const HOLDING = 3;
const INPUT = 4;
const ILLEGAL_FUNCTION = 1;

/** Only for the few seconds of one identification: what it gives may be as old as that. Reads alone are remembered. */
export function remembered(exchange: Exchange): Exchange {
  const registers = new Map<number, Map<number, number>>([
    [HOLDING, new Map()],
    [INPUT, new Map()],
  ]);
  const said = new Map<string, Answer | AgentError>();
  const refused = new Map<number, Answer>();
  let latest = 0;
  return async (request, signal) => {
    const { bytes } = request;
    const [unit = 0, code = 0] = bytes;
    if (bytes.length !== REQUEST_LENGTH || code < 1 || code > INPUT || !crcFits(bytes)) {
      return exchange(request, signal);
    }
    const start = word(bytes, 2);
    const count = word(bytes, 4);
    const key = `${code} ${start} ${count}`;
    const before = said.get(key) ?? refused.get(code);
    if (before instanceof Error) throw before;
    if (before !== undefined) return before;
    const known = registers.get(code);
    const values = known === undefined ? [] : range(start, count).map((address) => known.get(address));
    if (values.length > 0 && values.every((value) => value !== undefined)) {
      const data = values.flatMap((value = 0) => [value >> 8, value & 0xff]);
      const frame = withCrc(Uint8Array.from([unit, code, data.length, ...data]));
      return { bytes: frame, time: latest };
    }
    let answer: Answer;
    try {
      answer = await exchange(request, signal);
    } catch (thrown) {
      const error = asAgentError(thrown);
      if (error.code === 'timeout') said.set(key, error);
      throw error;
    }
    said.set(key, answer);
    latest = answer.time;
    if (answer.bytes[1] === (code | 0x80)) {
      if (answer.bytes[2] === ILLEGAL_FUNCTION) refused.set(code, answer);
    } else if (known !== undefined && answer.bytes[2] === count * 2) {
      for (const i of range(0, count)) known.set(start + i, word(answer.bytes, 3 + 2 * i));
    }
    return answer;
  };
}

function word(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

function range(from: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => from + i);
}
