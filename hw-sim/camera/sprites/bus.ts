/** A city bus, seen from the side. */
import { choose, contactShadow, type Drawing, type Rgb, shade, vertical, wheel } from './sprite.ts';

const LIVERIES: readonly [Rgb, ...Rgb[]] = [
  [196, 34, 40],
  [30, 110, 190],
  [42, 140, 80],
];

/** `look`: 0 ≤ x < 1. */
export function bus(look: number): Drawing {
  const paint = choose(LIVERIES, look);
  const dark = shade(paint, 0.55);
  const windows = [70, 196, 322, 576, 702].map(
    (x) => `<rect x="${x}" y="62" width="116" height="94" rx="8" fill="url(#glass)"/>
      <path d="M${x + 14} 66 L${x + 52} 66 L${x + 24} 152 L${x + 4} 152 Z" fill="#e6eef4" opacity="0.28"/>
      <line x1="${x}" y1="88" x2="${x + 116}" y2="88" stroke="#1a2229" stroke-width="3"/>
      <path d="M${x + 22} 156 v-26 q14 -14 26 0 v26 z M${x + 66} 156 v-26 q14 -14 26 0 v26 z" fill="#1d2429" opacity="0.8"/>`,
  );
  const door = (x: number) => `<rect x="${x}" y="56" width="104" height="224" rx="6" fill="#22292f"/>
      <rect x="${x + 6}" y="64" width="43" height="206" rx="4" fill="url(#glass)"/>
      <rect x="${x + 55}" y="64" width="43" height="206" rx="4" fill="url(#glass)"/>
      <line x1="${x + 45}" y1="150" x2="${x + 45}" y2="210" stroke="#d7b23a" stroke-width="4"/>
      <line x1="${x + 59}" y1="150" x2="${x + 59}" y2="210" stroke="#d7b23a" stroke-width="4"/>`;
  const body = `<defs>
    ${vertical('body', [
      [0, shade(paint, 1.4)],
      [0.2, shade(paint, 1.05)],
      [0.8, shade(paint, 0.85)],
      [1, dark],
    ])}
    ${vertical('glass', [
      [0, '#9db2c2'],
      [0.5, '#465866'],
      [1, '#222c34'],
    ])}
    </defs>
    ${contactShadow(1180, 318)}
    <path d="M20 60 Q20 22 58 20 L1110 20 Q1142 22 1150 60 L1162 200 L1162 288 Q1162 298 1150 298 L30 298 Q20 298 20 288 Z"
      fill="url(#body)"/>
    <rect x="80" y="8" width="300" height="14" rx="6" fill="#dfe3e6"/>
    <rect x="560" y="4" width="220" height="18" rx="6" fill="#cfd4d8"/>
    <rect x="20" y="190" width="1142" height="20" fill="#f2f3f4" opacity="0.9"/>
    <rect x="40" y="52" width="1040" height="112" rx="10" fill="#1b2127"/>
    ${windows.join('')}
    ${door(452)}${door(838)}
    <path d="M960 62 L1066 62 L1066 160 L960 160 Z" fill="url(#glass)"/>
    <path d="M1080 54 L1136 54 Q1142 60 1143 74 L1153 190 L1080 190 Z" fill="url(#glass)" stroke="#1b2127" stroke-width="5"/>
    <path d="M1092 60 L1120 60 L1112 180 L1090 180 Z" fill="#e6eef4" opacity="0.3"/>
    <rect x="830" y="26" width="190" height="24" rx="3" fill="#14171a"/>
    <text x="925" y="45" font-family="sans-serif" font-size="20" font-weight="bold" fill="#ffb62e" text-anchor="middle">27</text>
    <rect x="1146" y="84" width="20" height="52" rx="6" fill="#1c1f23"/>
    <path d="M1136 236 L1162 232 L1162 262 L1134 262 Z" fill="#fbf6dc" stroke="#777" stroke-width="2"/>
    <rect x="20" y="220" width="12" height="50" fill="#b3161c"/>
    <path d="M40 240 H440 M570 240 H830 M960 240 H1120" stroke="${dark}" stroke-width="3" fill="none"/>
    <rect x="24" y="284" width="1136" height="16" fill="#1a1c1f"/>
    <path d="M190 300 a62 62 0 0 1 124 0 Z" fill="#0e0f11"/>
    <path d="M958 300 a62 62 0 0 1 124 0 Z" fill="#0e0f11"/>
    ${wheel(252, 284, 46)}${wheel(1020, 284, 46)}`;
  return { width: 1180, height: 334, body };
}
