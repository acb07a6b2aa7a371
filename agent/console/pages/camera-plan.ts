/**
 * The plain page on which lines, zones, lanes and bays are drawn over the live frame. What is drawn is shown as YAML for
 * the site file: the console changes no site file, so whoever may change what is counted is whoever may change that.
 */
import { html } from 'htm/preact';
import { useState } from 'preact/hooks';
import type { ApiDrawing } from '../api/contract.ts';
import { t } from './i18n.ts';
import { KINDS, NO_PLAN, type Plan, planYaml } from './plan.ts';

export function PlanTools({ plan, change }: { plan: Plan; change: (plan: Plan) => void }) {
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
    ${yaml !== undefined && html`<pre tabindex="0" aria-label=${t('plan.yaml')}>${yaml}</pre>`}
  </div>`;
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
