/** Rows over the windows that places see: the bounds that whole images give, at the borders too. */
import * as fc from 'fast-check';
import * as ort from 'onnxruntime-node';
import { afterEach, expect, test, vi } from 'vitest';
import type { NormName } from '../../src/audit/run.ts';
import { ballSet } from '../../src/bounds/ball-set.ts';
import { type Backward, type Ends, LayerwiseBounds } from '../../src/bounds/layerwise.ts';
import { GroupClimb } from '../../src/bounds/group-climb.ts';
import { WindowRows } from '../../src/bounds/window-rows.ts';
import { Builder } from '../../src/graph/builder.ts';
import { BATCH, known } from '../../src/graph/dimension.ts';
import type { Node } from '../../src/graph/graph.ts';
import { subgraph } from '../../src/graph/subgraph.ts';
import { readModel } from '../../src/onnx/read.ts';
import { writeModel } from '../../src/onnx/write.ts';
import { openNetwork, type OpenNetwork } from '../../src/runtime/network.ts';
import { ortRuntime } from '../../src/runtime/runtime.ts';
import { Threat } from '../../src/threats/threat.ts';
import { noRounding, roundingModel } from '../../src/transforms/rounding.ts';
import { Draw } from '../generators/draw.ts';

const runtime = ortRuntime(ort, { name: 'onnxruntime-node', threads: 1 });
const SIZE = 14;

function convolved(b: Builder, draw: Draw, x: Node, channels: number, stride: number): Node {
  const [, before = 1, height = 1, width = 1] = x.shape;
  const least = Math.min(known(height, 'rows'), known(width, 'columns'));
  const kernel = Math.min(draw.integer(1, 3), least);
  const pads = (): number[] => [draw.integer(0, 2), draw.integer(0, 2)];
  const shape = [channels, known(before, 'channels'), kernel, kernel];
  const size = shape.reduce((product, each) => product * each, 1);
  const weights = draw.list(size, () => draw.real(-1, 1));
  return b.push('conv', [x, b.floats(weights, shape)], {
    strides: [stride, stride],
    padBefore: pads(),
    padAfter: pads(),
    dilations: [1, 1],
    groups: 1,
  });
}

/** By a kernel of three with its padding. */
function sameSize(b: Builder, draw: Draw, x: Node): Node {
  const channels = known(x.shape[1] ?? 1, 'channels');
  const weights = draw.list(9 * channels * channels, () => draw.real(-1, 1));
  return b.push('conv', [x, b.floats(weights, [channels, channels, 3, 3])], {
    strides: [1, 1],
    padBefore: [1, 1],
    padAfter: [1, 1],
    dilations: [1, 1],
    groups: 1,
  });
}

/** A few convolutions, bent, scaled, and now and then added to what they come from. */
function images(draw: Draw): Uint8Array {
  const b = new Builder();
  let x: Node = b.input('x', [BATCH, 1, SIZE, SIZE]);
  const depth = draw.integer(2, 3);
  for (let layer = 0; layer < depth; layer++) {
    const affine = convolved(b, draw, x, draw.integer(1, 3), draw.integer(1, 2));
    const bias = b.floats(
      draw.list(known(affine.shape[1] ?? 1, 'channels'), () => draw.real(-1, 1)),
      [1, known(affine.shape[1] ?? 1, 'channels'), 1, 1],
    );
    const moved = draw.chance(0.5) ? b.add(affine, bias) : b.sub(b.mul(affine, bias), 0.3);
    const bent = draw.chance(0.6) ? b.relu(moved) : b.push('sigmoid', [moved], {});
    x = bent;
    // Around a hinge, so that the sum meets windows of two sizes.
    if (draw.chance(0.5)) x = b.add(bent, sameSize(b, draw, bent));
  }
  const last = b.relu(convolved(b, draw, x, 2, 1));
  return writeModel(b.graph({ out: b.sum(last, [2, 3]) }));
}

const key = (): string => `test ${counter++}`;
let counter = 0;

interface Case {
  readonly network: OpenNetwork;
  readonly threat: Threat;
  readonly x: Float32Array;
}

async function layers(
  { network, threat, x }: Case,
  isExact: boolean,
  how: Backward = 'linear',
): Promise<readonly Ends[]> {
  const rounding = isExact ? noRounding : roundingModel('float32');
  const subject = { network, output: network.output, threat, rounding };
  const bounds = LayerwiseBounds.of(subject, key());
  const set = ballSet(network, threat, x, threat.eps, 0);
  return (await bounds.inside(set, { inside: how, rows: how })) ?? [];
}

async function drawn(seed: number): Promise<Case> {
  const draw = new Draw(seed);
  const network = await openNetwork(readModel(images(draw)), runtime);
  const norm = draw.pick<NormName>(['linf', 'l2', 'l1']);
  const threat = new Threat(norm, { eps: draw.pick([0.05, 0.3]), clip: [0, 1] });
  const x = Float32Array.from({ length: SIZE * SIZE }, () => draw.real(0, 1));
  return { network, threat, x };
}

