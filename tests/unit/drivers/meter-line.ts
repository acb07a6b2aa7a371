/** A line of simulated meters without wire time: what each says reaches the driver's matcher as bytes do. */
import { AgentError } from '../../../agent/core/errors.ts';
import type { Exchange, ExchangeRequest } from '../../../agent/core/link.ts';
import type { Served } from '../../../hw-sim/ledger.ts';

export interface AskedDevice {
  answer(frame: Uint8Array): { readonly bytes: Uint8Array; readonly served: readonly Served[] } | undefined;
}

export interface MeterLine {
  readonly exchange: Exchange;
  /** Every request, as it came. */
  readonly requests: Uint8Array[];
  /** What was said last of each point. */
  readonly served: Map<string, Served>;
}

export interface MeterLineOptions {
  /** Bytes before an answer, for example an echo. */
  readonly before?: (request: Uint8Array) => Uint8Array;
  /** Changes an answer on its way. */
  readonly through?: (answer: Uint8Array) => Uint8Array | undefined;
}

export function meterLine(devices: readonly AskedDevice[], options: MeterLineOptions = {}): MeterLine {
  const requests: Uint8Array[] = [];
  const served = new Map<string, Served>();
  let time = 1000;
  const exchange: Exchange = async (request: ExchangeRequest, signal) => {
    signal.throwIfAborted();
    time += 50;
    requests.push(request.bytes);
    const before = options.before?.(request.bytes) ?? new Uint8Array();
    const said: number[] = [...before];
    for (const device of devices) {
      const told = device.answer(request.bytes);
      const bytes = told === undefined ? undefined : (options.through?.(told.bytes) ?? told.bytes);
      if (bytes === undefined) continue;
      said.push(...bytes);
      for (const one of told?.served ?? []) served.set(one.point, one);
    }
    if (said.length === 0) throw new AgentError('timeout', 'read failed: no answer within 500 ms');
    return { bytes: taken(request, Uint8Array.from(said)), time };
  };
  return { exchange, requests, served };
}

/** The answer as the line finds it: byte by byte, by the request's matcher. */
function taken({ match }: ExchangeRequest, said: Uint8Array): Uint8Array {
  let held: number[] = [];
  for (const byte of said) {
    held.push(byte);
    while (held.length > 0) {
      const found = match?.(Uint8Array.from(held)) ?? { kind: 'more' as const };
      if (found.kind === 'more') break;
      if (found.length < 1 || found.length > held.length) throw new Error(`length ${found.length}`);
      if (found.kind === 'frame') return Uint8Array.from(held.slice(0, found.length));
      held = held.slice(found.length);
    }
  }
  throw new AgentError('frame-invalid', 'read failed: bytes came, none of them an answer');
}
