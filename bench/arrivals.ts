/**
 * Arrivals against what really happened: a day of bus positions is replayed through the shipped code, without a look
 * ahead. `node bench/arrivals.ts --gps <csv[.gz]> --schedule <csv[.gz]> --stops <csv[.gz]> --day <date>`
 */
import { parseArgs } from 'node:util';
import { readPings, readTrips } from './arrivals/read.ts';
import { replay } from './arrivals/replay.ts';

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
for (const { name, score, shown } of result.estimators) {
  const cells = score
    .buckets()
    .map(({ accurate, bias, mae }) => `${accurate.toFixed(1)} % ${bias.toFixed(0)}/${mae.toFixed(0)} s`);
  console.log(`${name.padEnd(24)} ${score.overall().toFixed(1)} %   ${cells.join('   ')}`);
  if (shown !== undefined) {
    console.log(
      `${'  as shown'.padEnd(24)} ${shown.score.overall().toFixed(1)} %   ${shown.score
        .buckets()
        .map(({ accurate }) => accurate.toFixed(1))
        .join('   ')}   count-ups ${shown.countUps.toFixed(1)} in 100`,
    );
  }
}
console.log(
  `${result.trips} trips, ${result.pings} positions, ${result.refused} not believed, ${result.predictions} predictions, ${((performance.now() - started) / 1000).toFixed(1)} s`,
);
console.log(JSON.stringify(result.summary));
