/** docs/api.md: its commands run as they stand there, its codes are those of the agent, its scopes are all there are. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SCOPES } from '../../../agent/console/access/scope.ts';
import { good } from '../../../agent/core/reading.ts';
import { program } from '../../support/programs.ts';
import { openConsole, type TestConsole } from './open-console.ts';

const PAGE = readFileSync(new URL('../../../docs/api.md', import.meta.url), 'utf8');
const run = promisify(execFile);

/** The commands of the page, without the one that sets what the others use. */
const commands = [...PAGE.matchAll(/```sh\n(curl [\s\S]*?)\n```/g)].map(([, command = '']) => command);

let at: TestConsole;
beforeAll(async () => {
  at = await openConsole();
  at.agent.publish([good({ device: 'meter-feeder', point: 'voltage', unit: 'V' }, 230.1, at.clock.mono())]);
});
afterAll(() => at[Symbol.asyncDispose]());

test('names every scope', () => {
  const named = [...PAGE.matchAll(/^\| `(\w+)` \| /gm)].map(([, scope]) => scope);
  expect(named).toEqual([...SCOPES]);
});

describe.runIf(program('curl') !== undefined)('the commands of the page', () => {
  const wanted: readonly [begins: string, answer: RegExp][] = [
    ['/session', /"name":"api:page","role":"technician","scopes":\["read"/],
    ['/points?device', /"device":"meter-feeder","point":"voltage"/],
    ['/history?', /"buckets":\[/],
    ['/stream', /^event: readings$/m],
    ['/commands', /"id":"dim-0001","state":"done","readback":40/],
    ['/points\n', /"code":"not-logged-in"/],
  ];

  test('are as many as are looked at', () => expect(commands).toHaveLength(wanted.length));

  test.each(wanted)('%s', async (begins, answer) => {
    const command = commands.find((one) => `${one}\n`.includes(`/api/v1${begins}`)) ?? 'false';
    const { authorization } = await at.token('technician', 'page');
    const env = {
      PATH: process.env.PATH ?? '',
      AGENT: at.console.url,
      TOKEN: authorization.slice('Bearer '.length),
    };
    // A stream is ended by the command itself, which curl tells by its exit code.
    const { stdout } = await run('/bin/sh', ['-c', command], { env }).catch(
      (error: { stdout: string }) => error,
    );
    expect(stdout).toMatch(answer);
  });
});
