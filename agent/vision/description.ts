/** What a camera measures, as a device of the site: its points, by task and by what is drawn in its picture. */
import type { BaySpec, CameraConfig, LaneSpec, LineSpec, ZoneSpec } from '../core/camera.ts';
import type { Aggregation, Point, Text } from '../core/point.ts';
import type { Description } from '../core/site.ts';
import type { Unit } from '../core/unit.ts';

/** A point with what vision has to know of it. */
export interface CountedPoint extends Point {
  /** A count of people or faces: small ones may be held back. */
  readonly personal: boolean;
}

function counted(
  id: string,
  title: Text,
  aggregation: Aggregation,
  more: Partial<CountedPoint> & { readonly unit?: Unit } = {},
): CountedPoint {
  return {
    id,
    title,
    type: 'number',
    unit: '1',
    decimals: 0,
    access: 'read',
    aggregation,
    lane: 'telemetry',
    personal: false,
    ...more,
  };
}

function state(id: string, title: Text, on: Text, off: Text, more: Partial<CountedPoint> = {}): CountedPoint {
  const { decimals: _, ...point } = counted(id, title, 'state');
  return { ...point, type: 'boolean', states: { true: on, false: off }, ...more };
}

const VEHICLES = [
  counted('vehicles', { en: 'Vehicles in sight', zh: '画面内车辆数' }, 'mean'),
  counted('vehicles-passed', { en: 'Vehicles passed in the interval', zh: '区间通过车辆数' }, 'sum'),
  state(
    'bus-present',
    { en: 'Bus in sight', zh: '画面内有公交车' },
    { en: 'present', zh: '有' },
    { en: 'none', zh: '无' },
  ),
];

const FACES = [
  counted('faces', { en: 'Faces in sight', zh: '画面内人脸数' }, 'mean', { personal: true }),
  counted('faces-passed', { en: 'Faces that came in the interval', zh: '区间出现人脸数' }, 'sum', {
    personal: true,
  }),
];

/** All points of a camera, in a steady order. */
export function cameraPoints(camera: CameraConfig): readonly CountedPoint[] {
  return [
    ...(camera.tasks.includes('vehicles') ? VEHICLES : []),
    ...(camera.tasks.includes('faces') ? FACES : []),
    ...(camera.lines ?? []).flatMap(linePoints),
    ...(camera.zones ?? []).flatMap(zonePoints),
    ...(camera.lanes ?? []).flatMap(lanePoints),
    ...(camera.bays ?? []).flatMap(bayPoints),
  ];
}

/** Id of the count of a line's direction, of one class or of all. */
export function linePoint(line: string, direction: 'left' | 'right', kind?: string): string {
  return kind === undefined ? `${line}-${direction}` : `${line}-${direction}-${kind}`;
}

const named = (title: Text, en: string, zh: string): Text => ({
  en: `${title.en}: ${en}`,
  zh: `${title.zh ?? title.en}：${zh}`,
});

function linePoints({ id, title, classes }: LineSpec): readonly CountedPoint[] {
  return (['left', 'right'] as const).flatMap((direction) => {
    const [en, zh] =
      direction === 'left' ? ['passed to the left', '向左通过'] : ['passed to the right', '向右通过'];
    return [undefined, ...classes].map((kind) =>
      counted(
        linePoint(id, direction, kind),
        kind === undefined ? named(title, en, zh) : named(title, `${kind} ${en}`, `${kind} ${zh}`),
        'sum',
      ),
    );
  });
}

function zonePoints({ id, title, counts, area, capacity }: ZoneSpec): readonly CountedPoint[] {
  if (counts === 'bus') {
    const at = named(title, 'bus at the stop', '公交车在站');
    return [state(`${id}-bus`, at, { en: 'at the stop', zh: '在站' }, { en: 'none', zh: '无' })];
  }
  const personal = counts !== 'vehicles';
  const occupancy =
    counts === 'vehicles'
      ? named(title, 'vehicles', '车辆数')
      : counts === 'people'
        ? named(title, 'people waiting', '候车人数')
        : named(title, 'faces', '人脸数');
  return [
    counted(`${id}-occupancy`, occupancy, 'mean', { personal }),
    counted(`${id}-queue`, named(title, 'standing in a queue', '排队长度'), 'mean', { personal }),
    counted(`${id}-dwell`, named(title, 'mean stay', '平均停留时间'), 'mean', { unit: 's', decimals: 1 }),
    ...(area === undefined
      ? []
      : [
          counted(`${id}-density`, named(title, 'density', '密度'), 'mean', {
            unit: '/m2',
            decimals: 2,
            personal,
          }),
        ]),
    ...(capacity === undefined
      ? []
      : [
          state(
            `${id}-crowded`,
            named(title, `more than ${capacity}`, `超过 ${capacity}`),
            { en: 'crowded', zh: '超员' },
            { en: 'no', zh: '正常' },
            { lane: 'alarm' },
          ),
        ]),
  ];
}

function lanePoints({ id, title }: LaneSpec): readonly CountedPoint[] {
  return [
    counted(`${id}-vehicles`, named(title, 'vehicles', '车辆数'), 'sum'),
    counted(`${id}-speed`, named(title, 'mean speed', '平均车速'), 'mean', { unit: 'km/h', decimals: 1 }),
    counted(`${id}-headway`, named(title, 'mean headway', '平均车头时距'), 'mean', {
      unit: 's',
      decimals: 1,
    }),
  ];
}

function bayPoints({ id, title, charger }: BaySpec): readonly CountedPoint[] {
  const yes = { en: 'taken', zh: '占用' };
  const no = { en: 'free', zh: '空闲' };
  return [
    state(`${id}-occupied`, named(title, 'occupied', '占用'), yes, no),
    ...(charger === undefined
      ? []
      : [
          state(
            `${id}-taken-not-charging`,
            named(title, 'taken but not charging', '占位未充电'),
            { en: 'yes', zh: '是' },
            { en: 'no', zh: '否' },
          ),
        ]),
  ];
}

/** The device a camera is: its id is the camera's. */
export function cameraDescription(camera: CameraConfig): Description {
  const [scheme = ''] = camera.source.split(':');
  return {
    device: camera.id,
    title: camera.title,
    class: 'camera',
    brand: 'any',
    model: /^https?$/.test(scheme) ? 'http-snapshot' : scheme,
    ...(camera.position === undefined ? {} : { position: camera.position }),
    points: cameraPoints(camera).map(({ personal: _, ...point }) => point),
  };
}
