/** Draws the street at a moment as a camera sees it, in the light there is. */
import sharp from 'sharp';
import { backgroundSvg } from './background.ts';
import { blit } from './bitmap.ts';
import { Drawings } from './drawings.ts';
import { facePlace, HEIGHT, laneView, type StreetMoment, vehicleX, WIDTH } from './scene.ts';

const FRAME = { width: WIDTH, height: HEIGHT };
const BYTES = WIDTH * HEIGHT * 3;
/** Peak of the sensor's noise by day, levels of 255. */
const NOISE = 3;
const QUALITY = 85;
/** Bottom of the face in its drawing, above the drawing's lower edge, as a part of the face's height. */
const CHIN_ABOVE_FOOT = (420 - 264) / 200;

export interface Renderer {
  /**
   * A JPEG of 1280×720. `light`: 0 (nothing) … 1 (day). `moment` seeds the noise, so that no two frames are equal and
   * the same moment gives the same frame again.
   */
  render(street: StreetMoment, light: number, moment: number, options?: RenderOptions): Promise<Buffer>;
  /** What a covered lens gives: black, with noise. */
  renderCovered(moment: number): Promise<Buffer>;
  /** A bag over the lens by day: one colour, with noise. */
  renderBagged(moment: number): Promise<Buffer>;
}

export interface RenderOptions {
  /** Part of the picture's height by which the camera looks too low. */
  readonly tilt?: number;
  /** Streaks and a veil: 0 (dry) … 1 (cloudburst). */
  readonly rain?: number;
  /** A veil over everything: 0 (clear) … 1 (nothing but grey). */
  readonly fog?: number;
  /** A pole and a tree stand between camera and road: middle of each, pixels from the left. */
  readonly before?: readonly number[];
}

/** Colour of a jute bag with the sun behind it. */
const BAG = [148, 126, 92] as const;

export async function createRenderer(): Promise<Renderer> {
  const background = await sharp(Buffer.from(backgroundSvg())).removeAlpha().blur(1).raw().toBuffer();
  const drawings = new Drawings();
  const noise = makeNoise();

  const encode = (rgb: Uint8ClampedArray) =>
    sharp(Buffer.from(rgb.buffer), { raw: { ...FRAME, channels: 3 } })
      // The standard Huffman tables, as cheap cameras use them: RTP/JPEG can carry no others.
      .jpeg({ quality: QUALITY, optimiseCoding: false })
      .toBuffer();

  return {
    async render({ vehicles, faces }, light, moment, { tilt = 0, rain = 0, fog = 0, before = [] } = {}) {
      const rgb = new Uint8ClampedArray(BYTES);
      expose(rgb, background, light, noise, moment);
      // Far ones first, so that near ones cover them.
      const ordered = [...vehicles].sort((a, b) => laneView(a.lane).ground - laneView(b.lane).ground);
      for (const vehicle of ordered) {
        const bitmap = await drawings.vehicle(vehicle);
        blit(rgb, FRAME, bitmap, vehicleX(vehicle), laneView(vehicle.lane).ground, light);
      }
      for (const face of faces) {
        const { x, chin, height } = facePlace(face);
        blit(rgb, FRAME, await drawings.face(face), x, chin + height * CHIN_ABOVE_FOOT, light);
      }
      for (const [i, middle] of before.entries()) obstruct(rgb, middle, i % 2 === 0 ? POLE : TRUNK, light);
      if (rain > 0) rainOver(rgb, rain, light, moment);
      if (fog > 0) fogOver(rgb, fog, light);
      return encode(tilt === 0 ? rgb : tilted(rgb, tilt));
    },
    renderBagged(moment) {
      const rgb = new Uint8ClampedArray(BYTES);
      expose(rgb, background, 0, noise, moment);
      for (let at = 0; at < BYTES; at++) rgb[at] = (rgb[at] ?? 0) + (BAG[at % 3] ?? 0);
      return encode(rgb);
    },
    renderCovered(moment) {
      const rgb = new Uint8ClampedArray(BYTES);
      expose(rgb, background, 0, noise, moment);
      return encode(rgb);
    },
  };
}

