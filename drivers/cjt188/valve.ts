/**
 * Valve control (A017): cuts the water or gas of a home, so that nothing here happens unless the site file says so for this
 * one meter. CJ/T 188-2004 §5.7 (write, 04); some makers have a code of their own (2A)
 */
import { hex } from '../../agent/core/bytes.ts';
import { AgentError } from '../../agent/core/errors.ts';
import type { Exchange } from '../../agent/core/link.ts';
import { PREAMBLES, preambles } from '../meter-frame.ts';
import { matcher } from '../meter-match.ts';
import { ABNORMAL, answers, frameAt, identifierBytes, type Order, OVERHEAD, request } from './frame.ts';
import type { DeviceMap } from './map.ts';
import type { Control } from './schema.ts';

const DI = 'A017';
const WORDS = { open: 0x55, closed: 0x99 } as const;
/** Identifier, SER and status of an acknowledge. */
const ACKNOWLEDGE = 5;
const BYTE_GAP = 500;

export interface Move {
  readonly value: keyof typeof WORDS;
  /** Order of the identifier that the meter reads in. */
  readonly order: Order;
  readonly serial: number;
}

/** Tells the meter once. Rejects with `device-exception` where it refuses: what it said is in `context.refusal`. */
export async function moveValve(
  { type, address, character, delay, preambles: fe }: DeviceMap,
  { code }: Control,
  { value, order, serial }: Move,
  exchange: Exchange,
  signal: AbortSignal,
): Promise<void> {
  const control = Number.parseInt(code, 16);
  const data = Uint8Array.of(...identifierBytes(DI, order), serial, WORDS[value]);
  const answer = await exchange(
    {
      bytes: request({ type, address, control, data }, fe),
      match: matcher(frameAt, (frame) => answers(frame, { address, control, di: DI })),
      timeout: delay + character * (PREAMBLES + OVERHEAD + ACKNOWLEDGE),
      gap: BYTE_GAP,
    },
    signal,
  );
  const found = frameAt(answer.bytes, preambles(answer.bytes, 0));
  const what = `valve control of ${address} failed`;
  if (found.kind !== 'frame') throw new AgentError('frame-invalid', `${what}: the answer is no frame`);
  if ((found.frame.control & ABNORMAL) === 0) return;
  const refusal = hex(found.frame.data);
  throw new AgentError('device-exception', `${what}: the meter refuses (${refusal})`, {
    retryable: false,
    context: { refusal },
  });
}
