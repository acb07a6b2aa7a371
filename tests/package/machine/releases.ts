/** Next releases of a package that was built: the same parts, but for the agent's own, which differs in its version and in what a test breaks. */
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { makePart } from '../../../agent/update/make.ts';
import { CITY } from '../../support/update-bundles.ts';
import { execute } from '../build.ts';

const MAIN = new URL('../../../agent/main.ts', import.meta.url).pathname;
const tls = (name: string) => readFileSync(new URL(`../../vectors/tls/${name}`, import.meta.url), 'utf8');

export interface Break {
  readonly file: string;
  readonly text: string;
  readonly becomes: string;
}

/** Ends before anything else has begun. */
export const CRASHES: Break = {
  file: 'agent/main.ts',
  text: 'import ',
  becomes: "throw new Error('this release ends at its start');\nimport ",
};
/** Runs, reads its meter, and connects to nobody. */
export const SILENT: Break = {
  file: 'agent/uplink/mqtt/connection.ts',
  text: 'connect(url, ',
  becomes: "connect('mqtt://127.0.0.1:9', ",
};

export interface NextOptions {
  readonly version: string;
  readonly breaks?: Break;
  /** s. */
  readonly within?: number;
}

export class Releases {
  readonly #dir: string;
  readonly #bundle: string;
  readonly #home: string;

  /** `bundle`: folder that `npm run package` made; `home`: the agent's folder, unpacked. */
  constructor(dir: string, bundle: string, home: string) {
    this.#dir = dir;
    this.#bundle = bundle;
    this.#home = home;
    writeFileSync(join(dir, 'city.pem'), CITY.secret, { mode: 0o600 });
    mkdirSync(join(dir, 'served'));
  }

  /** Makes and signs the bundle of a release, to be fetched as `<version>/manifest.json`. */
  async make({ version, breaks, within = 60 }: NextOptions): Promise<void> {
    const head = JSON.parse(readFileSync(join(this.#bundle, 'release.json'), 'utf8'));
    const out = this.served(version);
    const tree = join(this.#dir, 'tree');
    mkdirSync(out);
    const tops = JSON.parse(readFileSync(join(this.#home, 'parts.json'), 'utf8')).find(
      ({ name }: { name: string }) => name === 'app',
    ).tops;
    for (const name of tops) cpSync(join(this.#home, name), join(tree, name), { recursive: true });
    const manifest = JSON.parse(readFileSync(join(tree, 'package.json'), 'utf8'));
    writeFileSync(join(tree, 'package.json'), JSON.stringify({ ...manifest, version }));
    if (breaks !== undefined) replace(join(tree, breaks.file), breaks.text, breaks.becomes);
    const app = await makePart('app', tree, tops, out, 1);
    rmSync(tree, { recursive: true });
    const others = head.parts.filter(({ name }: { name: string }) => name !== 'app');
    for (const { file } of others) symlinkSync(join(this.#bundle, file), join(out, file));
    writeFileSync(join(out, 'release.json'), JSON.stringify({ ...head, version, parts: [app, ...others] }));
    const key = ['--key', join(this.#dir, 'city.pem'), '--id', CITY.key.id];
    const trial = ['--within', String(within), '--soak', '2'];
    await execute(process.execPath, [MAIN, 'update', 'sign', out, ...key, ...trial]);
  }

  /** Where a bundle lies. */
  served(version: string): string {
    return join(this.#dir, 'served', version);
  }

  /** A server of all of them that wants the token `word`. `asked`: files, in order. */
  async serve(): Promise<{ readonly address: string; readonly asked: string[] } & AsyncDisposable> {
    const asked: string[] = [];
    const server = createServer(
      { key: tls('broker-key.pem'), cert: tls('broker.pem') },
      (request, response) => {
        const name = (request.url ?? '').slice(1);
        asked.push(name);
        if (request.headers.authorization !== 'Bearer word' || name.includes('..'))
          return void response.writeHead(401).end();
        response.end(readFileSync(join(this.#dir, 'served', name)));
      },
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return {
      address: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
      asked,
      [Symbol.asyncDispose]: async () => {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      },
    };
  }
}

/** Authority of `serve`, and what it wants to hear. */
export const ACCESS = { ca: tls('ca.pem'), token: 'word' } as const;

function replace(file: string, text: string, becomes: string): void {
  const before = readFileSync(file, 'utf8');
  if (!before.includes(text)) throw new Error(`${file} has no ${text}`);
  writeFileSync(file, before.replace(text, becomes));
}