/** Background times light, plus noise. */
function expose(
  rgb: Uint8ClampedArray,
  background: Uint8Array,
  light: number,
  noise: Int8Array,
  moment: number,
): void {
  const start = hash(moment * 1000) % (noise.length - BYTES);
  const levels = Float32Array.from({ length: 256 }, (_, level) => level * light);
  for (let at = 0; at < BYTES; at++) {
    rgb[at] = (levels[background[at] ?? 0] ?? 0) + (noise[start + at] ?? 0);
  }
}

/** Width in pixels and colour of what stands before the road. */
const POLE = { width: 34, colour: [92, 96, 98] } as const;
const TRUNK = { width: 70, colour: [74, 60, 46] } as const;

function obstruct(
  rgb: Uint8ClampedArray,
  middle: number,
  { width, colour }: typeof POLE | typeof TRUNK,
  light: number,
): void {
  for (let row = 0; row < HEIGHT; row++) {
    for (let column = 0; column < width; column++) {
      // Rounder to the eye: darker towards its edges.
      const shade = (0.7 + 0.3 * Math.sin((Math.PI * column) / width)) * light;
      const at = (row * WIDTH + middle - (width >> 1) + column) * 3;
      for (let channel = 0; channel < 3; channel++) rgb[at + channel] = (colour[channel] ?? 0) * shade;
    }
  }
}

/** What fog leaves of a picture: all the nearer to its own grey. */
function fogOver(rgb: Uint8ClampedArray, fog: number, light: number): void {
  const grey = 205 * light;
  for (let at = 0; at < BYTES; at++) rgb[at] = (rgb[at] ?? 0) * (1 - fog) + grey * fog;
}

/** Drops on their way: bright slanted streaks, other ones in each frame, and less contrast behind them. */
function rainOver(rgb: Uint8ClampedArray, rain: number, light: number, moment: number): void {
  const veil = 0.25 * rain;
  const grey = 150 * light;
  for (let at = 0; at < BYTES; at++) rgb[at] = (rgb[at] ?? 0) * (1 - veil) + grey * veil;
  let state = hash(moment * 1000) | 1;
  const next = (below: number) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
  for (let streak = 0; streak < 900 * rain; streak++) {
    const [x, y, length] = [next(WIDTH - 20), next(HEIGHT - 40), 12 + next(26)];
    for (let i = 0; i < length; i++) {
      const at = ((y + i) * WIDTH + x + (i >> 2)) * 3;
      for (let channel = 0; channel < 3; channel++) {
        rgb[at + channel] = (rgb[at + channel] ?? 0) * 0.65 + 230 * light * 0.35;
      }
    }
  }
}

/** What a camera that looks lower sees: the upper part is gone, and below there is pavement without end. */
function tilted(rgb: Uint8ClampedArray, tilt: number): Uint8ClampedArray {
  const rows = Math.round(HEIGHT * tilt);
  const moved = new Uint8ClampedArray(BYTES);
  moved.set(rgb.subarray(rows * WIDTH * 3));
  for (let row = HEIGHT - rows; row < HEIGHT; row++) {
    // The last rows again, mirrored, so that the noise does not repeat in lines.
    const from = HEIGHT - 1 - ((row - (HEIGHT - rows)) % 40);
    moved.set(rgb.subarray(from * WIDTH * 3, (from + 1) * WIDTH * 3), row * WIDTH * 3);
  }
  return moved;
}

/** A stretch of noise longer than a frame; each frame starts elsewhere in it. */
function makeNoise(): Int8Array {
  const noise = new Int8Array(BYTES + 65_536);
  let state = 0x2545f491;
  for (let at = 0; at < noise.length; at++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    // The sum of two uniform draws is nearer to a sensor's noise than one.
    noise[at] = Math.round((((state >>> 8) % 256) + ((state >>> 20) % 256) - 255) * (NOISE / 255));
  }
  return noise;
}

function hash(moment: number): number {
  let h = Math.imul(Math.floor(moment) | 0, 0x9e3779b1) ^ Math.floor(moment / 0x1_0000_0000);
  h = Math.imul(h ^ (h >>> 15), 0x85ebca6b);
  return (h ^ (h >>> 13)) >>> 0;
}
