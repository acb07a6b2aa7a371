/** `kerbside light plan`: what the programmes of a site make of a year, before the first lamp is lit. */
import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { yearPicture } from '../control/lighting/picture.ts';
import { type PlannedNight, type PlannedYear, planYear } from '../control/lighting/year.ts';
import type { LightingProgramme } from '../core/lighting/lighting.ts';
import type { Site } from '../core/site.ts';
import { EXIT } from './exit.ts';
import { load, problemLines } from './site.ts';

interface PlanOptions {
  readonly year: string;
  readonly programme?: string;
  readonly svg?: string;
  readonly json?: true;
}

export function register(program: Command): void {
  const light = program.command('light').description('plan how lamps burn');
  light
    .command('plan')
    .description('a year of each programme by sun and calendar: table, remarks, picture')
    .argument('[site]', 'site file', 'site.yaml')
    .option('--year <year>', 'of the evenings', String(new Date().getFullYear()))
    .option('--programme <id>', 'this programme alone')
    .option('--svg <file>', 'write a picture of the year')
    .option('--json', 'answer in JSON, night by night')
    .addHelpText(
      'after',
      '\nRemarks: always-on, no-night (the sun does not go below the elevation, or not for min_burn), short-burn.' +
        '\nExit code 0: planned. 1: the file has problems, or no lamp is run by a programme.',
    )
    .action(plan);
}

async function plan(file: string, options: PlanOptions): Promise<void> {
  const result = await load(file, 'skip');
  if (!result.ok) {
    process.exitCode = EXIT.no;
    process.stderr.write(problemLines(result.problems));
    return;
  }
  const year = Number(options.year);
  if (!Number.isInteger(year) || year < 1970 || year > 2200) {
    process.exitCode = EXIT.usage;
    process.stderr.write(`kerbside: expected a year from 1970 to 2200, got "${options.year}"\n`);
    return;
  }
  const { site } = result;
  const programmes = site.programmes.filter(({ id }) => id === (options.programme ?? id));
  if (programmes.length === 0) {
    process.exitCode = EXIT.no;
    const known = site.programmes.map(({ id }) => id).join(', ');
    process.stderr.write(
      known === ''
        ? `${file} has no programmes: add programmes: and name one at a lamp\n`
        : `no such programme; there is ${known}\n`,
    );
    return;
  }
  for (const programme of programmes) await show(site, programme, year, options, programmes.length > 1);
}

async function show(
  site: Site,
  programme: LightingProgramme,
  year: number,
  options: PlanOptions,
  several: boolean,
): Promise<void> {
  const planned = planYear(programme, site.position, site.timezone, year);
  if (options.svg !== undefined) {
    const file = several ? options.svg.replace(/(\.svg)?$/, `-${programme.id}.svg`) : options.svg;
    const words = { en: 'lit and, reckoned at full light' };
    writeFileSync(file, yearPicture(planned, `${site.title.en} · ${programme.id} · ${year}`, words));
  }
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ programme: programme.id, year, ...planned })}\n`);
    return;
  }
  process.stdout.write(table(site, programme, planned, year));
}

/** One line a month (its fifteenth night), the sums, and every night with a remark. */
function table(
  site: Site,
  programme: LightingProgramme,
  { nights, lit, full }: PlannedYear,
  year: number,
): string {
  const clock = new Intl.DateTimeFormat('en-GB', {
    timeZone: site.timezone,
    hour: '2-digit',
    minute: '2-digit',
  });
  const shown = (time: number | undefined) => (time === undefined ? '  -  ' : clock.format(time));
  const line = ({ date, on, off, lit: hours, full: reckoned, remark }: PlannedNight) =>
    `  ${date}  ${shown(on)}  ${shown(off)}  ${hours.toFixed(1).padStart(5)} h  ${reckoned.toFixed(1).padStart(5)} h  ${remark ?? ''}`.trimEnd();
  const remarks = nights.filter(({ remark }) => remark !== undefined);
  const lamps = site.lamps.filter((lamp) => lamp.programme === programme.id).map(({ id }) => id);
  return [
    `programme ${programme.id}, ${year}: ${lamps.length === 0 ? 'no lamp names it' : lamps.join(', ')}`,
    '  evening     on     off      lit     at full light',
    ...nights.filter(({ date }) => date.endsWith('-15')).map(line),
    `  year: ${Math.round(lit)} h lit, ${Math.round(full)} h at full light (${lit === 0 ? 0 : Math.round((1 - full / lit) * 100)} % less than without dimming)`,
    remarks.length === 0
      ? '  every night is right: none without end, none without darkness, none under half an hour'
      : `  ${remarks.length} nights with a remark:`,
    ...remarks.slice(0, 20).map(line),
    ...(remarks.length > 20 ? [`  … and ${remarks.length - 20} more`] : []),
    '',
  ].join('\n');
}
