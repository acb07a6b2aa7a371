/** Reads server-sent events (HTML §9.2.6) as far as agent and show send them: an event name or none, one line of data. */

export interface ServerEvent {
  readonly name: string;
  readonly data: string;
}

/** Events of a stream until it ends; comments and retry times are passed over. */
export async function* events(body: AsyncIterable<Uint8Array>): AsyncGenerator<ServerEvent> {
  let rest = '';
  const decoder = new TextDecoder();
  for await (const chunk of body) {
    const blocks = (rest + decoder.decode(chunk, { stream: true })).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const fields = new Map(
        block.split('\n').map((line) => [line.split(':')[0], line.replace(/^[^:]*: ?/, '')]),
      );
      const data = fields.get('data');
      if (data !== undefined) yield { name: fields.get('event') ?? 'message', data };
    }
  }
}
