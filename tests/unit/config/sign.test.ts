/** The sign of a site file: what becomes of its settings, and what is said of wrong ones. */
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { compare } from '../../../agent/config/compare.ts';
import { SiteFolder, STREET } from './site-folder.ts';

const folder = new SiteFolder();
afterAll(() => folder[Symbol.dispose]());

async function load(text: string) {
  const result = await folder.load(text);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.site;
}

describe('the sign', () => {
  test('is none where none is written', async () => {
    expect((await load(STREET)).sign).toBeUndefined();
  });

  test('has its settings, the extract in the state folder, and both languages', async () => {
    const { sign } = await load(`${STREET}sign: { id: stop-1, stops: ["0817", "0817"] }\n`);
    expect(sign).toMatchObject({
      id: 'stop-1',
      stops: ['0817'],
      extract: join(folder.dir, 'state/sign/extract'),
      languages: ['zh-CN', 'en'],
      due: 180_000,
      horizon: 3_600_000,
    });
    const other = await load(
      `${STREET}sign: { id: stop-1, stops: ["1"], extract: ./a.extract, languages: [en], quiet: "22:00-06:30" }\n`,
    );
    expect(other.sign).toMatchObject({
      extract: join(folder.dir, 'a.extract'),
      languages: ['en'],
      quiet: { from: 22 * 60, to: 6 * 60 + 30 },
    });
  });

  test.each([
    ['{ id: meter-1, stops: ["1"] }', 'sign.id: the id "meter-1" is taken by a device; write another id'],
    ['{ id: s, stops: [] }', 'sign.stops'],
    ['{ id: s, stops: [817] }', 'sign.stops[0]: expected the id of a stop in quotes, got 817; write "817"'],
    ['{ id: s, stops: ["1"], quiet: "22" }', 'expected two local times such as 22:00-06:30, got "22"'],
    ['{ id: s, stops: ["1"], langages: [en] }', 'write languages'],
  ])('%s is told', async (sign, message) => {
    expect((await folder.problems(`${STREET}sign: ${sign}\n`)).join('\n')).toContain(message);
  });

  test('is a device whose points lamps may go by', async () => {
    const boost = (point: string) =>
      `${STREET}sign: { id: s, stops: ["1"] }
lamps: [{ id: lamp-1, device: meter-1, point: voltage-l1, programme: street }]
programmes: [{ id: street, boosts: [{ title: Bus, when: { device: s, point: ${point}, is: true } }] }]
`;
    const said = async (point: string) =>
      (await folder.problems(boost(point))).filter((line) => line.includes('programmes'));
    expect(await said('bus-due')).toEqual([]);
    expect(await said('bus-deu')).toEqual([expect.stringContaining('write point: bus-due')]);
  });

  test('changes by itself: nothing else restarts', async () => {
    const before = await load(`${STREET}sign: { id: s, stops: ["1"] }\n`);
    const after = await load(`${STREET}sign: { id: s, stops: ["1"], due: 2min }\n`);
    expect(compare(before, after)).toEqual([{ part: 'sign', change: 'changed' }]);
  });
});
