/** A folder with a site file in it, loaded through the real drivers and profiles. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { siteDeps } from '../../../agent/cli/site.ts';
import { type LoadResult, loadSite, type SiteDeps } from '../../../agent/config/load.ts';
import { formatProblem } from '../../../agent/config/problem.ts';

export const MINIMAL = `site:
  id: demo-street
  timezone: Asia/Shanghai
  position: { lat: 31.2304, lon: 121.4737, datum: WGS84 }
agent:
  id: pole-0817
`;

export const STREET = `${MINIMAL}lines:
  - id: rs485-1
    port: /dev/ttyUSB0
devices:
  - id: meter-1
    line: rs485-1
    profile: eastron-sdm630
    address: 1
`;

export class SiteFolder implements Disposable {
  readonly dir = mkdtempSync(join(tmpdir(), 'kerbside-config-'));

  write(name: string, content: string | Uint8Array): string {
    const file = join(this.dir, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
    return file;
  }

  load(text: string | Uint8Array, deps: Partial<SiteDeps> = {}): Promise<LoadResult> {
    return loadSite(this.write('site.yaml', text), { ...siteDeps(), env: {}, ...deps });
  }

  /** The problems as they are shown in this folder; empty where the file is right. */
  async problems(text: string | Uint8Array, deps: Partial<SiteDeps> = {}): Promise<readonly string[]> {
    const result = await this.load(text, deps);
    if (result.ok) return [];
    return result.problems.map((found) => formatProblem(found, (file) => relative(this.dir, file)));
  }

  [Symbol.dispose](): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}
