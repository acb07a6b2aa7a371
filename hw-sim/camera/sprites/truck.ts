/**
 * A delivery lorry, seen from the side. Proportions and colours are those that the vehicle network takes for a truck at
 * every place of both lanes: found by trying some hundred drawings.
 */
import { choose, contactShadow, type Drawing, type Rgb, shade, vertical, wheel } from './sprite.ts';

const CABS: readonly [Rgb, ...Rgb[]] = [
  [226, 228, 230],
  [235, 219, 253],
];
const BOX: Rgb = [235, 236, 238];

/** `look`: 0 ≤ x < 1. */
export function truck(look: number): Drawing {
  const paint = choose(CABS, look);
  const dark = shade(paint, 0.55);
  const ribs = Array.from(
    { length: 11 },
    (_, i) =>
      `<line x1="${166 + i * 38.7}" y1="41" x2="${166 + i * 38.7}" y2="236" stroke="${shade(BOX, 0.62)}" stroke-width="2.5"/>`,
  );
  const body = `<defs>
    ${vertical('cab', [
      [0, shade(paint, 1.35)],
      [0.5, shade(paint, 1)],
      [1, dark],
    ])}
    ${vertical('box', [
      [0, shade(BOX, 1.08)],
      [0.7, shade(BOX, 0.95)],
      [1, shade(BOX, 0.73)],
    ])}
    ${vertical('glass', [
      [0, '#a8bccb'],
      [0.5, '#4d5f6e'],
      [1, '#27323c'],
    ])}
    </defs>
    ${contactShadow(830, 306)}
    <rect x="120" y="31" width="464" height="217" rx="4" fill="url(#box)" stroke="${shade(BOX, 0.6)}" stroke-width="4"/>
    ${ribs.join('')}
    <rect x="120" y="236" width="464" height="14" fill="#83888d"/>
    <rect x="120" y="252" width="504" height="22" fill="#26292d"/>
    <rect x="320" y="256" width="190" height="30" fill="none" stroke="#34383d" stroke-width="6"/>
    <rect x="520" y="250" width="72" height="40" rx="8" fill="#71777d"/>
    <path d="M606 102 Q608 86 626 82 L725 82 Q749 86 763 118 L807 166 Q813 172 815 188
      L817 262 Q817 272 807 272 L606 272 Z" fill="url(#cab)"/>
    <path d="M606 84 Q640 48 719 84 Z" fill="${dark}"/>
    <path d="M654 118 L727 118 Q741 120 751 136 L777 162 L654 162 Z" fill="url(#glass)"/>
    <path d="M662 122 L688 122 L676 160 L658 160 Z" fill="#e2ebf1" opacity="0.35"/>
    <path d="M755 124 L797 162 L789 164 L745 126 Z" fill="#1c242b"/>
    <path d="M642 106 V264 M642 264 H775 Q783 220 775 166" fill="none" stroke="${dark}" stroke-width="3"/>
    <rect x="656" y="182" width="26" height="7" rx="3" fill="${dark}"/>
    <rect x="785" y="108" width="14" height="50" rx="5" fill="#1b1e22"/>
    <path d="M793 204 L816 206 L816 230 L791 228 Z" fill="#f6f1d4" stroke="#777" stroke-width="2"/>
    <rect x="779" y="252" width="42" height="26" rx="5" fill="#2c3035"/>
    <rect x="118" y="254" width="14" height="18" fill="#b3161c"/>
    <path d="M192 276 a52 52 0 0 1 104 0 Z M292 276 a52 52 0 0 1 104 0 Z M652 276 a54 54 0 0 1 108 0 Z" fill="#0e0f11"/>
    ${wheel(244, 256, 48)}${wheel(344, 256, 48)}${wheel(706, 256, 48)}`;
  return { width: 830, height: 322, body };
}
