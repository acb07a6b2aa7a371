/** `kerbside sign …`: what a stop sign needs besides its site file. One file per subcommand in agent/cli/sign. */
import type { Command } from 'commander';
import { registerArrivals } from './sign/arrivals.ts';
import { registerImport } from './sign/import.ts';

export function register(program: Command): void {
  const sign = program.command('sign').description('prepare a stop sign, see what it shows');
  registerImport(sign);
  registerArrivals(sign);
}
