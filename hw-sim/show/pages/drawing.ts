/** Puts a scene into the drawing: light, traffic, values, the sign's rows, and bytes that run along the wires. */
import type { Scene } from '../scene.ts';
import { current, word } from './words.ts';

const SVG = 'http://www.w3.org/2000/svg';
/** Pixels of the drawing per metre of street. */
const METRE = 11;
/** Where the pole stands. */
const POLE_X = 340;
/** Top of the vehicles, by lane of the world: far, near, cycles. */
const LANE_Y: Readonly<Record<number, number>> = { 0: 545, 1: 492, 2: 474 };
const HEIGHTS: Readonly<Record<string, number>> = {
  bus: 34,
  truck: 32,
  car: 20,
  motorcycle: 14,
  bicycle: 13,
};
/** Bytes that one pulse stands for, and how long it runs, ms. */
const PULSE_BYTES = 24;
const PULSE_MS = 700;
const MOST_PULSES = 40;
/** Over which the rate of a device's readings is taken, ms. */
const RATE_MS = 15_000;

const SPOTS = {
  street: [600, 300],
  lamp: [455, 80],
  meter: [205, 430],
  city: [925, 118],
  sign: [665, 376],
  agent: [353, 425],
  sos: [340, 365],
  flows: [353, 425],
  ledger: [925, 118],
} as const;

function part<T extends Element = SVGElement>(id: string): T {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found as unknown as T;
}

export class Drawing {
  readonly #bytes = new Map<string, number>();
  readonly #rates: { readonly at: number; readonly readings: number }[] = [];
  #windows = 0;

  draw(scene: Scene): void {
    this.#sky(scene.sun);
    this.#vehicles(scene.vehicles);
    this.#lamp(scene);
    this.#agent(scene);
    this.#sign(scene.sign);
    this.#wires(scene);
    part('sos').classList?.toggle(
      'pressed',
      scene.hands.sosPressed || scene.alarms.some(({ priority }) => priority === 'urgent'),
    );
    const water = scene.hands.flooded ? 62 : 5;
    part('water').setAttribute('y', String(580 - water));
    part('water').setAttribute('height', String(water));
    const ring = document.querySelector('#look circle');
    const spot = scene.tour === undefined ? undefined : SPOTS[scene.tour.look];
    ring?.setAttribute('visibility', spot === undefined ? 'hidden' : 'visible');
    if (spot !== undefined) ring?.setAttribute('transform', `translate(${spot[0]} ${spot[1]})`);
  }

  #sky(sun: number): void {
    // Day, dusk, night, by the altitude of the sun.
    const day = Math.max(0, Math.min(1, (sun + 8) / 14));
    const dusk = Math.max(0, 1 - Math.abs(sun + 2) / 9);
    const mix = (night: readonly number[], light: readonly number[], warm: readonly number[]): string => {
      const colour = night.map((from, i) => from + ((light[i] ?? 0) - from) * day);
      return `rgb(${colour.map((value, i) => Math.round(value + ((warm[i] ?? 0) - value) * dusk * 0.6)).join(' ')})`;
    };
    part('sky-top').setAttribute('stop-color', mix([8, 13, 26], [96, 158, 220], [72, 70, 120]));
    part('sky-low').setAttribute('stop-color', mix([20, 28, 46], [190, 220, 240], [238, 142, 90]));
    const lit = Math.round((1 - day) * 26);
    if (lit === this.#windows) return;
    this.#windows = lit;
    const windows = Array.from({ length: lit }, (_, i) => {
      const rect = document.createElementNS(SVG, 'rect');
      const left = i % 2 === 0;
      rect.setAttribute('x', String((left ? 12 : 780) + ((i * 53) % (left ? 190 : 300))));
      rect.setAttribute('y', String(300 + ((i * 37) % 140)));
      rect.setAttribute('width', '9');
      rect.setAttribute('height', '12');
      return rect;
    });
    part('windows').replaceChildren(...windows);
  }

