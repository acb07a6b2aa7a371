/** Secrets and environment: by reference only, and never in anything that is shown. */
import { afterAll, describe, expect, test } from 'vitest';
import { shownPath } from '../../../agent/cli/site.ts';
import { effective, effectiveYaml } from '../../../agent/config/effective.ts';
import { MINIMAL, SiteFolder } from './site-folder.ts';

const folder = new SiteFolder();
afterAll(() => folder[Symbol.dispose]());

const UPLINK = `${MINIMAL}uplinks:
  - id: city
    mqtt:
      url: mqtts://\${env:CITY}:8883
      username: kerb
      password: \${env:CITY_PASSWORD}
      ca: file:./keys/ca.pem
`;
const ENV = { CITY: 'broker.example', CITY_PASSWORD: 'hunter2-of-the-city' };
const PEM = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----';

describe('secrets', () => {
  test('come from the environment and from files beside the site file', async () => {
    folder.write('keys/ca.pem', `${PEM}\n`);
    const result = await folder.load(UPLINK, { env: ENV });
    if (!result.ok) throw new Error(JSON.stringify(result.problems));
    expect(result.site.uplinks[0]).toMatchObject({
      url: 'mqtts://broker.example:8883',
      password: 'hunter2-of-the-city',
      ca: PEM,
      clientId: 'pole-0817',
    });
    expect(result.facts.secrets).toEqual(['hunter2-of-the-city', PEM]);
  });

  test('are not shown by the effective configuration, nor is the value of a variable', async () => {
    folder.write('keys/ca.pem', PEM);
    const result = await folder.load(UPLINK, { env: ENV });
    if (!result.ok) throw new Error(JSON.stringify(result.problems));
    const { root, files } = result.facts;
    const values = effective(result.site, root, files);
    const text = effectiveYaml(values, shownPath) + JSON.stringify(values);
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of a site file
    expect(text).toContain('password: ${env:CITY_PASSWORD} #');
    expect(text).not.toContain('hunter2');
    expect(text).not.toContain('broker.example');
    expect(text).not.toContain('MIIB');
  });

  test('that are missing are told, or skipped where asked for', async () => {
    folder.write('keys/ca.pem', PEM);
    const env = { CITY: ENV.CITY };
    expect(await folder.problems(UPLINK, { env })).toEqual([
      'site.yaml:12:7 uplinks[0].mqtt.password: the environment variable CITY_PASSWORD is not set; set CITY_PASSWORD before the start, or write file:…',
    ]);
    expect(await folder.problems(UPLINK, { env, secrets: 'skip' })).toEqual([]);
  });

  test('an empty file is no secret', async () => {
    folder.write('keys/ca.pem', '\n');
    expect(await folder.problems(UPLINK, { env: ENV })).toEqual([
      'site.yaml:13:7 uplinks[0].mqtt.ca: file ./keys/ca.pem is empty; write the secret into it',
    ]);
  });

  test('a variable that holds something wrong is not repeated', async () => {
    folder.write('keys/ca.pem', PEM);
    const found = await folder.problems(UPLINK, { env: { ...ENV, CITY: 'u:hunter2@x y' } });
    expect(found.join()).toContain(
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of a site file
      'got the value of ${env:CITY}',
    );
    expect(found.join()).not.toContain('hunter2');
  });

  test('a whole value from the environment keeps its kind', async () => {
    const text = `${MINIMAL}rate: \${env:RATE}\nconsole: { listen: "\${env:LISTEN}" }\n`;
    const result = await folder.load(text, { env: { RATE: '60', LISTEN: '127.0.0.1:0' } });
    expect(result.ok && [result.site.rate, result.site.console]).toEqual([
      60,
      { host: '127.0.0.1', port: 0 },
    ]);
  });
});
