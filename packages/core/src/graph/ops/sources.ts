/** Values that come from outside: what the caller feeds and what is known beforehand. */
import type { OpDefinition } from './definition.ts';

export const sources: {
  input: OpDefinition<'input'>;
  constant: OpDefinition<'constant'>;
} = {
  input: {
    kind: 'source',
    infer: () => {
      throw new TypeError('inputs are made by Builder.input');
    },
    emit: (_emitter, node) => node.attributes.name,
  },
  constant: {
    kind: 'source',
    infer: ({ tensor }) => ({ type: tensor.type, shape: tensor.shape }),
    emit: (emitter, node) => emitter.constant(node.attributes.tensor, node.attributes.name),
  },
};
