/** What a drawing is: SVG in centimetres, facing right, standing on its lower edge. */
export interface Drawing {
  /** Centimetres. */
  readonly width: number;
  readonly height: number;
  /** SVG elements, definitions included; ids must be unique within one drawing only. */
  readonly body: string;
}

/** Linear gradient from top to bottom. */
export function vertical(id: string, stops: readonly (readonly [at: number, colour: string])[]): string {
  const parts = stops.map(([at, colour]) => `<stop offset="${at}" stop-color="${colour}"/>`);
  return `<linearGradient id="${id}" x1="0" y1="0" x2="0" y2="1">${parts.join('')}</linearGradient>`;
}

/** A colour made lighter (above 1) or darker (below 1). */
export function shade([r, g, b]: Rgb, factor: number): string {
  const part = (value: number) => Math.max(0, Math.min(255, Math.round(value * factor)));
  return `rgb(${part(r)},${part(g)},${part(b)})`;
}

export type Rgb = readonly [r: number, g: number, b: number];

/** The item of a list for a number 0 ≤ x < 1. */
export function choose<T>(items: readonly [T, ...T[]], draw: number): T {
  return items[Math.floor(draw * items.length)] ?? items[0];
}

/** A wheel with tyre, rim, spokes and hub; centre and radius in centimetres. */
export function wheel(x: number, y: number, radius: number): string {
  const spokes = Array.from({ length: 5 }, (_, i) => {
    const angle = (i * 2 * Math.PI) / 5 + 0.3;
    const [dx, dy] = [Math.cos(angle) * radius * 0.6, Math.sin(angle) * radius * 0.6];
    return `<line x1="${x}" y1="${y}" x2="${x + dx}" y2="${y + dy}" stroke="#6d7278" stroke-width="${radius * 0.16}"/>`;
  });
  return `<circle cx="${x}" cy="${y}" r="${radius}" fill="#16171a"/>
    <circle cx="${x}" cy="${y}" r="${radius * 0.68}" fill="#3a3d42"/>
    <circle cx="${x}" cy="${y}" r="${radius * 0.62}" fill="#a9aeb4"/>
    <circle cx="${x}" cy="${y}" r="${radius * 0.5}" fill="#4b4f55"/>
    ${spokes.join('')}
    <circle cx="${x}" cy="${y}" r="${radius * 0.18}" fill="#c3c7cc"/>`;
}

/** The dark blur under anything that stands on a road. */
export function contactShadow(width: number, ground: number): string {
  return `<radialGradient id="contact"><stop offset="0" stop-color="#000" stop-opacity="0.75"/><stop offset="0.7" stop-color="#000" stop-opacity="0.5"/><stop offset="1" stop-color="#000" stop-opacity="0"/></radialGradient>
    <ellipse cx="${width / 2}" cy="${ground}" rx="${width / 2}" ry="14" fill="url(#contact)"/>`;
}
