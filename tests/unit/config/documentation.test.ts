/** The examples of docs/ are files the real check takes, so that nobody copies a mistake. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { MINIMAL, SiteFolder, STREET } from './site-folder.ts';

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
const blocks = (path: string) =>
  [...read(path).matchAll(/```yaml\n(.*?)```/gs)].map(([, block = '']) => block);

describe('docs/configuration.md', () => {
  const [whole = '', template = '', site = ''] = blocks('docs/configuration.md');

  test('the whole site is right', async () => {
    using folder = new SiteFolder();
    folder.write('ca.pem', '-----BEGIN CERTIFICATE-----\n');
    folder.write('profiles/README', '');
    expect(
      await folder.problems(whole, { env: { MQTT_PASSWORD: 'from outside', CAMERA_PASSWORD: 'too' } }),
    ).toEqual([]);
  });

  test('the template and the site on it are right together, with the rest of a site beneath', async () => {
    using folder = new SiteFolder();
    const { site: place, lines } = parse(whole);
    const rest = `site: ${JSON.stringify(place)}\nlines: ${JSON.stringify(lines)}\n`;
    folder.write('pole.yaml', `${template}${rest}`);
    const result = await folder.load(site);
    expect(result.ok ? [] : result.problems).toEqual([]);
    if (!result.ok) return;
    expect(result.site.agent.id).toBe('pole-0817');
    expect(result.site.devices.map(({ id, every }) => [id, every])).toEqual([
      ['meter-lamp', 10_000],
      ['meter-feeder', undefined],
    ]);
  });

  test('the mistakes are told as it says', async () => {
    using folder = new SiteFolder();
    const told = await folder.problems(
      whole.replace('Asia/Shanghai', 'Asia/Shangai').replace('baud: 9600', 'baud: 9.6k'),
    );
    expect(told.join('\n')).toContain('got "Asia/Shangai"; write timezone: Asia/Shanghai');
    expect(told.join('\n')).toContain('expected one of 1200…115200, got "9.6k"; write baud: 9600');
  });
});

describe('docs/uplinks/building-energy.md', () => {
  test('the uplink is right', async () => {
    const [uplinks = ''] = blocks('docs/uplinks/building-energy.md');
    using folder = new SiteFolder();
    const street = STREET.replaceAll('meter-1', 'feeder');
    const env = { ENERGY_KEY: 'k3rbside-test-01', ENERGY_SECRET: 'a secret' };
    expect(await folder.problems(street + uplinks, { env })).toEqual([]);
  });
});

describe('docs/uplinks/gb26875.md', () => {
  test('the uplink is right, with the points further down too', async () => {
    const [whole = '', points = ''] = blocks('docs/uplinks/gb26875.md');
    using folder = new SiteFolder();
    expect(await folder.problems(MINIMAL + whole)).toEqual([]);
    const cabinet = '  - { id: cabinet, line: rs485, address: 1, profile: smoke-of-the-test }\n';
    // The cabinet is the reader's: only that its profile and line are not there is said of it.
    const said = await folder.problems(
      `${MINIMAL}${whole.replace('devices:\n', `devices:\n${cabinet}`)}${points}`,
    );
    expect(said.length).toBeGreaterThan(0);
    expect(said.filter((line) => !/smoke-of-the-test|rs485/.test(line))).toEqual([]);
  });
});

describe('docs/adding-a-profile.md', () => {
  const [profile = '', site = ''] = blocks('docs/adding-a-profile.md');

  test('the profile is the one of the repository', () => {
    const { source: _own, ...rest } = parse(profile);
    const { source: _real, ...real } = parse(read('drivers/profiles/climate-sensor/renke-rs-ws.yaml'));
    expect(rest).toEqual(real);
  });

  test('the site at the device is right', async () => {
    using folder = new SiteFolder();
    folder.write('profiles/README', '');
    expect(await folder.problems(site)).toEqual([]);
  });
});
