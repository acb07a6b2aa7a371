/**
 * Lines, zones, lanes and bays are drawn over the live frame: by mouse, finger, or as numbers. An administrator saves what
 * was drawn as a change of the site file; everybody sees it as YAML for it.
 */
import { html } from 'htm/preact';
import { useState } from 'preact/hooks';
import type { ApiDrawing, ApiDrawn } from '../api/contract.ts';
import { post, Refusal } from './api.ts';
import { t } from './i18n.ts';
import { KINDS, NO_PLAN, type Place, type Plan, planYaml } from './plan.ts';
import { reachesAdministrator, use } from './state.ts';

interface PlanParts {
  readonly camera: string;
  readonly plan: Plan;
  readonly change: (plan: Plan) => void;
}

export function PlanTools({ camera, plan, change }: PlanParts) {
  const administrator = use(reachesAdministrator);
  const [open, setOpen] = useState(false);
  if (!open) {
    return html`<p class="plan"><button type="button" onClick=${() => setOpen(true)}>${t('plan.draw')}</button></p>`;
  }
  const yaml = planYaml(plan);
  const close = () => {
    setOpen(false);
    change(NO_PLAN);
  };
  return html`<div class="plan">
    <p role="group" aria-label=${t('plan.draw')}>
      ${KINDS.map(
        (kind) => html`<button
          type="button"
          key=${kind}
          aria-pressed=${plan.kind === kind ? 'true' : 'false'}
          onClick=${() => change({ kind, places: [] })}
        >${t(`plan.${kind}`)}</button>`,
      )}
      <button type="button" onClick=${() => change({ ...plan, places: [] })}>${t('plan.clear')}</button>
      <button type="button" onClick=${close}>${t('plan.close')}</button>
    </p>
    <p class="note">${plan.kind === undefined ? t('plan.choose') : t(`planhow.${plan.kind}`)}</p>
    ${plan.kind !== undefined && html`<${Places} plan=${plan} change=${change} />`}
    ${yaml !== undefined && administrator && html`<${Save} camera=${camera} plan=${plan} done=${close} />`}
    ${yaml !== undefined && html`<pre tabindex="0" aria-label=${t('plan.yaml')}>${yaml}</pre>`}
  </div>`;
}

/** The corners as numbers, % from the left and the top: for keys, and for what has to be exact. */
function Places({ plan, change }: { plan: Plan; change: (plan: Plan) => void }) {
  const set = (index: number, axis: 0 | 1) => (event: Event) => {
    if (!(event.currentTarget instanceof HTMLInputElement)) return;
    const share = Math.min(1, Math.max(0, Number(event.currentTarget.value) / 100));
    const places = plan.places.map(
      ([x, y], i): Place => (i !== index ? [x, y] : axis === 0 ? [share, y] : [x, share]),
    );
    change({ ...plan, places });
  };
  const percent = (share: number) => String(Math.round(share * 1000) / 10);
  return html`<ol class="places">
      ${plan.places.map(
        ([x, y], i) => html`<li key=${i}>
          <input type="number" min="0" max="100" step="0.1" aria-label=${t('plan.x', { n: i + 1 })} value=${percent(x)} onChange=${set(i, 0)} />
          <input type="number" min="0" max="100" step="0.1" aria-label=${t('plan.y', { n: i + 1 })} value=${percent(y)} onChange=${set(i, 1)} />
        </li>`,
      )}
    </ol>
    <button type="button" onClick=${() => change({ ...plan, places: [...plan.places, [0.5, 0.5]] })}>${t('plan.add')}</button>`;
}

function Save({ camera, plan, done }: { camera: string; plan: Plan; done: () => void }) {
  const [id, setId] = useState(`${plan.kind}-1`);
  const [said, setSaid] = useState('');
  const save = async (event: Event) => {
    event.preventDefault();
    try {
      const { change } = await post<ApiDrawn>(`/cameras/${camera}/drawings`, {
        kind: plan.kind,
        id,
        spots: plan.places,
      });
      setSaid(t('plan.saved', { n: change }));
      setTimeout(done, 4000);
    } catch (thrown) {
      setSaid(thrown instanceof Refusal ? `${thrown.message} ${thrown.fix ?? ''}` : String(thrown));
    }
  };
  return html`<form class="row" onSubmit=${save}>
    <label class="field">${t('plan.id')}
      <input name="id" required pattern="[A-Za-z0-9_\-]{1,64}" value=${id} onInput=${(event: Event) => event.currentTarget instanceof HTMLInputElement && setId(event.currentTarget.value)} /></label>
    <button class="primary" type="submit">${t('plan.save')}</button>
    ${said !== '' && html`<p role="status">${said}</p>`}
  </form>`;
}

/** Draws what is counted where, and the plan over it. */
export function drawPlan(
  pen: CanvasRenderingContext2D,
  drawings: readonly ApiDrawing[],
  plan: Plan,
  colour: string,
): void {
  const { width, height } = pen.canvas;
  const shapes = [
    ...drawings.map(({ kind, spots, id }) => ({ kind, places: spots, name: id })),
    ...(plan.kind === undefined ? [] : [{ kind: plan.kind, places: plan.places, name: '' }]),
  ];
  pen.strokeStyle = colour;
  pen.fillStyle = colour;
  for (const { kind, places, name } of shapes) {
    pen.setLineDash(name === '' ? [6, 4] : []);
    pen.beginPath();
    for (const [i, [x, y]] of places.entries()) {
      if (i === 0) pen.moveTo(x * width, y * height);
      else pen.lineTo(x * width, y * height);
    }
    if (kind !== 'line' && places.length > 2) pen.closePath();
    pen.stroke();
    for (const [x, y] of places) pen.fillRect(x * width - 4, y * height - 4, 8, 8);
    const [first] = places;
    if (first !== undefined && name !== '') pen.fillText(name, first[0] * width + 8, first[1] * height - 6);
  }
  pen.setLineDash([]);
}
