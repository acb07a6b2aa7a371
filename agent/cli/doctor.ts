/** `kerbside doctor`: looks at the machine and the ways out of it, and says with each finding what to do. Changes nothing. */
import { type Command, Option } from 'commander';
import type { Site } from '../core/site.ts';
import type { Finding } from './doctor/finding.ts';
import { libraries } from './doctor/libraries.ts';
import { clock, disk, MACHINE, memory } from './doctor/machine.ts';
import { modem, radio } from './doctor/modem.ts';
import { ports } from './doctor/ports.ts';
import { network, uplinks } from './doctor/uplinks.ts';
import { writes } from './doctor/wear.ts';
import { EXIT } from './exit.ts';
import { load } from './site.ts';

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
  tell([runtime()]);
  tell(await libraries());
  const site = await siteOf(file, tell);
  tell(await clock(MACHINE));
  tell(await disk(site?.state ?? '.', MACHINE));
  if (site !== undefined) tell(await writes(site.state));
  tell(await memory(MACHINE));
  if (site !== undefined) tell(await ports(site));
  if (!offline) {
    tell(await network(MACHINE.proc));
    tell(await modem(MACHINE.sys));
    if (site !== undefined) tell(radio(site));
    if (site !== undefined) tell(await uplinks(site));
  }
  const faults = found.filter(({ state }) => state === 'fault').length;
  if (json) process.stdout.write(`${JSON.stringify({ ok: faults === 0, findings: found })}\n`);
  else
    process.stdout.write(
      faults === 0 ? 'nothing is wrong\n' : `${faults === 1 ? '1 fault' : `${faults} faults`}\n`,
    );
  process.exitCode = faults === 0 ? EXIT.ok : EXIT.no;
}

function runtime(): Finding {
  const { node } = process.versions;
  const about = 'runtime';
  const says = `Node ${node} on ${process.arch}`;
  return Number.parseInt(node, 10) >= 24
    ? { about, state: 'ok', says }
    : { about, state: 'fault', says, fix: 'start kerbside by its own launcher, which brings Node 24' };
}

async function siteOf(file: string, tell: (found: readonly Finding[]) => void): Promise<Site | undefined> {
  const result = await load(file);
  if (result.ok) {
    const { id, devices, uplinks: ways } = result.site;
    tell([
      {
        about: 'site file',
        state: 'ok',
        says: `site ${id}, ${devices.length} devices, ${ways.length} uplinks`,
      },
    ]);
    return result.site;
  }
  const [first] = result.problems;
  const says = `${result.problems.length} problems, the first: ${first?.message ?? ''}`;
  tell([{ about: 'site file', state: 'fault', says, fix: `kerbside check ${file}` }]);
  return undefined;
}
