/** Cameras of a site file: the models that do their tasks. */
import { afterAll, expect, test } from 'vitest';
import { MINIMAL, SiteFolder } from './site-folder.ts';

const folder = new SiteFolder();
afterAll(() => folder[Symbol.dispose]());

const site = (line: string) => `${MINIMAL}cameras:
  - id: camera-1
    source: http://127.0.0.1/snapshot.jpg
    ${line}
`;

test('NanoDet, whose licence has no hole, is one setting away', async () => {
  const result = await folder.load(site('models: { vehicles: nanodet }'));
  expect(result.ok && result.site.cameras[0]?.models).toEqual({ vehicles: 'nanodet' });
});

test('without the setting the defaults of the tasks do it', async () => {
  const result = await folder.load(site('rate: 6'));
  expect(result.ok && result.site.cameras[0]).not.toHaveProperty('models');
});

test('a model that is not there is a problem with its place', async () => {
  const [problem] = await folder.problems(site('models: { vehicles: yolo }'));
  expect(problem).toMatch(
    /^site\.yaml:10:\d+ cameras\[0\]\.models\.vehicles: expected .*centernet.*nanodet.*, got "yolo"/,
  );
});
