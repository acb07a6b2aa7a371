/** `kerbside sign arrivals [site]`: what the sign of a running agent shows now; `--explain`: why. */
import type { Command } from 'commander';
import type { ArrivalBoard, ArrivalRow } from '../../core/sign/arrival.ts';
import { callAgent } from '../acts/api.ts';
import { EXIT } from '../exit.ts';
import { load, problemLines } from '../site.ts';
import { columns } from '../table.ts';

interface Options {
  readonly explain?: true;
  readonly json?: true;
}

/** The board as the API tells it. */
type Told = Omit<ArrivalBoard, 'sources'> & {
  readonly sources: readonly { readonly feed: string; readonly condition: string; readonly age?: number }[];
};

export function registerArrivals(sign: Command): void {
  sign
    .command('arrivals')
    .description('what the sign of the running agent shows now')
    .argument('[site]', 'site file', 'site.yaml')
    .option('--explain', 'why each row says what it says')
    .option('--json', 'answer in JSON')
    .addHelpText(
      'after',
      '\nStates: live, about (old or inferred), stops-away (too old for minutes), timetable, headway, cancelled.' +
        '\nExit code 0: shown. 1: the file has problems. 3: no agent runs here, or it is no sign.',
    )
    .action(show);
}

async function show(file: string, options: Options): Promise<void> {
  const result = await load(file, 'skip');
  if (!result.ok) {
    process.exitCode = EXIT.no;
    process.stderr.write(problemLines(result.problems));
    return;
  }
  const call = await callAgent(result.site.state);
  const board = await call.get<Told>('/sign/arrivals');
  if (options.json) {
    process.stdout.write(`${JSON.stringify(board)}\n`);
    return;
  }
  process.stdout.write(boardText(board, result.site.timezone, options.explain === true));
}

/** As text; for tests. */
export function boardText(board: Told, timezone: string, explain: boolean): string {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: timezone,
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
  const clock = (time: number | undefined) =>
    time === undefined || board.clock === 'untrusted' ? '' : format.format(time).slice(0, 5);
  const head = board.clock === 'trusted' ? format.format(board.at) : 'clock not trusted';
  const sources = board.sources.map(
    ({ feed, condition, age }) => `${feed} ${condition}${age === undefined ? '' : ` ${age} s`}`,
  );
  const lines = [
    `${head}  timetable ${board.timetable}${sources.length === 0 ? '' : `; ${sources.join(', ')}`}`,
  ];
  const rows = board.rows.map((row) => [
    row.lineName.text,
    row.terminus.text,
    minutesText(row),
    row.state,
    row.stopsAway === undefined ? '' : `${row.stopsAway} stops`,
    clock(row.scheduled),
    [row.first ? 'first' : '', row.last ? 'last' : ''].filter(Boolean).join(' '),
    row.vehicle ?? '',
  ]);
  if (rows.length > 0) {
    lines.push(
      columns([['line', 'to', 'min', 'state', 'away', 'timetable', '', 'vehicle'], ...rows])
        .replace(/ +$/gm, '')
        .trimEnd(),
    );
  }
  if (explain) lines.push(...board.rows.flatMap((row) => explanation(row, clock)));
  for (const { lineName, terminus, state, first, last, next } of board.lines) {
    if (state === 'running') continue;
    const times = [
      ['first', first],
      ['last', last],
      ['next', next],
    ] as const;
    const told = times.flatMap(([word, time]) => (clock(time) === '' ? [] : [`${word} ${clock(time)}`]));
    lines.push(
      `${lineName.text} to ${terminus.text}: ${state}${told.length === 0 ? '' : ` (${told.join(', ')})`}`,
    );
  }
  return `${lines.join('\n')}\n`;
}

function minutesText({ minutes, approaching, headway }: ArrivalRow): string {
  if (approaching && minutes === 0) return 'now';
  if (headway !== undefined) return `each ${headway[0] === headway[1] ? headway[0] : headway.join('-')}`;
  return minutes === undefined ? '' : String(minutes);
}

function explanation(row: ArrivalRow, clock: (time: number | undefined) => string): string[] {
  const { sources, expected, early, late, margin, held, distance, delay, phase, because } = row.why;
  const facts = [
    phase ?? '',
    distance === undefined ? '' : `${distance} m away`,
    delay === undefined ? '' : `${Math.abs(delay)} s ${delay < 0 ? 'early' : 'late'}`,
    clock(expected) === '' ? '' : `expected ${clock(expected)}`,
    early === undefined || late === undefined ? '' : `10-90 % within ${Math.round((late - early) / 1000)} s`,
    margin === undefined ? '' : `${margin} s taken off`,
    held === true ? 'held one minute lower' : '',
    ...because,
  ].filter(Boolean);
  const said = sources.map(
    ({ source, origin, weight, age, skill }) =>
      `${source} (${origin}${age === undefined ? '' : `, ${age} s old`}${skill === undefined ? '' : `, ${skill} % right here`}) ${Math.round(weight * 100)} %`,
  );
  return [
    `  ${row.lineName.text} ${row.trip ?? row.vehicle ?? ''}: ${facts.join(', ')}; by ${said.join(', ')}`,
  ];
}
