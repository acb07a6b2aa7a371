/** Signed content in the agent: what it is shown on, and how commands reach it. */

import type { Content } from '../core/content/content.ts';
import type { WriteOutcome } from '../core/driver.ts';
import type { Publisher } from '../core/hub.ts';
import type { Log } from '../core/log.ts';
import type { Value } from '../core/reading.ts';
import type { Site } from '../core/site.ts';
import type { Clock } from '../core/time/clock.ts';
import { type RunningContent, startContent } from '../sign/content/content.ts';
import { MESSAGE_POINT, writeMessage } from '../sign/content/target.ts';

/** Ids of everything of a site that shows or speaks signed content; each has a point `message`. */
export function displaysOf(site: Pick<Site, 'content' | 'sign' | 'pole'>): readonly string[] {
  if (site.content === undefined) return [];
  const { screens = [], speakers = [] } = site.pole ?? {};
  const pole = [...screens, ...speakers].map(({ device }) => device);
  return site.sign === undefined ? pole : [site.sign.id, ...pole];
}

export interface ContentPartOptions {
  readonly site: Site;
  readonly clock: Clock;
  readonly log: Log;
  readonly hub: Pick<Publisher, 'event'>;
}

/** Starts the content of a site; undefined where it has none. */
export async function startSiteContent({
  site,
  ...options
}: ContentPartOptions): Promise<RunningContent | undefined> {
  if (site.content === undefined) return undefined;
  return await startContent({
    config: site.content,
    site: site.id,
    agent: site.agent.id,
    timezone: site.timezone,
    state: site.state,
    displays: displaysOf(site),
    ...options,
  });
}

/** A write to a display's message, or undefined where it is for a device like any other. */
export function displayWrite(
  content: Content | undefined,
  site: Site,
  clock: Clock,
  device: string,
  { point, value }: { readonly point: string; readonly value: Value },
): WriteOutcome | undefined {
  if (content === undefined || point !== MESSAGE_POINT.id || !displaysOf(site).includes(device))
    return undefined;
  return writeMessage(content, clock, device, value);
}
