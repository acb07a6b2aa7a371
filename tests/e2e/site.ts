/** A street in this process and a site file for an agent beside it, all in a folder of their own. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { siteFile } from '../../hw-sim/site-file.ts';
import { type StreetOptions, type StreetParts, startStreet } from '../../hw-sim/street-parts.ts';

export interface Site extends AsyncDisposable {
  readonly dir: string;
  readonly file: string;
  /** The agent's state folder. */
  readonly state: string;
  readonly street: StreetParts;
  readonly broker: string;
  /** Changes to the site file once the ports of the street are known, by top-level key; before the agent starts. */
  rewrite(change: Record<string, unknown>): void;
}

export interface SiteOptions extends StreetOptions {
  /** Another broker than the street's own. */
  readonly brokerUrl?: string;
  /** Changes to the site file, by top-level key. */
  readonly change?: Record<string, unknown>;
  /** Changes to each camera. */
  readonly cameraChange?: Record<string, unknown>;
}

export async function openSite({
  brokerUrl,
  change = {},
  cameraChange = {},
  ...options
}: SiteOptions = {}): Promise<Site> {
  const dir = mkdtempSync(join(tmpdir(), 'kerbside-e2e-'));
  const street = await startStreet({ ports: join(dir, 'ports'), ...options });
  const broker = brokerUrl ?? street.broker?.url ?? '';
  const file = join(dir, 'site.yaml');
  const site = parse(siteFile(street, { broker, console: 1, nodeRed: 2, state: './state' }));
  // Any free port: tests run beside each other.
  const own = {
    console: { listen: '127.0.0.1:0' },
    node_red: {
      enabled: false,
      listen: street.broker?.url.includes('[::1]') === true ? '[::1]:0' : '127.0.0.1:0',
    },
  };
  const cameras = (site.cameras as object[]).map((camera) => ({ ...camera, ...cameraChange }));
  const rewrite = (more: Record<string, unknown>) =>
    writeFileSync(file, stringify({ ...site, ...own, cameras, ...change, ...more }));
  rewrite({});
  return {
    dir,
    file,
    state: join(dir, 'state'),
    street,
    broker,
    rewrite,
    [Symbol.asyncDispose]: async () => {
      await street[Symbol.asyncDispose]();
      rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}
