/**
 * The camera's view: the newest frame with boxes over it. Asks for frames only while it can be seen, and keeps none:
 * each goes from the answer to the canvas.
 */
import { html } from 'htm/preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ApiDetections, ApiDrawing, ApiSite, PointRow } from '../api/contract.ts';
import { ask, post, Refusal } from './api.ts';
import { drawPlan, PlanTools } from './camera-plan.ts';
import { formatCount, formatValue, say, t } from './i18n.ts';
import { useNamed } from './named.ts';
import { NO_PLAN, type Plan, placed } from './plan.ts';
import { markOf, Shape } from './quality.ts';
import { reachesAdministrator, reachesTechnician, type State, use } from './state.ts';

/** Shortest time between two frames, ms. */
const PACE = 300;
/** Wait after a refusal, ms. */
const PAUSE = 3000;

const points = (state: State) => state.points;

export function CameraCard({ camera }: { camera: ApiSite['cameras'][number] }) {
  const allowed = use(reachesTechnician);
  const counts = [...use(points).values()].filter(({ device }) => device === camera.id);
  const named = useNamed(camera.id);
  return html`<section class="card camera ${named.class}" ref=${named.ref} aria-label=${say(camera.title)}>
    <header class="card-head"><h2>${say(camera.title)} <small>${camera.id}</small></h2></header>
    ${
      !camera.preview
        ? html`<p class="empty">${t('camera.forbidden')}</p>`
        : allowed
          ? html`<${View} camera=${camera} />`
          : html`<p class="empty">${t('camera.role')}</p>`
    }
    <dl class="counts">${counts.map((row) => html`<${Count} key=${row.point} row=${row} />`)}</dl>
    <p class="note">${t('camera.promise')}</p>
  </section>`;
}

function Count({ row }: { row: PointRow }) {
  const { mark, words } = markOf(row);
  return html`<div>
    <dt><${Shape} mark=${mark} label=${words} /> ${say(row.title)}</dt>
    <dd>${formatValue(row)} <span class="unit">${row.symbol}</span></dd>
  </div>`;
}

function View({ camera: { id: camera, title, drawings, unblur } }: { camera: ApiSite['cameras'][number] }) {
  const administrator = use(reachesAdministrator);
  const [plan, setPlan] = useState(NO_PLAN);
  const shown = useRef(plan);
  shown.current = plan;
  const [over, setOver] = useState(false);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [found, setFound] = useState<number | undefined>(undefined);
  const [dark, setDark] = useState('');
  useEffect(() => {
    const { current: element } = canvas;
    if (element === null) return;
    const stop = new AbortController();
    let visible = true;
    const watch = new IntersectionObserver(([entry]) => {
      visible = entry?.isIntersecting ?? true;
    });
    watch.observe(element);
    const look = async () => {
      while (!stop.signal.aborted) {
        if (!visible || document.hidden) {
          await rest(PACE);
          continue;
        }
        try {
          const began = performance.now();
          setFound(await draw(element, camera, drawings, shown.current, stop.signal));
          setDark('');
          setOver(false);
          await rest(Math.max(0, PACE - (performance.now() - began)));
        } catch (thrown) {
          if (stop.signal.aborted) return;
          setOver(thrown instanceof Refusal && thrown.code === 'viewing-over');
          setDark(thrown instanceof Refusal ? thrown.message : t('camera.dark'));
          await rest(PAUSE);
        }
      }
    };
    void look();
    return () => {
      stop.abort();
      watch.disconnect();
    };
  }, [camera]);
  const words = found === undefined ? t('camera.waiting') : t('camera.found', { n: formatCount(found) });
  const mark = (event: MouseEvent & { currentTarget: HTMLCanvasElement }) => {
    const { left, top, width, height } = event.currentTarget.getBoundingClientRect();
    const part = (value: number) => Math.min(1, Math.max(0, value));
    setPlan(placed(plan, [part((event.clientX - left) / width), part((event.clientY - top) / height)]));
  };
  const begin = (body: object) => post(`/cameras/${camera}/viewing`, body).catch(() => {});
  const show = () => {
    const reason = window.prompt(t('camera.unblur-reason'))?.trim();
    if (reason) void begin({ faces: 'shown', reason });
  };
  return html`<div class="frame ${dark === '' ? '' : 'dark'}">
      <canvas ref=${canvas} width="640" height="360" role="img" aria-label="${say(title)}: ${words}" onClick=${mark}></canvas>
      ${(dark !== '' || found === undefined) && html`<p class="over" role="status">${dark === '' ? words : dark}</p>`}
    </div>
    ${over && html`<p class="plan"><button type="button" onClick=${() => begin({ faces: 'blurred' })}>${t('camera.again')}</button></p>`}
    ${unblur && administrator && html`<p class="plan"><button type="button" onClick=${show}>${t('camera.unblur')}</button></p>`}
    <${PlanTools} camera=${camera} plan=${plan} change=${setPlan} />`;
}

/** Asks for a frame and draws it with its boxes; gives the number of boxes. */
async function draw(
  canvas: HTMLCanvasElement,
  camera: string,
  drawings: readonly ApiDrawing[],
  plan: Plan,
  signal: AbortSignal,
): Promise<number> {
  const response = await ask(`/cameras/${camera}/frame`, { signal });
  const { detections }: ApiDetections = JSON.parse(
    response.headers.get('x-kerbside-detections') ?? '{"detections":[]}',
  );
  using picture = disposable(await createImageBitmap(await response.blob()));
  const { width, height } = picture.bitmap;
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const pen = canvas.getContext('2d');
  if (pen === null) return 0;
  pen.drawImage(picture.bitmap, 0, 0);
  const line = Math.max(2, width / 320);
  pen.lineWidth = line;
  pen.font = `600 ${Math.max(12, width / 46)}px system-ui, sans-serif`;
  pen.textBaseline = 'bottom';
  const style = getComputedStyle(canvas);
  for (const { class: kind, score, box } of detections) {
    const [left, top, right, bottom] = box;
    const face = kind === 'face';
    pen.strokeStyle = style.getPropertyValue(face ? '--box-face' : '--box').trim();
    if (face) pen.setLineDash([line * 3, line * 2]);
    else pen.setLineDash([]);
    pen.strokeRect(left, top, right - left, bottom - top);
    const label = `${name(kind)} ${Math.round(score * 100)}`;
    const tall = Math.max(14, width / 38);
    const y = Math.max(tall, top);
    pen.fillStyle = pen.strokeStyle;
    pen.fillRect(left - line / 2, y - tall, pen.measureText(label).width + 8, tall);
    pen.fillStyle = '#0b1216';
    pen.fillText(label, left + 4, y - 1);
  }
  pen.lineWidth = line;
  drawPlan(pen, drawings, plan, style.getPropertyValue('--box-plan').trim() || '#ffd24a');
  return detections.length;
}

const KNOWN = ['face', 'car', 'bus', 'truck', 'person', 'bicycle', 'motorcycle'] as const;

function name(kind: string): string {
  const known = KNOWN.find((one) => one === kind);
  return known === undefined ? kind : t(`class.${known}`);
}

function disposable(bitmap: ImageBitmap): Disposable & { readonly bitmap: ImageBitmap } {
  return { bitmap, [Symbol.dispose]: () => bitmap.close() };
}

function rest(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
