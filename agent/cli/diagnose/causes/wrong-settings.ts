/** Who is silent here and answers with a valid frame at another setting has that setting. */
import { namesOf } from '../names.ts';
import type { Observed } from '../session.ts';
import { settingText } from '../settings.ts';
import type { Finding } from '../verdict.ts';

export function wrongSettings({ given, serial, others, expected }: Observed): Finding | undefined {
  const found = others.flatMap((other) => {
    const units = expected.filter(({ unit }) => (other.tally.units.get(unit)?.good ?? 0) > 0);
    const answers = units.reduce((sum, { unit }) => sum + (other.tally.units.get(unit)?.good ?? 0), 0);
    return units.length === 0 ? [] : [{ serial: other.serial, units, answers }];
  });
  const here = expected.filter(({ unit }) => (given.units.get(unit)?.good ?? 0) > 0);
  const answers = found.reduce((sum, one) => sum + one.answers, 0);
  // One may be a very late answer from before. And where others talk in valid frames the setting is right: what came
  // elsewhere were answers to them.
  if (answers < 2 || given.foreign.requests > 1) return undefined;
  const [first] = found;
  const where = found.map((one) => settingText(one.serial)).join(' and ');
  const parity = found.every((one) => one.serial.baud === serial.baud);
  return {
    cause: 'wrong-settings',
    confidence: 'certain',
    says: `${parity ? 'The parity is wrong' : 'The baud rate is wrong'}: ${where}, not ${settingText(serial)}.`,
    evidence: [
      ...found.map(
        (one) =>
          `${namesOf(one.units)} gave ${one.answers} valid answers at ${settingText(one.serial)} and none at ${settingText(serial)}.`,
      ),
      ...(here.length > 0 ? [`${namesOf(here)} answers at ${settingText(serial)}.`] : []),
    ],
    fix:
      here.length > 0 || found.length > 1
        ? 'Set all devices of the line to the same baud rate and parity, at their displays or with their own tools.'
        : `Write baud: ${first?.serial.baud}, format: ${settingText(first?.serial ?? serial).split(' ')[1]} for this line, or set the devices to ${settingText(serial)}.`,
  };
}
