import { expect, test } from 'vitest';
import { program } from '../../support/programs.ts';
import { crash } from './crash.ts';
import { powerCuts } from './power-cut.ts';

// `npm run test:crash -- --points 1000` runs more of the same.
test('50 kills: nothing acknowledged is lost, no number is given twice, each is told as a gap', async () => {
  const report = await crash({ points: 50, seed: 2027 });
  console.log(JSON.stringify(report));
  expect(report.acknowledged).toBeGreaterThan(1000);
  expect(report).toMatchObject({ lost: 0, doubled: 0, holes: 0, epochs: 1 });
  expect(report.gaps).toBeGreaterThanOrEqual(report.unclean);
  expect(report.unclean).toBeGreaterThan(30);
}, 300_000);

test.skipIf(program('strace') === undefined)(
  '50 power cuts at recorded writes: what fsync gave back is there whatever became of the writes behind it',
  () => {
    const report = powerCuts({ cuts: 50, seed: 2027, seconds: 3 });
    console.log(JSON.stringify(report));
    expect(report.acknowledged).toBeGreaterThan(1000);
    expect(report).toMatchObject({ lost: 0, doubled: 0, epochs: 0 });
  },
  300_000,
);
