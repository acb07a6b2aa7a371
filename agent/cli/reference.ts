/** docs/cli.md out of the commands themselves: `npm run docs:cli`. */
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { teach } from './examples.ts';

interface CommandFile {
  register(program: Command): void;
}

/** Every command there is, as `kerbside help <command>` has it. */
export async function allCommands(): Promise<Command> {
  const program = new Command('kerbside').exitOverride();
  const main = readFileSync(new URL('../main.ts', import.meta.url), 'utf8');
  for (const [, file = ''] of main.matchAll(/import\('\.\/cli\/([\w-]+\.ts)'\)/g))
    ((await import(new URL(file, import.meta.url).href)) as CommandFile).register(program);
  for (const command of program.commands) teach(command);
  return program;
}

/** What stands below the options in the help of a command: examples and exit codes. */
export function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({
    writeOut: (piece) => {
      text += piece;
    },
    getOutHelpWidth: () => 100,
  });
  command.outputHelp();
  return text;
}

export async function reference(): Promise<string> {
  const program = await allCommands();
  const parts = [
    '# Command line',
    '<!-- Made by `npm run docs:cli` out of the commands. -->',
    'One `kerbside`; `kerbside <command> --help` says what stands here. `kerbside` is `npm run -s kerbside --` in a checkout.',
    [
      '| exit code | of every command |',
      '|---|---|',
      '| 0 | done; the answer is yes |',
      '| 1 | the answer is no: the file has problems, a point is bad, the ledger does not balance |',
      '| 2 | wrong command line |',
      '| 3 | could not be done: port, file, broker, device |',
      '| 130 | ended by a second signal |',
    ].join('\n'),
    'With `--json` a command answers in JSON on standard output; what people are told besides goes to standard error. Errors are one line: what failed, why, and what to do. Long work shows a bar where standard error is a terminal.',
    ...program.commands
      .map((command) => `[${command.name()}](#kerbside-${command.name()})`)
      .join(' · ')
      .split('\n'),
  ];
  const tell = (command: Command, path: string) => {
    parts.push(`${path.split(' ').length > 2 ? '###' : '##'} ${path}`, fenced(helpOf(command)));
    for (const own of command.commands) tell(own, `${path} ${own.name()}`);
  };
  for (const command of program.commands) tell(command, `kerbside ${command.name()}`);
  return `${parts.join('\n\n')}\n`;
}

function fenced(text: string): string {
  return `\`\`\`text\n${text.trimEnd()}\n\`\`\``;
}

if (import.meta.main) process.stdout.write(await reference());
