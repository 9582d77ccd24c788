/**
 * The nearest input at which a rival may catch up, as a linear program: minimise ε over inputs within ε,
 * values of the layers, and what their ReLUs give, with the label's score less the rival's at most the
 * separation. A ReLU whose sign is open is relaxed to its triangle (Ehlers 2017); branches fix signs by
 * changing ends alone. Rounding is outward throughout: no input of the set is lost.
 */
import {
  copyOf,
  type LinearProgram,
  type Limits,
  ProgramBuilder,
  type Term,
} from '../../lp/program.ts';
import { addDown, addUp, overDown, timesDown, timesUp } from '../../tensor/float64.ts';
import type { AffineLayer, ReluNetwork, Start } from './relu-network.ts';

/** The set: a ball met with a box, around an input. */
export interface Room {
  readonly norm: 'linf' | 'l1';
  /** The largest ε. */
  readonly radius: number;
  readonly centre: Float32Array;
  /** Ends of the enclosing box. */
  readonly lower: Float32Array;
  readonly upper: Float32Array;
  /** What one unit of radius moves each feature by. */
  readonly weights: Float32Array | null;
}

/** A ReLU whose sign the set leaves open. */
export interface Unstable {
  /** Columns before and after it. */
  readonly before: number;
  readonly after: number;
  /** Row after − before ≥ 0. */
  readonly floor: number;
  /** Row after ≤ slope·before + intercept. */
  readonly chord: number;
  readonly intercept: number;
  readonly lower: number;
  readonly upper: number;
}

export interface NearestProgram {
  readonly program: LinearProgram;
  readonly unstable: readonly Unstable[];
  /** Row of each rival: label − rival ≤ separation. */
  readonly rivals: readonly { readonly rival: number; readonly row: number }[];
  readonly separation: number;
  /** The largest |score| in the set. */
  readonly size: number;
  /** The input's columns: its difference to the centre is Σ sign·column. */
  readonly input: readonly (readonly Term[])[];
}

/** Signs of the unstable ReLUs: 1 on, −1 off, 0 open. */
export type Signs = Int8Array;

/** What a ReLU gives, or the input: terms by element. */
type Given = readonly (readonly Term[])[];

export function nearestProgram(
  network: ReluNetwork,
  room: Room,
  { label, separation }: { readonly label: number; readonly separation: number },
): NearestProgram {
  const p = new ProgramBuilder();
  const input = inputColumns(p, room);
  const unstable: Unstable[] = [];
  const given: Given[] = [];
  const sourcesOf = ({ starts }: AffineLayer): Given[] =>
    starts.map(({ from }) => (from === 'input' ? input : (given[from] ?? [])));
  for (const layer of network.slice(0, -1)) {
    const sources = sourcesOf(layer);
    given.push(
      Array.from(layer.lower, (low, element): readonly Term[] => {
        const high = layer.upper[element] ?? 0;
        if (high <= 0) return [];
        const before = valueColumn(p, layer, element, sources);
        if (low >= 0) return [[before, 1]];
        const relu = triangle(p, before, low, high);
        unstable.push(relu);
        return [[relu.after, 1]];
      }),
    );
  }
  const last = network.at(-1);
  if (!last) throw new RangeError('a network has scores');
  const sources = sourcesOf(last);
  const scores = Array.from(last.lower, (_, k) => valueColumn(p, last, k, sources));
  const rivals = scores.flatMap((column, rival) => {
    if (rival === label) return [];
    const terms: Term[] = [
      [scores[label] ?? 0, 1],
      [column, -1],
    ];
    return [{ rival, row: p.row(terms, -Infinity, Infinity) }];
  });
  const size = [...last.lower, ...last.upper].reduce(
    (most, end) => Math.max(most, Math.abs(end)),
    0,
  );
  return { program: p.program(), unstable, rivals, separation, size, input };
}

