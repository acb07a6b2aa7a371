/** A QR code as the API gives it: rows of 0 and 1. */
import { html } from 'htm/preact';

export function QrCode({ rows, label }: { readonly rows: readonly string[]; readonly label: string }) {
  return html`<svg class="qr" role="img" aria-label=${label} viewBox=${`0 0 ${rows.length} ${rows.length}`}>
    <rect width="100%" height="100%" fill="#fff" />
    <path d=${drawn(rows)} fill="#000" shape-rendering="crispEdges" />
  </svg>`;
}

/** Dark cells as one path. */
function drawn(rows: readonly string[]): string {
  return rows.flatMap((row, y) => [...row].map((on, x) => (on === '1' ? `M${x} ${y}h1v1h-1z` : ''))).join('');
}
