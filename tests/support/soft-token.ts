/** A PKCS #11 token in files (SoftHSM2): what stands in for a TPM, a secure element or a smart card. It can be pulled out. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseTokens } from '../../agent/compose/token-tool.ts';
import { present, program } from './programs.ts';

const TRIPLET = process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu';
const util = program('softhsm2-util');
export const pkcs11Tool = program('pkcs11-tool');
const engine = present(`/usr/lib/${TRIPLET}/engines-3/pkcs11.so`);
const proxy = present(`/usr/lib/${TRIPLET}/p11-kit-proxy.so`);

/** Undefined where this machine cannot play a token. */
export const softHsm = [util, pkcs11Tool, engine, proxy].every((one) => one !== undefined) ? util : undefined;

export const PIN = '73519024';
const SO_PIN = '90817263';

export class SoftToken implements Disposable {
  readonly dir = mkdtempSync(join(tmpdir(), 'kerbside-token-'));
  readonly #tokens = join(this.dir, 'tokens');

  constructor(label = 'kerbside') {
    mkdirSync(this.#tokens);
    writeFileSync(
      join(this.dir, 'softhsm2.conf'),
      `directories.tokendir = ${this.#tokens}\nobjectstore.backend = file\nlog.level = ERROR\n`,
    );
    this.#run(util, ['--init-token', '--free', '--label', label, '--so-pin', SO_PIN, '--pin', PIN]);
  }

  /** What programs find it by. */
  get env(): { readonly SOFTHSM2_CONF: string } {
    return { SOFTHSM2_CONF: join(this.dir, 'softhsm2.conf') };
  }

  /** As pkcs11-tool writes it. */
  listed(): string {
    return this.#run(pkcs11Tool, ['--module', 'p11-kit-proxy.so', '--list-token-slots']);
  }

  /** A pair of keys in it, made by another program than ours. */
  makeKey(label: string): void {
    const slot = parseTokens(this.listed())[0]?.slot ?? '';
    const key = ['--keypairgen', '--key-type', 'EC:prime256v1', '--label', label, '--id', '4a'];
    const login = ['--slot', slot, '--login', '--pin', PIN];
    this.#run(pkcs11Tool, ['--module', 'p11-kit-proxy.so', ...login, ...key]);
  }

  pullOut(): void {
    renameSync(this.#tokens, `${this.#tokens}.away`);
    mkdirSync(this.#tokens);
  }

  plugIn(): void {
    rmdirSync(this.#tokens);
    renameSync(`${this.#tokens}.away`, this.#tokens);
  }

  #run(path: string | undefined, args: readonly string[]): string {
    return execFileSync(path ?? '', args, {
      env: { ...process.env, ...this.env },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  }

  [Symbol.dispose](): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}
