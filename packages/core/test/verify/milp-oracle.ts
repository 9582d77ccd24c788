/**
 * Whether a problem can be satisfied, by HiGHS: the networks as mixed-integer programs (Tjeng et al. 2019), the
 * slack of a conjunction's rows made as large as it gets. Nothing is shared with the verifier.
 */
import { loadHighs, modelOf } from '../../src/lp/highs.ts';
import { ProgramBuilder, type Term } from '../../src/lp/program.ts';
import type { Layer } from './line-oracle.ts';
import type { HiddenValue } from './ported.ts';
import {
  type Conjunction,
  jointAt,
  type RandomNetwork,
  type RandomProblem,
} from './random-problem.ts';

export interface Slack {
  /** What a point has, computed again in float64: the greatest slack is at least this. */
  readonly attained: number;
  /** What HiGHS proves that none exceeds. */
  readonly proven: number;
  /** Σ |c·v| of the largest row there, which roundings are relative to. */
  readonly size: number;
}

const TOLERANCE = 1e-9;
const MOST = 1e4;

interface Unit {
  readonly column: number;
  readonly lower: number;
  readonly upper: number;
}

class Encoding {
  readonly program = new ProgramBuilder();
  readonly integral: number[] = [];

  column(lower: number, upper: number, cost = 0, isInteger = false): Unit {
    this.integral.push(Number(isInteger));
    return { column: this.program.column(lower, upper, cost), lower, upper };
  }

  /** The layer's values as columns, by one row each. */
  affine({ weights, biases }: Layer, x: readonly Unit[]): Unit[] {
    return Array.from(biases, (bias, j) => {
      const weight = (i: number): number => weights[i * biases.length + j] ?? 0;
      let [lower, upper] = [bias, bias];
      x.forEach((unit, i) => {
        const ends = [weight(i) * unit.lower, weight(i) * unit.upper];
        lower += Math.min(...ends);
        upper += Math.max(...ends);
      });
      const sum = this.column(lower - 1e-6, upper + 1e-6);
      const terms = x.map((unit, i): Term => [unit.column, weight(i)]);
      this.program.row([...terms, [sum.column, -1]], -bias, -bias);
      return sum;
    });
  }

  relu(z: Unit): Unit {
    if (z.lower >= 0) return z;
    const upper = Math.max(0, z.upper);
    const h = this.column(0, upper);
    if (upper === 0) return h;
    const isOn = this.column(0, 1, 0, true);
    this.program.row(
      [
        [h.column, 1],
        [z.column, -1],
      ],
      0,
      Infinity,
    );
    this.program.row(
      [
        [h.column, 1],
        [z.column, -1],
        [isOn.column, -z.lower],
      ],
      -Infinity,
      -z.lower,
    );
    this.program.row(
      [
        [h.column, 1],
        [isOn.column, -upper],
      ],
      -Infinity,
      0,
    );
    return h;
  }

  /** Hidden values, in their order, and outputs. */
  network({ layers, ports }: RandomNetwork, x: readonly Unit[]): Unit[] {
    const hidden = ports?.hidden ?? [];
    const inside = new Map<HiddenValue, Unit[]>();
    const outputs = layers.reduce<Unit[]>(
      (value, layer, i) => {
        const sums = this.affine(layer, value);
        const isLast = i === layers.length - 1;
        const active = isLast ? sums : sums.map((sum) => this.relu(sum));
        for (const one of hidden.filter((each) => each.layer === i)) {
          const bare = { ...layer, biases: layer.biases.map(() => 0) };
          const kinds = {
            product: () => this.affine(bare, value),
            sum: () => sums,
            active: () => active,
          };
          inside.set(one, kinds[one.kind]());
        }
        return active;
      },
      [...x],
    );
    return [...hidden.flatMap((one) => inside.get(one) ?? []), ...outputs];
  }
}

async function slackOf(problem: RandomProblem, rows: Conjunction): Promise<Slack> {
  const { networks, lower, upper, equal } = problem;
  const encoding = new Encoding();
  const x = lower.map((low, i) => encoding.column(low, upper[i] ?? low));
  const slack = encoding.column(-MOST, MOST, -1);
  let from = 0;
  const outputs = networks.flatMap((network) => {
    from += network.inputs;
    return encoding.network(network, x.slice(from - network.inputs, from));
  });
  const all = [...x, ...outputs];
  for (const { coefficients, bound } of rows) {
    // Values that are the same one share its column.
    const terms = new Map<number, number>([[slack.column, 1]]);
    coefficients.forEach((c, i) => {
      const column = all[i]?.column ?? 0;
      terms.set(column, (terms.get(column) ?? 0) + c);
    });
    encoding.program.row([...terms], -Infinity, bound);
  }
  for (const [i, copy] of equal) {
    encoding.program.row(
      [
        [x[i]?.column ?? 0, 1],
        [x[copy]?.column ?? 0, -1],
      ],
      0,
      0,
    );
  }
  const { point, bound } = await solve(encoding);
  const own = lower.map((low, i) => Math.min(Math.max(point[i] ?? low, low), upper[i] ?? low));
  for (const [i, copy] of equal) own[copy] = own[i] ?? 0;
  const v = jointAt(networks, own);
  const attained = rows.map(({ coefficients, bound: most }) =>
    coefficients.reduce((left, c, i) => left - c * (v[i] ?? 0), most),
  );
  const sizes = rows.map(({ coefficients }) =>
    coefficients.reduce((sum, c, i) => sum + Math.abs(c * (v[i] ?? 0)), 0),
  );
  return { attained: Math.min(...attained), proven: -bound, size: Math.max(...sizes) };
}

async function solve({
  program,
  integral,
}: Encoding): Promise<{ point: Float64Array; bound: number }> {
  const highs = await loadHighs();
  const model = modelOf(highs, program.program(), Int32Array.from(integral));
  try {
    model.options.set({
      output_flag: false,
      mip_feasibility_tolerance: TOLERANCE,
      primal_feasibility_tolerance: TOLERANCE,
      dual_feasibility_tolerance: TOLERANCE,
      mip_rel_gap: 0,
      mip_abs_gap: 1e-7,
    });
    model.run();
    if (model.getModelStatus() !== highs.constants.modelStatus.optimal) {
      throw new RangeError(`HiGHS ends with ${model.getModelStatus()}`);
    }
    const isMixed = integral.includes(1);
    const bound = isMixed ? Number(model.info.get('mip_dual_bound')) : model.getObjectiveValue();
    return { point: model.getSolution().colValue, bound };
  } finally {
    model.dispose();
  }
}

/** The greatest slack over all ways to choose a conjunction of each clause; −∞ for an empty box. */
export async function greatestSlack(problem: RandomProblem): Promise<Slack> {
  const { lower, upper, clauses } = problem;
  const none = { attained: -Infinity, proven: -Infinity, size: 0 };
  if (lower.some((low, i) => low > (upper[i] ?? low))) return none;
  let choices: Conjunction[] = [[]];
  for (const cases of clauses) {
    choices = choices.flatMap((rows) => cases.map((more) => [...rows, ...more]));
  }
  let best: Slack = none;
  for (const rows of choices) {
    const { attained, proven, size } = await slackOf(problem, rows);
    best = {
      attained: Math.max(best.attained, attained),
      proven: Math.max(best.proven, proven),
      size: Math.max(best.size, size),
    };
  }
  return best;
}
