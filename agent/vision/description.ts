/** What a camera measures, as a device of the site: its points, by task. */
import type { Point } from '../core/point.ts';
import type { CameraConfig, Description } from '../core/site.ts';

const VEHICLES: Point = {
  id: 'vehicles',
  title: { en: 'Vehicles in sight', zh: '画面内车辆数' },
  type: 'number',
  unit: '1',
  decimals: 0,
  access: 'read',
  aggregation: 'mean',
  lane: 'telemetry',
};

const VEHICLES_PASSED: Point = {
  id: 'vehicles-passed',
  title: { en: 'Vehicles passed in the interval', zh: '区间通过车辆数' },
  type: 'number',
  unit: '1',
  decimals: 0,
  access: 'read',
  aggregation: 'sum',
  lane: 'telemetry',
};

const BUS_PRESENT: Point = {
  id: 'bus-present',
  title: { en: 'Bus in sight', zh: '画面内有公交车' },
  type: 'boolean',
  unit: '1',
  access: 'read',
  aggregation: 'state',
  lane: 'telemetry',
  states: { true: { en: 'present', zh: '有' }, false: { en: 'none', zh: '无' } },
};

const FACES: Point = {
  id: 'faces',
  title: { en: 'Faces in sight', zh: '画面内人脸数' },
  type: 'number',
  unit: '1',
  decimals: 0,
  access: 'read',
  aggregation: 'mean',
  lane: 'telemetry',
};

/** Points of a camera with these tasks. */
export function cameraPoints(tasks: CameraConfig['tasks']): readonly Point[] {
  return [
    ...(tasks.includes('vehicles') ? [VEHICLES, VEHICLES_PASSED, BUS_PRESENT] : []),
    ...(tasks.includes('faces') ? [FACES] : []),
  ];
}

/** The device a camera is: its id is the camera's. */
export function cameraDescription(camera: CameraConfig): Description {
  return {
    device: camera.id,
    title: camera.title,
    class: 'camera',
    brand: 'any',
    model: 'http-snapshot',
    ...(camera.position === undefined ? {} : { position: camera.position }),
    points: cameraPoints(camera.tasks),
  };
}
