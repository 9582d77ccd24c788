/** Files with branches whose condition is known: a constant, or made of the input's shape. */
import { integers, tensor } from '../../src/tensor/tensor.ts';
import { type Case, type GraphSpec, ints, type NodeSpec, weights } from './hand-made.ts';

const branch = (op: string): GraphSpec => ({
  outputs: ['result'],
  nodes: [{ op, inputs: ['x', 'inner'], outputs: ['result'] }],
  initializers: { inner: weights(4) },
});

function branching(what: string, file: Partial<Case> & { nodes: readonly NodeSpec[] }): Case {
  const choice: NodeSpec = {
    op: 'If',
    inputs: ['condition'],
    outputs: ['chosen'],
    attributes: { then_branch: { graph: branch('Add') }, else_branch: { graph: branch('Mul') } },
  };
  const after: NodeSpec = { op: 'Neg', inputs: ['chosen'], outputs: ['y'] };
  return {
    what: `If-17: ${what}`,
    opset: 17,
    inputs: { x: ['n', 4] },
    outputs: ['y'],
    ...file,
    nodes: [...file.nodes, choice, after],
  };
}

export const controlCases: readonly Case[] = [
  ...[0, 1].map((condition) =>
    branching(`a constant condition that is ${condition === 1}`, {
      nodes: [],
      initializers: { condition: tensor('bool', [1], Uint8Array.of(condition)) },
    }),
  ),
  branching('a condition on the number of columns', {
    nodes: [
      { op: 'Shape', inputs: ['x'], outputs: ['shape'] },
      { op: 'Gather', inputs: ['shape', 'last'], outputs: ['columns'], attributes: { axis: 0 } },
      { op: 'Equal', inputs: ['columns', 'four'], outputs: ['condition'] },
    ],
    initializers: { last: ints(-1), four: integers([4]) },
  }),
];
