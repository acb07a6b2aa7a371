/** `kerbside identity`: which unit of its agent this is, and the way back for one that was fenced out by mistake. */
import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { readIdentity, writeIdentity } from '../compose/identity.ts';
import { devicePublicKey } from '../store/evidence/device-key.ts';
import { hardwareId } from '../store/identity.ts';
import { EXIT } from './exit.ts';
import { load, problemLines } from './site.ts';

interface Options {
  readonly site: string;
  readonly generation?: number;
  readonly json?: true;
}

export function register(program: Command): void {
  program
    .command('identity')
    .description('show which unit of its agent this is, or put it in force')
    .option('--site <file>', 'site file', 'site.yaml')
    .option(
      '--generation <number>',
      'be this generation from the next start on: one above that in force',
      generation,
    )
    .option('--json', 'answer in JSON')
    .addHelpText(
      'after',
      `
A unit that replaces another one carries a higher generation; receivers refuse the lower one. Give the number that the
log of the refused unit names, where it is the one to keep.

Examples:
  kerbside identity
  kerbside identity --generation 4 --site /etc/kerbside/site.yaml

Exit code 0: shown, or written. 1: the site file has problems, or the generation would go down.`,
    )
    .action(run);
}

async function run(options: Options): Promise<void> {
  process.umask(0o077);
  const result = await load(options.site, 'skip');
  if (!result.ok) {
    process.stderr.write(problemLines(result.problems));
    process.exitCode = EXIT.no;
    return;
  }
  const { state, agent, id } = result.site;
  const known = readIdentity(state);
  const now = known?.generation ?? 1;
  const wanted = options.generation ?? now;
  if (wanted < now) {
    process.stderr.write(
      `identity failed: generation ${now} does not go down to ${wanted}; give a higher one\n`,
    );
    process.exitCode = EXIT.no;
    return;
  }
  if (wanted > now) writeIdentity(state, { generation: wanted, hardware: known?.hardware ?? hardwareId() });
  const facts = {
    site: id,
    agent: agent.id,
    generation: wanted,
    hardware: known?.hardware ?? hardwareId(),
    key: devicePublicKey(state) ?? null,
  };
  if (options.json === true) process.stdout.write(`${JSON.stringify(facts)}\n`);
  else
    process.stdout.write(
      `agent ${facts.agent} of ${facts.site}\ngeneration ${facts.generation}${wanted > now ? ', from the next start on' : ''}\nhardware ${facts.hardware}\nkey ${facts.key ?? 'not made yet'}\n`,
    );
}

function generation(text: string): number {
  const number = Number(text);
  if (!/^\d{1,9}$/.test(text) || number < 1) throw new InvalidArgumentError('Expected a number such as 2.');
  return number;
}
