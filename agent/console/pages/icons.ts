/** Signs of the pages in the navigation: strokes on a field of 24 by 24. */
import { html } from 'htm/preact';

const PATHS = {
  overview: 'M3 12h4l2.500-6 4 12L16 12h5',
  alarms: 'M6 17V11a6 6 0 0 1 12 0v6l1.500 2h-15zM10 21.500h4',
  points: 'M4 18h16M7 18v-5M12 18V6M17 18v-8',
  cameras: 'M3 7.500h12v9H3zM15 11l6-3.500v9L15 13',
  pole: 'M8 21V6a3 3 0 0 1 3-3h6M4 21h8M14.500 3h5l-1 3.500h-4z',
  light: 'M9 18h6M10 21h4M8 14a6 6 0 1 1 8 0c-.8.700-1 1.300-1 2H9c0-.700-.2-1.300-1-2z',
  sign: 'M4 4h16v11H4zM12 15v6M8 8h3M8 11h8',
  energy: 'M13 2 5 13h6l-1 9 9-12h-7z',
  lines: 'M5 3v18M19 3v18M5 7h14M5 12h14M5 17h14',
  uplinks: 'M12 20V6M6.500 11 12 5l5.500 6M4 20h16',
  node_red: 'M3 8h7v5H3zM14 4h7v5h-7zM14 15h7v5h-7zM10 10.500c3 0 1-4 4-4M10 10.500c3 0 1 7 4 7',
  commands: 'M8 6h12M8 12h12M8 18h12M4 6h.01M4 12h.01M4 18h.01',
  access: 'M8 15a4 4 0 1 1 3.500-6H21v4h-3v3h-3v-3h-3.500A4 4 0 0 1 8 15z',
  settings: 'M4 7h10M18 7h2M4 17h2M10 17h10M14 4.500h4v5h-4zM6 14.500h4v5H6z',
  commission: 'M4 12.500 9.500 18 20 6.500',
  street: 'M4 21 9 3M20 21 15 3M12 5v2M12 11v2M12 17v2',
  more: 'M4 6h16M4 12h16M4 18h16',
} as const;
export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d=${PATHS[name]} /></svg>`;
}
