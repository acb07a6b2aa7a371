/** What was seen and does not decide anything: for the technician to go on from. */
import { nameOf, namesOf, of } from './names.ts';
import type { Observed } from './session.ts';
import { settingText } from './settings.ts';
import type { Cause, Finding } from './verdict.ts';

/** Causes that spoil answers: the answers need no word of their own. */
const EXPLAIN = [
  'a-b-swapped',
  'wrong-settings',
  'second-master',
  'shared-address',
  'no-termination-or-bias',
] as const satisfies readonly Cause[];

export function remarks(observed: Observed, findings: readonly Finding[]): readonly string[] {
  const { given, expected, known, serial, others, interrupted } = observed;
  const named = new Set(findings.map(({ cause }) => cause));
  const tally = (unit: number) => given.units.get(unit);
  const quiet = expected.filter(({ unit }) => {
    const one = tally(unit);
    return one !== undefined && one.good === 0 && one.garbled === 0;
  });
  const found: string[] = [];
  if (interrupted) found.push('It was ended early.');
  if (quiet.length === expected.length && !named.has('wrong-settings')) {
    found.push(...silence(observed, named.size > 0));
  } else if (quiet.length > 0 && known && !named.has('dead-behind') && !named.has('wrong-settings')) {
    found.push(
      `${namesOf(quiet)} did not answer: no power, another address, a broken stub, or a setting that was not tried.`,
    );
  }
  for (const who of expected) {
    const unit = tally(who.unit);
    if (unit === undefined || EXPLAIN.some((cause) => named.has(cause))) continue;
    if (unit.garbled > 1)
      found.push(
        `${of(unit.garbled, unit.asked)} answers of ${nameOf(who)} came damaged: its stub, its transceiver, a second device with its address, or a baud rate that is slightly off.`,
      );
    if (unit.late > 0)
      found.push(
        `${nameOf(who)} answered ${unit.late} times after its time-out: give the line a longer one.`,
      );
  }
  const stray = given.stray.length;
  if (given.idle.bytes > 2 && given.foreign.requests === 0 && named.size === 0) {
    found.push(
      `${given.idle.bytes} bytes came in ${(given.idle.ms / 1000).toFixed(0)} s without being asked for, and are no Modbus frames at ${settingText(serial)}: somebody talks with another setting or protocol, or the line floats.`,
    );
  } else if (stray > 2 && named.size === 0) {
    found.push(`${stray} bytes came that belong to no frame.`);
  }
  if (given.foreign.frames > 1 && !named.has('second-master'))
    found.push(
      `${given.foreign.frames} valid frames came that nobody was asked for: a device that repeats itself, a radio repeater, or another line that is coupled in.`,
    );
  if (given.foreign.requests === 1)
    found.push('One valid request was heard that this program did not send: perhaps another master.');
  if (!named.has('wrong-settings') && others.length > 0)
    found.push(`${others.length} other settings were tried without an answer.`);
  return found;
}

function silence({ given }: Observed, explained: boolean): readonly string[] {
  if (explained) return [];
  if (given.spoken > 0)
    return [
      'Nobody answered, yet bytes came after requests: A and B swapped, a floating line, or an adapter that does not release the line.',
    ];
  return [
    'Not a byte came: no power, the cable not connected, A and B swapped on a line without bias, an adapter that does not send, or addresses and settings that were not tried.',
  ];
}
