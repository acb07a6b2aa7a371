/**
 * Arrivals against what really happened: a day of bus positions is replayed through the shipped code, without a look
 * ahead. `node bench/arrivals.ts --gps <csv[.gz]> --schedule <csv[.gz]> --stops <csv[.gz]> --day <date>`; the last line is
 * JSON.
 */
import { parseArgs } from 'node:util';
import { BUCKETS, type Score } from '../agent/sign/arrivals/score.ts';
import { readPings, readTrips } from './arrivals/read.ts';
import { replay, summaryOf } from './arrivals/replay.ts';

const { values } = parseArgs({
  options: {
    gps: { type: 'string' },
    schedule: { type: 'string' },
    stops: { type: 'string' },
    day: { type: 'string' },
  },
});
const { gps, schedule, stops, day } = values;
if (gps === undefined || schedule === undefined || stops === undefined || day === undefined) {
  console.error('usage: --gps <csv[.gz]> --schedule <csv[.gz]> --stops <csv[.gz]> --day <date>');
  process.exit(2);
}
const pings = readPings(gps, day);
const trips = readTrips(schedule, stops, new Date(`${day}T12:00:00Z`).getUTCDay());
const started = performance.now();
const result = replay(pings, trips);
const seconds = (performance.now() - started) / 1000;

const widths = [24, 9, 24, 24, 24, 24];
const line = (...cells: string[]) =>
  console.log(
    cells
      .map((cell, i) => cell.padEnd(widths[i] ?? 10))
      .join('')
      .trimEnd(),
  );
const cells = (score: Score) =>
  score
    .buckets()
    .map(({ accurate, mae, bias }) => `${accurate.toFixed(1)} % ${mae.toFixed(0)}/${bias.toFixed(0)} s`);
line(
  'estimator',
  'overall',
  ...BUCKETS.map(({ from, to }) => `${from / 60}-${to / 60} min, MAE/bias`),
  'coverage',
  'jitter',
  'ghosts',
);
for (const { name, score, rider } of result.estimators) {
  const { coverage, jitter, ghosts } = rider;
  const figures = [`${coverage.toFixed(1)} %`, jitter.toFixed(1), `${ghosts.toFixed(2)} %`];
  line(name, `${score.overall().toFixed(1)} %`, ...cells(score), ...figures);
}
line('  as shown', `${result.shown.overall().toFixed(1)} %`, ...cells(result.shown));
console.log(
  `${result.trips} trips, ${result.pings} positions, ${result.refused} not believed, ${result.predictions} predictions, ${seconds.toFixed(1)} s`,
);
console.log(JSON.stringify(summaryOf(result)));
