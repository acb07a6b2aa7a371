/** A person at the console, without a browser: the one-time link's two halves, and the API with them. */
export interface Person {
  /** Status and bytes of what is no JSON. */
  bytes(path: string): Promise<{ readonly status: number; readonly bytes: Uint8Array }>;
  get<T>(path: string): Promise<T>;
  /** The body of an answer that does not end by itself. */
  stream(path: string, signal: AbortSignal): Promise<ReadableStream<Uint8Array>>;
  post<T>(path: string, body: object): Promise<T>;
}

export async function logIn(link: string): Promise<Person> {
  const { origin } = new URL(link);
  const entered = await fetch(link, { redirect: 'manual' });
  const cookie = (entered.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  const key = new URL(entered.headers.get('location') ?? '', origin).hash.replace('#key=', '');
  const headers = { cookie, 'x-kerbside-key': key };
  const read = async <T>(path: string, init: RequestInit): Promise<T> => {
    const answer = await fetch(`${origin}/api/v1${path}`, init);
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  };
  return {
    bytes: async (path) => {
      const answer = await fetch(`${origin}/api/v1${path}`, { headers });
      return { status: answer.status, bytes: new Uint8Array(await answer.arrayBuffer()) };
    },
    get: (path) => read(path, { headers }),
    stream: async (path, signal) => {
      const { body } = await fetch(`${origin}/api/v1${path}`, { headers, signal });
      if (body === null) throw new Error(`${path}: no body`);
      return body;
    },
    post: (path, body) =>
      read(path, {
        method: 'POST',
        headers: { ...headers, origin, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
  };
}
