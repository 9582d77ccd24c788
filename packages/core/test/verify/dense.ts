/** Small dense ReLU networks as ONNX files, and the words of VNN-LIB 1.0 about them. */
import * as ort from 'onnxruntime-node';
import { Builder } from '../../src/graph/builder.ts';
import { BATCH } from '../../src/graph/dimension.ts';
import type { Node } from '../../src/graph/graph.ts';
import { readModel } from '../../src/onnx/read.ts';
import { writeModel } from '../../src/onnx/write.ts';
import { openNetwork } from '../../src/runtime/network.ts';
import { ortRuntime } from '../../src/runtime/runtime.ts';
import { parseVnnlib } from '../../src/vnnlib/parse.ts';
import { type Decision, verify } from '../../src/verify/verify.ts';
import { Draw } from '../generators/draw.ts';
import type { Layer, LineRow } from './line-oracle.ts';

export const runtime = ortRuntime(ort, {
  name: 'onnxruntime-node',
  threads: 1,
  writesInto: true,
});

/** Layers of the given widths, the first the inputs'. */
export function drawLayers(draw: Draw, widths: readonly number[]): Layer[] {
  return widths.slice(1).map((to, i) => {
    const from = widths[i] ?? 1;
    return {
      weights: Float32Array.from(draw.list(from * to, () => draw.real(-1, 1))),
      biases: Float32Array.from(draw.list(to, () => draw.real(-0.5, 0.5))),
    };
  });
}

/**
 * The same with neurons in opposed pairs, before hinges that come back as one of z, |z|, max(z, 0) or what the
 * weights behind them happen to make of them.
 */
export function paired(draw: Draw, layers: readonly Layer[]): Layer[] {
  const own = layers.map(({ weights, biases }) => ({
    weights: weights.slice(),
    biases: biases.slice(),
  }));
  own.slice(0, -1).forEach((layer, k) => {
    const width = layer.biases.length;
    const next = own[k + 1] ?? layer;
    const outputs = next.biases.length;
    for (let j = 1; j < width; j += 2) {
      if (draw.chance(0.2)) continue;
      layer.biases[j] = -(layer.biases[j - 1] ?? 0);
      for (let i = 0; i < layer.weights.length; i += width) {
        layer.weights[i + j] = -(layer.weights[i + j - 1] ?? 0);
      }
      const factor = draw.pick([-1, 0, 1, null]);
      if (factor === null) continue;
      for (let o = 0; o < outputs; o++) {
        next.weights[j * outputs + o] = factor * (next.weights[(j - 1) * outputs + o] ?? 0);
      }
    }
  });
  return own;
}

/** By a stream of its own: what is drawn next stays what it was. */
export function sometimesPaired(layers: readonly Layer[]): readonly Layer[] {
  const draw = new Draw(Math.floor(1e6 * Math.abs(layers[0]?.biases[0] ?? 0)));
  return draw.chance(0.25) ? paired(draw, layers) : layers;
}

export function modelOf(layers: readonly Layer[]): Uint8Array<ArrayBuffer> {
  const b = new Builder();
  const [first] = layers;
  let width = (first?.weights.length ?? 0) / (first?.biases.length ?? 1);
  let x: Node = b.input('x', [BATCH, width]);
  layers.forEach(({ weights, biases }, i) => {
    const to = biases.length;
    const next = b.add(b.matMul(x, b.floats(weights, [width, to])), b.floats(biases, [1, to]));
    x = i === layers.length - 1 ? next : b.relu(next);
    width = to;
  });
  return writeModel(b.graph({ y: x }));
}

/** Six decimals, which VNN-LIB and the oracle read alike. */
export const short = (value: number): number => Number(value.toFixed(6));

export function queryText(
  inputs: number,
  outputs: number,
  lower: readonly number[],
  upper: readonly number[],
  disjunction: readonly (readonly LineRow[])[],
  relation = '<=',
): string {
  const names = [
    ...Array.from({ length: inputs }, (_, i) => `X_${i}`),
    ...Array.from({ length: outputs }, (_, i) => `Y_${i}`),
  ];
  const sum = ({ coefficients }: LineRow): string => {
    const terms = coefficients.flatMap((c, i) => (c === 0 ? [] : [`(* ${c} ${names[i]})`]));
    return terms.length === 1 ? (terms[0] ?? '') : `(+ ${terms.join(' ')})`;
  };
  const cases = disjunction.map(
    (rows) => `(and ${rows.map((row) => `(${relation} ${sum(row)} ${row.bound})`).join(' ')})`,
  );
  return [
    ...names.map((name) => `(declare-const ${name} Real)`),
    ...lower.map((low, i) => `(assert (>= X_${i} ${low}))`),
    ...upper.map((high, i) => `(assert (<= X_${i} ${high}))`),
    `(assert (or ${cases.join(' ')}))`,
  ].join('\n');
}

/** The verdict on a query of one network. */
export async function decide(model: Uint8Array, text: string): Promise<Decision> {
  const network = await openNetwork(readModel(model), runtime);
  try {
    const query = parseVnnlib(text);
    const name = query.networks[0]?.name ?? '';
    return await verify({ query, networks: new Map([[name, network]]) });
  } finally {
    await network.release();
  }
}
