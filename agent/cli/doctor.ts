/** `kerbside doctor`: looks at the machine and the ways out of it, and says with each finding what to do. Changes nothing. */
import { type Command, Option } from 'commander';
import { examine } from './doctor/examine.ts';
import type { Finding } from './doctor/finding.ts';
import { unclaimed } from './doctor/unclaimed.ts';
import { EXIT } from './exit.ts';
import { load, shownPath } from './site.ts';

const SIGNS: Readonly<Record<Finding['state'], string>> = {
  ok: 'ok     ',
  warning: 'warning',
  fault: 'FAULT  ',
  unknown: '?      ',
};

export function register(program: Command): void {
  program
    .command('doctor')
    .description(
      'look at ports, rights, clock, disk, network, certificates and brokers; each finding with its fix',
    )
    .option('--site <file>', 'site file', 'site.yaml')
    .addOption(new Option('--offline', 'do not try the network').default(false))
    .option('--json', 'answer in JSON')
    .addHelpText('after', '\nExit code 0: nothing is wrong. 1: there are faults. Warnings alone give 0.')
    .action(doctor);
}

async function doctor({
  site: file,
  offline,
  json,
}: {
  site: string;
  offline: boolean;
  json?: true;
}): Promise<void> {
  const found: Finding[] = [];
  const tell = (findings: readonly Finding[]) => {
    found.push(...findings);
    if (json) return;
    for (const { about, state, says, fix } of findings) {
      process.stdout.write(`${SIGNS[state]}  ${about}: ${says}\n`);
      if (fix !== undefined) process.stdout.write(`         → ${fix}\n`);
    }
  };
  const result = await load(file);
  const [first] = result.ok ? [] : result.problems;
  const image = result.ok ? undefined : await unclaimed(file, shownPath);
  await examine(
    {
      file,
      offline,
      ...(image === undefined ? {} : { image }),
      site: result.ok ? result.site : undefined,
      ...(result.ok
        ? {}
        : { problem: `${result.problems.length} problems, the first: ${first?.message ?? ''}` }),
    },
    tell,
  );
  const faults = found.filter(({ state }) => state === 'fault').length;
  if (json) process.stdout.write(`${JSON.stringify({ ok: faults === 0, findings: found })}\n`);
  else
    process.stdout.write(
      faults === 0 ? 'nothing is wrong\n' : `${faults === 1 ? '1 fault' : `${faults} faults`}\n`,
    );
  process.exitCode = faults === 0 ? EXIT.ok : EXIT.no;
}
