/**
 * One random network whose weights are from 1e-30 to 1e30, its bounds over a set of any norm held to points of the
 * set: a case of the soak; the tests check fewer. Throws when a bound does not hold.
 */
import assert from 'node:assert/strict';
import * as ort from 'onnxruntime-node';
import type { NormName } from '../src/audit/run.ts';
import type { BoundName } from '../src/bounds/methods.ts';
import { OutputBounder } from '../src/bounds/outputs.ts';
import { readModel } from '../src/onnx/read.ts';
import { openNetwork } from '../src/runtime/network.ts';
import { ortRuntime } from '../src/runtime/runtime.ts';
import { floats } from '../src/tensor/tensor.ts';
import { Threat } from '../src/threats/threat.ts';
import { Draw } from './generators/draw.ts';
import { printGraph } from './generators/print.ts';
import { scaledNetwork, WIDTH } from './generators/scaled-network.ts';
import { load } from './onnxruntime.ts';
import { evaluateOutputs } from './oracle/evaluate.ts';
import type { Below } from './transforms/below.ts';

const runtime = ortRuntime(ort, { name: 'onnxruntime-node', threads: 1 });
const norms: readonly NormName[] = ['linf', 'l2', 'l1', 'l0'];
const methods: readonly BoundName[] = ['crown', 'crown-ibp', 'forward', 'forward', 'alpha-crown'];
/** Random points of a set, beside those along its axes. */
const POINTS = 16;
/** Boxes reach no further. */
const FARTHEST = 1e25;

interface Set {
  readonly threat: Threat;
  readonly centre: Float32Array;
}

/** A ball of any size, around a point that often lies on the border of the valid box. */
function drawnSet(draw: Draw): Set {
  const norm = draw.pick(norms);
  const size = draw.pick([1, 1, 1e-38, 1e-20, 1e10, 1e20]);
  const clip = [draw.pick([0, -size]), size] as const;
  const isClipped = norm === 'l0' || draw.chance(0.5);
  const centre = Float32Array.from({ length: WIDTH }, () => {
    if (isClipped && draw.chance(0.3)) return draw.pick(clip.map(Math.fround));
    const value = draw.real(-1, 1) * size * draw.pick([1, 1, 0, 1e-10, 1e-30]);
    return isClipped ? Math.min(Math.max(value, clip[0]), clip[1]) : value;
  }).map((value) => (isClipped ? Math.min(Math.max(value, clip[0]), clip[1]) : value));
  const weights =
    norm !== 'l0' && draw.chance(0.4)
      ? Float32Array.from({ length: WIDTH }, () => 10 ** draw.real(-20, draw.pick([0, 20])))
      : null;
  const share = draw.pick([0, 0.5, 1, 0.01, 1e-6, 1e-12, 1e-20, 1e-38]);
  const most = FARTHEST / Math.max(1, ...(weights ?? []));
  const eps = norm === 'l0' ? draw.integer(0, 3) : Math.min(size * share, most);
  const frozen = draw.chance(0.3) ? [draw.integer(0, WIDTH - 1)] : null;
  return {
    threat: new Threat(norm, { eps, clip: isClipped ? clip : null, weights, frozen }),
    centre,
  };
}

/** Points of the set: its centre, its ends along every axis, and random ones. */
function pointsOf(draw: Draw, { threat, centre }: Set): Float32Array[] {
  const { eps, norm, clip } = threat;
  const weight = (i: number): number => threat.weights?.[i] ?? 1;
  const reach = (c: number, i: number, step: number): number => {
    if (norm.counts) return step > 0 ? (clip?.[1] ?? c) : step < 0 ? (clip?.[0] ?? c) : c;
    return c + step * eps * weight(i);
  };
  const axes = Array.from(centre.keys()).flatMap((axis) =>
    [1, -1].map((side) => centre.map((c, i) => reach(c, i, i === axis ? side : 0))),
  );
  const others = Array.from({ length: POINTS }, () => {
    const move = draw.list(WIDTH, () => draw.pick([1, -1, 0, draw.real(-1, 1)]));
    const length = draw.chance(0.3) || norm.counts ? 1 : norm.length(move) || 1;
    return centre.map((c, i) => reach(c, i, (move[i] ?? 0) / length));
  });
  return [centre, ...axes, ...others].flatMap((each) => {
    const point = each.slice();
    threat.enter(centre, point, eps);
    return threat.distance(centre, point) <= eps ? [point] : [];
  });
}

export async function checkRandomScales(seed: number): Promise<Below> {
  const draw = new Draw(seed);
  const set = drawnSet(draw);
  const { threat, centre } = set;
  const [low, high] = [new Float32Array(WIDTH), new Float32Array(WIDTH)];
  threat.enclose(centre, threat.eps, 'outward', low, high);
  const size = Math.max(...low.map(Math.abs), ...high.map(Math.abs));
  const model = readModel(scaledNetwork(draw, Math.max(size, 1e-38)));
  const opened = await openNetwork(model, runtime);
  try {
    const semantics = draw.pick(['float32', 'real'] as const);
    const files = [await load(model.bytes), await load(model.bytes, { optimise: false })];
    const values = await Promise.all(
      pointsOf(draw, set).map(async (point) => {
        const fed = { x: floats(point, [1, WIDTH]) };
        const runs = semantics === 'real' ? [] : files.map((file) => file.run(fed));
        const results = [evaluateOutputs(model.graph, fed), ...(await Promise.all(runs))];
        return results.map(({ out }) => Array.from(out?.data ?? [], Number));
      }),
    );
    const bounder = new OutputBounder({ network: opened, threat, semantics, outward: true });
    const names = ['interval', draw.pick(methods)] as const;
    const found = [];
    for (const name of names) {
      const bounds = await bounder.over(bounder.ball(centre, threat.eps), name);
      found.push(bounds);
      if (!bounds) continue;
      values.flat().forEach((outputs) =>
        outputs.forEach((value, k) => {
          const [least = Infinity, most = -Infinity] = [bounds.lower[k], bounds.upper[k]];
          if (value >= least && value <= most) return;
          const where = `${threat.norm.name} ${threat.eps}, ${semantics}, ${name}`;
          assert.fail(`output ${k} is ${value}, outside ${least} … ${most} (${where})`);
        }),
      );
    }
    const [interval, other] = found;
    const claimed = interval?.lower.length ?? 0;
    const kept = interval && other ? claimed : 0;
    const gained = Array.from(other?.lower ?? [], (least, k) => least > (interval?.lower[k] ?? 0));
    return { claimed, kept, gained: interval ? gained.filter(Boolean).length : 0 };
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    throw new Error(`${what}\n${printGraph(model.graph)}`, { cause: error });
  } finally {
    await opened.release();
  }
}
