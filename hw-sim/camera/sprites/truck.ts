/** A box lorry, seen from the side. */
import { choose, contactShadow, type Drawing, type Rgb, shade, vertical, wheel } from './sprite.ts';

const CABS: readonly [Rgb, ...Rgb[]] = [
  [40, 92, 168],
  [186, 42, 38],
  [226, 228, 230],
];

/** `look`: 0 ≤ x < 1. */
export function truck(look: number): Drawing {
  const paint = choose(CABS, look);
  const dark = shade(paint, 0.55);
  const ribs = Array.from(
    { length: 11 },
    (_, i) =>
      `<line x1="${70 + i * 46}" y1="32" x2="${70 + i * 46}" y2="236" stroke="#b9bdc1" stroke-width="2.5"/>`,
  );
  const body = `<defs>
    ${vertical('cab', [
      [0, shade(paint, 1.35)],
      [0.5, shade(paint, 1)],
      [1, dark],
    ])}
    ${vertical('box', [
      [0, '#f4f5f6'],
      [0.7, '#dcdfe2'],
      [1, '#a9adb1'],
    ])}
    ${vertical('glass', [
      [0, '#a8bccb'],
      [0.5, '#4d5f6e'],
      [1, '#27323c'],
    ])}
    </defs>
    ${contactShadow(830, 306)}
    <rect x="24" y="22" width="560" height="226" rx="4" fill="url(#box)" stroke="#8e9398" stroke-width="3"/>
    ${ribs.join('')}
    <rect x="24" y="22" width="560" height="12" fill="#c9cdd0"/>
    <rect x="24" y="236" width="560" height="14" fill="#83888d"/>
    <rect x="150" y="98" width="300" height="64" rx="6" fill="${shade(paint, 0.95)}" opacity="0.85"/>
    <rect x="24" y="252" width="600" height="22" fill="#26292d"/>
    <rect x="300" y="258" width="120" height="34" rx="4" fill="#4d5258"/>
    <path d="M606 96 Q608 76 626 74 L716 74 Q736 76 748 98 L786 166 Q800 172 802 188 L804 262 Q804 272 794 272 L606 272 Z"
      fill="url(#cab)"/>
    <path d="M606 74 Q640 44 716 74 Z" fill="${dark}"/>
    <path d="M650 92 L712 92 Q724 94 732 108 L760 162 L650 162 Z" fill="url(#glass)"/>
    <path d="M662 94 L688 94 L676 160 L654 160 Z" fill="#e2ebf1" opacity="0.35"/>
    <path d="M738 98 L778 162 L770 164 L728 100 Z" fill="#1c242b"/>
    <path d="M642 84 V264 M642 264 H764 Q772 220 762 166" fill="none" stroke="${dark}" stroke-width="3"/>
    <rect x="656" y="182" width="26" height="7" rx="3" fill="${dark}"/>
    <rect x="772" y="112" width="14" height="44" rx="5" fill="#1b1e22"/>
    <path d="M782 204 L803 206 L803 230 L780 228 Z" fill="#f6f1d4" stroke="#777" stroke-width="2"/>
    <rect x="770" y="252" width="38" height="24" rx="5" fill="#2c3035"/>
    <rect x="22" y="254" width="14" height="18" fill="#b3161c"/>
    <path d="M96 276 a52 52 0 0 1 104 0 Z M196 276 a52 52 0 0 1 104 0 Z M652 276 a54 54 0 0 1 108 0 Z" fill="#0e0f11"/>
    ${wheel(148, 268, 44)}${wheel(246, 268, 44)}${wheel(706, 268, 44)}`;
  return { width: 830, height: 322, body };
}
