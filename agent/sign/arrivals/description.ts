/** The sign as a device of the site. */

import { SCREEN_POINTS, SIGN_POINTS } from '../../core/sign/points.ts';
import type { SignConfig } from '../../core/sign/sign.ts';
import type { Description } from '../../core/site.ts';

export function signDescription({
  id,
  title,
  screen,
}: Pick<SignConfig, 'id' | 'title' | 'screen'>): Description {
  return {
    device: id,
    title: title ?? { en: id },
    class: 'stop-sign',
    brand: 'Kerbside',
    model: 'sign',
    points:
      screen === undefined ? SIGN_POINTS.filter((point) => !SCREEN_POINTS.includes(point)) : SIGN_POINTS,
  };
}
