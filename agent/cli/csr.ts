/** `kerbside csr`: a certificate for this unit, the plain way: a request (PKCS #10, RFC 2986) out, a certificate chain in. */
import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import type { Command } from 'commander';
import { certPath, keyPath, replaceDurably, unitKey } from '../compose/bound-key.ts';
import { AgentError } from '../core/errors.ts';
import type { Site } from '../core/site.ts';
import { certificatesIn, misfit } from './csr/fit.ts';
import { requestFor, type Signer } from './csr/request.ts';
import { onlyToken, publicKeyIn, signerIn, type TokenOptions } from './csr/token.ts';
import { EXIT } from './exit.ts';
import { load, problemLines, shownPath } from './site.ts';

interface Common extends Partial<TokenOptions> {
  readonly site: string;
  readonly json?: true;
}

export function register(program: Command): void {
  const csr = program
    .command('csr')
    .description('ask for a certificate of this unit, and put it in')
    .addHelpText(
      'after',
      '\nExamples:\n  kerbside csr make --out pole-0817.csr\n  kerbside csr install pole-0817.pem --ca city-ca.pem',
    );
  csr
    .command('make')
    .description('print a certificate request; the key is made on this unit and stays here')
    .option('--site <file>', 'site file', 'site.yaml')
    .option('--out <file>', 'where the request goes; default: standard output')
    .option('--new-key', 'make a new key; the certificate that is there does not fit it')
    .option('--token <uri>', 'the key is in a PKCS#11 token, by its URI; made there where it is missing')
    .option('--module <file>', 'library of the token; default: all that p11-kit knows')
    .option('--pin <reference>', `PIN of the token, by reference: '\${env:NAME}' or file:path`)
    .option('--json', 'answer in JSON')
    .addHelpText(
      'after',
      `
Without --token the key (P-256) is in tls/ of the state folder, bound to this machine: by the serial number of its processor where it
has one, else by the machine id of the system, which a clone of the card brings along. With --token it is in a TPM, a secure element
or a smart card and never leaves it; pkcs11-tool (package opensc) has to be installed.

Examples:
  kerbside csr make --site /etc/kerbside/site.yaml --out pole-0817.csr
  kerbside csr make --token 'pkcs11:token=kerbside;object=device' --pin '\${env:TOKEN_PIN}' --out pole-0817.csr

Exit code 0: made. 1: the site file has problems. 3: the key cannot be used.`,
    )
    .action(make);
  csr
    .command('install')
    .description('check a certificate for the key of this unit and put it in its place')
    .argument('<chain>', 'PEM: the certificate, and what lies between it and the authority')
    .option('--site <file>', 'site file', 'site.yaml')
    .option('--ca <file>', 'PEM of the authority that it has to come from')
    .option('--token <uri>', 'the key is in a PKCS#11 token, as with csr make')
    .option('--module <file>', 'library of the token; default: all that p11-kit knows')
    .option('--pin <reference>', 'as the uplink shall name it; the token is not asked for it')
    .option('--json', 'answer in JSON')
    .addHelpText(
      'after',
      `
Then the uplink names both: cert: file:state/tls/device.pem and key: file:state/tls/device.key, or where the key is in a token
(said with the paths of this site).

Examples:
  kerbside csr install pole-0817.pem --ca city-ca.pem --site /etc/kerbside/site.yaml

Exit code 0: in its place. 1: it does not fit; nothing was changed. 3: a file cannot be read.`,
    )
    .action(install);
}

async function make({
  site: file,
  out,
  newKey,
  json,
  ...token
}: Common & { out?: string; newKey?: true }): Promise<void> {
  process.umask(0o077);
  const site = await siteOf(file);
  if (site === undefined) return;
  const held = withToken(token)
    ? await inToken(token, file, newKey === true)
    : await bound(site.state, newKey === true);
  const request = await requestFor(held.signer, site);
  if (out !== undefined) writeFileSync(out, request, { mode: 0o644 });
  if (json === true) {
    process.stdout.write(`${JSON.stringify({ request, ...held.facts })}\n`);
    return;
  }
  process.stdout.write(
    out === undefined ? request : `${shownPath(out)}: have it signed, then kerbside csr install\n`,
  );
  process.stderr.write(held.words);
}

interface Held {
  readonly signer: Signer;
  readonly facts: Readonly<Record<string, unknown>>;
  /** What is said of the key. */
  readonly words: string;
}

