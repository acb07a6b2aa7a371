/** A technician commissions the spare port of the street: what they click and type, counted. */
import type { Page } from 'playwright-core';

export const SPARE = 5;

export interface CommissionRun {
  /** Clicks and fields that were touched. */
  clicks: number;
  /** Names that the five got, in the order in which they were found. */
  devices: readonly string[];
}

export interface CommissionOptions {
  /** Called where a reader of the documents wants to look. */
  readonly look?: (step: 'port' | 'scan' | 'accept' | 'live') => Promise<void>;
}

/** From a logged-in page to live values of five new devices. */
export async function commission(
  page: Page,
  { look = async () => {} }: CommissionOptions = {},
): Promise<CommissionRun> {
  const run: CommissionRun = { clicks: 0, devices: [] };
  const click = async (locator: ReturnType<Page['locator']>) => {
    run.clicks += 1;
    await locator.click();
  };
  const type = async (locator: ReturnType<Page['locator']>, text: string) => {
    run.clicks += 1;
    await locator.fill(text);
  };
  // On a phone the page stands in the sheet of all pages.
  const link = page.locator('nav a[href="/commission"]').locator('visible=true').first();
  if (!(await link.isVisible())) await click(page.locator('nav.bar button').last());
  await click(link);
  const port = page.locator('[data-port$="/rs485-2"] button');
  await port.waitFor();
  await look('port');
  await click(port);
  await page.locator('[data-phase="searching"]').waitFor();
  await page.locator('[data-found]').nth(1).waitFor({ timeout: 120_000 });
  await look('scan');
  const found = page.locator('[data-found]');
  await found.nth(SPARE - 1).waitFor({ timeout: 150_000 });
  // The last one names its profile when it has been read.
  await click(page.locator('[data-phase="searching"] button'));
  await page.locator('[data-phase="stopped"]').waitFor();
  const first = found.first();
  await type(first.locator('input[name="id"]'), 'meter-camera');
  await type(first.locator('input[name="en"]'), 'Camera meter');
  await type(first.locator('input[name="zh"]'), '摄像机电表');
  for (let i = 0; i < SPARE; i += 1)
    await found.nth(i).locator('[data-trial]').first().waitFor({ timeout: 60_000 });
  run.devices = await found
    .locator('input[name="id"]')
    .evaluateAll((inputs) => inputs.map((input) => (input instanceof HTMLInputElement ? input.value : '')));
  await look('accept');
  await type(page.locator('input[name="person"]'), 'Li Wei');
  await click(page.locator('[aria-labelledby="save-title"] button.primary'));
  for (const device of run.devices) {
    await page
      .locator(`[data-point^="${device}/"] .value`, { hasText: /\d/ })
      .first()
      .waitFor({ timeout: 60_000 });
  }
  await look('live');
  return run;
}
