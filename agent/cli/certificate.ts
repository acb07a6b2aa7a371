/** `kerbside certificate`: the certificate of the console from elsewhere and its fingerprints, for somebody to compare. */
import type { Command } from 'commander';
import {
  type CertificateFacts,
  factsOf,
  ownCertificate,
  readCertificate,
} from '../console/access/certificate.ts';
import { madeNames } from '../console/remote.ts';
import type { Site } from '../core/site.ts';
import { EXIT } from './exit.ts';
import { load, problemLines } from './site.ts';

export function register(program: Command): void {
  program
    .command('certificate')
    .description('show the certificate of the console and its fingerprints; makes one where there is none')
    .option('--site <file>', 'site file', 'site.yaml')
    .option('--pem', 'print the certificate itself, for a browser or a program to trust')
    .option('--json', 'answer in JSON')
    .action(async (given: { site: string; pem?: true; json?: true }) => {
      const result = await load(given.site, 'skip');
      if (!result.ok) {
        process.stderr.write(problemLines(result.problems));
        process.exitCode = EXIT.no;
        return;
      }
      const { cert, made } = await certificateOf(result.site);
      if (given.pem) process.stdout.write(cert);
      else if (given.json) process.stdout.write(`${JSON.stringify({ made, ...factsOf(cert) }, null, 2)}\n`);
      else process.stdout.write(said(factsOf(cert), made));
    });
}

async function certificateOf({ agent, state, console: { remote } }: Site) {
  if (remote?.certificate !== undefined) {
    const { cert } = await readCertificate(remote.certificate.cert, remote.certificate.key);
    return { cert, made: false };
  }
  process.umask(0o077);
  const names = madeNames(agent.id, remote?.listen.host ?? '::', remote?.hosts ?? []);
  return { cert: (await ownCertificate(state, names, Date.now())).cert, made: true };
}

function said(facts: CertificateFacts, made: boolean): string {
  const day = (time: number) => new Date(time).toISOString().slice(0, 10);
  return [
    `${made ? 'made by the agent' : facts.issuer}, ${day(facts.from)} to ${day(facts.until)}`,
    `for          ${facts.names.join(', ')}`,
    `certificate  SHA-256 ${facts.fingerprint}`,
    `public key   SHA-256 ${facts.keyFingerprint}`,
    '',
  ].join('\n');
}
