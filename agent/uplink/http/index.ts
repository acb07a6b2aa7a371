/** HTTP(S): batches of payload v1 or of InfluxDB line protocol by POST; acknowledged means 2xx. docs/uplinks.md */
import { AgentError } from '../../core/errors.ts';
import type { HttpUplinkConfig } from '../../core/site.ts';
import { defineUplink } from '../../core/uplink.ts';
import { withoutSecrets } from '../address.ts';
import { probeError, replacedBy } from './answer.ts';
import { CONNECT_DEADLINE, HttpClient } from './request.ts';
import { HttpSession } from './session.ts';

export const http = defineUplink<HttpUplinkConfig>({
  kind: 'http',
  async connect(config, context, signal) {
    const own = context.machine?.generation ?? 1;
    const client = new HttpClient(config, context.clock, own);
    try {
      // Any answer to HEAD says that the receiver is there; whether it takes batches only a POST can tell.
      const answer = await client.send({ method: 'HEAD', deadline: CONNECT_DEADLINE }, signal);
      const replaced = replacedBy(answer, own, context.agent);
      if (replaced !== undefined) context.fence?.shut(replaced);
      const error = replaced ?? probeError(answer, config.url);
      if (error !== undefined) throw error;
      return new HttpSession(client, config, context);
    } catch (thrown) {
      client[Symbol.dispose]();
      if (signal.aborted) throw signal.reason;
      throw thrown instanceof AgentError && thrown.code !== 'timeout'
        ? thrown
        : connectError(thrown, config.url);
    }
  },
});

/** Why nobody answers, with what to do about it. */
function connectError(thrown: unknown, url: string): AgentError {
  const cause = thrown instanceof Error ? thrown : new Error(String(thrown));
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
  const why = cause.message || code || 'no reason given';
  const what = `connection to ${withoutSecrets(url)} failed: ${why}`;
  if (/CERT|TLS|SSL|SELF_SIGNED|ISSUER|VERIFY/.test(code)) {
    const fix =
      "Put the certificate of the receiver's authority into ca, and use the name that stands in its certificate.";
    return new AgentError('auth-failed', what, { cause, fix, context: { code } });
  }
  const fix =
    'Check the address and port of this uplink, and that the receiver runs and can be reached from here.';
  return new AgentError('broker-unreachable', what, { cause, fix, context: { code } });
}
