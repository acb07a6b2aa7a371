/** Cameras of a site file: the models that do their tasks. */
import { afterAll, describe, expect, test } from 'vitest';
import { MINIMAL, SiteFolder } from './site-folder.ts';

const folder = new SiteFolder();
afterAll(() => folder[Symbol.dispose]());

/** The reference, as it stands in the file. */
const CAM = '$'.concat('{env:CAM}');

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

describe('geometry and source', () => {
  const ok = async (lines: string) => {
    const result = await folder.load(site(lines), { env: { CAM: 'of the camera' } });
    if (!result.ok) throw new Error(JSON.stringify(result.problems));
    return result.site;
  };

  test('a camera with everything', async () => {
    const { cameras, privacy } = await ok(
      `username: viewer
    password: ${CAM}
    every: 10s
    lines: [{ id: stop-line, from: [0.5, 0.2], to: [0.5, 1], classes: [bus] }]
    zones:
      - { id: waiting, counts: people, polygon: [[0, 0.5], [0.5, 0.5], [0.5, 1]], area: 20, capacity: 30 }
    lanes: [{ id: in, points: [[0.1, 0.9], [0.4, 0.9], [0.35, 0.5], [0.2, 0.5]], length: 20 }]
    bays: [{ id: bay-1, polygon: [[0.5, 0.5], [0.7, 0.5], [0.7, 0.7], [0.5, 0.7]] }]
privacy: { operator: City of X, contact: dpo@x.example, hold_below: 5, preview: false }`,
    );
    expect(cameras[0]).toMatchObject({
      username: 'viewer',
      password: 'of the camera',
      // The site forbids what the camera would allow.
      preview: false,
      holdBelow: 5,
      lines: [{ id: 'stop-line', title: { en: 'stop-line' } }],
      lanes: [{ width: 3.5, length: 20 }],
    });
    expect(privacy).toMatchObject({ operator: { en: 'City of X' }, contact: 'dpo@x.example' });
  });

  test('clips lie beside the site file', async () => {
    const text = site('rate: 6').replace('http://127.0.0.1/snapshot.jpg', 'clip:./road.mp4');
    const result = await folder.load(text);
    expect(result.ok && result.site.cameras[0]?.source).toMatch(/^clip:\/.*\/road\.mp4$/);
  });

  test.each([
    ['lines: [{ id: a, from: [0.5, 0.5], to: [0.5, 0.5] }]', /lines\[0\]\.to: the line has no length/],
    ['lines: [{ id: a, from: [0.5, 1.5], to: [0, 0] }]', /a place in the picture/],
    [
      'lanes: [{ id: a, points: [[0, 0], [1, 1], [1, 0], [0, 1]], length: 5 }]',
      /not the corners of a rectangle/,
    ],
    ['zones: [{ id: a, polygon: [[0, 0], [0.5, 0.5], [1, 1]] }]', /the polygon has no area/],
    ['tasks: [faces]\n    bays: [{ id: a, polygon: [[0, 0], [1, 0], [1, 1]] }]', /need the task vehicles/],
    [
      'bays: [{ id: a, polygon: [[0, 0], [1, 0], [1, 1]], charger: { device: none, point: x } }]',
      /there is no device none/,
    ],
    [
      'lines: [{ id: a, from: [0, 0], to: [1, 1] }]\n    zones: [{ id: a, polygon: [[0, 0], [1, 0], [1, 1]] }]',
      /the id a is taken by lines\[0\]/,
    ],
    ['password: plain', /a reference to a secret/],
    [`password: ${CAM}`, /password needs username/],
    ['every: 5s\nprivacy: { floor: 30s }', /shorter than privacy\.floor, which is 30s; write every: 30s/],
    ['transport: udp', /transport is for rtsp/],
  ])('%s', async (lines, message) => {
    expect((await folder.problems(site(lines), { env: { CAM: 'x' } })).join('\n')).toMatch(message);
  });

  test.each(['rtsp://user:pw@10.0.0.5/live', 'ftp://10.0.0.5/a.jpg', 'usb:/dev/video0', '/dev/video0'])(
    'the source %s is refused',
    async (address) => {
      const text = site('rate: 6').replace('http://127.0.0.1/snapshot.jpg', address);
      expect((await folder.problems(text)).join('\n')).toMatch(/cameras\[0\]\.source: expected/);
    },
  );
});
