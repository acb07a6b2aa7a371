/** `kerbside csr`: a certificate for this unit, the plain way: a request (PKCS #10, RFC 2986) out, a certificate chain in. */
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import type { Command } from 'commander';
import { certPath, keyPath, replaceDurably, unitKey } from '../compose/bound-key.ts';
import { AgentError } from '../core/errors.ts';
import type { Site } from '../core/site.ts';
import { EXIT } from './exit.ts';
import { load, problemLines, shownPath } from './site.ts';

interface Common {
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
    .option('--json', 'answer in JSON')
    .addHelpText(
      'after',
      `
The key (P-256) is in tls/ of the state folder, bound to this machine: by the serial number of its processor where it has one, else
by the machine id of the system, which a clone of the card brings along. Keys in PKCS #11 tokens are not used: the TLS of Node
takes none from there.

Examples:
  kerbside csr make --site /etc/kerbside/site.yaml --out pole-0817.csr

Exit code 0: made. 1: the site file has problems. 3: the key cannot be used.`,
    )
    .action(make);
  csr
    .command('install')
    .description('check a certificate for the key of this unit and put it in its place')
    .argument('<chain>', 'PEM: the certificate, and what lies between it and the authority')
    .option('--site <file>', 'site file', 'site.yaml')
    .option('--ca <file>', 'PEM of the authority that it has to come from')
    .option('--json', 'answer in JSON')
    .addHelpText(
      'after',
      `
Then the uplink names both: cert: file:state/tls/device.pem and key: file:state/tls/device.key (said with the paths of this site).

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
}: Common & { out?: string; newKey?: true }): Promise<void> {
  process.umask(0o077);
  const site = await siteOf(file);
  if (site === undefined) return;
  const { pem, bound, made } = keyOf(site.state, newKey === true);
  const request = await requestFor(pem, site);
  if (out !== undefined) writeFileSync(out, request, { mode: 0o644 });
  const binding =
    bound === undefined
      ? 'to nothing: this machine says nothing of itself'
      : `to ${bound.split(':')[0] === 'cpu' ? 'the serial number of the processor' : 'the machine id of the system'}`;
  if (json === true) {
    process.stdout.write(
      `${JSON.stringify({ request, key: keyPath(site.state), made, bound: bound ?? null })}\n`,
    );
    return;
  }
  process.stdout.write(
    out === undefined ? request : `${shownPath(out)}: have it signed, then kerbside csr install\n`,
  );
  process.stderr.write(`the key was ${made ? 'made now' : 'there'} and is bound ${binding}\n`);
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

/** PKCS #10: CN is the agent, O the site, a URI names both. */
async function requestFor(pem: string, { id, agent }: Site): Promise<string> {
  // Loaded for this alone: it takes 21 MB.
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  const { subtle } = globalThis.crypto;
  const kind = { name: 'ECDSA', namedCurve: 'P-256' };
  const own = createPrivateKey(pem);
  const keys = {
    privateKey: await subtle.importKey('pkcs8', own.export({ type: 'pkcs8', format: 'der' }), kind, false, [
      'sign',
    ]),
    publicKey: await subtle.importKey(
      'spki',
      createPublicKey(own).export({ type: 'spki', format: 'der' }),
      kind,
      true,
      ['verify'],
    ),
  };
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: [{ CN: [agent.id] }, { O: [id] }],
    keys,
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    extensions: [
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]),
      new x509.SubjectAlternativeNameExtension([{ type: 'url', value: `urn:kerbside:${id}:${agent.id}` }]),
    ],
  });
  return `${request.toString('pem')}\n`;
}

async function install(file: string, { site: siteFile, ca, json }: Common & { ca?: string }): Promise<void> {
  process.umask(0o077);
  const site = await siteOf(siteFile);
  if (site === undefined) return;
  const { pem } = keyOf(site.state, false);
  const chain = certificatesIn(file);
  const roots = ca === undefined ? undefined : certificatesIn(ca);
  const wrong = misfit(chain, roots, pem, Date.now());
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
    key: keyPath(site.state),
    checked: roots !== undefined,
  };
  if (json === true) process.stdout.write(`${JSON.stringify(facts)}\n`);
  else
    process.stdout.write(
      `${facts.subject}, until ${facts.until}${roots === undefined ? '; not held to an authority: give --ca' : ''}\nin the uplink of the site file:\n  cert: ${from(at)}\n  key: ${from(keyPath(site.state))}\n`,
    );
}

/** Why a chain cannot be this unit's; undefined where it can. `chain`: the leaf first. */
export function misfit(
  chain: readonly X509Certificate[],
  roots: readonly X509Certificate[] | undefined,
  key: string,
  now: number,
): { readonly reason: string; readonly fix: string } | undefined {
  const [leaf] = chain;
  if (leaf === undefined)
    return { reason: 'there is no certificate in the file', fix: 'Name the PEM file of the authority.' };
  if (!leaf.checkPrivateKey(createPrivateKey(key)))
    return {
      reason: 'it is for another key',
      fix: 'Have the request of this unit signed: kerbside csr make.',
    };
  for (const one of chain) {
    const who = one.subject.replaceAll('\n', ', ');
    if (one.validToDate.getTime() <= now)
      return {
        reason: `${who} ran out on ${one.validToDate.toISOString()}`,
        fix: 'Have it renewed; check the clock of this machine too.',
      };
    if (one.validFromDate.getTime() > now + 300_000)
      return {
        reason: `${who} begins on ${one.validFromDate.toISOString()}`,
        fix: 'Check the clock of this machine (kerbside doctor).',
      };
  }
  for (const [i, one] of chain.entries()) {
    const issuer = chain[i + 1];
    if (issuer !== undefined && !signedBy(one, issuer))
      return {
        reason: `${one.subject.replaceAll('\n', ', ')} was not signed by what follows it`,
        fix: 'Put the certificates in order: the own one first.',
      };
  }
  const last = chain.at(-1);
  if (roots === undefined || last === undefined) return undefined;
  if (roots.some((root) => root.fingerprint256 === last.fingerprint256 || signedBy(last, root)))
    return undefined;
  return {
    reason: 'it does not come from the authority of --ca',
    fix: 'Add what lies between them to the file, or name the right authority.',
  };
}

function signedBy(one: X509Certificate, issuer: X509Certificate): boolean {
  return issuer.ca && one.checkIssued(issuer) && one.verify(issuer.publicKey);
}

function certificatesIn(file: string): X509Certificate[] {
  try {
    const blocks =
      readFileSync(file, 'utf8').match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
    return blocks.slice(0, 16).map((pem) => new X509Certificate(pem));
  } catch (cause) {
    throw new AgentError('not-found', `reading of ${file} failed: ${(cause as Error).message}`, {
      cause,
      fix: 'Name a file with certificates in PEM.',
    });
  }
}

async function siteOf(file: string): Promise<Site | undefined> {
  const result = await load(file, 'skip');
  if (result.ok) return result.site;
  process.stderr.write(problemLines(result.problems));
  process.exitCode = EXIT.no;
  return undefined;
}
