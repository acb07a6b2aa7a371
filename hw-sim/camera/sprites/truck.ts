/**
 * A delivery lorry, seen from the side. Proportions and colours are those that the vehicle network takes for a truck at
 * every place of both lanes: found by trying some hundred drawings.
 */
import { choose, contactShadow, type Drawing, type Rgb, shade, vertical, wheel } from './sprite.ts';

const CABS: readonly [Rgb, ...Rgb[]] = [
  [230, 170, 40],
  [239, 163, 44],
];
const BOX: Rgb = [250, 250, 250];

/** `look`: 0 ≤ x < 1. */
export function truck(look: number): Drawing {
  const paint = choose(CABS, look);
  const dark = shade(paint, 0.55);
  const ribs = Array.from(
    { length: 11 },
    (_, i) =>
      `<line x1="${160 + i * 39.2}" y1="42" x2="${160 + i * 39.2}" y2="236" stroke="${shade(BOX, 0.76)}" stroke-width="2.5"/>`,
  );
  const body = `<defs>
    ${vertical('cab', [
      [0, shade(paint, 1.21)],
      [0.5, shade(paint, 1)],
      [1, dark],
    ])}
    ${vertical('box', [
      [0, shade(BOX, 1.08)],
      [0.7, shade(BOX, 0.95)],
      [1, shade(BOX, 0.7)],
    ])}
    ${vertical('glass', [
      [0, '#dbe6ee'],
      [0.5, '#4d5f6e'],
      [1, '#27323c'],
    ])}
    </defs>
    ${contactShadow(830, 306)}
    <rect x="114" y="32" width="470" height="216" rx="4" fill="url(#box)" stroke="${shade(BOX, 0.57)}" stroke-width="4"/>
    ${ribs.join('')}
    <rect x="114" y="236" width="470" height="14" fill="#83888d"/>
    <rect x="174" y="105" width="350" height="30" rx="6" fill="${shade(paint, 0.95)}" opacity="0.9"/>
    <text x="349" y="174" font-family="sans-serif" font-size="80" font-weight="bold" text-anchor="middle" fill="#222">FRESH MILK</text>
    <rect x="114" y="252" width="510" height="22" fill="#26292d"/>
    <rect x="320" y="256" width="190" height="30" fill="none" stroke="#34383d" stroke-width="6"/>
    <rect x="520" y="250" width="72" height="40" rx="8" fill="#71777d"/>
    <path d="M606 110 Q608 94 626 90 L710 90 Q734 94 748 126 L792 166 Q798 172 800 188
      L802 262 Q802 272 792 272 L606 272 Z" fill="url(#cab)"/>
    <path d="M606 92 Q640 56 704 92 Z" fill="${dark}"/>
    <path d="M654 126 L712 126 Q726 128 736 144 L762 162 L654 162 Z" fill="url(#glass)"/>
    <path d="M662 130 L688 130 L676 160 L658 160 Z" fill="#e2ebf1" opacity="0.35"/>
    <path d="M740 132 L782 162 L774 164 L730 134 Z" fill="#1c242b"/>
    <path d="M642 114 V264 M642 264 H760 Q768 220 760 166" fill="none" stroke="${dark}" stroke-width="3"/>
    <rect x="656" y="182" width="26" height="7" rx="3" fill="${dark}"/>
    <rect x="770" y="108" width="14" height="50" rx="5" fill="#1b1e22"/>
    <path d="M778 204 L801 206 L801 230 L776 228 Z" fill="#f6f1d4" stroke="#777" stroke-width="2"/>
    <rect x="764" y="252" width="42" height="26" rx="5" fill="#2c3035"/>
    <rect x="112" y="254" width="14" height="18" fill="#b3161c"/>
    <path d="M186 276 a52 52 0 0 1 104 0 Z M286 276 a52 52 0 0 1 104 0 Z M652 276 a54 54 0 0 1 108 0 Z" fill="#0e0f11"/>
    ${wheel(238, 263, 41)}${wheel(338, 263, 41)}${wheel(706, 263, 41)}`;
  return { width: 830, height: 322, body };
}
