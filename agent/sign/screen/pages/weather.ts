/** The weather as its source tells it. */
import { html } from 'htm/preact';
import type { Face } from '../face.ts';
import { Say } from './say.ts';

const SUN =
  'M12 7a5 5 0 1 0 0 10 5 5 0 0 0 0-10zM12 1v3M12 20v3M1 12h3M20 12h3M4.200 4.200l2.100 2.100M17.700 17.700l2.100 2.100M4.200 19.800l2.100-2.100M17.700 6.300l2.100-2.100';
const CLOUD = 'M7 18a4.500 4.500 0 0 1-.500-8.900A6 6 0 0 1 18 10.500a3.800 3.800 0 0 1-.500 7.500z';
const LOW_CLOUD = 'M7 14a4 4 0 0 1-.500-7.900A5.500 5.500 0 0 1 17.500 7.500a3.300 3.300 0 0 1-.500 6.500z';
const PATHS: Readonly<Record<string, string>> = {
  clear: SUN,
  'partly-cloudy': `M8 2v2M2.500 8h2M4 4l1.300 1.300M12 4l-1.300 1.300M5.500 9a3 3 0 0 1 5-2.500${CLOUD}`,
  cloudy: CLOUD,
  overcast: CLOUD,
  fog: 'M3 8h18M5 12h14M3 16h18',
  haze: 'M3 8h18M5 12h14M3 16h18',
  dust: 'M3 8h12M5 12h16M3 16h10',
  drizzle: `${LOW_CLOUD}M8 17v1.500M12 18v1.500M16 17v1.500`,
  rain: `${LOW_CLOUD}M8 16.500l-1 3.500M12 16.500l-1 4M16 16.500l-1 3.500`,
  'heavy-rain': `${LOW_CLOUD}M7 16l-1.500 6M11 16l-1.500 6M15 16l-1.500 6M19 15l-1 4`,
  thunderstorm: `${LOW_CLOUD}M13 15l-3 4h3.500l-2.500 4`,
  sleet: `${LOW_CLOUD}M8 16.500l-1 3.500M12 18v.500M12 21v.500M16 16.500l-1 3.500`,
  snow: `${LOW_CLOUD}M8 18v.500M8 21v.500M12 17v.500M12 20v.500M16 18v.500M16 21v.500`,
  'heavy-snow': `${LOW_CLOUD}M7 17v.500M7 21v.500M11 18v.500M11 22v.500M15 17v.500M15 21v.500M19 18v.500`,
  hail: `${LOW_CLOUD}M8 18h1M12 20h1M16 18h1`,
  wind: 'M3 9h11a3 3 0 1 0-3-3M3 13h16a3 3 0 1 1-3 3M3 17h8',
};

export function Weather({ face }: { readonly face: Face }) {
  const { weather } = face;
  if (weather === undefined) return null;
  const { sky, icon, text, source } = weather;
  const path = icon === undefined ? undefined : PATHS[icon];
  return html`<div class="weather">
    ${path !== undefined && html`<svg viewBox="0 0 24 24" aria-hidden="true"><path d=${path} /></svg>`}
    <div>
      ${text !== undefined && html`<b>${text}</b>`}
      ${sky !== undefined && html`<${Say} words=${sky} />`}
      <${Say} class="source" words=${source} />
    </div>
  </div>`;
}