/** Values at points of the set lie within the bounds of their layers. */
async function expectInside(
  { network, threat, x }: Case,
  found: readonly Ends[],
  seed: number,
): Promise<void> {
  const draw = new Draw(seed + 1);
  const subject = { network, output: network.output, threat, rounding: noRounding };
  const { b, stops } = LayerwiseBounds.of(subject, key()).graphs;
  const values = Object.fromEntries(stops.map(({ node }, k) => [`stop/${k}`, b.mul(node, 1)]));
  const program = await network.programs.named(key(), () => {
    return subgraph(b.nodes, values, () => undefined).graph;
  });
  for (let i = 0; i < 20; i++) {
    const corner = x.map((at) => clipped(at + draw.pick([-1, 1]) * threat.eps));
    const one = draw.integer(0, x.length - 1);
    const point = threat.norm.isBox
      ? corner
      : x.map((at, k) => (k === one ? (corner[k] ?? 0) : at));
    const shape = [1, 1, SIZE, SIZE];
    const results = await program.run({ centre: { type: 'float32', shape, data: point } });
    found.forEach(({ lower, upper }, k) => {
      const { data } = results[`stop/${k}`] ?? {};
      if (!(data instanceof Float32Array)) throw new TypeError('no values');
      expect(data.every((value, j) => (lower[j] ?? 1) <= value && value <= (upper[j] ?? 0))).toBe(
        true,
      );
    });
  }
}

const clipped = (value: number): number => Math.min(1, Math.max(0, value));

afterEach(() => vi.restoreAllMocks());

/** The widest interval or largest end of a layer: what its roundings are measured by. */
function widestOf({ lower, upper }: Ends): number {
  const wide = upper.map((high, i) => Math.max(high - (lower[i] ?? 0), Math.abs(high)));
  return Math.max(1e-3, ...wide);
}

/** By how much the first's intervals reach beyond the second's, at most. */
function beyond(one: readonly Ends[], other: readonly Ends[]): readonly number[] {
  expect(one.length).toBe(other.length);
  return one.map(({ lower, upper }, k) => {
    const { lower: least, upper: most } = other[k] ?? { lower: [], upper: [] };
    const below = Array.from(lower, (low, i) => (least[i] ?? NaN) - low);
    const above = Array.from(upper, (high, i) => high - (most[i] ?? NaN));
    return Math.max(...below, ...above) / widestOf({ lower, upper });
  });
}

test('over windows, bounds are those of whole images; rounded, no wider and outside all values', async () => {
  const used = vi.spyOn(WindowRows.prototype, 'least');
  const numRuns = 8;
  await fc.assert(
    fc.asyncProperty(fc.nat(), async (seed) => {
      const own = await drawn(seed);
      const [windows, rounded] = [await layers(own, true), await layers(own, false)];
      const whole = vi.spyOn(WindowRows, 'of').mockReturnValue(undefined);
      const [plain, wide] = [await layers(own, true), await layers(own, false)];
      whole.mockRestore();
      for (const apart of beyond(windows, plain)) expect(apart).toBeLessThan(1e-4);
      for (const apart of beyond(plain, windows)) expect(apart).toBeLessThan(1e-4);
      // A window has fewer sums than an image, and so less to allow for.
      for (const wider of beyond(rounded, wide)) expect(wider).toBeLessThan(1e-4);
      await expectInside(own, rounded, seed);
    }),
    { numRuns },
  );
  expect(used.mock.calls.length).toBeGreaterThan(numRuns / 2);
});

test('slopes that are optimised over windows bring what they bring over whole images', async () => {
  const used = vi.spyOn(GroupClimb.prototype, 'step');
  const gains: number[] = [];
  await fc.assert(
    fc.asyncProperty(fc.nat(), async (seed) => {
      const own = await drawn(seed);
      const windows = await layers(own, false, { steps: 10 });
      const whole = vi.spyOn(WindowRows, 'of').mockReturnValue(undefined);
      const plain = await layers(own, false, { steps: 10 });
      const crown = await layers(own, false);
      whole.mockRestore();
      expect(windows.length).toBe(plain.length);
      windows.forEach(({ lower, upper }, k) => {
        const [climbed, before] = [plain[k], crown[k]];
        if (!climbed || !before) throw new RangeError('a layer without bounds');
        const share = (one: Ends): number =>
          one.upper.reduce((sum, high, i) => sum + high - (one.lower[i] ?? 0), 0);
        // Rows that settle on a side of a hinge go on no further over whole images.
        expect(share({ lower, upper })).toBeLessThanOrEqual(1.01 * share(climbed) + 1e-4);
        gains.push(share({ lower, upper }) / share(before));
      });
      await expectInside(own, windows, seed);
    }),
    { numRuns: 4, seed: 5 },
  );
  expect(used.mock.calls.length).toBeGreaterThan(20);
  expect(Math.min(...gains)).toBeLessThan(0.99);
  expect(Math.max(...gains)).toBeLessThan(1.0001);
});
