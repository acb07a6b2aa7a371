/** `kerbside login`: a new one-time link to the console of the agent that runs here. */
import type { Command } from 'commander';
import { requestLink } from '../console/access/local-door.ts';
import { EXIT } from './exit.ts';
import { load, problemLines } from './site.ts';

export function register(program: Command): void {
  program
    .command('login')
    .description('print a one-time link to the console of the running agent')
    .option('--site <file>', 'site file', 'site.yaml')
    .action(async ({ site: file }: { site: string }) => {
      const result = await load(file, 'skip');
      if (!result.ok) {
        process.stderr.write(problemLines(result.problems));
        process.exitCode = EXIT.no;
        return;
      }
      process.stdout.write(`${await requestLink(result.site.state)}\n`);
    });
}
