import { expect, test } from 'vitest';
import { edits } from './edits.ts';

// `node tests/fault/store/edits.ts --edits 1000 --seed 2` runs more of the same.
test('100 edits by somebody with root but not the key: all that touch what was signed are found and named', async () => {
  const report = await edits({ edits: 100, seed: 2027 });
  console.log(JSON.stringify(report));
  expect(report.wrong).toEqual([]);
  expect(report.signed).toBeGreaterThan(80);
  expect(report).toMatchObject({ found: report.signed, named: report.ofLane, declared: report.unsigned });
}, 300_000);
