/** `npm run hw-sim`: the simulated devices alone, for an agent that is started by hand or for other programs. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { scenarioNames } from './scenario.ts';
import { siteFile } from './site-file.ts';
import { startStreet } from './street-parts.ts';

interface Options {
  readonly scenario: string;
  readonly speed?: string;
  readonly ports: string;
  readonly ledger?: string;
  readonly camera: boolean;
  readonly broker: boolean;
  readonly precise?: boolean;
}

const program = new Command('npm run hw-sim --')
  .description(
    'Plays the devices of a street on this machine until Ctrl-C, and prints where they are as one JSON line.',
  )
  .option('--scenario <name>', `${(await scenarioNames()).join(', ')}, or the path of a YAML file`, 'street')
  .option('--speed <factor>', 'the street runs so many times as fast as life; default: as its scenario says')
  .option(
    '--ports <folder>',
    'where the stable names of the serial ports go, with a site.yaml that uses them',
    '.kerbside/ports',
  )
  .option('--ledger <file>', 'append every value the devices serve to this file, as JSON lines')
  .option('--no-camera', 'no camera')
  .option('--no-broker', 'no MQTT broker')
  .option(
    '--precise',
    'moments to a tenth of a millisecond, for measurements; blocks this process now and then',
  );

program.action(play);
if (process.argv.includes('fleet')) (await import('./fleet/command.ts')).register(program);
else program.command('fleet').description('play many agents at MQTT brokers, and prove that all arrived');

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

async function play(options: Options): Promise<void> {
  const stop = Promise.withResolvers<void>();
  process.once('SIGINT', () => stop.resolve());
  process.once('SIGTERM', () => stop.resolve());
  const ports = resolve(options.ports);
  await using street = await startStreet({
    scenario: options.scenario,
    ...(options.speed === undefined ? {} : { speed: speedOf(options.speed) }),
    ports,
    precise: options.precise ?? false,
    broker: options.broker ? 1883 : false,
    camera: options.camera ? 0 : false,
    ...(options.ledger === undefined ? {} : { ledger: resolve(options.ledger) }),
  });
  const broker = street.cityUrl ?? 'mqtt://127.0.0.1:1883';
  const site = join(ports, 'site.yaml');
  // Lines without a serial port leave nothing there by themselves.
  mkdirSync(ports, { recursive: true });
  writeFileSync(site, siteFile(street, { broker, console: 8080, nodeRed: 1880, state: './agent' }));
  const lines = [...street.lines.values()].map((line) =>
    line.kind === 'serial'
      ? { id: line.plan.id, port: line.port.path, baud: line.plan.baud, format: line.plan.format }
      : { id: line.plan.id, [line.kind]: `${line.port.host}:${line.port.port}` },
  );
  process.stdout.write(
    `${JSON.stringify({ ready: true, site, broker, camera: street.camera?.url, lines })}\n`,
  );
  await stop.promise;
  // By the simulator's own clock: how many requests came, and how many of them inside the 3.5 characters of silence.
  const heard = [...street.lines.values()].flatMap((line) =>
    line.kind === 'serial'
      ? [{ id: line.plan.id, requests: line.port.wire.total, early: line.port.wire.early }]
      : [],
  );
  process.stdout.write(`${JSON.stringify({ stopped: true, served: street.ledger.count, lines: heard })}\n`);
}

function speedOf(text: string): number {
  const speed = Number(text);
  if (!(speed >= 1 && speed <= 3600))
    throw new Error(`--speed: expected a number from 1 to 3600, got "${text}"`);
  return speed;
}
