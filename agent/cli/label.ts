/** `kerbside label [site]`: the label for the pole, as SVG, from what the site file says of its cameras. */
import type { Command } from 'commander';
import { AgentError } from '../core/errors.ts';
import { poleLabel } from '../vision/label.ts';
import { EXIT } from './exit.ts';
import { load, problemLines } from './site.ts';

export function register(program: Command): void {
  program
    .command('label')
    .description('print the label for a pole with cameras, as SVG')
    .argument('[site]', 'site file', 'site.yaml')
    .addHelpText('after', '\nOperator and contact come from privacy: in the site file.')
    .action(label);
}

async function label(file: string): Promise<void> {
  const result = await load(file, 'skip');
  if (!result.ok) {
    process.exitCode = EXIT.no;
    process.stderr.write(problemLines(result.problems));
    return;
  }
  const { site } = result;
  if (site.cameras.length === 0) {
    throw new AgentError('config-invalid', `label of ${file} failed: the site has no camera`);
  }
  process.stdout.write(poleLabel(site));
  if (site.privacy?.operator === undefined || site.privacy.contact === undefined) {
    process.stderr.write('kerbside: nobody is named: write privacy: { operator: …, contact: … }\n');
  }
}
