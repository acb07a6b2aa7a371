/** The pole that every page begins with. */
import { html } from 'htm/preact';

export function Brand({ onClick }: { readonly onClick?: (event: MouseEvent) => void }) {
  return html`<a class="brand" href="/" onClick=${onClick} aria-label="Kerbside">
    <svg viewBox="0 0 32 32" aria-hidden="true">
      <path class="pole" d="M7 28V8.5A3.5 3.5 0 0 1 10.500 5H18M3 28h24" />
      <path class="head" d="M16.500 4.500h8l1.900 4H16.500z" />
      <path class="glow" d="M17 9.500h9.500L29.500 24H13.500z" />
    </svg>
    <span>Kerbside</span>
  </a>`;
}
