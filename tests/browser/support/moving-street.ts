/** Fills an `AgentData` with readings, history, health, ledger and frames that move, for the eye and the browser tests. */
import sharp from 'sharp';
import { bad, good, type Reading, uncertain } from '../../../agent/core/reading.ts';
import type { Clock } from '../../../agent/core/time/clock.ts';
import type { Bucket } from '../../../agent/core/view.ts';
import type { AgentData } from '../../support/agent-data.ts';

/** The daily curve of a point, and its noise. */
const CURVES: Readonly<Record<string, readonly [middle: number, swing: number, noise: number]>> = {
  voltage: [229.6, 3, 0.5],
  current: [4.2, 2.4, 0.12],
  power: [930, 520, 22],
  'energy-import': [18_421.6, 0, 0],
  temperature: [17.4, 6.5, 0.15],
  humidity: [61, -14, 0.6],
  'wind-speed': [2.6, 1.4, 0.7],
  noise: [58, 7, 1.8],
};

const DAY = 86_400_000;
const WIDTH = 960;
const HEIGHT = 540;

function value(point: string, time: number, noise: number): number | undefined {
  const curve = CURVES[point];
  if (curve === undefined) return undefined;
  const [middle, swing, rough] = curve;
  if (point === 'energy-import') return middle + (time % (30 * DAY)) / 3_600_000;
  return middle + swing * Math.sin((2 * Math.PI * ((time % DAY) - DAY / 3)) / DAY) + rough * noise;
}

/** Starts it; stops when disposed. */
export function moveStreet(street: AgentData, clock: Clock): Disposable {
  let round = 0;
  let lamp = 40;
  let stored = 1_284_310;
  let acknowledged = stored - 12;
  const began = street.now();
  street.buckets = (_device, point, from, to, bucket) => history(point, from, to, bucket);
  street.answer = async ({ id, value: wanted }) => {
    await clock.sleep(150);
    lamp = Number(wanted);
    street.publish([good({ device: 'board', point: 'lamp-level', unit: '%' }, lamp, clock.mono())]);
    return { id, state: 'done', readback: lamp, at: street.now() };
  };
  for (const part of [
    'store',
    'line:rs485-1',
    'device:meter-feeder',
    'device:station',
    'device:board',
    'vision',
  ]) {
    street.setHealth({ part, state: 'ok', since: began - 3_600_000, facts: {} });
  }
  street.setHealth({ part: 'uplink:city', state: 'ok', since: began - 600_000, facts: { backlog: 12 } });
  street.setHealth({
    part: 'device:meter-lamp',
    state: 'down',
    since: began - 754_000,
    message: 'read of 34 registers at 0 failed: no answer within 300 ms (unit 2, try 3/3)',
    fix: 'Check that the meter has power and that its address is 2.',
    facts: {},
  });

  const tick = () => {
    const mono = clock.mono();
    const now = street.now();
    round += 1;
    const readings: Reading[] = [];
    for (const { description } of street.descriptions()) {
      const { device } = description;
      for (const { id, unit } of description.points) {
        const at = { device, point: id, unit };
        if (device === 'meter-lamp') {
          if (round === 1) readings.push(bad(at, 'timeout', mono));
        } else if (device === 'board') {
          readings.push(good(at, id === 'lamp-level' ? lamp : round % 40 > 36, mono));
        } else if (device === 'camera-1') {
          readings.push(uncertain(at, Math.floor(3 + 3 * Math.sin(round / 9)), 'simulated', mono));
        } else {
          const next = value(id, now, Math.sin(round * 1.7 + id.length) * Math.cos(round / 3));
          if (next !== undefined) readings.push(good(at, Number(next.toFixed(2)), mono));
        }
      }
    }
    street.publish(readings);
    stored += readings.length;
    acknowledged = Math.max(acknowledged, stored - 7 - (round % 23));
    street.ledgerList = [
      {
        uplink: 'city',
        connected: true,
        epoch: 'k3v9',
        stored,
        acknowledged,
        refused: 0,
        dropped: 0,
        backlog: stored - acknowledged,
        resent: 214,
        heads: { alarm: 2, event: 84, meter: 1200, telemetry: stored - 1286, bulk: 0 },
      },
    ];
    void frame(round).then((jpeg) => {
      street.frame = { jpeg, width: WIDTH, height: HEIGHT, time: now, detections: boxes(round) };
    });
    timer = clock.after(1000, tick);
  };
  let timer = clock.after(0, tick);
  return { [Symbol.dispose]: () => timer[Symbol.dispose]() };
}

function history(point: string, from: number, to: number, bucket: number): readonly Bucket[] {
  const buckets: Bucket[] = [];
  for (let time = Math.ceil(from / bucket) * bucket; time < to; time += bucket) {
    const mean = value(point, time, Math.sin(time / 7e6) + Math.sin(time / 1.1e6) / 2) ?? 0;
    const rough = (CURVES[point]?.[2] ?? 0) * (2 + Math.abs(Math.sin(time / 4e6)));
    buckets.push({ time, count: 60, min: mean - rough, mean, max: mean + rough * 1.2, last: mean });
  }
  return buckets;
}

function boxes(round: number) {
  const x = (round * 37) % 700;
  return [
    { class: 'car', score: 0.87, box: [x, 330, x + 190, 430] as const },
    { class: 'bus', score: 0.94, box: [560, 210, 900, 380] as const },
    { class: 'face', score: 0.78, box: [120, 250, 158, 300] as const },
  ];
}

function frame(round: number): Promise<Uint8Array> {
  const [car] = boxes(round);
  const x = car?.box[0] ?? 0;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}">
    <rect width="960" height="540" fill="#8ba2b3"/><rect y="200" width="960" height="120" fill="#6d7b80"/>
    <rect y="310" width="960" height="230" fill="#4a4f54"/><path d="M0 425h960" stroke="#ddd" stroke-width="6" stroke-dasharray="60 40"/>
    <rect x="560" y="210" width="340" height="160" rx="12" fill="#2c7a5b"/><rect x="${x}" y="340" width="190" height="80" rx="22" fill="#a33b2e"/>
    <circle cx="139" cy="275" r="22" fill="#e2b79a"/><rect x="112" y="300" width="54" height="110" fill="#35507a"/></svg>`;
  return sharp(Buffer.from(svg)).jpeg({ quality: 80 }).toBuffer();
}
