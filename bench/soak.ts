/**
 * `npm run soak [-- --minutes 60 --seed 1 --rate 1 --camera-rate 2 --out docs/soak]`: everything together for an hour of real
 * time, with faults by seed. Prints what it found; with `--out` the report is kept as report.md and report.json,
 * with `--raw` all that was measured; `--judge <file>` judges that again. Ends with an error where anything grows, hangs or is lost (bench/soak/judge.ts).
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { program } from '../tests/support/programs.ts';
import { faultsOf, figuresOf } from './soak/judge.ts';
import { reportJson, reportText } from './soak/report.ts';
import { runSoak, type SoakRun } from './soak/run.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    rate: { type: 'string', default: '1' },
    'camera-rate': { type: 'string', default: '2' },
    'no-browser': { type: 'boolean', default: false },
    out: { type: 'string' },
    raw: { type: 'string' },
    judge: { type: 'string' },
  },
});
const browser = values['no-browser'] ? undefined : program('chromium');
const run =
  values.judge === undefined ? await soak() : (JSON.parse(readFileSync(values.judge, 'utf8')) as SoakRun);
if (values.raw !== undefined) writeFileSync(values.raw, JSON.stringify(run));

const figures = figuresOf(run);
const found = faultsOf(run, figures);
if (values.out !== undefined) {
  mkdirSync(values.out, { recursive: true });
  writeFileSync(join(values.out, 'report.md'), reportText(run, figures, found));
  writeFileSync(
    join(values.out, 'report.json'),
    `${JSON.stringify(reportJson(run, figures, found), undefined, 1)}\n`,
  );
}
process.stdout.write(reportText(run, figures, found));
process.exitCode = found.length === 0 ? 0 : 1;

function soak(): Promise<SoakRun> {
  return runSoak({
    minutes: Number(values.minutes),
    seed: Number(values.seed),
    rate: Number(values.rate),
    cameraRate: Number(values['camera-rate']),
    ...(browser === undefined ? {} : { browser }),
    say: (line) => process.stderr.write(`${line}\n`),
  });
}
