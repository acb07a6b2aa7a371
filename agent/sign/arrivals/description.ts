/** The sign as a device of the site. */

import type { SignConfig } from '../../core/sign.ts';
import { SIGN_POINTS } from '../../core/sign-points.ts';
import type { Description } from '../../core/site.ts';

export function signDescription({ id, title }: Pick<SignConfig, 'id' | 'title'>): Description {
  return {
    device: id,
    title: title ?? { en: id },
    class: 'stop-sign',
    brand: 'Kerbside',
    model: 'sign',
    points: SIGN_POINTS,
  };
}
