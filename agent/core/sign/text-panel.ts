/**
 * LED panels that show rows of text. A panel is a device whose driver offers the points below; what is on it is read back
 * from it like any other point. Its text points are `signed` (agent/core/point.ts): no command writes them, only what
 * shows signed content does, through the router's `steer`.
 */
import type { CommandResult } from '../command.ts';
import type { Value } from '../reading.ts';

/** Ids of the points, whatever the protocol. */
export const PANEL_POINTS = {
  /** What is shown, see `panelText`. string, read-write, signed. */
  text: 'text',
  /** What it shows after power returns, before anything is sent. string, read-write, signed. */
  powerUp: 'power-up-text',
  /** What it shows when it has heard nothing for `lossAfter`. string, read-write, signed. */
  loss: 'loss-text',
  /** s; 0: never. number, read-write. */
  lossAfter: 'loss-after',
  /** %. number, read-write. */
  brightness: 'brightness',
} as const;

export const PANEL_CHARSETS = ['gb2312', 'utf-8', 'ascii'] as const;
export type PanelCharset = (typeof PANEL_CHARSETS)[number];

export interface PanelGeometry {
  /** 1…16 */
  readonly rows: number;
  /** In half-width cells: a Chinese character takes two. */
  readonly columns: number;
  readonly charset: PanelCharset;
}

export interface PanelRow {
  readonly text: string;
  /** Moves through where it is wider than the panel; else such a row is cut. Times never move. */
  readonly scroll: boolean;
}

/** Rows as the one text of a point: one line each, a moving one behind `>`, so that it can be read back and compared. */
export function panelText(rows: readonly PanelRow[]): string {
  return rows.map(({ text, scroll }) => `${scroll ? '>' : ' '}${text}`).join('\n');
}

/** The rows of `panelText`. */
export function panelRows(text: string): readonly PanelRow[] {
  return text === ''
    ? []
    : text.split('\n').map((row) => ({ text: row.slice(1), scroll: row.startsWith('>') }));
}

/** Cells a text takes: East Asian wide and full-width characters two, others one (Unicode UAX #11). */
export function cellsOf(text: string): number {
  let cells = 0;
  for (const character of text) cells += isWide(character) ? 2 : 1;
  return cells;
}

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]/u;

export function isWide(character: string): boolean {
  return WIDE.test(character);
}

/** A panel to whoever has something to show on it. */
export interface TextPanel {
  /** Id of its device. */
  readonly id: string;
  readonly geometry: PanelGeometry;
  /** Writes one of `PANEL_POINTS` and reads it back. Never rejects. */
  write(point: string, value: Value): Promise<CommandResult>;
  /** What was read from it last; undefined: nothing yet, or it does not answer. */
  read(point: string): Value | undefined;
}