  #vehicles(vehicles: Scene['vehicles']): void {
    const shapes = vehicles.map(([lane, position, length, direction, colour, kind]) => {
      const rect = document.createElementNS(SVG, 'rect');
      const height = HEIGHTS[kind] ?? 18;
      rect.setAttribute('x', String(POLE_X + position * METRE - (length * METRE) / 2));
      rect.setAttribute('y', String((LANE_Y[lane] ?? 500) + 34 - height));
      rect.setAttribute('width', String(length * METRE));
      rect.setAttribute('height', String(height));
      rect.setAttribute('rx', '5');
      rect.setAttribute('fill', `hsl(${Math.round(colour * 360)} 45% ${direction > 0 ? 58 : 48}%)`);
      return rect;
    });
    part('vehicles').replaceChildren(...shapes);
  }

  #lamp({ lamp, camera }: Scene): void {
    part('cone').setAttribute('opacity', String(lamp.light));
    part('lamp').classList.toggle('lit', lamp.light > 0);
    const level = lamp.level === null ? '–' : `${Math.round(lamp.level)} %`;
    const watts = lamp.watts === null ? '' : ` · ${lamp.watts.toFixed(0)} W`;
    part('lamp-value').textContent = `${level}${watts}`;
    const blind = camera.state === 'degraded' || camera.state === 'down';
    document.querySelector('.camera')?.classList.toggle('blind', blind);
    part('camera-value').textContent = blind ? word('blind') : word('counted', camera.passed);
  }

  #agent({ agent, city, devices, ledger }: Scene): void {
    part('cabinet').classList.toggle('away', !agent.up);
    part('cloud').classList.toggle('away', !city.up);
    part('city-value').textContent = city.up ? word('messages', city.messages) : word('offline');
    const meter = devices['meter-feeder'];
    part('meter').classList.toggle('away', meter === undefined || meter.state !== 'ok');
    part('meter-value').textContent = agent.up ? (meter?.state ?? '–') : '–';
    const now = performance.now();
    this.#rates.push({ at: now, readings: meter?.readings ?? 0 });
    while ((this.#rates[0]?.at ?? now) < now - RATE_MS) this.#rates.shift();
    const first = this.#rates[0];
    const minutes = first === undefined ? 0 : (now - first.at) / 60_000;
    const rate =
      minutes > 0.02 && first !== undefined ? ((meter?.readings ?? 0) - first.readings) / minutes : 0;
    part('meter-rate').textContent = word('readings', Math.max(0, Math.round(rate)));
    for (const figure of document.querySelectorAll<HTMLElement>('[data-figure]')) {
      const value = ledger[figure.dataset.figure as keyof typeof ledger];
      figure.textContent = value.toLocaleString(current());
      if (figure.parentElement?.classList.contains('proof'))
        figure.parentElement.classList.toggle('wrong', value > 0);
    }
  }

  #sign({ rows, state }: Scene['sign']): void {
    const lines = rows.map((row, i) => {
      const group = document.createElementNS(SVG, 'g');
      group.setAttribute('class', 'row');
      const y = 334 + i * 24;
      const when = whenOf(row);
      group.append(
        label(580, y, row.line),
        label(620, y, row.terminus[current()], 'faint', 8),
        label(752, y, when, row.state === 'live' ? '' : 'faint', undefined, 'end'),
      );
      return group;
    });
    part('rows').replaceChildren(...lines);
    part('sign').setAttribute('data-state', state);
  }

  #wires({ lines, agent, city }: Scene): void {
    const flows: readonly (readonly [wire: string, count: number])[] = [
      ['rs485-1', lines['rs485-1'] ?? 0],
      ['underpass', (lines['rs485-1'] ?? 0) / 5],
      ['uart-2', lines['uart-2'] ?? 0],
      ['city', city.messages * PULSE_BYTES],
    ];
    for (const [wire, count] of flows) {
      const before = this.#bytes.get(wire) ?? count;
      const pulses = Math.min(3, Math.floor((count - before) / PULSE_BYTES));
      if (pulses < 1) {
        if (!this.#bytes.has(wire)) this.#bytes.set(wire, count);
        continue;
      }
      this.#bytes.set(wire, count);
      for (let i = 0; i < pulses; i++) this.#pulse(wire, i * 120);
    }
    part('wire-city').classList.toggle('cut', !city.up);
    part('wire-rs485-1').classList.toggle('cut', !agent.up);
  }

  #pulse(wire: string, delay: number): void {
    const pulses = part('pulses');
    if (pulses.childElementCount >= MOST_PULSES || document.hidden) return;
    const path = part<SVGPathElement>(`wire-${wire}`);
    const dot = document.createElementNS(SVG, 'circle');
    dot.setAttribute('class', 'pulse');
    dot.setAttribute('r', '4');
    dot.setAttribute('visibility', 'hidden');
    pulses.append(dot);
    const length = path.getTotalLength();
    const begun = performance.now() + delay;
    // What comes from a device runs towards the agent; what goes to the city runs away from it.
    const towards = wire !== 'city';
    const step = (now: number): void => {
      const share = (now - begun) / PULSE_MS;
      if (share >= 1) {
        dot.remove();
        return;
      }
      if (share >= 0) {
        const { x, y } = path.getPointAtLength(length * (towards ? 1 - share : share));
        dot.setAttribute('cx', String(x));
        dot.setAttribute('cy', String(y));
        dot.setAttribute('visibility', 'visible');
      }
      requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  }
}

/** As the sign itself says it, in short. */
function whenOf({ state, minutes, stopsAway, approaching }: Scene['sign']['rows'][number]): string {
  if (approaching) return word('due');
  if (minutes !== null) return `${state === 'live' ? '' : '≈ '}${word('minutes', minutes)}`;
  return stopsAway === null ? '–' : word('stops', stopsAway);
}

function label(
  x: number,
  y: number,
  text: string,
  kind = '',
  most?: number,
  anchor = 'start',
): SVGTextElement {
  const element = document.createElementNS(SVG, 'text');
  element.setAttribute('x', String(x));
  element.setAttribute('y', String(y));
  element.setAttribute('text-anchor', anchor);
  if (kind !== '') element.setAttribute('class', kind);
  element.textContent = most !== undefined && text.length > most ? `${text.slice(0, most)}…` : text;
  return element;
}
