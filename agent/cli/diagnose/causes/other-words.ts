/** Valid frames that are not answers: another master's, or our own coming back. */
import { of } from '../names.ts';
import type { Observed } from '../session.ts';
import { settingText } from '../settings.ts';
import type { Finding } from '../verdict.ts';

/** Two requests that nobody of us sent, each with its check, are no accident. */
export function secondMaster({ given, serial, others }: Observed): Finding | undefined {
  const all = [{ serial, tally: given }, ...others];
  const there = all.find(({ tally }) => tally.foreign.requests >= 2);
  if (there === undefined) return undefined;
  const { requests, answered, units } = there.tally.foreign;
  const asked = [...units].sort((a, b) => a - b).join(', ');
  return {
    cause: 'second-master',
    confidence: requests + answered > 2 ? 'certain' : 'likely',
    says: 'Another master asks on this line.',
    evidence: [
      `${requests} valid Modbus requests were heard at ${settingText(there.serial)} that this program did not send (to unit ${asked}).`,
      ...(answered > 0 ? [`${answered} of them were answered.`] : []),
    ],
    fix: 'Find the other one (a data logger, an inverter, a second gateway, a laptop left on the line) and take it off, or give it a line of its own: Modbus RTU has one master.',
  };
}

export function adapterEcho({ given }: Observed): Finding | undefined {
  const { total, echoed } = given.asks;
  if (echoed < 5 || echoed < 0.8 * total) return undefined;
  return {
    cause: 'adapter-echo',
    confidence: 'certain',
    says: 'The adapter gives back what it sends.',
    evidence: [`After ${of(echoed, total)} requests the same bytes came back first.`],
    fix: 'Kerbside strips the echo and works with it. For other programs switch the echo off: a jumper of the adapter, or its receiver enable (RE) tied to the driver enable (DE).',
  };
}
