/** Inks that can be read on a line's own colour (WCAG 2.2 §1.4.3, relative luminance). */

const BLACK = '#000000';
const WHITE = '#ffffff';
/** Badge of a line that has no colour. */
export const NO_COLOUR = '#14457a';

/** Relative luminance, 0…1, of `#rrggbb`; undefined where it is none. */
export function luminance(colour: string): number | undefined {
  const match = /^#?([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(colour);
  if (match === null) return undefined;
  const [red = 0, green = 0, blue = 0] = match.slice(1).map((hex) => {
    const part = Number.parseInt(hex, 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Contrast of two luminances, 1…21. */
export function contrast(a: number, b: number): number {
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

/** A badge's ground and the ink that is read best on it; every colour has one of at least 4.5 : 1. */
export function badge(colour: string | undefined): { readonly ground: string; readonly ink: string } {
  const ground = colour === undefined || luminance(colour) === undefined ? NO_COLOUR : colour;
  const light = luminance(ground) ?? 0;
  const dark = luminance(BLACK) ?? 0;
  return { ground, ink: contrast(light, 1) >= contrast(light, dark) ? WHITE : BLACK };
}