function withToken<T extends Partial<TokenOptions>>(options: T): options is T & TokenOptions {
  const { token, module, pin } = options;
  if (token === undefined && (module ?? pin) !== undefined)
    throw new AgentError('config-invalid', 'reading of the options failed: --module and --pin need --token', {
      fix: "Name the key: --token 'pkcs11:token=kerbside;object=device'.",
    });
  return token !== undefined;
}

async function inToken(options: TokenOptions, site: string, renew: boolean): Promise<Held> {
  const signer = await signerIn(options, site, renew);
  const { made, where, access } = signer;
  const stays = !made
    ? 'was there already'
    : access.includes('never extractable')
      ? `was made now and cannot leave it (${access.join(', ')})`
      : 'was made now; the token does not say that it can never leave it';
  return {
    signer,
    facts: { key: options.token, made, token: where, access },
    words: `the key in the token ${where} ${stays}\n`,
  };
}

async function bound(state: string, renew: boolean): Promise<Held> {
  const { pem, bound, made } = keyOf(state, renew);
  const key = createPrivateKey(pem);
  const to =
    bound === undefined
      ? 'to nothing: this machine says nothing of itself'
      : `to ${bound.split(':')[0] === 'cpu' ? 'the serial number of the processor' : 'the machine id of the system'}`;
  const other = await onlyToken();
  const better =
    other === undefined
      ? ''
      : `a token is plugged in, ${other.where}: with --token '${other.uri}' the key would be in it and could not be copied\n`;
  return {
    signer: {
      publicKey: createPublicKey(key),
      sign: async (bytes) => sign('sha256', bytes, { key, dsaEncoding: 'ieee-p1363' }),
    },
    facts: { key: keyPath(state), made, bound: bound ?? null, token: other?.uri ?? null },
    words: `the key was ${made ? 'made now' : 'there'} and is bound ${to}\n${better}`,
  };
}

function keyOf(state: string, renew: boolean) {
  try {
    return unitKey(state, renew);
  } catch (cause) {
    throw new AgentError(
      'config-invalid',
      `opening of the key ${keyPath(state)} failed: ${(cause as Error).message}`,
      {
        cause,
        fix: 'Make one here with --new-key, as the user of the agent.',
      },
    );
  }
}

async function install(
  file: string,
  { site: siteFile, ca, json, ...token }: Common & { ca?: string },
): Promise<void> {
  process.umask(0o077);
  const site = await siteOf(siteFile);
  if (site === undefined) return;
  const held = withToken(token) ? token : undefined;
  const ours = held === undefined ? createPublicKey(keyOf(site.state, false).pem) : await publicKeyIn(held);
  const chain = certificatesIn(file);
  const roots = ca === undefined ? undefined : certificatesIn(ca);
  const wrong = misfit(chain, roots, ours, Date.now());
  if (wrong !== undefined) {
    if (json === true) process.stdout.write(`${JSON.stringify({ ok: false, ...wrong })}\n`);
    else process.stderr.write(`csr install failed: ${wrong.reason}; ${wrong.fix}\n`);
    process.exitCode = EXIT.no;
    return;
  }
  const at = certPath(site.state);
  replaceDurably(at, site.state, chain.map((one) => one.toString()).join(''));
  const [leaf] = chain;
  const from = (path: string) =>
    `file:${relative(process.cwd(), path).startsWith('..') ? path : relative(process.cwd(), path)}`;
  const facts = {
    ok: true,
    subject: leaf?.subject.replaceAll('\n', ', '),
    until: leaf?.validToDate.toISOString(),
    cert: at,
    key: held?.token ?? keyPath(site.state),
    checked: roots !== undefined,
  };
  if (json === true) {
    process.stdout.write(`${JSON.stringify(facts)}\n`);
    return;
  }
  const key = held === undefined ? from(keyPath(site.state)) : blockOf(held);
  process.stdout.write(
    `${facts.subject}, until ${facts.until}${roots === undefined ? '; not held to an authority: give --ca' : ''}\nin the uplink of the site file:\n  cert: ${from(at)}\n  key: ${key}\n`,
  );
}

function blockOf({ token, module, pin }: TokenOptions): string {
  const parts = Object.entries({ pkcs11: token, pin: pin ?? `\${env:TOKEN_PIN}`, module });
  const written = parts.flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}: ${JSON.stringify(value)}`],
  );
  return `{ ${written.join(', ')} }`;
}

async function siteOf(file: string): Promise<Site | undefined> {
  const result = await load(file, 'skip');
  if (result.ok) return result.site;
  process.stderr.write(problemLines(result.problems));
  process.exitCode = EXIT.no;
  return undefined;
}
