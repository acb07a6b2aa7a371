/** Lamps tonight: what is planned and what was measured as a curve, what holds now and why, an override with its end. */
import { html } from 'htm/preact';
import type { ApiBucket, ApiSite } from '../api/contract.ts';
import type { ApiLamp, ApiLamps } from '../api/light-contract.ts';
import { useAsked } from './asked.ts';
import { formatHour, formatMoment, formatNumber, formatSpan, type Key, say, t } from './i18n.ts';
import { EndOverride, LampCard } from './lamp.ts';
import { useNamed } from './named.ts';
import { type State, use } from './state.ts';

const EVERY = 5000;
const HISTORY_EVERY = 60_000;
const WIDTH = 720;
const HEIGHT = 170;
const FOOT = 22;
const QUARTER = 900;

const lamps = (state: State) => state.site?.lamps;

export function LightPage() {
  const here = use(lamps) ?? [];
  const { answer, failed } = useAsked<ApiLamps>('/lamps', EVERY);
  if (here.length === 0) {
    return html`<section class="card"><h1>${t('nav.light')}</h1><p class="empty">${t('light.none')}</p></section>`;
  }
  return html`<h1 class="aloud">${t('nav.light')}</h1>
    ${failed !== '' && html`<p class="card refusal" role="alert">${failed}</p>`}
    ${here.map((lamp) => {
      const tonight = answer?.lamps.find((one) => one.lamp === lamp.id);
      return html`<${Lamp} key=${lamp.id} lamp=${lamp} tonight=${tonight} now=${answer?.now ?? 0} />`;
    })}`;
}

function Lamp({
  lamp,
  tonight,
  now,
}: {
  lamp: ApiSite['lamps'][number];
  tonight: ApiLamp | undefined;
  now: number;
}) {
  const named = useNamed(lamp.id);
  return html`<div class="grid light ${named.class}" ref=${named.ref}>
    ${tonight === undefined ? html`<p class="card waiting" role="status">${t('page.loading')}</p>` : html`<${Tonight} lamp=${tonight} now=${now} />`}
    <${LampCard} lamp=${lamp} until=${tonight?.programme?.dawn} />
  </div>`;
}

function Tonight({ lamp, now }: { lamp: ApiLamp; now: number }) {
  const { programme, now: decision, override } = lamp;
  return html`<section class="card" aria-labelledby="tonight-${lamp.lamp}">
    <header class="card-head"><h2 id="tonight-${lamp.lamp}">${t('light.tonight')} <small>${lamp.lamp}${programme !== null && ` · ${programme.id}`}</small></h2></header>
    ${
      decision !== null &&
      html`<p class="lead"><b class="sum">${formatNumber(decision.level, 0)} %</b> · ${t(`rung.${decision.rung}` as Key)}${decision.why !== undefined && `: ${decision.why}`}</p>`
    }
    ${
      override !== null &&
      html`<p class="override"><span>${t('light.override', { value: String(override.value), who: override.issuer, time: formatMoment(override.until), left: formatSpan(Math.max(0, override.until - now)) })}</span>
        <${EndOverride} lamp=${lamp} level=${plannedNow(lamp, now)} /></p>`
    }
    ${programme === null ? html`<p class="empty">${t('light.no_programme')}</p>` : html`<${Night} lamp=${lamp} programme=${programme} now=${now} />`}
  </section>`;
}

type Programme = NonNullable<ApiLamp['programme']>;

/** Level that the programme wants at `now`, %. */
function plannedNow({ programme }: ApiLamp, now: number): number {
  if (programme === null) return 100;
  return programme.levels[Math.floor((now - programme.from) / (programme.step_s * 1000))] ?? 0;
}

/** Changes of the planned level: when, and to what. */
function steps({ levels, from, step_s: step }: Programme): readonly { at: number; level: number }[] {
  return levels.flatMap((level, i) =>
    i === 0 || level !== levels[i - 1] ? [{ at: from + i * step * 1000, level }] : [],
  );
}

