/** Access to output tensors with a clear error instead of `undefined`. */
import { AgentError } from '../../agent/core/errors.ts';
import type { Tensor, Tensors } from '../../agent/core/model.ts';

/** The output `name`; throws `AgentError` `model-invalid` where the network does not have it. */
export function tensor(tensors: Tensors, name: string): Tensor {
  const found = tensors[name];
  if (found === undefined) throw new AgentError('model-invalid', `decoding failed: no output ${name}`);
  return found;
}

/** Size of axis `axis`, 0 where there is none. */
export function dim({ dims }: Tensor, axis: number): number {
  return dims[axis] ?? 0;
}

export const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
/** The logit of a probability: sigmoid(logit(p)) = p. */
export const logit = (p: number) => Math.log(p / (1 - p));
