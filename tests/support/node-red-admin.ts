/** Node-RED's admin API as its editor uses it, with the session that a ticket gives. */

export interface Admin {
  readonly origin: string;
  readonly headers: Record<string, string>;
  flows(): Promise<{ id: string; type: string; label?: string }[]>;
  /** Deploys; resolves when it is durable. */
  deploy(flows: readonly object[]): Promise<void>;
  /** Presses the button of an inject node. */
  inject(id: string): Promise<void>;
  get<T>(path: string): Promise<T>;
}

/** Logs in with a ticket's link, as a browser does. */
export async function nodeRedAdmin(link: string): Promise<Admin> {
  const entered = await fetch(link, { redirect: 'manual' });
  const code = new URL(entered.headers.get('location') ?? '', link).search.slice('?code='.length);
  const { origin } = new URL(link);
  const answer = await fetch(`${origin}/auth/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ code }),
  });
  const { accessToken } = (await answer.json()) as { accessToken: string };
  return adminOf(origin, { authorization: `Bearer ${accessToken}` });
}

/** The same where nobody has to log in. */
export function adminOf(origin: string, headers: Record<string, string> = {}): Admin {
  const asked = async (path: string, body?: unknown): Promise<Response> => {
    const answer = await fetch(`${origin}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        ...headers,
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${path}: Node-RED answered ${answer.status}: ${await answer.text()}`);
    return answer;
  };
  return {
    origin,
    headers,
    flows: async () =>
      (await (await asked('/flows')).json()) as { id: string; type: string; label?: string }[],
    deploy: async (flows) => void (await asked('/flows', flows)),
    inject: async (id) => void (await asked(`/inject/${id}`, {})),
    get: async <T>(path: string) => (await (await asked(path)).json()) as T,
  };
}
