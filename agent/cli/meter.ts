/** `kerbside meter`: exchanges of meters, and counters that jumped. Works on the running agent and on a stopped one. */
import { userInfo } from 'node:os';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { AgentError } from '../core/errors.ts';
import { EXPLANATIONS, type ExchangeDeclaration, type Explanation, type SenseActs } from '../core/sense.ts';
import { refused, withActs } from './acts/acts.ts';
import { openDialogue, somebodyThere } from './acts/dialogue.ts';
import { EXIT } from './exit.ts';
import { guideExchange, parseRatio } from './meter/guide.ts';
import { breakText, exchangeText, taskText, timeText } from './meter/text.ts';
import { columns } from './table.ts';

interface Common {
  readonly site: string;
  readonly json?: true;
}

const SITE = ['--site <file>', 'site file', 'site.yaml'] as const;

export function register(program: Command): void {
  const meter = program.command('meter').description('exchanges of meters, and counters that jumped');
  meter
    .command('exchange')
    .description('declare that a meter was exchanged; asks for what is not given')
    .argument('<device>', 'id of the device in the site file')
    .option(...SITE)
    .addOption(
      registers('--closing <point=value>', 'last number on the display of the old meter; repeatable'),
    )
    .addOption(
      registers('--opening <point=value>', 'first number on the display of the new meter; repeatable'),
    )
    .option('--old-serial <number>', 'serial number of the old meter')
    .option('--new-serial <number>', 'serial number of the new meter')
    .option('--ct <ratio>', 'CT ratio of the new meter, as 100/5', ratio)
    .option('--pt <ratio>', 'PT ratio of the new meter, as 10000/100', ratio)
    .option('--at <time>', 'when, ISO 8601; default: now', moment)
    .option('--by <name>', 'who declares it; default: the user of this shell', userInfo().username)
    .option('--note <text>', 'why, or anything else')
    .option('--force', 'take numbers that do not fit the readings')
    .option('--json', 'answer in JSON')
    .addHelpText('after', '\nExit code 0: declared. 1: refused or given up.')
    .action(exchange);
  meter
    .command('tasks')
    .description('counters that jumped and wait for an explanation, exchanges not seen yet')
    .option(...SITE)
    .option('--json', 'answer in JSON')
    .addHelpText('after', '\nExit code 0: nothing is to be done. 1: something is.')
    .action(tasks);
  meter
    .command('explain')
    .description('say what a jump was that is no exchange')
    .argument('<device>', 'id of the device')
    .argument('[point]', 'only this counter')
    .addOption(
      new Option(
        '--as <what>',
        'consumption: it was consumed; nothing: it was not; reset: counted anew from 0; roll-over: through its end',
      )
        .choices(EXPLANATIONS)
        .makeOptionMandatory(),
    )
    .option('--by <name>', 'who says so; default: the user of this shell', userInfo().username)
    .option(...SITE)
    .option('--json', 'answer in JSON')
    .action(explain);
  meter
    .command('withdraw')
    .description('take back an exchange that was declared and has not been seen yet')
    .argument('<id>', 'id of the exchange, see "kerbside meter tasks --json"')
    .option(...SITE)
    .option('--json', 'answer in JSON')
    .action(withdraw);
  meter
    .command('counters')
    .description('the counters of a meter as its display shows them')
    .argument('<device>', 'id of the device')
    .option(...SITE)
    .option('--json', 'answer in JSON')
    .action(counters);
}

interface ExchangeFlags extends Common {
  readonly closing: Readonly<Record<string, number>>;
  readonly opening: Readonly<Record<string, number>>;
  readonly oldSerial?: string;
  readonly newSerial?: string;
  readonly ct?: number;
  readonly pt?: number;
  readonly at?: number;
  readonly by: string;
  readonly note?: string;
  readonly force?: true;
}

function answer(json: true | undefined, value: unknown, text: string): void {
  process.stdout.write(json === true ? `${JSON.stringify(value, null, 2)}\n` : text);
}

