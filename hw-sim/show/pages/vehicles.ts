/** The traffic, side on: where the last moment had it and on from there at its own pace. */
import type { ShownVehicle } from '../scene.ts';

/** The drawing's units for a metre; where the pole stands; where the road goes into the underpass. */
const METRE = 14;
const POLE_X = 560;
const MOUTH_X = 1366;
/** Where wheels touch the road, by lane of the world: near, far, cycles. */
const GROUND: Readonly<Record<number, number>> = { 0: 794, 1: 736, 2: 686 };
const FAR_FIRST = [2, 1, 0];
/** Share of a wrong place that is set right with each picture. */
const EASE = 0.18;
/** Faster than that a vehicle is a streak, m/s of the page. */
const STREAK = 60;

type Kind = ShownVehicle['kind'];

interface Shape {
  readonly length: number;
  readonly body: Path2D;
  readonly glass: Path2D;
  readonly wheels: readonly (readonly [x: number, radius: number])[];
  /** Height of the lights above the road. */
  readonly lights: number;
}

/** Driving to the right, the middle of their foot at 0, 0. */
const SHAPES: Readonly<Record<Kind, Shape>> = {
  car: {
    length: 64,
    body: new Path2D(
      'M-32-6V-15q0-4 5-5l10-2 9-9q3-3 8-3h13q5 0 9 4l8 8 8 3q4 1 4 6v7q0 2-2 2h-70q-2 0-2-6z',
    ),
    glass: new Path2D('M-14-22l7-7q2-2 6-2h4v9zM6-31h7q3 0 6 3l6 6H6z'),
    wheels: [
      [-19, 7],
      [20, 7],
    ],
    lights: 14,
  },
  bus: {
    length: 162,
    body: new Path2D('M-81-6V-48q0-7 7-7H74q6 0 7 6l2 26v17q0 3-3 3h-158q-3 0-3-3z'),
    glass: new Path2D(
      'M-74-48h24v17h-24zM-46-48h24v17h-24zM-18-48h24v17h-24zM10-48h24v17H10zM38-48h22v17H38zM64-48h10l3 20H64z',
    ),
    wheels: [
      [-52, 9],
      [50, 9],
    ],
    lights: 14,
  },
  truck: {
    length: 112,
    body: new Path2D('M-56-6V-50q0-3 3-3h74q3 0 3 3v12h12q5 0 8 4l9 13q2 3 2 6v9q0 2-2 2h-107q-2 0-2-2z'),
    glass: new Path2D('M30-34h8q2 0 4 3l6 10H30z'),
    wheels: [
      [-36, 9],
      [36, 9],
    ],
    lights: 13,
  },
  motorcycle: {
    length: 30,
    body: new Path2D('M-12-9l8-8h12l6 6-4 3h-9l-3 3zM-6-18l-2-14 6-2 4 12 6 4zM-2-36a5 5 0 1 0 .1 0z'),
    glass: new Path2D(),
    wheels: [
      [-11, 7],
      [12, 7],
    ],
    lights: 16,
  },
  bicycle: {
    length: 26,
    body: new Path2D('M-10-7l6-12h9l5 12M-4-19l6 12M-5-20l-1-14 5-3 5 11 6 3M-1-40a4.500 4.500 0 1 0 .1 0z'),
    glass: new Path2D(),
    wheels: [
      [-10, 7],
      [10, 7],
    ],
    lights: 14,
  },
};

interface Moving extends ShownVehicle {
  /** Where it is drawn, m. */
  readonly at: number;
}

export class Vehicles {
  #moving: readonly Moving[] = [];
  #taken = 0;

