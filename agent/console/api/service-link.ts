/** Routes of the service link, and of the certificate by which a technician knows the unit. */
import * as contract from './contract.ts';
import { type Endpoint, endpoint } from './endpoint.ts';
import { Problem } from './problem.ts';
import * as shape from './service-link-contract.ts';
import type { Services } from './services.ts';

export function serviceLinkEndpoints({ view, entrance, service, remote, cookieOf }: Services): Endpoint[] {
  const { service: config } = view.site.console;
  const linked = () => {
    const link = service();
    if (link !== undefined && config !== undefined) return { link, config };
    throw new Problem(404, 'no-service-link', 'the site has no service link', {
      fix: 'Write console: { service: { button: … } } into the site file.',
    });
  };
  return [
    endpoint({
      method: 'GET',
      path: '/service-link',
      role: 'administrator',
      personOnly: true,
      summary: 'Whether the service link is open, until when, and what of it is missing here.',
      answer: shape.state,
      run: async () => {
        const link = service();
        if (link === undefined) {
          return {
            ...{ configured: false, open: false, until: null, by: null, port: 0, claimed: false },
            ...{ label: null, ways: [], trouble: null },
          };
        }
        const { ways, ...rest } = link.state();
        return {
          configured: true,
          ...rest,
          ways: ways.map(({ interface: name, ...way }) => ({
            ...way,
            ...(name === undefined ? {} : { interface: name }),
          })),
        };
      },
    }),
    endpoint({
      method: 'POST',
      path: '/service-link/open',
      role: 'administrator',
      personOnly: true,
      summary: 'Opens the service link as its button does.',
      answer: contract.nothing,
      problems: [404],
      run: async ({ who }) => {
        const { link, config: wanted } = linked();
        await link.open('administrator', wanted.lasts, who.name);
        return {};
      },
    }),
    endpoint({
      method: 'POST',
      path: '/service-link/close',
      role: 'administrator',
      personOnly: true,
      summary: 'Closes the service link and ends the sessions that came in by it.',
      answer: contract.nothing,
      problems: [404],
      run: async ({ who }) => {
        await linked().link.close(who.name);
        return {};
      },
    }),
    endpoint({
      method: 'POST',
      path: '/service-link/login',
      role: 'viewer',
      open: true,
      summary:
        'Comes in over the open service link by the code of the label; its session is for commissioning alone.',
      body: shape.codeBody,
      answer: contract.loggedIn,
      problems: [404, 429],
      run: async ({ body: { code }, cookie, from: { door, address }, reply }) => {
        if (door !== 'service') {
          throw new Problem(
            403,
            'not-here',
            'the code of the label opens the service link, and this is not it',
          );
        }
        const { link } = linked();
        const halves = await entrance.by('label', { door, address, cookie }, () => link.check(code));
        if (halves === undefined) throw new Problem(401, 'wrong-code', 'this is not the code of the label');
        reply.header('set-cookie', cookieOf(door, halves.id));
        return { key: halves.key };
      },
    }),
    endpoint({
      method: 'GET',
      path: '/certificate',
      role: 'administrator',
      personOnly: true,
      summary: 'The certificate of the console from elsewhere, with the fingerprints to compare.',
      answer: shape.certificate,
      run: async () => {
        const at = remote();
        const state = at?.certificate();
        return {
          remote: at?.url ?? null,
          certificate:
            state === undefined
              ? null
              : {
                  ...{
                    made: state.made,
                    subject: state.subject,
                    issuer: state.issuer,
                    names: [...state.names],
                  },
                  ...{ from: state.from, until: state.until },
                  fingerprint: state.fingerprint,
                  key_fingerprint: state.keyFingerprint,
                },
        };
      },
    }),
  ];
}
