/** Every command and sub-command: teaches, takes what it shows, refuses the rest with code 2, answers in JSON; docs/cli.md is what they say. */
import { readFileSync } from 'node:fs';
import { type Command, CommanderError } from 'commander';
import { afterAll, describe, expect, it } from 'vitest';
import { sentence } from '../../../agent/cli/exit.ts';
import { allCommands, helpOf, reference } from '../../../agent/cli/reference.ts';
import { SiteFolder, STREET } from '../config/site-folder.ts';
import { open } from '../store/site.ts';
import { kerbside } from './kerbside.ts';

const program = await allCommands();
const paths = new Map<string, Command>();
const walk = (command: Command, path: string) => {
  paths.set(path, command);
  for (const own of command.commands) walk(own, `${path} ${own.name()}`);
};
for (const command of program.commands) walk(command, command.name());
const leaves = [...paths].filter(([, command]) => command.commands.length === 0);

/** Whose answer is no report, and what it is instead. */
const NOT_JSON: Readonly<Record<string, string>> = {
  run: 'its log is JSON lines',
  'config schema': 'a JSON Schema',
  'config reference': 'a document',
  'energy report': 'a document',
  'energy export': 'a document',
  'evidence export': 'JSON lines',
  'evidence key': 'a key',
  'content sign': 'the signed document, which is JSON',
  'content media': 'YAML for a playlist',
  label: 'a picture',
  'people add': 'says nothing',
  'people password': 'says nothing',
  'people remove': 'says nothing',
  'update keygen': 'a line for the site file',
  'update make': 'makes a folder',
  'update sign': 'signs a folder',
  'update return': 'says nothing',
};

function examplesOf(command: Command): string[] {
  return helpOf(command)
    .split('\n')
    .flatMap((line) => line.split(';'))
    .map((line) => line.replace(/#.*$/, '').trim())
    .filter((line) => /^(?:sudo (?:-u kerbside )?)?kerbside \w/.test(line));
}

/** Words of a shell's line, with quotes. */
function words(line: string): string[] {
  const bare = line.replace(/^sudo (?:-u kerbside )?/, '').replace(/\s+(?:2>>|>|\|).*$/, '');
  return Array.from(bare.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g), ([, a, b, c]) => a ?? b ?? c ?? '');
}

describe.each([...paths])('kerbside %s', (path, command) => {
  it('says what it does, with an example, and of a leaf what its exit codes mean where they are its own', () => {
    expect(command.description().length).toBeGreaterThan(8);
    expect(helpOf(command)).toContain('Examples:');
    expect(examplesOf(command).length).toBeGreaterThan(0);
    for (const option of command.options) expect(option.description, option.flags).not.toBe('');
    for (const argument of command.registeredArguments)
      expect(argument.description, argument.name()).not.toBe('');
  });

  it('takes its own examples', () => {
    for (const line of examplesOf(command)) {
      const [, ...args] = words(line);
      let found: Command | undefined;
      let name = '';
      while (args[0] !== undefined && paths.has(`${name}${args[0]}`)) {
        found = paths.get(`${name}${args[0]}`);
        name = `${name}${args.shift()} `;
      }
      expect(found?.commands, line).toEqual([]);
      if (found === undefined) continue;
      const { unknown, operands } = found.parseOptions(args);
      expect(unknown, line).toEqual([]);
      const least = found.registeredArguments.filter(({ required }) => required).length;
      const most = found.registeredArguments.some(({ variadic }) => variadic)
        ? 1000
        : found.registeredArguments.length;
      expect(operands.length, line).toBeGreaterThanOrEqual(least);
      expect(operands.length, line).toBeLessThanOrEqual(most);
    }
  });

  it('answers in JSON where it answers', () => {
    if (command.commands.length > 0) return;
    const json = command.options.some(({ long }) => long === '--json');
    expect(json || Object.hasOwn(NOT_JSON, path), `${path} has no --json`).toBe(true);
  });
});

it.each(leaves)('kerbside %s refuses what it does not know', async (path) => {
  const fresh = await allCommands();
  const quiet = (command: Command) => {
    command.exitOverride().configureOutput({ writeErr: () => {}, writeOut: () => {} });
    for (const own of command.commands) quiet(own);
  };
  quiet(fresh);
  await expect(
    fresh.parseAsync([...path.split(' '), '--no-such-option'], { from: 'user' }),
  ).rejects.toBeInstanceOf(CommanderError);
});

it('docs/cli.md is what the commands say (npm run docs:cli)', async () => {
  expect(readFileSync(new URL('../../../docs/cli.md', import.meta.url), 'utf8')).toBe(await reference());
});

describe('as a process', () => {
  const folder = new SiteFolder();
  const cwd = folder.dir;
  afterAll(() => folder[Symbol.dispose]());

  it('wrong use is code 2, what cannot be done 3 with one line that says why and the fix', async () => {
    folder.write('site.yaml', STREET);
    expect((await kerbside(['no-such-command'], { cwd })).code).toBe(2);
    expect((await kerbside(['export', '--format', 'xlsx'], { cwd })).code).toBe(2);
    const { code, err } = await kerbside(['alarms', 'list'], { cwd });
    expect(code).toBe(3);
    expect(err).toMatch(/^kerbside: .+ failed: .+; .+\.\n$/);
  }, 120_000);

  it('--json gives one JSON document, or one a line', async () => {
    folder.write('site.yaml', STREET);
    const { store } = await open(`${cwd}/state`, { agent: 'pole-0817' });
    await store[Symbol.asyncDispose]();
    // Those that need neither a device nor a running agent.
    const asked = [
      ['check'],
      ['config', 'show'],
      ['doctor', '--offline'],
      ['profiles', 'sdm'],
      ['decode', 'modbus-rtu', '01', '03', '02', '09', '0f', 'ff', 'd0'],
      ['evidence', 'check'],
      ['models', 'list'],
      ['identity'],
      ['content', 'keygen', 'k1', '--out', 'k1.key'],
      ['backup', 'x.kbak', '--without-secrets'],
      ['export', '--out', 'x.csv'],
    ];
    for (const args of asked) {
      const { out, err } = await kerbside([...args, '--json'], { cwd });
      expect(out, `${args.join(' ')}: ${err}`).not.toBe('');
      const documents = isJson(out) ? [out] : out.trimEnd().split('\n');
      for (const one of documents) expect(isJson(one), `${args.join(' ')}: ${one.slice(0, 100)}`).toBe(true);
    }
  }, 240_000);
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

it('an error is a sentence: what failed, why, what to do', () => {
  expect(sentence(new Error('boom'))).toBe('boom');
});
