/**
 * `npm run soak:sign [-- --minutes 60 --rate 60]`: the sign's page for an hour of wall time at 60-fold street time. Prints one
 * JSON line, and ends with an error where memory grows, the page is loaded anew, a frame of the playlist is blank, or the
 * watch over the screen finds anything.
 */
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { program } from '../tests/support/programs.ts';
import { faults, soak } from './sign/soak.ts';

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '60' }, rate: { type: 'string', default: '60' } },
});
const chromium = program('chromium');
if (chromium === undefined) throw new Error('chromium is missing: apt-get install chromium');
const result = await soak(chromium, Number(values.minutes), Number(values.rate));
console.log(JSON.stringify({ ...result, load: loadavg().map((load) => Math.round(load * 10) / 10) }));
const found = faults(result);
for (const one of found) console.error(one);
process.exitCode = found.length === 0 ? 0 : 1;
