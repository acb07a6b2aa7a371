/**
 * Commands for alarms that come as the value of a point of the device `alarms`: the id of an alarm, or a JSON object
 * `{"alarm": "sos", "by": "Li Wei", "note": "patrol sent", "for_s": 3600}`. Text from outside: everything is looked at.
 */
import type { AlarmAct, AlarmRequest } from '../../core/alarm/alarm.ts';
import type { AlarmCommand } from '../../core/alarm/points.ts';
import { ID_PATTERN } from '../../core/point.ts';

/** Longest text, characters. */
const LONGEST = 1024;

export type ReadCommand =
  | { readonly ok: true; readonly request: AlarmRequest }
  | { readonly ok: false; readonly reason: string };

/** `issuer` as of commands. A person is who is logged in at the console, or whom a city names. */
export function readCommand(
  act: Exclude<AlarmCommand, 'test'> & AlarmAct,
  text: string,
  issuer: string,
): ReadCommand {
  if (text.length > LONGEST) return wrong(`expected at most ${LONGEST} characters`);
  const read = text.trimStart().startsWith('{') ? objectOf(text) : { alarm: text.trim() };
  if (read === undefined) return wrong('expected the id of an alarm, or a JSON object');
  const { alarm, by, note, for_s: seconds, ...rest } = read;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) return wrong(`unknown key ${JSON.stringify(unknown.slice(0, 64))}`);
  if (typeof alarm !== 'string' || !ID_PATTERN.test(alarm))
    return wrong('alarm: expected the id of an alarm');
  if (by !== undefined && (typeof by !== 'string' || by.trim() === ''))
    return wrong('by: expected the name of a person');
  if (note !== undefined && typeof note !== 'string') return wrong('note: expected text');
  if (seconds !== undefined && !(typeof seconds === 'number' && Number.isFinite(seconds) && seconds > 0)) {
    return wrong('for_s: expected seconds above 0');
  }
  return {
    ok: true,
    request: {
      act,
      alarm,
      by: issuer,
      person: issuer.startsWith('console:') || (issuer.startsWith('uplink:') && by !== undefined),
      ...(by === undefined ? {} : { name: by }),
      ...(note === undefined ? {} : { note }),
      ...(seconds === undefined ? {} : { duration: seconds * 1000 }),
    },
  };
}

function objectOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const read: unknown = JSON.parse(text);
    return typeof read === 'object' && read !== null && !Array.isArray(read) ? { ...read } : undefined;
  } catch {
    return undefined;
  }
}

function wrong(reason: string): ReadCommand {
  return { ok: false, reason };
}
