/** `kerbside write <device> <point> <value>`: asks first, writes once, reads back. Not for use beside the agent. */
import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { findDevice, openDevice } from '../compose/device-access.ts';
import { nearest } from '../config/problem.ts';
import { AgentError } from '../core/errors.ts';
import type { Point } from '../core/point.ts';
import type { Value } from '../core/reading.ts';
import { SystemClock } from '../core/time/system-clock.ts';
import { EXIT } from './exit.ts';
import { interruptible } from './interrupt.ts';
import { load, problemLines } from './site.ts';
import { valueText } from './table.ts';

export function register(program: Command): void {
  program
    .command('write')
    .description('write a point of a device once and read it back; the agent must not have its line')
    .argument('<device>', 'id of the device in the site file')
    .argument('<point>', 'id of the point')
    .argument('<value>', 'number in the unit of the point, true or false, or text')
    .option('--site <file>', 'site file', 'site.yaml')
    .option('--yes', 'do not ask first')
    .option('--json', 'answer in JSON')
    .addHelpText(
      'after',
      '\nThis goes straight to the device, past the audit trail of the agent.' +
        '\nExit code 0: written and read back. 1: refused, or not confirmed. 3: the device could not be reached.',
    )
    .action(write);
}

interface Options {
  readonly site: string;
  readonly yes?: true;
  readonly json?: true;
}

async function write(id: string, name: string, given: string, options: Options): Promise<void> {
  const result = await load(options.site, 'skip');
  if (!result.ok) {
    process.stderr.write(problemLines(result.problems));
    process.exitCode = EXIT.no;
    return;
  }
  const { device, line } = findDevice(result.site, id);
  const points = device.profile.points;
  const point = points.find((one) => one.id === name);
  if (point === undefined) {
    const close = nearest(
      name,
      points.map((one) => one.id),
    );
    const fix = close === undefined ? undefined : { fix: `did you mean ${close}?` };
    throw new AgentError('not-found', `device ${id} has no point ${name}`, fix);
  }
  const value = wanted(point, given);
  const what = `${valueText({ value, unit: point.unit })} to ${point.id} of ${device.id} on ${line.id}`;
  if (options.yes !== true && !(await confirmed(what))) {
    process.stderr.write('nothing was written\n');
    process.exitCode = EXIT.no;
    return;
  }
  using interrupt = interruptible();
  await using access = await openDevice(line, device, new SystemClock(), interrupt.signal);
  const outcome = await access.write({ point: point.id, value }, interrupt.signal);
  const done = outcome.kind === 'done';
  if (options.json === true) {
    const answer = done ? { done, readback: outcome.readback.value } : { done, reason: outcome.reason };
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  } else if (done) process.stdout.write(`wrote ${what}, read back ${valueText(outcome.readback)}\n`);
  else process.stdout.write(`the device refused ${what}: ${outcome.reason}\n`);
  process.exitCode = done ? EXIT.ok : EXIT.no;
}

/** The text as a value of the point. Throws `AgentError` where it cannot be one. */
function wanted(point: Point, given: string): Value {
  const refuse = (why: string) =>
    new AgentError('config-invalid', `write of ${given} to ${point.id} refused: ${why}`);
  if (point.access === 'read') throw refuse('the point can only be read');
  if (point.type === 'string') return given;
  if (point.type === 'boolean') {
    if (given !== 'true' && given !== 'false') throw refuse('expected true or false');
    return given === 'true';
  }
  const value = given.trim() === '' ? Number.NaN : Number(given);
  if (!Number.isFinite(value)) throw refuse('expected a number');
  const [min, max] = point.range ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  if (value < min || value > max) throw refuse(`expected ${min} to ${max} ${point.unit}`);
  return value;
}

async function confirmed(what: string): Promise<boolean> {
  if (!process.stdin.isTTY) {
    throw new AgentError('unsupported', `write of ${what} not begun: nobody is there to confirm it`, {
      fix: 'add --yes',
    });
  }
  const dialogue = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await dialogue.question(`Write ${what}? [y/N] `)).trim());
  } finally {
    dialogue.close();
  }
}
