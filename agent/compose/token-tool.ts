/**
 * Looks into PKCS #11 tokens and makes keys in them, by OpenSC's `pkcs11-tool`: listing, making and signing in a process of
 * its own. The PIN goes by the environment of that process, never as an argument.
 */
import { execFile } from 'node:child_process';
import { createPublicKey, type KeyObject } from 'node:crypto';
import { AgentError } from '../core/errors.ts';
import { tokenEnvironment } from '../core/token-environment.ts';
import type { KeyName } from '../core/token-key.ts';
import { tokenWords } from '../core/token-words.ts';

/** All libraries that are installed, as one. */
const ALL_MODULES = 'p11-kit-proxy.so';
/** A smart card takes seconds to make a key, ms. */
const PATIENCE = 60_000;
const LARGEST_ANSWER = 1024 * 1024;
const PIN = 'KERBSIDE_TOKEN_PIN';

/** A token that is plugged in and has been initialised. */
export interface Token {
  readonly slot: string;
  readonly label: string;
  readonly manufacturer: string;
  readonly model: string;
  readonly serial: string;
  /** Its keys ask for a PIN. */
  readonly login: boolean;
}

/** A key of a token, as it is listed. */
export interface ListedKey {
  readonly label?: string;
  /** CKA_ID, hexadecimal. */
  readonly id?: string;
  /** What the token says of who may have it: `sensitive`, `never extractable` … */
  readonly access: readonly string[];
}

/** How a key is pointed at; the id is the surer one. */
export type Pointer = Pick<ListedKey, 'label' | 'id'>;

export class TokenTool {
  readonly #module: string;
  readonly #program: string;

  /** `module`: path of the library of the token; default: all that p11-kit knows. */
  constructor(module: string = ALL_MODULES, program = 'pkcs11-tool') {
    this.#module = module;
    this.#program = program;
  }

