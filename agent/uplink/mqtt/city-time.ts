/** The time as a city tells it on `kerbside/v1/<site>/time`, for agents that have no better source. */
import { readTime } from './command.ts';

const LONGEST = 256;
/** A message travels and may wait in a broker, ms. */
export const TIME_UNCERTAINTY = 5000;

/** Unix epoch ms of `{"time": <ISO 8601 with a zone, or Unix ms>}`; undefined for any other bytes. */
export function readCityTime(bytes: Uint8Array): number | undefined {
  if (bytes.length > LONGEST) return undefined;
  try {
    const payload: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (typeof payload !== 'object' || payload === null || !Object.hasOwn(payload, 'time')) return undefined;
    return readTime(Reflect.get(payload, 'time'));
  } catch {
    return undefined;
  }
}
