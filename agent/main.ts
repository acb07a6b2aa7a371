#!/usr/bin/env -S MALLOC_ARENA_MAX=2 node --max-semi-space-size=2
/**
 * The entry of everything: `kerbside <command>`. Each command is one file in agent/cli that exports `register(program)`;
 * only the one that is asked for is loaded, so that `kerbside run` starts fast on a small gateway.
 */
import { Command, CommanderError } from 'commander';
import { teach } from './cli/examples.ts';
import { EXIT, sentence } from './cli/exit.ts';
import { VERSION } from './core/version.ts';

interface CommandFile {
  register(program: Command): void;
}

const COMMANDS: Readonly<Record<string, readonly [does: string, load: () => Promise<CommandFile>]>> = {
  run: ['run a site', () => import('./cli/run.ts')],
  check: ['check a site file without connecting to anything', () => import('./cli/check.ts')],
  config: ['show the effective configuration, or its JSON Schema', () => import('./cli/config.ts')],
  login: ['print a one-time link to the console of the running agent', () => import('./cli/login.ts')],
  people: ['accounts of people who come in by password', () => import('./cli/people.ts')],
  certificate: [
    'show the certificate of the console and its fingerprints',
    () => import('./cli/certificate.ts'),
  ],
  scan: ['find the devices on a serial port or behind host:port', () => import('./cli/scan.ts')],
  report: ['reports of the running agent: the commissioning as one page', () => import('./cli/report.ts')],
  doctor: ['look at this machine and the ways out of it', () => import('./cli/doctor.ts')],
  diagnostics: [
    'put what explains this agent into one file, without a secret',
    () => import('./cli/diagnostics.ts'),
  ],
  diagnose: ['name the likely fault of a serial line', () => import('./cli/diagnose.ts')],
  read: ['ask a device once for its points', () => import('./cli/read.ts')],
  write: ['write a point of a device once and read it back', () => import('./cli/write.ts')],
  watch: ['poll devices and show a live table', () => import('./cli/watch.ts')],
  meter: ['declare exchanges of meters, explain counters that jumped', () => import('./cli/meter.ts')],
  energy: [
    'the energy account of a building: consumption, bills, completeness',
    () => import('./cli/energy.ts'),
  ],
  correct: ['correct a point, or set the ratios of a device', () => import('./cli/correct.ts')],
  calibrate: ['walk zero and span of a point and write the record', () => import('./cli/calibrate.ts')],
  alarms: ['alarms of the running agent: what stands, acknowledge, shelve', () => import('./cli/alarms.ts')],
  maintenance: [
    'mark the readings of a device while somebody works on it',
    () => import('./cli/maintenance.ts'),
  ],
  profiles: ['list the device profiles there are', () => import('./cli/profiles.ts')],
  decode: ['explain a frame field by field', () => import('./cli/decode.ts')],
  verify: [
    'prove as an independent receiver that nothing is missing or doubled',
    () => import('./cli/verify.ts'),
  ],
  evidence: ['hold the log to the signatures of its device', () => import('./cli/evidence.ts')],
  light: ['plan how lamps burn through the year', () => import('./cli/light.ts')],
  count: ['count vehicles or faces in pictures, as the cameras do', () => import('./cli/count.ts')],
  models: ['list, add and remove models that count', () => import('./cli/models.ts')],
  label: ['print the label for a pole with cameras, as SVG', () => import('./cli/label.ts')],
  tenants: ['statements of those who stand on the pole', () => import('./cli/tenants.ts')],
  sign: ['prepare a stop sign: import its timetable', () => import('./cli/sign.ts')],
  content: ['sign what is shown in public', () => import('./cli/content.ts')],
  waves: ['send a signed bundle to many agents in waves', () => import('./cli/waves.ts')],
  update: ['signed bundles: make, verify, stage, apply, return', () => import('./cli/update.ts')],
  import: ['put past readings into the log', () => import('./cli/import.ts')],
  logs: ['show the log of the agent', () => import('./cli/logs.ts')],
  export: ['write readings or rollups to CSV or Parquet', () => import('./cli/export.ts')],
  backup: ['put everything a successor needs into one file', () => import('./cli/backup.ts')],
  claim: ['make a factory image a named unit of a site', () => import('./cli/claim.ts')],
  csr: ['ask for a certificate of this unit and put it in', () => import('./cli/csr.ts')],
  identity: ['show which unit of its agent this is', () => import('./cli/identity.ts')],
  restore: ['make this unit what a backup was of', () => import('./cli/restore.ts')],
};

const program = new Command('kerbside')
  .description('Edge agent for what stands at the kerb: light poles, bus-stop signs, meters.')
  .version(VERSION, '--version', 'print the version')
  .option('--debug', 'show where an error was born')
  .exitOverride()
  .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'kerbside: ')) })
  .addHelpText(
    'after',
    '\nhelp <command> tells all of a command, with examples.\nExit codes: 0 done, 1 the answer is no, 2 wrong command line, 3 could not be done.',
  );

async function main(args: readonly string[]): Promise<void> {
  const [first = '', second = ''] = args.filter((arg) => !arg.startsWith('-'));
  const wanted = first === 'help' ? second : first;
  for (const [name, [does, load]] of Object.entries(COMMANDS)) {
    if (name === wanted) {
      (await load()).register(program);
      const own = program.commands.find((one) => one.name() === name);
      if (own !== undefined) teach(own);
    } else program.command(name).description(does);
  }
  await program.parseAsync(args, { from: 'user' });
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (error instanceof CommanderError) {
    // Commander has said it already; its 0 is help or version.
    process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  } else {
    process.stderr.write(`kerbside: ${sentence(error, program.opts().debug === true)}\n`);
    // A part that failed to start may have left a handle open; nothing waits for it.
    process.exit(EXIT.failed);
  }
}
