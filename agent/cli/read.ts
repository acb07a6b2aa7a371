/** `kerbside read <device> [points…]`: asks a device once, without the agent. */
import type { Command } from 'commander';
import { findDevice, openDevice } from '../compose/device-access.ts';
import { SystemClock } from '../core/time/system-clock.ts';
import { EXIT, sentence } from './exit.ts';
import { interruptible } from './interrupt.ts';
import { load, problemLines } from './site.ts';
import { columns, qualityText, valueText } from './table.ts';

export function register(program: Command): void {
  program
    .command('read')
    .description('ask a device once for its points; the agent must not have its line')
    .argument('<device>', 'id of the device in the site file')
    .argument('[points...]', 'only these points')
    .option('--site <file>', 'site file', 'site.yaml')
    .option('--json', 'answer in JSON')
    .addHelpText(
      'after',
      '\nExit code 0: every point has a good value. 1: some have none. 3: nothing could be read.',
    )
    .action(read);
}

async function read(
  id: string,
  points: readonly string[],
  options: { site: string; json?: true },
): Promise<void> {
  const result = await load(options.site, 'skip');
  if (!result.ok) {
    process.stderr.write(problemLines(result.problems));
    process.exitCode = EXIT.no;
    return;
  }
  const { device, line } = findDevice(result.site, id);
  using interrupt = interruptible();
  await using access = await openDevice(line, device, new SystemClock(), interrupt.signal);
  const { readings, errors } = await access.read(interrupt.signal);
  const chosen = readings.filter(({ point }) => points.length === 0 || points.includes(point));
  if (options.json === true) {
    const answer = chosen.map(({ point, value, unit, quality, reason }) => ({
      point,
      value,
      unit,
      quality,
      reason,
    }));
    process.stdout.write(`${JSON.stringify(answer, null, 2)}\n`);
  } else {
    const facts = new Map(device.profile.points.map((point) => [point.id, point]));
    const rows = chosen.map((reading) => [
      reading.point,
      valueText(reading, facts.get(reading.point)?.decimals),
      qualityText(reading),
      facts.get(reading.point)?.title.en ?? '',
    ]);
    process.stdout.write(columns(rows));
  }
  for (const { error } of errors) process.stderr.write(`${sentence(error)}\n`);
  const asked = points.length === 0 ? readings.length : points.length;
  const good = chosen.filter(({ quality }) => quality === 'good').length;
  if (chosen.length === 0) process.exitCode = EXIT.failed;
  else process.exitCode = errors.length === 0 && good === asked ? EXIT.ok : EXIT.no;
}