  take(vehicles: readonly ShownVehicle[]): void {
    const known = new Map(this.#moving.map((one) => [one.id, one]));
    this.#taken = performance.now();
    this.#moving = vehicles.map((one) => ({ ...one, at: known.get(one.id)?.at ?? one.position }));
  }

  /** `since`: ms since the picture before; `light`: how much of it there is, 0…1. */
  draw(pen: CanvasRenderingContext2D, since: number, light: number): void {
    const age = Math.min(1000, performance.now() - this.#taken) / 1000;
    this.#moving = this.#moving.map((one) => {
      if (since === 0 || Math.abs(one.pace) > STREAK) return { ...one, at: one.position };
      const on = one.at + (one.pace * since) / 1000;
      const right = one.position + one.pace * age;
      return { ...one, at: Math.abs(right - on) > 4 ? right : on + (right - on) * EASE };
    });
    pen.save();
    pen.beginPath();
    pen.rect(0, 600, MOUTH_X, 240);
    pen.clip();
    for (const lane of FAR_FIRST)
      for (const one of this.#moving) if (one.lane === lane) drawOne(pen, one, light);
    pen.restore();
  }
}

function drawOne(pen: CanvasRenderingContext2D, one: Moving, light: number): void {
  const { body, glass, wheels, length, lights } = SHAPES[one.kind];
  const ground = GROUND[one.lane] ?? 760;
  pen.save();
  pen.translate(POLE_X + one.at * METRE, ground);
  pen.scale(one.pace < 0 ? -1 : 1, 1);
  if (Math.abs(one.pace) > STREAK) {
    const trail = pen.createLinearGradient(-length * 2, 0, length, 0);
    trail.addColorStop(0, 'rgb(255 90 70 / 0)');
    trail.addColorStop(1, 'rgb(255 240 200 / 0.8)');
    pen.fillStyle = trail;
    pen.fillRect(-length * 2, -lights, length * 3, 3);
    pen.restore();
    return;
  }
  pen.fillStyle = 'rgb(0 0 0 / 0.28)';
  pen.beginPath();
  pen.ellipse(0, 1, length / 2, 4, 0, 0, 7);
  pen.fill();
  const paint = one.kind === 'bus' ? shaded([34, 138, 104], light) : shaded(paintOf(one.colour), light);
  if (one.kind === 'bicycle') {
    pen.strokeStyle = paint;
    pen.lineWidth = 3;
    pen.stroke(body);
  } else {
    pen.fillStyle = paint;
    pen.fill(body);
  }
  pen.fillStyle = light < 0.7 && one.kind === 'bus' ? '#ffe9b0' : `rgb(30 44 60 / ${0.55 + 0.3 * light})`;
  pen.fill(glass);
  for (const [x, radius] of wheels) wheel(pen, x, radius, one.kind === 'bicycle');
  if (light < 0.75) {
    pen.fillStyle = '#fff3cf';
    pen.fillRect(length / 2 - 4, -lights, 4, 4);
    pen.fillStyle = '#ff5a48';
    pen.fillRect(-length / 2, -lights, 3, 5);
    const beam = pen.createLinearGradient(length / 2, 0, length / 2 + 90, 0);
    beam.addColorStop(0, 'rgb(255 243 207 / 0.42)');
    beam.addColorStop(1, 'rgb(255 243 207 / 0)');
    pen.fillStyle = beam;
    pen.beginPath();
    pen.moveTo(length / 2, -lights + 1);
    pen.lineTo(length / 2 + 90, -2);
    pen.lineTo(length / 2 + 90, 4);
    pen.lineTo(length / 2, -lights + 4);
    pen.fill();
  }
  pen.restore();
}

type Paint = readonly [red: number, green: number, blue: number];

/** As cars are painted. */
const PAINTS: readonly Paint[] = [
  [236, 238, 240],
  [172, 180, 188],
  [58, 64, 74],
  [196, 66, 58],
  [64, 112, 178],
  [226, 178, 74],
  [120, 132, 96],
];

function paintOf(colour: number): Paint {
  return PAINTS[Math.floor(colour * PAINTS.length)] ?? [200, 200, 200];
}

/** As much of a paint as there is light for. */
function shaded(paint: Paint, light: number): string {
  return `rgb(${paint.map((part) => Math.round(part * (0.35 + 0.65 * light))).join(' ')})`;
}

function wheel(pen: CanvasRenderingContext2D, x: number, radius: number, thin: boolean): void {
  pen.beginPath();
  pen.arc(x, -radius + 1, radius, 0, 7);
  if (thin) {
    pen.strokeStyle = '#20252c';
    pen.lineWidth = 2;
    pen.stroke();
    return;
  }
  pen.fillStyle = '#181c22';
  pen.fill();
  pen.beginPath();
  pen.arc(x, -radius + 1, radius * 0.45, 0, 7);
  pen.fillStyle = '#8a939d';
  pen.fill();
}
