/**
 * `kerbside label [site]`: the labels for the pole, as SVG: what its cameras do, and with `--access` the way to the service
 * link.
 */
import type { Command } from 'commander';
import { AgentError } from '../core/errors.ts';
import type { Site } from '../core/site.ts';
import { poleLabel } from '../vision/label.ts';
import { EXIT } from './exit.ts';
import { load, problemLines } from './site.ts';

export function register(program: Command): void {
  program
    .command('label')
    .description('print a label as SVG: of a pole with cameras, or with --access of its service link')
    .argument('[site]', 'site file', 'site.yaml')
    .option(
      '--access',
      'the access label: QR, a new code and the fingerprints; the code before stops to work',
    )
    .addHelpText(
      'after',
      '\nOperator and contact come from privacy: in the site file. The code is kept as a hash only.',
    )
    .action(label);
}

async function label(file: string, options: { access?: true }): Promise<void> {
  const result = await load(file, 'skip');
  if (!result.ok) {
    process.exitCode = EXIT.no;
    process.stderr.write(problemLines(result.problems));
    return;
  }
  const { site } = result;
  if (options.access === true) {
    process.stdout.write(await access(site));
    return;
  }
  if (site.cameras.length === 0) {
    throw new AgentError('config-invalid', `label of ${file} failed: the site has no camera`);
  }
  process.stdout.write(poleLabel(site));
  if (site.privacy?.operator === undefined || site.privacy.contact === undefined) {
    process.stderr.write('kerbside: nobody is named: write privacy: { operator: …, contact: … }\n');
  }
}

/** Makes a new code, and the certificate where there is none, so that its fingerprint is on the label. */
async function access(site: Site): Promise<string> {
  const { service, remote } = site.console;
  if (service === undefined) {
    throw new AgentError('config-invalid', 'access label failed: the site has no service link', {
      fix: 'Write console: { service: { button: … } } into the site file.',
    });
  }
  process.umask(0o077);
  const { factsOf, ownCertificate } = await import('../console/access/certificate.ts');
  const { madeNames } = await import('../console/remote.ts');
  const { accessLabel } = await import('../console/service/label.ts');
  const { newLabelCode } = await import('../console/service/label-code.ts');
  const names = madeNames(site.agent.id, remote?.listen.host ?? '::', remote?.hosts ?? []);
  const { cert } = await ownCertificate(site.state, names, Date.now());
  const { fingerprint, keyFingerprint } = factsOf(cert);
  return accessLabel({
    agent: site.agent.id,
    title: site.title.zh ?? site.title.en,
    address: `https://kerbside.local:${service.port}/service`,
    code: await newLabelCode(site.state, Date.now()),
    fingerprint,
    keyFingerprint,
    ...(service.wifi === undefined ? {} : { ssid: service.wifi.ssid }),
  });
}