  /** Rejects with `AgentError` `not-found` where the tool or the library is missing. */
  async tokens(): Promise<readonly Token[]> {
    return parseTokens((await this.#run(['--list-token-slots'])).toString('utf8'));
  }

  /** Public keys, without a login. */
  async publicKeys({ slot }: Token): Promise<readonly ListedKey[]> {
    const listed = await this.#run(['--slot', slot, '--list-objects', '--type', 'pubkey']);
    return parseKeys(listed.toString('utf8'));
  }

  async privateKeys({ slot }: Token, pin: string | undefined): Promise<readonly ListedKey[]> {
    const listed = await this.#run(['--slot', slot, '--list-objects', '--type', 'privkey'], pin);
    return parseKeys(listed.toString('utf8'));
  }

  async publicKey({ slot }: Token, key: Pointer): Promise<KeyObject> {
    const der = await this.#run(['--slot', slot, '--read-object', '--type', 'pubkey', ...pointed(key)]);
    try {
      return createPublicKey({ key: der, format: 'der', type: 'spki' });
    } catch (cause) {
      throw new AgentError(
        'unsupported',
        'reading of a public key failed: the token gives it in no known form',
        {
          cause,
        },
      );
    }
  }

  /** Makes a pair on P-256 for signing; what the token says of the private half. */
  async makeKey({ slot }: Token, key: Required<Pointer>, pin: string | undefined): Promise<ListedKey> {
    const args = ['--keypairgen', '--key-type', 'EC:prime256v1', '--usage-sign', '--sensitive'];
    const said = await this.#run(['--slot', slot, ...args, '--label', key.label, '--id', key.id], pin);
    return parseKeys(said.toString('utf8'))[0] ?? { access: [] };
  }

  /** ECDSA over a digest: r and s, one behind the other. */
  async sign(
    { slot }: Token,
    key: Pointer,
    digest: Uint8Array,
    pin: string | undefined,
  ): Promise<Uint8Array> {
    const args = ['--sign', '--mechanism', 'ECDSA', '--signature-format', 'rs', ...pointed(key)];
    return this.#run(['--slot', slot, ...args], pin, digest);
  }

  #run(args: readonly string[], pin?: string, input?: Uint8Array): Promise<Buffer> {
    const login = pin === undefined ? [] : ['--login', '--pin', `env:${PIN}`];
    return new Promise((resolve, reject) => {
      const child = execFile(
        this.#program,
        ['--module', this.#module, ...args, ...login],
        {
          encoding: 'buffer',
          timeout: PATIENCE,
          maxBuffer: LARGEST_ANSWER,
          killSignal: 'SIGKILL',
          env: { ...tokenEnvironment(), LC_ALL: 'C', ...(pin === undefined ? {} : { [PIN]: pin }) },
        },
        (error, stdout, stderr) => {
          const said = stderr.toString('utf8');
          // It counts as a failure there that no reader is plugged in.
          if (error === null || /^No slots\.$/m.test(said)) resolve(stdout);
          else reject(this.#trouble(error, said));
        },
      );
      // A tool that failed before it read.
      child.stdin?.on('error', () => {});
      child.stdin?.end(input);
    });
  }

  #trouble(error: NodeJS.ErrnoException | Error, said: string): AgentError {
    const what = 'work with the token failed';
    if ('code' in error && error.code === 'ENOENT')
      return new AgentError('not-found', `${what}: pkcs11-tool is missing`, {
        fix: 'Install the package opensc.',
        context: { tool: 'missing' },
      });
    if (/Failed to load pkcs11 module/.test(said))
      return new AgentError('not-found', `${what}: the library ${this.#module} cannot be loaded`, {
        fix: this.#module === ALL_MODULES ? 'Install p11-kit.' : 'Name the path of the library of the token.',
      });
    const [, name = '', value = ''] =
      /rv = (CKR_\w{1,60}|unknown PKCS11 error)? ?\(?(0x[0-9a-f]{1,8})?/.exec(said) ?? [];
    const words = tokenWords(Number(value || Number.NaN));
    if (words !== undefined) {
      const [why, fix] = words;
      return new AgentError('auth-failed', `${what}: ${why}`, { fix, context: { code: name } });
    }
    const last =
      said
        .trim()
        .split('\n')
        .findLast((line) => /^error:/.test(line)) ?? error.message;
    return new AgentError('device-exception', `${what}: ${last.replace(/^error: /, '').slice(0, 200)}`, {
      fix: 'Try it by hand: pkcs11-tool --test --login.',
    });
  }
}

function pointed({ id, label }: Pointer): readonly string[] {
  return id === undefined ? ['--label', label ?? ''] : ['--id', id];
}

/** Tokens out of `--list-token-slots`; slots without one, and tokens nobody has initialised, are left out. */
export function parseTokens(text: string): readonly Token[] {
  const found: Token[] = [];
  let slot: string | undefined;
  let facts = new Map<string, string>();
  const close = () => {
    const flags = facts.get('token flags') ?? '';
    if (slot !== undefined && flags.includes('token initialized')) {
      const fact = (name: string) => facts.get(name) ?? '';
      found.push({
        slot,
        label: fact('token label'),
        manufacturer: fact('token manufacturer'),
        model: fact('token model'),
        serial: fact('serial num'),
        login: flags.includes('login required'),
      });
    }
    facts = new Map();
  };
  for (const line of text.split('\n')) {
    const header = /^Slot \d+ \((0x[0-9a-f]+)\)/.exec(line)?.[1];
    if (header !== undefined) {
      close();
      slot = header;
      continue;
    }
    const [, name, value] = /^ {2}([a-z][a-z ./]*?) *: (.*)$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined && !facts.has(name)) facts.set(name, value.trimEnd());
  }
  close();
  return found;
}

/** Keys out of `--list-objects`, or of what was just made; of a pair the private one first. */
export function parseKeys(text: string): readonly ListedKey[] {
  const found: { label?: string; id?: string; access: readonly string[] }[] = [];
  for (const line of text.split('\n')) {
    if (/^\S.* Key Object/.test(line)) found.push({ access: [] });
    const last = found.at(-1);
    if (last === undefined) continue;
    const [, name, value = ''] = /^ {2}(label|ID|Access): *(.*)$/.exec(line) ?? [];
    if (name === 'label') last.label = value;
    if (name === 'ID' && /^([0-9a-f]{2})+$/.test(value)) last.id = value;
    if (name === 'Access') last.access = value.split(', ');
  }
  return found;
}

export function isToken(token: Token, name: KeyName): boolean {
  return (
    (name.token === undefined || name.token === token.label) &&
    (name.manufacturer === undefined || name.manufacturer === token.manufacturer) &&
    (name.model === undefined || name.model === token.model) &&
    (name.serial === undefined || name.serial === token.serial)
  );
}

export function isKey(key: ListedKey, name: KeyName): boolean {
  return (
    (name.object === undefined || name.object === key.label) &&
    (name.id === undefined || Buffer.from(name.id).toString('hex') === key.id)
  );
}