/** ε first, then the input's difference to the centre. */
function inputColumns(p: ProgramBuilder, room: Room): Given {
  const { norm, radius, centre, lower, upper, weights } = room;
  const eps = p.column(0, radius, 1);
  const spent: Term[] = [[eps, -1]];
  const input = Array.from(centre, (c, i): readonly Term[] => {
    const weight = weights?.[i] ?? 1;
    const [down, up] = [addDown(lower[i] ?? c, -c), addUp(upper[i] ?? c, -c)];
    if (down === 0 && up === 0) return [];
    if (norm === 'l1') {
      const [more, less] = [p.column(0, up), p.column(0, -down)];
      const share = overDown(1, weight);
      spent.push([more, share], [less, share]);
      return [
        [more, 1],
        [less, -1],
      ];
    }
    const delta = p.column(down, up);
    for (const sign of [1, -1]) {
      p.row(
        [
          [delta, sign],
          [eps, -weight],
        ],
        -Infinity,
        0,
      );
    }
    return [[delta, 1]];
  });
  if (norm === 'l1') p.row(spent, -Infinity, 0);
  return input;
}

/** A column within the layer's bounds that is the affine function of what is given, up to its error. */
function valueColumn(
  p: ProgramBuilder,
  { lower, upper, starts, constant }: AffineLayer,
  element: number,
  sources: readonly Given[],
): number {
  const column = p.column(lower[element] ?? 0, upper[element] ?? 0);
  const terms: Term[] = [[column, 1]];
  starts.forEach((start, i) => {
    const source = sources[i] ?? [];
    source.forEach((given, j) => {
      const coefficient = coefficientOf(start, source.length, element, j);
      if (coefficient === 0) return;
      for (const [each, sign] of given) terms.push([each, -coefficient * sign]);
    });
  });
  p.row(terms, constant.lower[element] ?? 0, constant.upper[element] ?? 0);
  return column;
}

function coefficientOf({ rows }: Start, width: number, element: number, j: number): number {
  return rows[element * width + j] ?? 0;
}

/** max(x, 0) over [low, high], low < 0 < high, between its chord and its two lines below. */
function triangle(p: ProgramBuilder, before: number, low: number, high: number): Unstable {
  const after = p.column(0, high);
  const both: Term[] = [
    [after, 1],
    [before, -1],
  ];
  const floor = p.row(both, 0, Infinity);
  const slope = high / (high - low);
  // A line above both ends of a convex function is above it.
  const intercept = Math.max(timesUp(-slope, low), addUp(high, -timesDown(slope, high)));
  const above: Term[] = [
    [after, 1],
    [before, -slope],
  ];
  const chord = p.row(above, -Infinity, intercept);
  return { before, after, floor, chord, intercept, lower: low, upper: high };
}

/**
 * The program's ends where these signs are fixed and this rival is to catch up; with a lead (relative to the
 * scores), to be that far ahead.
 */
export function limitsOf(
  { program, unstable, rivals, separation, size }: NearestProgram,
  signs: Signs,
  rival: number,
  lead = 0,
): Limits {
  const limits = copyOf(program.limits);
  unstable.forEach(({ before, after, floor }, i) => {
    if (signs[i] === 1) {
      limits.lower[before] = 0;
      limits.rowUpper[floor] = 0;
    } else if (signs[i] === -1) {
      limits.upper[before] = 0;
      limits.upper[after] = 0;
    }
  });
  for (const each of rivals) {
    if (each.rival === rival) limits.rowUpper[each.row] = separation - lead * size;
  }
  return limits;
}

/** The input at a solution: the centre moved, [sampleSize], in float64. */
export function inputAt(
  { input }: NearestProgram,
  { centre }: Room,
  point: Float64Array,
): Float64Array {
  return Float64Array.from(centre, (c, i) =>
    (input[i] ?? []).reduce((sum, [column, sign]) => sum + sign * (point[column] ?? 0), c),
  );
}
