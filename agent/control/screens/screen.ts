/** What a text panel of the pole is to show: signed messages, the state of the lots, texts of its own by signed templates. */
import type { Content } from '../../core/content/content.ts';
import type { ScreenConfig } from '../../core/pole.ts';
import type { PanelShow } from '../../core/sign/panel-keeper.ts';
import { panelText } from '../../core/sign/text-panel.ts';
import type { LotState } from './guidance.ts';
import { pageOf, pagesOf } from './rows.ts';

/** `content`: undefined where the site has no signed content; then only guidance is shown. */
export function screenShow(
  screen: ScreenConfig,
  content: Content | undefined,
  lots: readonly LotState[],
  night: boolean,
): PanelShow {
  const plain = (template: string | undefined) =>
    template === undefined ? undefined : content?.plain(template);
  /** Blank where there is no such template, for an old message is worse than none. */
  const own = (template: string | undefined) => {
    const texts = plain(template);
    return texts === undefined ? '' : panelText(pageOf(texts, screen.geometry));
  };
  const pages = pagesOf(content?.shown(screen.device), lots, screen.geometry, plain(screen.default));
  return {
    page: (index) => panelText(pages[index % Math.max(1, pages.length)] ?? []),
    brightness: night ? screen.brightness.night : screen.brightness.day,
    powerUp: own(screen.powerUp),
    loss: own(screen.loss),
    lossAfter: screen.lossAfter,
  };
}
