/** A motor scooter and a bicycle with their riders, seen from the side. */
import { choose, contactShadow, type Drawing, type Rgb, shade, vertical } from './sprite.ts';

const JACKETS: readonly [Rgb, ...Rgb[]] = [
  [46, 82, 150],
  [172, 44, 40],
  [60, 62, 66],
  [52, 118, 74],
];
/** A scooter's own paint: greys stand out from any rider. */
const PAINTS: readonly [Rgb, ...Rgb[]] = [
  [60, 62, 66],
  [78, 82, 88],
  [48, 50, 54],
];
const SKIN = '#d6a584';

/** `look`: 0 ≤ x < 1. */
export function motorcycle(look: number): Drawing {
  const jacket = choose(JACKETS, look);
  const paint = choose(PAINTS, (look * 7) % 1);
  const dark = shade(paint, 0.5);
  const body = `<defs>
    ${vertical('paint', [
      [0, shade(paint, 1.5)],
      [0.5, shade(paint, 1)],
      [1, dark],
    ])}
    ${vertical('cloth', [
      [0, shade(jacket, 1.3)],
      [1, shade(jacket, 0.6)],
    ])}
    </defs>
    ${contactShadow(220, 178)}
    ${tyre(44, 148, 32, 11)}${tyre(178, 148, 32, 11)}
    <path d="M44 148 L84 130 L120 142" fill="none" stroke="#3b3f45" stroke-width="9"/>
    <path d="M178 148 L152 84" stroke="#a7acb2" stroke-width="8"/>
    <path d="M150 118 Q166 104 192 112 L196 120 Q178 112 158 128 Z" fill="url(#paint)"/>
    <path d="M18 118 Q30 96 70 94 L112 100 Q128 108 134 130 Q118 150 84 146 L60 128 Q40 114 18 118 Z" fill="url(#paint)"/>
    <path d="M112 100 Q124 76 148 76 L158 96 Q150 118 134 130 Z" fill="url(#paint)"/>
    <path d="M24 96 Q40 84 100 90 L112 100 L60 100 Z" fill="#1c1e21"/>
    <rect x="82" y="124" width="42" height="28" rx="6" fill="#6f757c"/>
    <path d="M60 150 H22 q-8 0 -8 8 h62 z" fill="#9aa0a6"/>
    <path d="M152 80 L136 70" stroke="#25282c" stroke-width="7" stroke-linecap="round"/>
    <path d="M158 78 q14 4 12 20 l-12 0 z" fill="#fdf7dc" stroke="#666" stroke-width="2"/>
    <rect x="8" y="104" width="12" height="9" fill="#bb1920"/>
    <path d="M74 92 Q104 84 116 104 L112 138 L126 146 L124 154 L96 152 L98 112 L68 104 Z" fill="#2b3140"/>
    <path d="M104 146 h26 q6 4 6 12 h-34 z" fill="#17181b"/>
    <path d="M58 92 Q58 56 82 40 Q102 34 110 52 L104 96 Q80 102 58 92 Z" fill="url(#cloth)"/>
    <path d="M96 48 Q112 52 120 66 L142 68 L142 78 L112 80 Q98 70 92 62 Z" fill="${shade(jacket, 0.8)}"/>
    <circle cx="143" cy="72" r="6" fill="${SKIN}"/>
    <path d="M90 34 q10 10 18 4 l-2 10 q-10 6 -18 -2 z" fill="${SKIN}"/>
    <path d="M80 24 Q80 2 102 2 Q122 4 122 24 L120 32 L100 36 Q82 38 80 24 Z" fill="${shade(paint, 1.1)}"/>
    <path d="M104 14 L122 16 L121 30 L106 30 Z" fill="#20262c"/>`;
  return { width: 220, height: 190, body };
}

/** `look`: 0 ≤ x < 1. */
export function bicycle(look: number): Drawing {
  const shirt = choose(JACKETS, look);
  const frame = shade(choose(JACKETS, (look * 5) % 1), 0.9);
  const body = `<defs>
    ${vertical('cloth', [
      [0, shade(shirt, 1.35)],
      [1, shade(shirt, 0.65)],
    ])}
    </defs>
    ${contactShadow(200, 178)}
    ${spoked(42, 142, 36)}${spoked(154, 142, 36)}
    <path d="M42 142 L64 88 L132 84 L92 144 L42 142 M64 88 L92 144" fill="none" stroke="${frame}" stroke-width="6.5"
      stroke-linejoin="round"/>
    <path d="M154 142 L130 72" stroke="${frame}" stroke-width="6.5"/>
    <path d="M130 72 L126 64 L144 62 Q154 64 150 74" fill="none" stroke="#23262a" stroke-width="5"/>
    <path d="M64 88 L61 78" stroke="#555" stroke-width="5"/>
    <path d="M48 78 Q62 72 78 77 L62 83 Z" fill="#1b1c1e"/>
    <circle cx="92" cy="144" r="10" fill="none" stroke="#50555b" stroke-width="5"/>
    <path d="M92 144 L100 162 M94 162 h16" stroke="#2a2d31" stroke-width="5"/>
    <path d="M58 76 Q82 70 104 92 L96 124 L106 158 L94 162 L80 126 L82 102 L60 92 Z" fill="#2f3a52"/>
    <path d="M92 156 h18 q6 4 4 10 h-22 z" fill="#e9e9e6" stroke="#777" stroke-width="1.5"/>
    <path d="M52 80 Q56 48 84 34 Q102 30 106 44 L90 84 Q70 90 52 80 Z" fill="url(#cloth)"/>
    <path d="M92 40 Q106 50 118 60 L140 60 L140 68 L112 70 Q96 62 88 54 Z" fill="${shade(shirt, 0.85)}"/>
    <circle cx="141" cy="64" r="6" fill="${SKIN}"/>
    <path d="M94 26 L108 30 L102 42 L90 38 Z" fill="${SKIN}"/>
    <ellipse cx="106" cy="18" rx="14" ry="17" fill="${SKIN}"/>
    <path d="M90 18 Q90 -2 108 0 Q122 2 120 12 Q106 8 102 24 Q94 30 90 18 Z" fill="#2a211b"/>`;
  return { width: 200, height: 188, body };
}

function tyre(x: number, y: number, radius: number, width: number): string {
  return `<circle cx="${x}" cy="${y}" r="${radius - width / 2}" fill="#8d9298" stroke="#131417" stroke-width="${width}"/>
    <circle cx="${x}" cy="${y}" r="${radius * 0.3}" fill="#4a4e54"/>`;
}

function spoked(x: number, y: number, radius: number): string {
  const spokes = Array.from({ length: 8 }, (_, i) => {
    const angle = (i * Math.PI) / 8;
    const [dx, dy] = [Math.cos(angle) * radius, Math.sin(angle) * radius];
    return `M${(x - dx).toFixed(1)} ${(y - dy).toFixed(1)} L${(x + dx).toFixed(1)} ${(y + dy).toFixed(1)}`;
  });
  return `<path d="${spokes.join(' ')}" stroke="#9a9fa5" stroke-width="1"/>
    <circle cx="${x}" cy="${y}" r="${radius - 3}" fill="none" stroke="#141518" stroke-width="6"/>
    <circle cx="${x}" cy="${y}" r="${radius - 7}" fill="none" stroke="#b9bec4" stroke-width="2"/>
    <circle cx="${x}" cy="${y}" r="5" fill="#3a3d42"/>`;
}
