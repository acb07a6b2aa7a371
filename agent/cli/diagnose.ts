/**
 * `kerbside diagnose <port>`: what is wrong with a line, from what it shows. Listens first, then asks; only reads; ends
 * within a minute with a verdict, what speaks for it, and what to do. Where nothing is certain it says so.
 */
import { realpath } from 'node:fs/promises';
import { type Command, InvalidArgumentError } from 'commander';
import { portOf } from '../bus/open.ts';
import { AgentError } from '../core/errors.ts';
import type { LineConfig, SerialSettings, Site } from '../core/site.ts';
import { SystemClock } from '../core/time/system-clock.ts';
import { nameOf, namesOf } from './diagnose/names.ts';
import { deviceUnit, type Expected, parseUnits, unknownUnit } from './diagnose/question.ts';
import { type Observed, observe, type Step } from './diagnose/session.ts';
import { parseSetting, settingText } from './diagnose/settings.ts';
import { type Finding, type Verdict, verdict } from './diagnose/verdict.ts';
import { EXIT } from './exit.ts';
import { interruptible } from './interrupt.ts';
import { load, problemLines } from './site.ts';

interface Options {
  readonly site?: string;
  readonly unit?: readonly number[];
  readonly baud?: number;
  readonly format?: string;
  readonly json?: true;
}

export function register(program: Command): void {
  program
    .command('diagnose')
    .description('name the likely wiring or setting fault of a serial line; only reads; takes up to a minute')
    .argument('<port>', 'serial port such as /dev/ttyUSB0; with --site also the id of a line')
    .option('--site <file>', 'site file: says which devices should be there, in the order of the wiring')
    .option(
      '--unit <list>',
      'units that should be there, such as 1-8 or 1,2,17, in the order of the wiring',
      unitList,
    )
    .option('--baud <rate>', 'rate the line is supposed to have; default that of the site, or 9600', rate)
    .option('--format <8N1>', 'data bits, parity, stop bits; default that of the site, or 8N1', format)
    .option('--json', 'a JSON line for each step, the verdict last')
    .addHelpText(
      'after',
      '\nWithout --site and --unit, units 1 to 8 are asked and nobody is missed.\nThe agent must not have the port. Ctrl-C ends it with what was heard so far.\nExit code 0: the line is healthy. 1: a fault, or nothing certain. 3: the port cannot be used.',
    )
    .action(diagnose);
}

function unitList(text: string): readonly number[] {
  const units = parseUnits(text);
  if (units === undefined) throw new InvalidArgumentError('expected units such as 1-8 or 1,2,17.');
  return units;
}

function rate(text: string): number {
  const baud = Number(text);
  if (!Number.isInteger(baud) || parseSetting(baud, '8N1') === undefined)
    throw new InvalidArgumentError('expected a baud rate such as 9600.');
  return baud;
}

function format(text: string): string {
  if (parseSetting(9600, text) === undefined) throw new InvalidArgumentError('expected such as 8N1 or 8E1.');
  return text;
}

interface Task {
  readonly line: LineConfig & { readonly kind: 'serial' };
  readonly expected: readonly Expected[];
  /** All of them should be there. */
  readonly known: boolean;
}

async function diagnose(port: string, options: Options): Promise<void> {
  const clock = new SystemClock();
  let site: Site | undefined;
  if (options.site !== undefined) {
    const result = await load(options.site, 'skip');
    if (!result.ok) {
      process.stderr.write(problemLines(result.problems));
      process.exitCode = EXIT.no;
      return;
    }
    site = result.site;
  }
  const { line, expected, known } = await taskOf(port, options, site, clock);
  const say = (text: string, facts: object): void => {
    process.stdout.write(options.json === true ? `${JSON.stringify(facts)}\n` : `${text}\n`);
  };
  using interrupt = interruptible();
  const observed = await observe({
    open: (serial, signal) => portOf({ ...line, serial }, clock).open(signal),
    serial: line.serial,
    timeout: line.timeout,
    expected,
    known,
    clock,
    signal: interrupt.signal,
    tell: (step) => say(stepText(step), stepFacts(step)),
  });
  const judged = verdict(observed);
  say(verdictText(judged, observed), { ...judged, setting: settingText(line.serial) });
  process.exitCode = judged.verdict === 'healthy' ? EXIT.ok : EXIT.no;
}

