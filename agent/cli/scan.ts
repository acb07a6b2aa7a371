/**
 * `kerbside scan <port>`: what answers on a line. The quick plan first (at most 60 s on a silent line), then every unit
 * at every setting until it is interrupted. Only reads; ends with a piece of site.yaml.
 */
import type { Command } from 'commander';
import type { Found } from '../compose/scan/found.ts';
import { fragment } from '../compose/scan/fragment.ts';
import { fullPlan, parseTarget, quickPlan, type Stage, settingText } from '../compose/scan/plan.ts';
import { allProfiles } from '../compose/scan/profiles.ts';
import { search } from '../compose/scan/search.ts';
import { asAgentError } from '../core/errors.ts';
import { SystemClock } from '../core/time/system-clock.ts';
import { EXIT } from './exit.ts';
import { interruptible } from './interrupt.ts';

export function register(program: Command): void {
  program
    .command('scan')
    .description('find the devices on a serial port or behind host:port; never writes')
    .argument('<port>', 'serial port such as /dev/ttyUSB0, or host:port')
    .option('--quick', 'only the usual settings and units')
    .option('--json', 'one JSON line for each device found, and one at the end')
    .addHelpText(
      'after',
      '\nCtrl-C ends it with what was found so far.\nExit code 0: something was found. 1: nothing. 3: the port cannot be used.',
    )
    .action(scan);
}

async function scan(port: string, options: { quick?: true; json?: true }): Promise<void> {
  const target = parseTarget(port);
  const profiles = await allProfiles();
  const found: Found[] = [];
  using interrupt = interruptible();
  const run = (stages: readonly Stage[]) =>
    search({
      stages,
      profiles,
      clock: new SystemClock(),
      signal: interrupt.signal,
      known: [...found],
      onFound: (one) => {
        found.push(one);
        process.stdout.write(
          options.json === true ? `${JSON.stringify(facts(one))}\n` : `${sentenceOf(one)}\n`,
        );
      },
      onStage: (setting, left) => {
        process.stderr.write(`${setting}: asking; ${leftText(left)} left if nothing answers (Ctrl-C ends)\n`);
      },
      onNoise: (setting) => {
        process.stderr.write(
          `${setting}: bytes came that are no answer: another setting, or a second master\n`,
        );
      },
    });
  try {
    await run(quickPlan(target));
    const talking = found.some(({ unit, address }) => unit === undefined && address === undefined);
    if (options.quick !== true && !talking) await run(fullPlan(target));
  } catch (error) {
    if (asAgentError(error).code !== 'aborted') throw error;
  }
  const yaml = found.length === 0 ? '' : fragment(found);
  if (options.json === true) {
    process.stdout.write(
      `${JSON.stringify({ done: !interrupt.signal.aborted, found: found.length, site: yaml })}\n`,
    );
  } else process.stdout.write(found.length === 0 ? 'nothing answered\n' : `\n${yaml}`);
  process.exitCode = found.length === 0 ? EXIT.no : EXIT.ok;
}

function facts({ line, unit, address, profiles, points, says }: Found) {
  const [profile = null] = profiles;
  const where = { unit: unit ?? null, address: address ?? null };
  return { setting: settingText(line), ...where, profile, profiles, points, says: says ?? null };
}

function sentenceOf({ line, unit, address, profiles, points, says }: Found): string {
  const [best, ...others] = profiles;
  const where = settingText(line);
  if (unit === undefined && address === undefined) return `found ${best} at ${where}, talking by itself`;
  const who = unit === undefined ? `meter ${address}` : `unit ${unit}`;
  if (best === undefined) return `found ${who} at ${where}: it answers, but no profile fits`;
  const also = others.length === 0 ? '' : `; ${others.join(', ')} would fit too`;
  const self = says === undefined ? '' : `, says "${says}"`;
  return `found ${who} at ${where}: ${best} (${points} points read)${self}${also}`;
}

function leftText(ms: number): string {
  return ms < 120_000 ? `${Math.ceil(ms / 1000)} s` : `${Math.ceil(ms / 60_000)} min`;
}
