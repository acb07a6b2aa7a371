/**
 * `npm run bench:day [-- --seconds 120] [--rate 6] [--hours 0-23]`: a day of the drawn street, two minutes of each hour,
 * through decode, network, tracking and counting; misses and doubles apart. The last line is the sum.
 */
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadDetector } from '../agent/vision/detector.ts';
import { keepSharpSmall } from '../agent/vision/picture.ts';
import { createRenderer } from '../hw-sim/camera/renderer.ts';
import { readPack } from '../models/pack.ts';
import { dayPlan, playStretch, type StretchResult, total } from './stretch.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '120' },
    rate: { type: 'string', default: '6' },
    hours: { type: 'string', default: '0-23' },
    model: { type: 'string', default: join(import.meta.dirname, '../models/centernet') },
  },
});
const [from = 0, to = from] = values.hours.split('-').map(Number);

keepSharpSmall();
await using detector = await loadDetector(await readPack(values.model));
const renderer = await createRenderer();
const results: StretchResult[] = [];
for (const plan of dayPlan(Number(values.seconds), Number(values.rate))) {
  if (plan.hour < from || plan.hour > to) continue;
  const result = await playStretch(plan, { detector, renderer });
  results.push(result);
  process.stderr.write(`${JSON.stringify(result)}\n`);
}
process.stdout.write(
  `${JSON.stringify({
    bench: 'day',
    model: detector.pack.name,
    seconds: Number(values.seconds),
    rate: Number(values.rate),
    ...total(results),
    aims: { passes: 400, percent: 3, bay_within_s: 60 },
    cores: cpus().length,
    load: loadavg()[0],
  })}\n`,
);