function Night({ lamp, programme, now }: { lamp: ApiLamp; programme: Programme; now: number }) {
  const { from, to, dusk, dawn, levels, step_s: step, traffic } = programme;
  // Held for a quarter of an hour, so that the same question is asked again.
  const until = Math.min(to, Math.ceil(now / (QUARTER * 1000)) * QUARTER * 1000);
  const history = (device: string, point: string) =>
    `/history?${new URLSearchParams({ device, point, from: `${from}`, to: `${Math.max(from + 1, until)}`, bucket_s: `${QUARTER}` })}`;
  const { answer: burnt } = useAsked<{ buckets: ApiBucket[] }>(
    history(lamp.device, lamp.point),
    HISTORY_EVERY,
  );
  const x = (time: number) => ((time - from) / (to - from)) * WIDTH;
  const y = (percent: number) => HEIGHT - FOOT - (percent / 100) * (HEIGHT - FOOT - 8);
  const area = `M0 ${y(0)}${levels.map((level, i) => `L${x(from + i * step * 1000).toFixed(1)} ${y(level).toFixed(1)}L${x(from + (i + 1) * step * 1000).toFixed(1)} ${y(level).toFixed(1)}`).join('')}L${WIDTH} ${y(0)}Z`;
  const hours = Array.from(
    { length: Math.floor((to - from) / 10_800_000) + 1 },
    (_, i) => from + i * 10_800_000,
  );
  const words = steps(programme)
    .map(({ at, level }) => t('light.step', { time: formatHour(at), level: formatNumber(level, 0) }))
    .join(' · ');
  return html`
    <svg class="night" viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label=${t('light.curve')}>
      <rect class="sky" width=${WIDTH} height=${HEIGHT - FOOT} />
      ${dusk !== undefined && dawn !== undefined && html`<rect class="dark" x=${x(dusk)} width=${x(dawn) - x(dusk)} height=${HEIGHT - FOOT} />`}
      ${[50, 100].map((percent) => html`<path class="grid-line" d=${`M0 ${y(percent)}h${WIDTH}`} />`)}
      <path class="planned" d=${area} />
      ${
        traffic !== undefined &&
        dusk !== undefined &&
        dawn !== undefined &&
        html`<rect class="traffic" x=${x(dusk)} width=${x(dawn) - x(dusk)} y=${y(traffic[1])} height=${Math.max(1, y(traffic[0]) - y(traffic[1]))} />`
      }
      <path class="burnt" d=${line(burnt?.buckets ?? [], x, y)} />
      ${now >= from && now < to && html`<path class="now-line" d=${`M${x(now)} 0v${HEIGHT - FOOT}`} />`}
      ${lamp.override !== null && html`<rect class="held" x=${x(now)} width=${Math.max(2, Math.min(WIDTH, x(lamp.override.until)) - x(now))} y=${HEIGHT - FOOT - 4} height="4" />`}
      ${hours.map((time, i) => html`<text x=${Math.min(WIDTH - 18, Math.max(18, x(time)))} y=${HEIGHT - 6} text-anchor="middle" key=${i}>${formatHour(time)}</text>`)}
    </svg>
    <p class="legend"><span class="key planned">${t('light.planned')}</span> <span class="key burnt">${t('light.measured')}</span>
      ${traffic !== undefined && html` <span class="key traffic">${t('light.traffic', { low: traffic[0], high: traffic[1] })}</span>`}</p>
    <p class="note">${dusk === undefined || dawn === undefined ? t('light.no_night') : t('light.lit', { dusk: formatHour(dusk), dawn: formatHour(dawn) })}${programme.photocell && ` ${t('light.photocell')}`} ${words}</p>
    ${programme.boosts.length > 0 && html`<p class="note">${t('light.boosts', { list: programme.boosts.join(', ') })}</p>`}
    ${lamp.power !== null && html`<${Watts} lamp=${lamp} power=${lamp.power} path=${history(lamp.power.device, lamp.power.point)} />`}`;
}

function line(
  buckets: readonly ApiBucket[],
  x: (time: number) => number,
  y: (percent: number) => number,
): string {
  let pen = 'M';
  let before = 0;
  return buckets
    .map(({ time, mean, last }) => {
      const value = mean ?? last;
      if (value === null) return '';
      if (time - before > 1.5 * QUARTER * 1000) pen = 'M';
      before = time;
      const place = `${pen}${x(time + (QUARTER * 1000) / 2).toFixed(1)} ${y(value).toFixed(1)}`;
      pen = 'L';
      return place;
    })
    .join('');
}

/** What the meter saw of the lamp so far. */
function Watts({ lamp, power, path }: { lamp: ApiLamp; power: NonNullable<ApiLamp['power']>; path: string }) {
  const { answer } = useAsked<{ buckets: ApiBucket[] }>(path, HISTORY_EVERY);
  const means = answer?.buckets.flatMap(({ mean }) => mean ?? []) ?? [];
  if (means.length === 0) return null;
  const energy = means.reduce((sum, value) => sum + (value * QUARTER) / 3600, 0);
  return html`<p class="note">${t('light.power', {
    lamp: say(lamp.title),
    most: `${formatNumber(Math.max(...means), 0)} W`,
    rated: `${formatNumber(power.rated, 0)} W`,
    energy: `${formatNumber(energy, 0)} Wh`,
  })}</p>`;
}