async function taskOf(
  port: string,
  options: Options,
  site: Site | undefined,
  clock: SystemClock,
): Promise<Task> {
  const line = site === undefined ? undefined : await lineOf(site, port);
  const serial = settingsOf(options, line?.serial);
  const { unit: units } = options;
  const task = {
    line: { id: 'diagnose', kind: 'serial', timeout: 300, port, ...line, serial } as Task['line'],
    known: units !== undefined || line !== undefined,
  };
  if (units !== undefined) return { ...task, expected: units.map(unknownUnit) };
  if (site === undefined || line === undefined) {
    return { ...task, expected: [1, 2, 3, 4, 5, 6, 7, 8].map(unknownUnit) };
  }
  const devices = site.devices.filter((device) => device.line === line.id);
  const found = await Promise.all(devices.map((device) => deviceUnit(device, task.line, clock)));
  const expected = found.filter((one) => one !== undefined);
  if (expected.length === 0) {
    throw new AgentError('unsupported', `line ${line.id} cannot be diagnosed: it has no Modbus RTU device`, {
      fix: 'Name units with --unit, or look at what comes with `kerbside scan`.',
    });
  }
  return { ...task, expected };
}

/** The line by its id or its port. */
async function lineOf(site: Site, port: string): Promise<Task['line']> {
  const lines = site.lines.filter((line) => line.kind === 'serial');
  const target = await realpath(port).catch(() => port);
  for (const line of lines) {
    if (line.id === port || line.port === port) return line;
    if ((await realpath(line.port).catch(() => line.port)) === target) return line;
  }
  const names = lines.map((line) => `${line.id} (${line.port})`).join(', ');
  throw new AgentError('not-found', `there is no serial line ${port} in the site`, {
    fix: `serial lines are ${names === '' ? 'none' : names}`,
  });
}

function settingsOf({ baud, format }: Options, line: SerialSettings | undefined): SerialSettings {
  const usual: SerialSettings = line ?? { baud: 9600, dataBits: 8, parity: 'none', stopBits: 1 };
  const letters = format ?? settingText(usual).split(' ')[1] ?? '8N1';
  return parseSetting(baud ?? usual.baud, letters) ?? usual;
}

function stepText(step: Step): string {
  switch (step.step) {
    case 'listening':
      return `${settingText(step.serial)}: listening for ${step.ms / 1000} s`;
    case 'heard':
      if (step.foreignRequests > 0) return `heard ${step.foreignRequests} requests of another master`;
      return step.bytes === 0 ? 'the line is at rest' : `heard ${step.bytes} bytes that are no Modbus frame`;
    case 'asking':
      return `${settingText(step.serial)}: asking ${step.units} units`;
    case 'unit':
      return `${nameOf(step.who)} ${UNIT_TEXT[step.result]}`;
    case 'trying':
      return `${settingText(step.serial)}: trying`;
    case 'found':
      return `${nameOf(step.who)} answers at ${settingText(step.serial)}`;
  }
}

const UNIT_TEXT = {
  answers: 'answers',
  garbled: 'gives bytes that are no answer',
  silent: 'is silent',
} as const;

function stepFacts(step: Step): object {
  const { step: name, ...rest } = step;
  const { serial, who, ...facts } = { serial: undefined, who: undefined, ...rest };
  return {
    step: name,
    ...(serial === undefined ? {} : { setting: settingText(serial) }),
    ...(who === undefined ? {} : { unit: who.unit, device: who.device ?? null }),
    ...facts,
  };
}

function verdictText({ verdict: name, findings, remarks }: Verdict, observed: Observed): string {
  const head =
    name === 'healthy'
      ? [`The line is healthy: ${namesOf(answering(observed))} answered cleanly.`]
      : name === 'nothing-certain'
        ? ['Nothing is certain.']
        : [];
  return ['', ...head, ...findings.flatMap(findingLines), ...remarks.map((text) => `- ${text}`)].join('\n');
}

function findingLines({ says, confidence, evidence, fix }: Finding): readonly string[] {
  return [`${says} (${confidence})`, ...evidence.map((text) => `  seen: ${text}`), `  do:   ${fix}`];
}

function answering({ expected, given }: Observed): readonly Expected[] {
  return expected.filter(({ unit }) => (given.units.get(unit)?.good ?? 0) > 0);
}
