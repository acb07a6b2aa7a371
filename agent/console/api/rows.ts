/** The agent's own shapes as the API shows them. */
import type { CameraConfig, Spot } from '../../core/camera.ts';
import type { Point } from '../../core/point.ts';
import type { Reading } from '../../core/reading.ts';
import { UNITS } from '../../core/unit.ts';
import type { AgentView, Ledger } from '../../core/view.ts';
import type { ApiDrawing, ApiLedger, ApiReading, ApiSite, PointRow } from './contract.ts';

export function readingRow(view: AgentView, reading: Reading): ApiReading {
  const { device, point, value, unit, quality, reason } = reading;
  return {
    device,
    point,
    value,
    unit,
    quality,
    ...(reason === undefined ? {} : { reason }),
    time: Math.round(view.wall(reading.time)),
  };
}

/** Every point that the agent knows of, with its last reading. */
export function pointRows(view: AgentView): PointRow[] {
  const now = Math.round(view.now());
  return view.descriptions().flatMap(({ description: { device, points } }) => {
    const plan = planOf(view, device);
    return points.map((point) => pointRow(view, device, point, plan(point.id), now));
  });
}

function pointRow(
  view: AgentView,
  device: string,
  point: Point,
  period: number | undefined,
  now: number,
): PointRow {
  const reading = view.hub.latest(device, point.id);
  const time = reading === undefined ? null : Math.round(view.wall(reading.time));
  return {
    device,
    point: point.id,
    title: point.title,
    type: point.type,
    unit: point.unit,
    symbol: UNITS[point.unit].symbol,
    decimals: point.decimals ?? null,
    range: point.range === undefined ? null : [...point.range],
    access: point.access,
    states: point.states ?? null,
    value: reading?.value ?? null,
    quality: reading?.quality ?? null,
    reason: reading?.reason ?? null,
    time,
    age_s: time === null ? null : Math.max(0, (now - time) / 1000),
    stale_after_s: period === undefined ? null : staleAfter(period, view.site.rate),
  };
}

/** Three periods and 2 s of grace, in the seconds that ages are told in (wall time, `rate` times as fast as life). */
function staleAfter(period: number, rate: number): number {
  return ((3 * period + 2000) * rate) / 1000;
}

/** Period of the points of a device or camera, ms; undefined where nothing plans it. */
function planOf(view: AgentView, device: string): (point: string) => number | undefined {
  const config = view.site.devices.find(({ id }) => id === device);
  if (config === undefined) {
    const camera = view.site.cameras.find(({ id }) => id === device);
    return () => camera?.every;
  }
  return (point) => {
    // Registers noted at midnight come once a day, or once a month.
    if (/-(midnight|settlement)$/.test(point)) return undefined;
    return (
      config.every ?? config.profile.points.find(({ id }) => id === point)?.every ?? config.profile.every
    );
  };
}

/** The ledger with what its own arithmetic finds missing or doubled; both must be 0. */
export function ledgerRow(ledger: Ledger): ApiLedger {
  const { stored, acknowledged, refused, dropped, backlog } = ledger;
  const open = stored - acknowledged - refused - dropped - backlog;
  return { ...ledger, heads: { ...ledger.heads }, missing: Math.max(0, open), doubled: Math.max(0, -open) };
}

export function siteRow(view: AgentView): ApiSite {
  const { id, title, timezone, position, agent, rate, lamps, nodeRed } = view.site;
  return {
    id,
    title,
    timezone,
    position,
    agent: agent.id,
    now: Math.round(view.now()),
    rate,
    devices: view.descriptions().map(({ description: { device, title, class: kind, brand, model } }) => ({
      id: device,
      title,
      class: kind,
      brand,
      model,
    })),
    cameras: cameraRows(view),
    lamps: lamps.map(({ id, device, point }) => ({ id, device, point })),
    node_red: nodeRed.enabled,
    has: {
      alarms: view.alarms !== undefined,
      energy: view.energy !== undefined,
      peak_limit: view.peakLimit !== undefined,
      sign: view.site.sign !== undefined || view.arrivals() !== undefined,
      screen: view.site.sign?.screen !== undefined || view.screen() !== undefined,
    },
  };
}

export function cameraRows(view: AgentView): ApiSite['cameras'] {
  const unblur = view.site.privacy?.unblur ?? false;
  return view.site.cameras.map((camera) => {
    const { id, title, preview } = camera;
    return { id, title, preview, unblur: preview && unblur, drawings: drawings(camera) };
  });
}

function drawings({ lines = [], zones = [], lanes = [], bays = [] }: CameraConfig): ApiDrawing[] {
  const spots = (of: readonly Spot[]) => of.map(([x, y]): [number, number] => [x, y]);
  return [
    ...lines.map(({ id, title, from, to }) => ({
      kind: 'line' as const,
      id,
      title,
      spots: spots([from, to]),
    })),
    ...zones.map(({ id, title, polygon }) => ({ kind: 'zone' as const, id, title, spots: spots(polygon) })),
    ...lanes.map(({ id, title, points }) => ({ kind: 'lane' as const, id, title, spots: spots(points) })),
    ...bays.map(({ id, title, polygon }) => ({ kind: 'bay' as const, id, title, spots: spots(polygon) })),
  ];
}
