/** `kerbside config history|diff|apply|return|keep`: changes of the site file of the running agent, over its local door. */
import { readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type {
  ApiConfigChange,
  ApiConfigCheck,
  ApiConfigHistory,
  ApiConfigState,
} from '../console/api/config-contract.ts';
import { AgentError } from '../core/errors.ts';
import { SystemClock } from '../core/time/system-clock.ts';
import { type Caller, callAgent } from './acts/api.ts';
import { durationLike } from './duration.ts';
import { EXIT } from './exit.ts';
import { timeText } from './meter/text.ts';
import { runningState } from './running-state.ts';
import { columns } from './table.ts';

const duration = durationLike('10min', 0);

interface Common {
  readonly site: string;
  readonly json?: true;
}

interface ApplyFlags extends Common {
  readonly by: string;
  readonly why: string;
  readonly watch?: number;
  readonly anyway?: true;
  readonly try: boolean;
  readonly wait: boolean;
}

const SITE = ['--site <file>', 'site file of the running agent', 'site.yaml'] as const;
const EXITS = '\nExit code 0: kept. 1: refused, or returned by itself. 3: no agent answers.';
/** Between two looks at what becomes of a change, ms. */
const LOOK = 1000;
/** An agent that restarts inside its process is away for a moment, ms. */
const AWAY = 60_000;

export function register(config: Command): void {
  config
    .command('history')
    .description('changes of the site file: when, who, why, what became of them')
    .option(...SITE)
    .option('--json', 'answer in JSON')
    .action(history);
  config
    .command('diff')
    .description('what a file, or an earlier revision, would change of what runs')
    .argument('[what]', 'a file or a revision; default: the site file on the disk')
    .option(...SITE)
    .option('--json', 'answer in JSON')
    .addHelpText('after', '\nExit code 0: nothing differs. 1: something does, or the file is wrong.')
    .action(diff);
  applying(
    config
      .command('apply')
      .description(
        'apply a file: check, try on the devices, commit, watch health; returns by itself if it gets worse',
      )
      .argument('<file>', 'the new site file'),
  ).action(apply);
  applying(
    config
      .command('return')
      .description('go back to an earlier revision')
      .argument('<revision>', 'from `config history`'),
  ).action(giveBack);
  config
    .command('keep')
    .description('keep the change that is watched now, before its time')
    .option('--by <name>', 'name of the person; default: the user of this shell', userInfo().username)
    .option(...SITE)
    .option('--json', 'answer in JSON')
    .action(keep);
}

function applying(command: Command): Command {
  return command
    .requiredOption('--why <text>', 'the reason')
    .option('--by <name>', 'name of the person; default: the user of this shell', userInfo().username)
    .option(
      '--watch <time>',
      'how long health is watched, as 10min; default: changes.watch of the site',
      duration,
    )
    .option('--anyway', 'although a device does not answer when it is tried')
    .option('--no-try', 'do not try devices before')
    .option('--no-wait', 'do not wait for what becomes of it')
    .option(...SITE)
    .option('--json', 'answer in JSON')
    .addHelpText('after', EXITS);
}

async function history({ site, json }: Common): Promise<void> {
  const call = await callAgent(await runningState(site));
  const { changes } = await call.get<ApiConfigHistory>('/config/changes');
  if (json === true) print(changes);
  else process.stdout.write(columns(changes.map(cells)));
}

function cells({ id, at, to, state, by, name, why, changes, reason }: ApiConfigChange): readonly string[] {
  const parts = changes.map((one) => `${one.change} ${one.part}${one.id === undefined ? '' : ` ${one.id}`}`);
  const what = [
    why,
    parts.slice(0, 3).join(', '),
    parts.length > 3 ? `and ${parts.length - 3} more` : '',
    reason ?? '',
  ];
  return [`${id}`, timeText(at), to, state, name ?? by, what.filter((text) => text !== '').join('; ')];
}

async function diff(what: string | undefined, { site, json }: Common): Promise<void> {
  const call = await callAgent(await runningState(site));
  const state = await call.get<ApiConfigState>('/config');
  const earlier = what !== undefined && /^[0-9a-f]{16}$/.test(what);
  const file = earlier ? what : resolve(what ?? state.file);
  const text = earlier
    ? (await call.get<{ readonly text: string }>(`/config/revisions/${what}`)).text
    : await readFile(file, 'utf8');
  const check = await call.send<ApiConfigCheck>('POST', '/config/check', { text });
  if (json === true) print(check);
  else
    process.stdout.write(
      (check.patch ?? 'the two have too little in common to compare\n') + checkText(check),
    );
  if (!check.ok || text !== state.text) process.exitCode = EXIT.no;
}

async function apply(file: string, flags: ApplyFlags): Promise<void> {
  const text = await readFile(file, 'utf8');
  await applied(flags, '/config/changes', { text });
}

async function giveBack(revision: string, flags: ApplyFlags): Promise<void> {
  await applied(flags, `/config/revisions/${encodeURIComponent(revision)}/return`, {});
}

async function applied(flags: ApplyFlags, path: string, body: object): Promise<void> {
  const { site, json, by, why, watch, anyway, wait } = flags;
  const state = await runningState(site);
  const call = await callAgent(state);
  let change: ApiConfigChange;
  try {
    change = await call.send<ApiConfigChange>('POST', path, {
      ...body,
      name: by,
      why,
      ...(watch === undefined ? {} : { watch_s: watch / 1000 }),
      ...(anyway === undefined ? {} : { anyway }),
      try: flags.try,
    });
  } catch (thrown) {
    if (!(thrown instanceof AgentError) || thrown.code === 'timeout') throw thrown;
    process.stderr.write(`${thrown.message}${thrown.fix === undefined ? '' : `; ${thrown.fix}`}\n`);
    process.exitCode = EXIT.no;
    return;
  }
  if (!wait) {
    if (json === true) print(change);
    else
      process.stdout.write(
        `change ${change.id} is committed as ${change.to}; kerbside config history tells what becomes of it\n`,
      );
    return;
  }
  const ended = await followed(call, state, change, json !== true);
  if (json === true) print(ended);
  else
    process.stdout.write(
      `change ${ended.id} was ${ended.state}${ended.reason === undefined ? '' : `: ${ended.reason}`}\n`,
    );
  if (ended.state !== 'kept') process.exitCode = EXIT.no;
}

/** Looks until the change has ended. The agent may restart meanwhile. */
async function followed(
  first: Caller,
  state: string,
  begun: ApiConfigChange,
  say: boolean,
): Promise<ApiConfigChange> {
  const clock = new SystemClock();
  let [call, change, shown, heard]: [Caller, ApiConfigChange, string, number] = [
    first,
    begun,
    '',
    clock.mono(),
  ];
  for (;;) {
    const left =
      change.until === undefined
        ? ''
        : `, ${Math.max(0, Math.round((change.until - Date.now()) / 1000))} s left`;
    const text = `change ${change.id} is ${change.state}${change.worse === undefined ? '' : `: ${change.worse.join('; ')}`}`;
    if (say && process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}${left}`);
    else if (say && text !== shown) process.stderr.write(`${text}\n`);
    shown = text;
    if (['kept', 'returned', 'superseded'].includes(change.state)) {
      if (say && process.stderr.isTTY) process.stderr.write('\r\x1b[K');
      return change;
    }
    await clock.sleep(LOOK);
    try {
      change = await call.get<ApiConfigChange>(`/config/changes/${change.id}`);
      heard = clock.mono();
    } catch (thrown) {
      if (clock.mono() - heard > AWAY) throw thrown;
      // The address may be another one after a restart.
      call = await callAgent(state).catch(() => call);
    }
  }
}

async function keep({ site, json, by }: Common & { readonly by: string }): Promise<void> {
  const call = await callAgent(await runningState(site));
  const { open } = await call.get<ApiConfigState>('/config');
  if (open?.state !== 'watching') {
    process.stderr.write('no change is watched now\n');
    process.exitCode = EXIT.no;
    return;
  }
  const kept = await call.send<ApiConfigChange>('POST', `/config/changes/${open.id}/end`, {
    how: 'keep',
    name: by,
  });
  if (json === true) print(kept);
  else process.stdout.write(`change ${kept.id} was kept\n`);
}

function checkText({ problems, changes = [], budget = [], stops = [] }: ApiConfigCheck): string {
  const percent = (load: number | null | undefined) =>
    load === undefined ? '-' : load === null ? '?' : `${(load * 100).toFixed(1)} %`;
  const lines = [
    ...problems.map(({ file, line, column, path, message, fix }) =>
      [`${file}:${line}:${column} ${path === '' ? '' : `${path}: `}${message}`, fix ?? '']
        .filter(Boolean)
        .join('; '),
    ),
    ...changes.map(({ part, id, change }) => `${change} ${part}${id === undefined ? '' : ` ${id}`}`),
    ...budget
      .filter(({ before, after }) => before !== after)
      .map(({ line, before, after }) => `line ${line}: ${percent(before)} → ${percent(after)}`),
    ...stops.map(({ part, for_s }) =>
      part === 'agent'
        ? `the agent restarts: about ${for_s} s without polls`
        : `${part} stands still for about ${for_s} s`,
    ),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function print(answer: unknown): void {
  process.stdout.write(`${JSON.stringify(answer, null, 2)}\n`);
}
