/** Networks whose values inside have no row for each sample, or several: what cannot be cut is left as it is. */
import { expect, test } from 'vitest';
import { Builder } from '../../src/graph/builder.ts';
import { BATCH, multiply } from '../../src/graph/dimension.ts';
import type { Node } from '../../src/graph/graph.ts';
import { readModel } from '../../src/onnx/read.ts';
import { writeModel } from '../../src/onnx/write.ts';
import { openNetwork } from '../../src/runtime/network.ts';
import { verify } from '../../src/verify/verify.ts';
import { parseVnnlib } from '../../src/vnnlib/parse.ts';
import { Draw } from '../generators/draw.ts';
import { queryText, runtime } from './dense.ts';

const [INPUTS, TOKENS] = [24, 4];

function weights(b: Builder, draw: Draw, rows: number, columns: number): Node {
  const drawn = draw.list(rows * columns, () => draw.real(-1, 1));
  return b.floats(drawn, [rows, columns]);
}

/** Two layers over tokens, which take the place of samples. */
function tokens(draw: Draw): Uint8Array {
  const b = new Builder();
  const x = b.input('x', [BATCH, INPUTS]);
  const apart = b.reshape(x, [multiply(TOKENS, BATCH), INPUTS / TOKENS]);
  const hidden = b.relu(b.matMul(apart, weights(b, draw, INPUTS / TOKENS, 5)));
  const bent = b.relu(b.matMul(hidden, weights(b, draw, 5, 4)));
  const together = b.relu(
    b.matMul(b.reshape(bent, [BATCH, 4 * TOKENS]), weights(b, draw, 4 * TOKENS, 6)),
  );
  return writeModel(b.graph({ y: b.matMul(together, weights(b, draw, 6, 2)) }));
}

/** The same without samples. */
function vector(draw: Draw): Uint8Array {
  const b = new Builder();
  const x = b.reshape(b.input('x', [INPUTS]), [1, INPUTS]);
  const layer = (from: Node, size: number): Node =>
    b.relu(b.reshape(b.matMul(b.reshape(from, [1, size]), weights(b, draw, size, 8)), [8]));
  const last = b.matMul(b.reshape(layer(layer(x, INPUTS), 8), [1, 8]), weights(b, draw, 8, 2));
  return writeModel(b.graph({ y: b.reshape(last, [2]) }));
}

test.each([
  { what: 'tokens', made: tokens },
  { what: 'a vector', made: vector },
])(
  '$what: a query that bounds leave open ends with a verdict, and a right one',
  async ({ made }) => {
    const bytes = made(new Draw(5));
    const network = await openNetwork(readModel(bytes), runtime);
    const ends = (value: number): number[] => Array.from({ length: INPUTS }, () => value);
    const row = { coefficients: [...ends(0), 1, 0], bound: 0 };
    const outcomes = [];
    for (const bound of [-1000, -3, -1, -0.2]) {
      const text = queryText(INPUTS, 2, ends(-0.5), ends(0.5), [[{ ...row, bound }]]);
      const query = parseVnnlib(text);
      const networks = new Map([[query.networks[0]?.name ?? '', network]]);
      const { outcome } = await verify({ query, networks });
      outcomes.push(outcome);
    }
    await network.release();
    expect(outcomes[0]).toBe('unsat');
    expect(outcomes).not.toContain('timeout');
    // What is sat for a bound is sat for a greater one, and witnesses were run.
    expect(outcomes.lastIndexOf('unsat')).toBeLessThan(
      outcomes.includes('sat') ? outcomes.indexOf('sat') : outcomes.length,
    );
  },
);
