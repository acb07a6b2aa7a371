/** Explains one message of OCPP 1.6J: call, result or error; meter values as readings. OCPP-J 1.6 §4.2 */
import { z } from 'zod';
import { type Decoded, type DecodedReading, type Decoder, refused } from '../decode.ts';
import { meterValueSchema, samplesOf } from './meter-values.ts';

const LARGEST = 256 * 1024;
const KINDS: Readonly<Record<number, string>> = { 2: 'CALL', 3: 'CALLRESULT', 4: 'CALLERROR' };
const withValues = z.looseObject({ meterValue: meterValueSchema });
const withData = z.looseObject({ transactionData: meterValueSchema });

export const decoder: Decoder = {
  protocols: ['ocpp1.6j', 'ocpp'],
  decode(_protocol, input): Decoded {
    const text = typeof input === 'string' ? input : new TextDecoder().decode(input);
    if (text.length > LARGEST) return refused(`message of ${text.length} characters, ${LARGEST} at most`);
    let message: unknown;
    try {
      message = JSON.parse(text);
    } catch (error) {
      return refused(`no JSON: ${error instanceof Error ? error.message : String(error)}`);
    }
    if (!Array.isArray(message)) return refused('expected an array', { message });
    const [kind, id, ...rest] = message as unknown[];
    const name = typeof kind === 'number' ? KINDS[kind] : undefined;
    if (name === undefined) return refused('expected message type 2, 3 or 4', { message });
    if (typeof id !== 'string' || id.length > 36) {
      return refused('expected an id of at most 36 characters', { message });
    }
    const head = { type: kind, kind: name, messageId: id, message };
    if (kind === 3)
      return isObject(rest[0])
        ? { ok: true, ...head, payload: rest[0] }
        : refused('expected a payload', head);
    if (kind === 4) {
      const [code, description, details] = rest;
      if (typeof code !== 'string') return refused('expected an error code', head);
      return { ok: true, ...head, code, description: description ?? '', details: details ?? {} };
    }
    const [action, payload] = rest;
    if (typeof action !== 'string') return refused('expected an action', head);
    if (!isObject(payload)) return refused('expected a payload', { ...head, action });
    const readings = readingsOf(payload);
    return { ok: true, ...head, action, payload, ...(readings.length === 0 ? {} : { readings }) };
  },
};

function readingsOf(payload: object): readonly DecodedReading[] {
  const values =
    withValues.safeParse(payload).data?.meterValue ?? withData.safeParse(payload).data?.transactionData;
  if (values === undefined) return [];
  return samplesOf(values).map(({ measurand, phase, value, unit }) => ({
    name: phase === undefined ? measurand : `${measurand} ${phase}`,
    value,
    unit: unit ?? '?',
  }));
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
