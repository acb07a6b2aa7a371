/** Who reaches the console: settings, and what is said of wrong ones. */
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { MINIMAL, SiteFolder, STREET } from './site-folder.ts';

const folder = new SiteFolder();
afterAll(() => folder[Symbol.dispose]());

async function consoleOf(yaml: string, site = MINIMAL) {
  const result = await folder.load(`${site}console: ${yaml}\n`);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result;
}

describe('the console', () => {
  test('is for this machine alone where nobody says otherwise', async () => {
    expect((await consoleOf('{}')).site.console).toEqual({ host: '127.0.0.1', port: 8080 });
  });

  test('is reached from elsewhere by TLS only: plain HTTP there is refused with the fix', async () => {
    for (const listen of ['0.0.0.0:8080', '[::]:8080', '192.168.7.20:8080', 'gateway.local:8080']) {
      const [problem = ''] = await folder.problems(`${MINIMAL}console: { listen: "${listen}" }\n`);
      expect(problem).toContain('console.listen');
      expect(problem).toContain('plain HTTP; write listen: 127.0.0.1:8080 and remote:');
    }
    for (const listen of ['127.0.0.1:80', '127.8.8.8:80', '[::1]:80', 'localhost:80']) {
      expect(await folder.problems(`${MINIMAL}console: { listen: "${listen}" }\n`)).toEqual([]);
    }
  });

  test('is turned on from elsewhere by one word, with a certificate of its own or one it makes', async () => {
    expect((await consoleOf('{ remote: {} }')).site.console.remote).toEqual({
      listen: { host: '0.0.0.0', port: 8443 },
      hosts: [],
      hsts: false,
    });
    const named =
      '{ remote: { listen: "[::]:443", hosts: [Pole.City.example], cert: ./a.crt, key: ./a.key, hsts: true } }';
    expect((await consoleOf(named)).site.console.remote).toEqual({
      listen: { host: '::', port: 443 },
      hosts: ['pole.city.example'],
      certificate: { cert: join(folder.dir, 'a.crt'), key: join(folder.dir, 'a.key') },
      hsts: true,
    });
  });

  test.each([
    ['{ remote: { cert: ./a.crt } }', 'console.remote.key: missing: a certificate and its key come together'],
    ['{ remote: { key: ./a.key } }', 'console.remote.cert: missing'],
    ['{ remote: { hsts: true } }', 'console.remote.hsts: it would lock browsers out'],
    [
      '{ remote: { listen: "0.0.0.0:8080" } }',
      "console.remote.listen: port 8080 is the one of this machine's own way in",
    ],
    ['{ remote: { hosts: ["https://pole.example:8443/"] } }', 'write pole.example'],
    ['{ service: {} }', 'console.service.button: missing: nothing opens the service link'],
    [
      '{ service: { button: { device: metre-1, point: frequency } } }',
      'there is no device "metre-1"; write device: meter-1',
    ],
    ['{ service: { button: { device: meter-1, point: frequencies } } }', 'write point: frequency'],
    ['{ service: { button: { device: meter-1, point: frequency } } }', 'frequency is no contact'],
    ['{ service: { power_up: true, lasts: 2h } }', 'console.service.lasts'],
    ['{ service: { power_up: true, wifi: { password: "file:short" } } }', 'it is not 8 to 63 characters'],
    ['{ service: { power_up: true, wifi: { password: secretsecret } } }', 'a reference to a secret'],
  ])('%s is told', async (yaml, message) => {
    folder.write('short', 'seven77\n');
    expect((await folder.problems(`${STREET}console: ${yaml}\n`)).join('\n')).toContain(message);
  });

  test('has a service link with an access point of the name of the agent; its password is masked in the log', async () => {
    folder.write('wifi.password', 'under the lamp\n');
    const { site, facts } = await consoleOf(
      '{ service: { power_up: true, lasts: 10min, usb: usb0, wifi: { password: "file:wifi.password" } } }',
    );
    expect(site.console.service).toEqual({
      port: 8444,
      lasts: 600_000,
      powerUp: true,
      usb: 'usb0',
      wifi: { ssid: site.agent.id, password: 'under the lamp' },
    });
    expect(facts.secrets).toContain('under the lamp');
  });
});
