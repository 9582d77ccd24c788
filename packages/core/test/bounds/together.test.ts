/** Inputs bounded together have the bounds that they have alone, whoever stands beside them. */
import * as fc from 'fast-check';
import * as ort from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { layerMargins } from '../../src/bounds/layer-margins.ts';
import { boundMethods } from '../../src/bounds/methods.ts';
import { Builder } from '../../src/graph/builder.ts';
import { BATCH } from '../../src/graph/dimension.ts';
import type { Node } from '../../src/graph/graph.ts';
import { readModel } from '../../src/onnx/read.ts';
import { writeModel } from '../../src/onnx/write.ts';
import type { Classifier } from '../../src/runtime/classifier.ts';
import { openClassifier } from '../../src/runtime/open-classifier.ts';
import { ortRuntime } from '../../src/runtime/runtime.ts';
import type { Rows } from '../../src/threats/ball.ts';
import { Threat } from '../../src/threats/threat.ts';
import { Draw } from '../generators/draw.ts';

const runtime = ortRuntime(ort, { name: 'onnxruntime-node', threads: 1 });
const [INPUTS, CLASSES, COUNT] = [4, 3, 21];
const RUNS = 3;
const WIDTHS = [12, 9, 8];
const methods = ['crown', 'alpha-crown'] as const;

function dense(draw: Draw, bent: (b: Builder, x: Node) => Node): Uint8Array {
  const b = new Builder();
  let x: Node = b.input('x', [BATCH, INPUTS]);
  const weights = (rows: number, columns: number): Node =>
    b.floats(
      draw.list(rows * columns, () => draw.real(-1, 1)),
      [rows, columns],
    );
  let width = INPUTS;
  for (const next of WIDTHS) {
    x = bent(b, b.add(b.matMul(x, weights(width, next)), weights(1, next)));
    width = next;
  }
  return writeModel(b.graph({ out: b.matMul(x, weights(width, CLASSES)) }));
}

/** Balls of very different sizes, so that some have many rows and others none. */
function drawn(draw: Draw, first: number): Rows {
  return {
    count: COUNT,
    x: Float32Array.from({ length: COUNT * INPUTS }, () => draw.real(0, 1)),
    labels: Int32Array.from({ length: COUNT }, () => draw.integer(0, CLASSES - 1)),
    radii: Float64Array.from({ length: COUNT }, () => draw.pick([0, 1e-3, 0.05, 0.3])),
    streams: Array.from({ length: COUNT }, (_, i) => first + i),
  };
}

/** Those of other streams: nothing is known of them. */
function alone(rows: Rows, row: number): Rows {
  return {
    count: 1,
    x: rows.x.slice(row * INPUTS, (row + 1) * INPUTS),
    labels: rows.labels.slice(row, row + 1),
    radii: rows.radii.slice(row, row + 1),
    streams: [1000 + (rows.streams[row] ?? 0)],
  };
}

const relus = (b: Builder, x: Node): Node => b.relu(x);
const curves = (b: Builder, x: Node): Node => b.push('tanh', [x], {});
/** Of the first layer alone. */
const roots = (b: Builder, x: Node): Node =>
  x.shape[1] === WIDTHS[0] ? b.push('sqrt', [b.add(x, 6)], {}) : b.relu(x);

async function compared(
  classifier: Classifier,
  threat: Threat,
  rows: Rows,
  name: (typeof methods)[number],
): Promise<readonly (readonly [together: number, alone: number])[]> {
  const bound = layerMargins(name, boundMethods[name]);
  const context = { classifier, threat };
  const together = await bound.margins(context, rows, 'float32');
  const pairs: [number, number][] = [];
  for (let row = 0; row < rows.count; row++) {
    const [own = 0] = await bound.margins(context, alone(rows, row), 'float32');
    pairs.push([together[row] ?? 0, own]);
  }
  return pairs;
}

test('margins are those of each input by itself, again over smaller balls', async () => {
  let seen = 0;
  await fc.assert(
    fc.asyncProperty(fc.nat(), async (seed) => {
      const draw = new Draw(seed);
      const bent = draw.pick([relus, curves]);
      const classifier = await openClassifier(readModel(dense(draw, bent)), runtime);
      const threat = new Threat(draw.pick(['linf', 'l2', 'l1']), { eps: 0.3, clip: [0, 1] });
      const rows = drawn(draw, 0);
      for (const name of methods) {
        for (const [together, own] of await compared(classifier, threat, rows, name)) {
          expect(Math.abs(together - own)).toBeLessThan(1e-3 * Math.max(1, Math.abs(own)));
          seen++;
        }
        // Of some of them more is known now than of others.
        const smaller = { ...rows, radii: rows.radii.map((radius, i) => radius / (1 + (i % 3))) };
        for (const [together, own] of await compared(classifier, threat, smaller, name)) {
          expect(together).toBeGreaterThan(own - 1e-3 * Math.max(1, Math.abs(own)));
        }
      }
      await classifier.release();
    }),
    { numRuns: RUNS },
  );
  expect(seen).toBe(RUNS * methods.length * COUNT);
});

test('an input whose bounds are not finite takes nothing from those beside it', async () => {
  const draw = new Draw(3);
  const classifier = await openClassifier(readModel(dense(draw, roots)), runtime);
  const threat = new Threat('linf', { eps: 1 });
  const rows = drawn(draw, 0);
  rows.radii.forEach((_, i) => (rows.radii[i] = i % 4 === 0 ? 5 : 1e-3));
  const pairs = await compared(classifier, threat, rows, 'crown');
  const unknown = pairs.filter(([together]) => Number.isNaN(together)).length;
  expect(unknown).toBeGreaterThan(2);
  expect(unknown).toBeLessThan(COUNT - 2);
  for (const [together, own] of pairs) {
    expect(Number.isNaN(together)).toBe(Number.isNaN(own));
    if (!Number.isNaN(own)) expect(together).toBeCloseTo(own, 4);
  }
  await classifier.release();
});
