/** A saloon, seen from the side. */
import { choose, contactShadow, type Drawing, type Rgb, shade, vertical, wheel } from './sprite.ts';

const PAINTS: readonly [Rgb, ...Rgb[]] = [
  [176, 30, 34],
  [74, 118, 190],
  [214, 217, 220],
  [96, 101, 108],
  [150, 155, 160],
  [66, 140, 120],
];

/** `look`: 0 ≤ x < 1. */
export function car(look: number): Drawing {
  const paint = choose(PAINTS, look);
  const [light, mid, dark] = [shade(paint, 1.35), shade(paint, 1), shade(paint, 0.55)];
  const body = `<defs>
    ${vertical('body', [
      [0, light],
      [0.35, mid],
      [0.75, shade(paint, 0.8)],
      [1, dark],
    ])}
    ${vertical('glass', [
      [0, '#a8bccb'],
      [0.5, '#4d5f6e'],
      [1, '#27323c'],
    ])}
    </defs>
    ${contactShadow(490, 146)}
    <path d="M22 104 Q18 82 30 74 Q70 66 112 62 Q150 26 186 19 Q235 11 290 17 Q322 22 362 60
      Q430 66 452 78 Q468 88 466 112 Q464 122 452 124 L34 124 Q22 120 22 104 Z" fill="url(#body)"/>
    <path d="M124 62 Q158 32 190 27 Q212 24 232 24 L234 63 Z" fill="url(#glass)"/>
    <path d="M243 24 Q272 22 288 26 Q314 33 344 62 L245 63 Z" fill="url(#glass)"/>
    <path d="M150 40 L178 30 L160 60 L138 61 Z" fill="#dfe9f0" opacity="0.35"/>
    <path d="M262 26 L284 29 L272 61 L252 61 Z" fill="#dfe9f0" opacity="0.3"/>
    <path d="M121 63 Q157 29 190 24 Q240 17 290 23 Q318 30 350 63" fill="none" stroke="${dark}" stroke-width="3"/>
    <line x1="238" y1="22" x2="240" y2="118" stroke="${dark}" stroke-width="2.5"/>
    <path d="M128 66 Q122 92 134 116" fill="none" stroke="${dark}" stroke-width="2"/>
    <path d="M346 66 Q350 92 338 116" fill="none" stroke="${dark}" stroke-width="2"/>
    <path d="M26 84 Q140 74 460 86" fill="none" stroke="${light}" stroke-width="2.5" opacity="0.8"/>
    <rect x="206" y="76" width="22" height="5" rx="2" fill="${dark}"/>
    <rect x="318" y="76" width="22" height="5" rx="2" fill="${dark}"/>
    <path d="M336 58 q14 -4 16 6 l-14 3 z" fill="${mid}" stroke="${dark}" stroke-width="1.5"/>
    <path d="M428 76 Q454 80 461 92 L432 90 Z" fill="#f4f2df" stroke="#8a8a80" stroke-width="1.5"/>
    <path d="M24 80 L52 78 L48 94 L22 96 Z" fill="#a5141b"/>
    <rect x="440" y="100" width="26" height="8" rx="3" fill="#23262a"/>
    <rect x="22" y="106" width="40" height="7" rx="3" fill="#2b2e33"/>
    <path d="M40 124 L446 124 L440 130 L52 130 Z" fill="#1a1c1f"/>
    <path d="M62 126 a44 44 0 0 1 88 0 Z" fill="#0e0f11"/>
    <path d="M334 126 a44 44 0 0 1 88 0 Z" fill="#0e0f11"/>
    ${wheel(106, 120, 32)}${wheel(378, 120, 32)}`;
  return { width: 490, height: 160, body };
}
