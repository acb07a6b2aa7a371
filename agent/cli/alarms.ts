/** `kerbside alarms`: what stands on the running agent, and what somebody does about it. */
import { userInfo } from 'node:os';
import type { Command } from 'commander';
import { type AlarmAct, type AlarmStatus, stands } from '../core/alarm/alarm.ts';
import { AgentError } from '../core/errors.ts';
import type { Text } from '../core/point.ts';
import { callAgent } from './acts/api.ts';
import { durationLike } from './duration.ts';
import { EXIT } from './exit.ts';
import { timeText } from './meter/text.ts';
import { load, problemLines } from './site.ts';
import { columns } from './table.ts';

const duration = durationLike('2h or 45min', 0);

interface Common {
  readonly site: string;
  readonly json?: true;
}

interface ActFlags extends Common {
  readonly by: string;
  readonly note?: string;
  readonly for?: number;
}

interface Row {
  readonly title: Text;
  readonly status: AlarmStatus;
}

const SITE = ['--site <file>', 'site file', 'site.yaml'] as const;
const ACTS: readonly (readonly [AlarmAct, string])[] = [
  ['acknowledge', 'say that somebody has seen an alarm'],
  ['reset', 'let go an alarm that latches; cancels a call for help'],
  ['shelve', 'silence an alarm for a while'],
  ['unshelve', 'end that before its time'],
];

export function register(program: Command): void {
  const alarms = program.command('alarms').description('alarms of the running agent');
  alarms
    .command('list', { isDefault: true })
    .description('what stands, is shelved or explained; with --all everything that is watched')
    .option('--all', 'also what is normal')
    .option(...SITE)
    .option('--json', 'answer in JSON')
    .addHelpText('after', '\nExit code 0: nothing stands. 1: something does.')
    .action(list);
  for (const [act, words] of ACTS) {
    const command = alarms
      .command(act)
      .description(words)
      .argument('<alarm>', 'id of the alarm')
      .option('--by <name>', 'name of the person; default: the user of this shell', userInfo().username)
      .option(...SITE)
      .option('--json', 'answer in JSON')
      .addHelpText('after', '\nExit code 0: done. 1: refused.')
      .action((alarm: string, flags: ActFlags) => doAct(act, alarm, flags));
    if (act === 'shelve') {
      command
        .requiredOption('--note <text>', 'the reason')
        .requiredOption('--for <time>', 'how long, as 2h or 45min', duration);
    } else command.option('--note <text>', 'a note');
  }
}

async function list({ site, json, all }: Common & { readonly all?: true }): Promise<void> {
  const call = await agentOf(site);
  if (call === undefined) return;
  const { alarms } = await call.get<{ alarms: readonly Row[] }>('/alarms');
  const shown = all === true ? alarms : alarms.filter(({ status }) => status.state !== 'normal');
  if (json === true) process.stdout.write(`${JSON.stringify(shown, null, 2)}\n`);
  else if (shown.length === 0) process.stdout.write('nothing stands\n');
  else process.stdout.write(columns(shown.map(cells)));
  if (alarms.some(({ status }) => stands(status.state))) process.exitCode = EXIT.no;
}

function cells({ title, status }: Row): readonly string[] {
  const { alarm, priority, state, raised, acknowledged, shelved, suppressedBy } = status;
  const deed = shelved ?? acknowledged;
  const who =
    deed === undefined ? '' : `${deed.name ?? deed.by}${deed.note === undefined ? '' : `: ${deed.note}`}`;
  return [
    alarm,
    priority,
    state === 'suppressed' ? `explained by ${suppressedBy}` : state,
    raised === undefined ? '' : timeText(raised),
    who === '' ? title.en : `${title.en} (${who})`,
  ];
}

async function doAct(
  act: AlarmAct,
  alarm: string,
  { site, json, by, note, ...flags }: ActFlags,
): Promise<void> {
  const call = await agentOf(site);
  if (call === undefined) return;
  const body = {
    act,
    name: by,
    ...(note === undefined ? {} : { note }),
    ...(flags.for === undefined ? {} : { for_s: flags.for / 1000 }),
  };
  try {
    const status = await call.send<AlarmStatus>('POST', `/alarms/${encodeURIComponent(alarm)}/acts`, body);
    process.stdout.write(
      json === true ? `${JSON.stringify(status, null, 2)}\n` : `${alarm}: ${status.state}\n`,
    );
  } catch (thrown) {
    // What was refused is an answer, not a failure.
    if (!(thrown instanceof AgentError) || !REFUSALS.includes(thrown.code)) throw thrown;
    process.stderr.write(`${thrown.message}${thrown.fix === undefined ? '' : `; ${thrown.fix}`}\n`);
    process.exitCode = EXIT.no;
  }
}

const REFUSALS: readonly string[] = ['not-found', 'config-invalid', 'unsupported'];

/** The running agent of a site; a site file with problems is told and ends it. */
async function agentOf(file: string) {
  const result = await load(file, 'skip');
  if (result.ok) return callAgent(result.site.state);
  process.stderr.write(problemLines(result.problems));
  process.exitCode = EXIT.no;
  return undefined;
}
