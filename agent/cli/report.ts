/** `kerbside report commissioning`: tests on site, and one page of everything the unit reads, for the file of the project. */
import { writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { Command } from 'commander';
import { reportHtml } from '../console/report/html.ts';
import { faultWord } from '../console/report/words.ts';
import { type AcceptanceReport, type AcceptanceTest, TEST_KINDS, type TestKind } from '../core/acceptance.ts';
import { type Caller, callAgent } from './acts/api.ts';
import { EXIT } from './exit.ts';
import { load, problemLines } from './site.ts';

/** From one look at a running test to the next, ms. */
const LOOK = 500;
const LANGUAGES = ['zh', 'en', 'both'] as const;

interface Flags {
  readonly site: string;
  readonly out?: string;
  readonly lang: string;
  readonly name?: string;
  readonly test?: readonly string[];
  readonly json?: true;
}

export function register(program: Command): void {
  program
    .command('report')
    .description('reports of the running agent')
    .command('commissioning')
    .description('every point with its live value, tests, versions, who and when; one HTML page that prints')
    .option('--site <file>', 'site file', 'site.yaml')
    .option('--out <file>', 'write it there instead of to stdout')
    .option('--lang <language>', 'zh, en or both', 'both')
    .option('--name <name>', 'name of the person who answers for it')
    .option(
      '--test <test...>',
      `do these tests first: all, ${TEST_KINDS.join(', ')}, or an id such as lamp.lamp-1`,
    )
    .option('--json', 'the report as JSON')
    .addHelpText(
      'after',
      '\nTests: sos waits for a press, door for somebody who opens and shuts it, lamp goes to 0, 50 and 100 % and is measured,' +
        '\nsign takes what riders see, uplink waits for an acknowledgement. One that was never done says "not done".' +
        '\nExit code 0: written. 1: written, but a test that was asked for failed, or the site file has problems. 3: no agent runs.',
    )
    .action(commissioning);
}

async function commissioning({ site: file, out, lang, name, test = [], json }: Flags): Promise<void> {
  const language = LANGUAGES.find((one) => one === lang);
  if (language === undefined) return usage(`expected --lang zh, en or both, got "${lang}"`);
  const loaded = await load(file, 'skip');
  if (!loaded.ok) {
    process.stderr.write(problemLines(loaded.problems));
    process.exitCode = EXIT.no;
    return;
  }
  const call = await callAgent(loaded.site.state);
  const who = name === undefined ? {} : { name };
  const { tests } = await call.get<{ tests: readonly AcceptanceTest[] }>('/commissioning/tests');
  const wanted = tests.filter(({ id, kind }) =>
    test.some((one) => one === 'all' || one === kind || one === id),
  );
  const unknown = test.filter(
    (one) => one !== 'all' && !tests.some(({ id, kind }) => one === id || one === kind),
  );
  if (unknown.length > 0) {
    const known = tests.map(({ id }) => id).join(', ');
    return usage(`this site has no test ${unknown.join(', ')}; there is ${known === '' ? 'none' : known}`);
  }
  let failed = false;
  for (const { id, kind } of wanted) failed = (await done(call, id, kind, who)).state !== 'passed' || failed;
  const query = name === undefined ? '' : `?name=${encodeURIComponent(name)}`;
  const report = await call.get<AcceptanceReport>(`/commissioning/report${query}`);
  const text = json === true ? `${JSON.stringify(report, null, 2)}\n` : reportHtml(report, language);
  if (out === undefined) process.stdout.write(text);
  else writeFileSync(out, text);
  if (failed) process.exitCode = EXIT.no;
}

const ASKS: Partial<Record<TestKind, string>> = {
  sos: 'press the help button now',
  door: 'open the door and shut it again now',
};

async function done(
  call: Caller,
  id: string,
  kind: TestKind,
  who: { readonly name?: string },
): Promise<AcceptanceTest> {
  let test = await call.send<AcceptanceTest>('POST', '/commissioning/tests', { test: id, ...who });
  process.stderr.write(`${id}: ${ASKS[kind] ?? 'running'}\n`);
  while (test.state === 'running') {
    await pause(LOOK);
    const { tests } = await call.get<{ tests: readonly AcceptanceTest[] }>('/commissioning/tests');
    test = tests.find((one) => one.id === id) ?? test;
  }
  const why =
    test.fault === undefined
      ? ''
      : `: ${faultWord(test.fault, 'en')}${test.detail === undefined ? '' : ` (${test.detail})`}`;
  process.stderr.write(`${id}: ${test.state}${why}\n`);
  return test;
}

function usage(text: string): void {
  process.exitCode = EXIT.usage;
  process.stderr.write(`kerbside: ${text}\n`);
}
