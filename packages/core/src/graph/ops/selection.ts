/** The greatest elements along an axis, in falling order. */
import { integers } from '../../tensor/tensor.ts';
import { known, printShape } from '../dimension.ts';
import type { Node } from '../graph.ts';
import { axisBehind, type OpDefinition, ShapeError } from './definition.ts';
import { atLeastOne, only } from './operands.ts';

declare module '../graph.ts' {
  interface OpAttributes {
    topK: { readonly axis: number; readonly k: number };
  }
}

export const selection: { readonly topK: OpDefinition<'topK'> } = {
  topK: {
    kind: 'coupled',
    lifted: axisBehind,
    flat: 'a rank belongs to no element',
    evaluationError: 'exact',
    // Sorting brings no two lists farther apart.
    lipschitz: ({ changes: [change = 0] }) => change,
    infer: ({ axis, k }, operands) => {
      const { type, shape } = only(operands);
      const size = known(shape[axis] ?? 0, 'the axis of a selection');
      if (k < 1 || k > size) {
        throw new ShapeError(`axis ${axis} of ${printShape(shape)} has no ${k} greatest elements`);
      }
      return { type, shape: shape.map((dim, i) => (i === axis ? k : dim)) };
    },
    emit: (e, { attributes: { axis, k } }, operands) => {
      const inputs = [e.nameOf(only(operands)), e.constant(integers([k]))];
      const [values = ''] = e.nodes('TopK', inputs, 2, { axis, largest: 1, sorted: 1 });
      return values;
    },
    // Each cotangent goes to the elements that have its value, in equal shares: elements on an axis,
    // selected values on the one behind it.
    gradient: ({ b, node, operands, output, cotangent }) => {
      const x = only(operands);
      const { axis } = node.attributes;
      const besides = (value: Node, at: number): Node =>
        b.reshape(value, [...value.shape.slice(0, at), 1, ...value.shape.slice(at)]);
      const selected = (value: Node): Node => besides(value, axis);
      const attained = b.equal(besides(x, axis + 1), selected(output));
      const each = b.div(selected(cotangent), atLeastOne(b, b.sum(attained, [axis], true)));
      return b.sum(b.mul(attained, each), [axis + 1]);
    },
    // The j-th greatest element grows with every element.
    range: ({ b, node, operands }) => {
      const x = only(operands);
      return {
        lower: b.push('topK', [x.lower], node.attributes),
        upper: b.push('topK', [x.upper], node.attributes),
      };
    },
  },
};
