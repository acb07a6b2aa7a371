/** A person from the front, head and shoulders, looking at the sign. */
import { choose, type Drawing, type Rgb, shade, vertical } from './sprite.ts';

const SKINS: readonly [Rgb, ...Rgb[]] = [
  [233, 190, 160],
  [222, 174, 140],
  [198, 146, 110],
  [240, 204, 178],
];
const HAIRS: readonly [Rgb, ...Rgb[]] = [
  [34, 28, 26],
  [58, 42, 32],
  [22, 22, 26],
];
const CLOTHES: readonly [Rgb, ...Rgb[]] = [
  [64, 84, 120],
  [120, 60, 62],
  [84, 88, 92],
  [70, 106, 88],
  [190, 182, 168],
];

/** Height of the face, chin to hairline, in the units of the drawing. */
export const FACE_UNITS = 200;

/** `look`: 0 ≤ x < 1. */
export function face(look: number): Drawing {
  const skin = choose(SKINS, look);
  const hair = choose(HAIRS, (look * 3.7) % 1);
  const cloth = choose(CLOTHES, (look * 9.1) % 1);
  const long = (look * 5.3) % 1 > 0.5;
  const eye = (
    x: number,
  ) => `<path d="M${x - 17} 150 Q${x} 136 ${x + 17} 150 Q${x} 160 ${x - 17} 150 Z" fill="#f6f3ef"/>
    <circle cx="${x}" cy="149" r="7.5" fill="#3a2618"/><circle cx="${x}" cy="149" r="3.6" fill="#0b0806"/>
    <circle cx="${x + 2.5}" cy="146.5" r="1.8" fill="#fff"/>
    <path d="M${x - 18} 149 Q${x} 133 ${x + 18} 149" fill="none" stroke="#2a1a12" stroke-width="3.4"/>
    <path d="M${x - 15} 158 Q${x} 165 ${x + 15} 158" fill="none" stroke="${shade(skin, 0.72)}" stroke-width="2"/>
    <path d="M${x - 22} 130 Q${x} 118 ${x + 22} 128 L${x + 21} 134 Q${x} 125 ${x - 21} 136 Z" fill="${shade(hair, 1.1)}"/>`;
  const behind = long
    ? `<path d="M52 160 Q40 30 150 26 Q260 30 248 160 Q258 250 240 300 L60 300 Q42 250 52 160 Z" fill="${shade(hair, 0.85)}"/>`
    : '';
  const body = `<defs>
    <radialGradient id="skin" cx="0.45" cy="0.42" r="0.72">
      <stop offset="0" stop-color="${shade(skin, 1.1)}"/><stop offset="0.6" stop-color="${shade(skin, 1)}"/>
      <stop offset="1" stop-color="${shade(skin, 0.62)}"/></radialGradient>
    ${vertical('cloth', [
      [0, shade(cloth, 1.2)],
      [1, shade(cloth, 0.65)],
    ])}
    </defs>
    ${behind}
    <path d="M114 236 L114 292 Q150 322 186 292 L186 236 Z" fill="${shade(skin, 0.78)}"/>
    <path d="M0 420 Q4 316 70 300 L114 284 Q150 318 186 284 L230 300 Q296 316 300 420 Z" fill="url(#cloth)"/>
    <path d="M114 284 L150 330 L186 284 L196 292 L152 356 L104 292 Z" fill="${shade(cloth, 1.35)}"/>
    <ellipse cx="66" cy="160" rx="12" ry="24" fill="${shade(skin, 0.85)}"/>
    <ellipse cx="234" cy="160" rx="12" ry="24" fill="${shade(skin, 0.85)}"/>
    <path d="M68 140 Q66 62 150 58 Q234 62 232 140 Q232 206 200 240 Q176 264 150 264 Q124 264 100 240 Q68 206 68 140 Z"
      fill="url(#skin)"/>
    <path d="M100 240 Q124 264 150 264 Q176 264 200 240 Q180 250 150 250 Q120 250 100 240 Z" fill="${shade(skin, 0.7)}" opacity="0.5"/>
    <path d="M62 142 Q50 28 150 26 Q250 28 238 142 Q232 104 204 92 Q150 98 108 84 Q74 96 62 142 Z" fill="${shade(hair, 1)}"/>
    <path d="M96 52 Q150 34 190 50" fill="none" stroke="${shade(hair, 2.2)}" stroke-width="7" opacity="0.4"/>
    ${eye(113)}${eye(187)}
    <path d="M144 142 Q138 176 130 190 Q138 200 150 200 Q162 200 170 190 Q162 176 158 142" fill="${shade(skin, 0.9)}" opacity="0.55"/>
    <path d="M132 192 Q140 200 150 199 Q160 200 168 192" fill="none" stroke="${shade(skin, 0.55)}" stroke-width="3"/>
    <path d="M148 150 L146 184" stroke="${shade(skin, 1.2)}" stroke-width="5" opacity="0.6"/>
    <ellipse cx="100" cy="190" rx="18" ry="12" fill="rgb(220,120,100)" opacity="0.22"/>
    <ellipse cx="200" cy="190" rx="18" ry="12" fill="rgb(220,120,100)" opacity="0.22"/>
    <path d="M118 221 Q136 212 150 217 Q164 212 182 221 Q166 224 150 224 Q134 224 118 221 Z" fill="#a8504a"/>
    <path d="M118 221 Q150 228 182 221 Q170 239 150 240 Q130 239 118 221 Z" fill="#c26a62"/>
    <path d="M126 248 Q150 254 174 248" fill="none" stroke="${shade(skin, 0.75)}" stroke-width="3"/>`;
  return { width: 300, height: 420, body };
}
