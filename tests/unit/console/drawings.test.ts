/** What is drawn over a camera's picture, written into the site file. */
import { expect, test } from 'vitest';
import { withDrawing } from '../../../agent/console/api/drawings.ts';
import { niceStep } from '../../../agent/control/energy/report/chart.ts';

const SITE = `# The site of a street.
cameras:
  - id: camera-1 # at the pole
    source: http://127.0.0.1/snapshot.jpg
    lines:
      - { id: line-1, from: [0, 0.5], to: [1, 0.5], classes: [car] }
  - id: camera-2
    source: v4l2:/dev/video0
`;

test('adds one drawing below its camera and leaves everything else as it stands', () => {
  const line = withDrawing(SITE, 'camera-1', {
    kind: 'line',
    id: 'line-2',
    spots: [
      [0.12345, 0.2],
      [0.9, 0.8],
    ],
  });
  expect(line).toContain('{ id: line-2, from: [ 0.123, 0.2 ], to: [ 0.9, 0.8 ], classes: [ car, bus ] }');
  expect(line).toContain('id: camera-1 # at the pole');
  expect(line).toContain('# The site of a street.');
  expect(line).toContain('id: line-1');
  const bay = withDrawing(SITE, 'camera-2', {
    kind: 'bay',
    id: 'bay-1',
    spots: [
      [0, 0],
      [1, 0],
      [1, 1],
    ],
  });
  expect(bay.slice(bay.indexOf('camera-2'))).toContain(
    'bays: [ { id: bay-1, polygon: [ [ 0, 0 ], [ 1, 0 ], [ 1, 1 ] ] } ]',
  );
});

test('refuses an id that is taken and a camera that comes from elsewhere, with what to do', () => {
  const spots: [number, number][] = [
    [0, 0],
    [1, 1],
  ];
  expect(() => withDrawing(SITE, 'camera-1', { kind: 'line', id: 'line-1', spots })).toThrow(
    /has a line line-1 already/,
  );
  expect(() => withDrawing(SITE, 'camera-3', { kind: 'line', id: 'l', spots })).toThrow(
    /does not stand in the site file/,
  );
  expect(() => withDrawing('site: { id: a }', 'camera-1', { kind: 'line', id: 'l', spots })).toThrow(
    /does not stand/,
  );
});

test('an axis goes by ones, twos and fives', () => {
  expect([3214, 1607, 99, 1, 0.42, 52_000].map(niceStep)).toEqual([1000, 500, 20, 0.2, 0.1, 20_000]);
});
