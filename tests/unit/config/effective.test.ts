/** The effective configuration: each value with its source, and a text that can be read back to the same site. */
import { afterAll, describe, expect, test } from 'vitest';
import { effective, effectiveYaml, fromText } from '../../../agent/config/effective.ts';
import { pathText } from '../../../agent/config/problem.ts';
import { MINIMAL, SiteFolder, STREET } from './site-folder.ts';

const folder = new SiteFolder();
afterAll(() => folder[Symbol.dispose]());
const name = (file: string) => file.slice(folder.dir.length + 1);

async function show(text: string, env: Record<string, string> = {}) {
  const result = await folder.load(text, { env });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  const { root, files } = result.facts;
  const values = effective(result.site, root, files);
  const sources = new Map(
    values.map(({ path, value, from }) => [pathText(path), `${value} (${fromText(from, name)})`]),
  );
  return { site: result.site, sources, yaml: effectiveYaml(values, name) };
}

describe('the effective configuration', () => {
  test('names file and line, template, variable, environment, profile and default', async () => {
    folder.write(
      'pole.yaml',
      `vars: { port: /dev/ttyS1 }\n${STREET.replace('/dev/ttyUSB0', '"${' + 'var:port}"')}`,
    );
    const { sources } = await show('extends: ./pole.yaml\nrate: ${' + 'env:RATE}\nlog: { window: 2s }\n', {
      RATE: '7',
    });
    expect(
      Object.fromEntries([...sources].filter(([path]) => /^(agent|log|lines|devices|rate)/.test(path))),
    ).toEqual({
      'agent.id': 'pole-0817 (template pole.yaml:7)',
      rate: '${' + 'env:RATE} (env RATE (site.yaml:2))',
      'log.window': '2s (site.yaml:3)',
      'log.write_budget': '2GB (default)',
      'log.budget': '512MB (default)',
      'log.max_age': '30d (default)',
      'log.ring': '20MB (default)',
      'lines[0].id': 'rs485-1 (template pole.yaml:9)',
      'lines[0].port': '/dev/ttyS1 (var port (pole.yaml:10))',
      'lines[0].baud': '9600 (default)',
      'lines[0].format': '8N1 (default)',
      'lines[0].timeout': '300ms (default)',
      'devices[0].id': 'meter-1 (template pole.yaml:12)',
      'devices[0].line': 'rs485-1 (template pole.yaml:13)',
      'devices[0].profile': 'eastron-sdm630 (template pole.yaml:14)',
      'devices[0].address': '1 (template pole.yaml:15)',
      'devices[0].every': '10s (profile eastron-sdm630)',
    });
  });

  test('reads back to the same site', async () => {
    const text = `${STREET}cameras: [{ id: c, title: { en: Camera, zh: 摄像机 }, source: "http://10.0.0.9/a.jpg" }]
uplinks: [{ id: city, mqtt: { url: "mqtt://127.0.0.1" } }]
node_red: {}
`;
    const first = await show(text);
    const again = await show(first.yaml);
    // The period of a device without one is its profile's: written out it is the device's own.
    const devices = first.site.devices.map((device) => ({ ...device, every: 10_000 }));
    expect(again.site).toEqual({ ...first.site, devices });
    expect(first.yaml).toContain('  - id: meter-1 # site.yaml:11\n');
  });

  test('a part that is off is not shown', async () => {
    const { sources } = await show(MINIMAL);
    expect([...sources.keys()].filter((path) => path.startsWith('node_red'))).toEqual([]);
    expect(sources.get('devices')).toBe(' (default)');
  });
});