async function exchange(device: string, { site, json, ...flags }: ExchangeFlags): Promise<void> {
  await withActs(site, async (acts) => {
    const declaration = await declared(acts, device, flags);
    if (declaration === undefined) {
      process.stderr.write('nothing was declared\n');
      process.exitCode = EXIT.no;
      return;
    }
    const done = await refused(acts.exchange(declaration));
    if (done !== undefined) answer(json, done, exchangeText(done));
  });
}

async function declared(
  acts: SenseActs,
  device: string,
  { closing, opening, ...flags }: Omit<ExchangeFlags, 'site' | 'json'>,
): Promise<ExchangeDeclaration | undefined> {
  const faces = await refused(acts.counters(device));
  if (faces === undefined) return undefined;
  if (Object.keys(closing).length === 0 && Object.keys(opening).length === 0) {
    if (!somebodyThere())
      throw new AgentError('unsupported', `exchange of ${device} not declared: nobody is there to ask`, {
        fix: `give --closing and --opening for ${faces.map(({ point }) => point).join(', ')}`,
      });
    using dialogue = openDialogue();
    return guideExchange(dialogue, device, faces, flags);
  }
  const points = [...new Set([...Object.keys(closing), ...Object.keys(opening)])];
  const registers = Object.fromEntries(
    points.map((point) => {
      const face = faces.find((one) => one.point === point);
      // Without a closing value the last reading has to do: what ran after it is not counted.
      const end = closing[point] ?? face?.jump?.before ?? face?.last?.value;
      if (end === undefined)
        throw new AgentError(
          'config-invalid',
          `exchange of ${device} not declared: ${point} was never read`,
          {
            fix: `give --closing ${point}=<number on the old meter>`,
          },
        );
      return [point, { closing: end, opening: opening[point] ?? 0 }];
    }),
  );
  return { device, registers, ...flags };
}

async function tasks({ site, json }: Common): Promise<void> {
  await withActs(site, async (acts) => {
    const found = await acts.tasks();
    const nothing = found.length === 0;
    answer(json, found, nothing ? 'nothing is to be done\n' : found.map(taskText).join(''));
    process.exitCode = nothing ? EXIT.ok : EXIT.no;
  });
}

interface ExplainFlags extends Common {
  readonly as: Explanation;
  readonly by: string;
}

async function explain(
  device: string,
  point: string | undefined,
  { site, json, as, by }: ExplainFlags,
): Promise<void> {
  await withActs(site, async (acts) => {
    const done = await refused(acts.explain(device, point, as, by));
    if (done !== undefined) answer(json, done, done.map(breakText).join(''));
  });
}

async function withdraw(id: string, { site, json }: Common): Promise<void> {
  await withActs(site, async (acts) => {
    const done = await refused(acts.withdraw(id));
    if (done !== undefined) answer(json, done, exchangeText(done));
  });
}

async function counters(device: string, { site, json }: Common): Promise<void> {
  await withActs(site, async (acts) => {
    const faces = await refused(acts.counters(device));
    if (faces === undefined) return;
    const rows = faces.map(({ point, unit, last, jump }) => [
      point,
      last === undefined ? '—' : `${last.value} ${unit}`,
      last === undefined ? '' : timeText(last.at),
      jump === undefined ? '' : `jumped from ${jump.before} to ${jump.after}`,
    ]);
    answer(json, faces, columns(rows));
  });
}

function registers(flags: string, description: string): Option {
  return new Option(flags, description).argParser(numbers).default({}, 'none');
}

function numbers(text: string, before: Readonly<Record<string, number>>): Record<string, number> {
  const match = /^([A-Za-z0-9_-]{1,64})=(-?\d+(?:\.\d+)?)$/.exec(text.trim());
  const [, point, value] = match ?? [];
  if (point === undefined)
    throw new InvalidArgumentError('Expected a point and a number, as energy-import=12345.6.');
  return { ...before, [point]: Number(value) };
}

function ratio(text: string): number {
  const value = parseRatio(text);
  if (value === undefined) throw new InvalidArgumentError('Expected a ratio, as 100/5 or 20.');
  return value;
}

function moment(text: string): number {
  const at = Date.parse(text);
  if (Number.isNaN(at)) throw new InvalidArgumentError('Expected a time like 2027-01-31T12:00:00+08:00.');
  return at;
}
