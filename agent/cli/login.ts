/** `kerbside login`: a new one-time link to the console of the agent that runs here. */
import type { Command } from 'commander';
import { requestLogin } from '../console/access/local-door.ts';
import { EXIT } from './exit.ts';
import { load, problemLines } from './site.ts';

export function register(program: Command): void {
  program
    .command('login')
    .description('print a one-time link to the console of the running agent')
    .option('--site <file>', 'site file', 'site.yaml')
    .option('--json', 'answer in JSON')
    .action(async ({ site: file, json }: { site: string; json?: true }) => {
      const result = await load(file, 'skip');
      if (!result.ok) {
        process.stderr.write(problemLines(result.problems));
        process.exitCode = EXIT.no;
        return;
      }
      const { link, short } = await requestLogin(result.site.state);
      if (json === true) {
        process.stdout.write(`${JSON.stringify({ link, code: short })}\n`);
        return;
      }
      process.stdout.write(`${link}\n`);
      process.stderr.write(
        `or type ${short} at the console on another device; one of the two, once, within 15 minutes\n`,
      );
    });
}
