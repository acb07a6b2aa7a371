/**
 * What Chinese streets have beside COCO's classes, seen from the side: an electric scooter (电动自行车) with its rider, a
 * cargo tricycle (三轮车), a microvan (微面). Nothing of the street's traffic plan: they show what the models make of them.
 */
import { choose, contactShadow, type Drawing, type Rgb, shade, vertical, wheel } from './sprite.ts';

const COATS: readonly [Rgb, ...Rgb[]] = [
  [208, 122, 32],
  [56, 92, 160],
  [150, 40, 52],
];
const PAINTS: readonly [Rgb, ...Rgb[]] = [
  [232, 232, 228],
  [40, 104, 150],
  [178, 40, 40],
];
const SKIN = '#d2a07e';

const smallWheel = (x: number, y: number, radius: number) =>
  `<circle cx="${x}" cy="${y}" r="${radius - 4}" fill="#9aa0a6" stroke="#141518" stroke-width="8"/>
   <circle cx="${x}" cy="${y}" r="5" fill="#3a3d42"/>`;

/** `look`: 0 ≤ x < 1. */
export function eBike(look: number): Drawing {
  const coat = choose(COATS, look);
  const paint = choose(PAINTS, (look * 3) % 1);
  const body = `<defs>
    ${vertical('paint', [
      [0, shade(paint, 1.2)],
      [1, shade(paint, 0.6)],
    ])}
    ${vertical('cloth', [
      [0, shade(coat, 1.25)],
      [1, shade(coat, 0.65)],
    ])}
    </defs>
    ${contactShadow(180, 172)}
    ${smallWheel(36, 146, 24)}${smallWheel(146, 146, 24)}
    <path d="M146 146 L124 72" stroke="#8f959b" stroke-width="6"/>
    <path d="M22 112 Q30 98 70 98 L84 122 L112 128 L122 98 L132 90 L134 112 L122 142 L52 142 Q44 122 22 112 Z" fill="url(#paint)"/>
    <path d="M28 98 Q46 88 88 94 L84 102 L34 104 Z" fill="#1b1c1f"/>
    <path d="M124 76 L112 66 M120 74 l14 -4" stroke="#23262a" stroke-width="5"/>
    <rect x="128" y="84" width="10" height="12" rx="3" fill="#fbf5d8"/>
    <rect x="10" y="92" width="22" height="20" rx="2" fill="#30343a"/>
    <path d="M58 96 Q84 88 100 108 L96 134 L108 138 L106 146 L82 144 L82 114 L56 106 Z" fill="#2b3140"/>
    <path d="M46 94 Q46 58 70 44 Q88 40 94 54 L90 96 Q66 102 46 94 Z" fill="url(#cloth)"/>
    <path d="M80 52 Q96 58 104 68 L120 68 L120 76 L96 78 Q84 70 78 64 Z" fill="${shade(coat, 0.85)}"/>
    <circle cx="120" cy="72" r="5" fill="${SKIN}"/>
    <path d="M76 38 l14 4 l-4 10 l-12 -4 z" fill="${SKIN}"/>
    <ellipse cx="86" cy="26" rx="13" ry="15" fill="${SKIN}"/>
    <path d="M70 26 Q70 6 88 8 Q104 10 102 22 L72 30 Z" fill="#e8c33a"/>`;
  return { width: 180, height: 182, body };
}

/** `look`: 0 ≤ x < 1. */
export function cargoTricycle(look: number): Drawing {
  const coat = choose(COATS, look);
  const paint = choose(PAINTS, (look * 3 + 0.4) % 1);
  const body = `<defs>
    ${vertical('box', [
      [0, shade(paint, 1.15)],
      [1, shade(paint, 0.65)],
    ])}
    ${vertical('cloth', [
      [0, shade(coat, 1.25)],
      [1, shade(coat, 0.65)],
    ])}
    </defs>
    ${contactShadow(280, 178)}
    ${wheel(58, 152, 24)}${smallWheel(246, 150, 26)}
    <rect x="6" y="82" width="134" height="52" fill="url(#box)" stroke="#4c4f54" stroke-width="2"/>
    <path d="M6 96 h134 M6 110 h134 M6 122 h134 M40 82 v52 M74 82 v52 M108 82 v52" stroke="${shade(paint, 0.5)}" stroke-width="2"/>
    <path d="M16 82 q20 -30 60 -26 q40 -2 54 26 z" fill="#8a7a5c"/>
    <path d="M6 134 h150 l40 -10 l26 -46" fill="none" stroke="#33373c" stroke-width="8"/>
    <path d="M246 150 L224 70 L206 64" fill="none" stroke="#7b8086" stroke-width="6"/>
    <path d="M146 100 h34 v10 h-34 z" fill="#1b1c1f"/>
    <path d="M152 102 Q178 96 196 116 L192 144 L204 146 L202 154 L180 152 L178 122 L152 114 Z" fill="#2b3140"/>
    <path d="M144 102 Q144 66 168 52 Q186 48 192 62 L186 104 Q162 110 144 102 Z" fill="url(#cloth)"/>
    <path d="M178 60 Q194 66 202 72 L216 68 L216 76 L194 84 Q182 78 176 70 Z" fill="${shade(coat, 0.85)}"/>
    <ellipse cx="182" cy="34" rx="13" ry="15" fill="${SKIN}"/>
    <path d="M164 32 Q166 14 184 16 Q200 18 200 28 L206 30 L168 34 Z" fill="#3a3f46"/>`;
  return { width: 280, height: 188, body };
}

/** `look`: 0 ≤ x < 1. */
export function microvan(look: number): Drawing {
  const paint = choose(PAINTS, look);
  const dark = shade(paint, 0.55);
  const body = `<defs>
    ${vertical('body', [
      [0, shade(paint, 1.2)],
      [0.6, shade(paint, 0.95)],
      [1, dark],
    ])}
    ${vertical('glass', [
      [0, '#9db2c1'],
      [1, '#26313b'],
    ])}
    </defs>
    ${contactShadow(400, 196)}
    <path d="M14 156 L16 44 Q20 24 44 20 L284 18 Q312 20 334 54 L368 100 Q384 108 384 132 L382 168 L14 168 Z" fill="url(#body)"/>
    <path d="M34 40 h68 v48 h-72 z M112 40 h74 v48 h-74 z M196 40 h66 v48 h-66 z" fill="url(#glass)"/>
    <path d="M274 40 Q296 40 310 58 L334 92 L274 92 Z" fill="url(#glass)"/>
    <path d="M190 36 V164 M268 36 V164 M106 36 V164 M16 104 H370" stroke="${dark}" stroke-width="2" fill="none"/>
    <path d="M358 112 q18 2 22 16 l-22 -2 z" fill="#f4f2df"/>
    <path d="M14 104 h8 v26 h-8 z" fill="#a5141b"/>
    <rect x="10" y="160" width="378" height="12" rx="5" fill="#26292e"/>
    <path d="M52 170 a36 36 0 0 1 72 0 Z M270 170 a36 36 0 0 1 72 0 Z" fill="#0e0f11"/>
    ${wheel(88, 168, 27)}${wheel(306, 168, 27)}`;
  return { width: 400, height: 206, body };
}
