/** `kerbside correct`: slope and offset of a point, ratios of a device. Raw values stay, with author and date. */
import { userInfo } from 'node:os';
import { type Command, InvalidArgumentError } from 'commander';
import type { Correction } from '../core/mark.ts';
import { refused, withActs } from './acts/acts.ts';
import { parseRatio } from './meter/guide.ts';
import { correctionText } from './meter/text.ts';

export function register(program: Command): void {
  program
    .command('correct')
    .description('correct a point (slope, offset) or set the ratios of a device (CT, PT), from now on')
    .argument('<device>', 'id of the device in the site file')
    .argument('[point]', 'id of the point; without it the ratios of the device')
    .option('--slope <number>', 'value = raw × slope + offset', number)
    .option('--offset <number>', 'in the unit of the point', number)
    .option('--ct <ratio>', 'ratio of the current transformers, as 100/5', ratio)
    .option('--pt <ratio>', 'ratio of the voltage transformers, as 10000/100', ratio)
    .option('--by <name>', 'who; default: the user of this shell', userInfo().username)
    .option('--note <text>', 'why, or anything else')
    .option('--list', 'show all that were ever made, and change nothing')
    .option('--site <file>', 'site file', 'site.yaml')
    .option('--json', 'answer in JSON')
    .action(correct);
}

interface Flags {
  readonly site: string;
  readonly by: string;
  readonly slope?: number;
  readonly offset?: number;
  readonly ct?: number;
  readonly pt?: number;
  readonly note?: string;
  readonly list?: true;
  readonly json?: true;
}

async function correct(
  device: string,
  point: string | undefined,
  { site, list, json, ...order }: Flags,
): Promise<void> {
  const answer = (made: readonly Correction[], value: unknown) => {
    const none = made.length === 0 ? 'nothing is corrected\n' : '';
    process.stdout.write(
      json === true ? `${JSON.stringify(value, null, 2)}\n` : `${none}${made.map(correctionText).join('')}`,
    );
  };
  await withActs(site, async (acts) => {
    if (list === true) {
      const all = (await acts.marks(device)).filter((one) => one.mark === 'correction');
      const made = all.filter((one) => point === undefined || one.point === point);
      answer(made, made);
      return;
    }
    const made = await refused(acts.correct({ device, ...(point === undefined ? {} : { point }), ...order }));
    if (made !== undefined) answer([made], made);
  });
}

function number(text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (!Number.isFinite(value)) throw new InvalidArgumentError('Expected a number.');
  return value;
}

function ratio(text: string): number {
  const value = parseRatio(text);
  if (value === undefined) throw new InvalidArgumentError('Expected a ratio, as 100/5 or 20.');
  return value;
}
