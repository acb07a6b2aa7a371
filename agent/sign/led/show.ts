/** What an LED panel of the sign is to show: the face in text form, and own texts that claim nothing, so that they may be old. */
import type { PanelShow } from '../../core/sign/panel-keeper.ts';
import type { SignLanguage } from '../../core/sign/sign.ts';
import { type PanelGeometry, panelText } from '../../core/sign/text-panel.ts';
import type { Face } from '../screen/face.ts';
import { labelIn } from '../screen/labels.ts';
import { panelPage, writable } from './page.ts';

/** A panel that has not heard anything for this long says so itself, s. Longer than any back-off of its line. */
const LOSS_AFTER = 120;

export function panelShow(face: Face, geometry: PanelGeometry): PanelShow {
  const language: SignLanguage = face.languages[0] ?? 'en';
  const text = (...rows: readonly string[]) =>
    panelText(rows.slice(0, geometry.rows).map((row) => ({ text: writable(row, geometry), scroll: true })));
  return {
    page: (index) => panelText(panelPage(face, geometry, index).rows),
    brightness: Math.round(face.brightness * 100),
    powerUp: text(labelIn(language, 'clock.lost')),
    loss: text(labelIn(language, 'fault.text'), face.phone),
    lossAfter: LOSS_AFTER,
  };
}
