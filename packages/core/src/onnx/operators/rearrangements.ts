/** Operators that cut, repeat and regroup axes: all of them slices, expansions and transpositions. */
import { type Dimension, isSymbolic, known, multiply } from '../../graph/dimension.ts';
import type { Node } from '../../graph/graph.ts';
import { ShapeError } from '../../graph/ops/definition.ts';
import type { Lowering, LoweringContext } from '../lowering.ts';

/** Sizes of the parts: given, or as equal as they can be with a smaller last one (opset 18). */
function partSizes(c: LoweringContext, size: number): number[] {
  const given = c.opset < 13 ? c.intList('split') : c.wholes(1);
  if (given) return given;
  const count = c.int('num_outputs', c.proto.output.length);
  const most = Math.ceil(size / count);
  if (count !== c.proto.output.length) {
    throw c.invalid(`it names ${c.proto.output.length} results and asks for ${count} parts`);
  }
  return Array.from({ length: count }, (_, i) => Math.max(0, Math.min(most, size - i * most)));
}

function split(c: LoweringContext): Node[] {
  const x = c.operand();
  const axis = c.axis(c.int('axis', 0), x.shape.length);
  const size = known(x.shape[axis] ?? 1, 'a split axis');
  const sizes = partSizes(c, size);
  if (sizes.length !== c.proto.output.length) {
    throw c.invalid(`it names ${c.proto.output.length} results for ${sizes.length} parts`);
  }
  if (sizes.reduce((sum, part) => sum + part, 0) !== size || sizes.some((part) => part < 0)) {
    throw c.invalid(`parts of ${sizes.join(', ')} do not make up an axis of ${size}`);
  }
  let start = 0;
  return sizes.map((part) => c.b.slice(x, axis, start, (start += part)));
}

/** Every repeated axis gets a new axis in front of it, which is expanded and joined with it. */
function tile(c: LoweringContext): Node {
  const x = c.operand();
  const repeats = c.sizes(1) ?? [];
  if (repeats.length !== x.shape.length) {
    throw c.invalid(`${repeats.length} repeats for a value of ${x.shape.length} axes`);
  }
  const [single, wide, joined]: [Dimension[], Dimension[], Dimension[]] = [[], [], []];
  x.shape.forEach((dim, i) => {
    const times = repeats[i] ?? 1;
    if (times !== 1) {
      if (isSymbolic(dim)) throw new ShapeError('the batch is repeated');
      single.push(1);
      wide.push(times);
    }
    single.push(dim);
    wide.push(dim);
    joined.push(multiply(times, dim));
  });
  return c.b.reshape(c.b.expand(c.b.reshape(x, single), wide), joined);
}

interface Image {
  readonly x: Node;
  readonly batch: Dimension;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly block: number;
}

function imageOf(c: LoweringContext): Image {
  const x = c.operand();
  const [batch = 1, ...rest] = x.shape;
  const [channels, height, width] = rest.map((dim) => known(dim, 'an axis of an image'));
  const block = c.int('blocksize', 0);
  if (!channels || !height || !width || rest.length !== 3 || block < 1) {
    throw c.invalid('it needs an image [batch, channels, height, width] and a blocksize');
  }
  return { x, batch, channels, height, width, block };
}

function depthToSpace(c: LoweringContext): Node {
  const { x, batch, channels, height, width, block } = imageOf(c);
  const inner = channels / (block * block);
  if (!Number.isInteger(inner)) throw c.invalid(`${channels} channels make no blocks of ${block}`);
  const byColumns = c.text('mode', 'DCR') === 'CRD';
  const parts = byColumns
    ? [batch, inner, block, block, height, width]
    : [batch, block, block, inner, height, width];
  const permutation = byColumns ? [0, 1, 4, 2, 5, 3] : [0, 3, 4, 1, 5, 2];
  const spread = c.b.transpose(c.b.reshape(x, parts), permutation);
  return c.b.reshape(spread, [batch, inner, height * block, width * block]);
}

function spaceToDepth(c: LoweringContext): Node {
  const { x, batch, channels, height, width, block } = imageOf(c);
  const [rows, columns] = [height / block, width / block];
  if (!Number.isInteger(rows) || !Number.isInteger(columns)) {
    throw c.invalid(`an image of ${height} × ${width} makes no blocks of ${block}`);
  }
  const parts = c.b.reshape(x, [batch, channels, rows, block, columns, block]);
  const gathered = c.b.transpose(parts, [0, 3, 5, 1, 2, 4]);
  return c.b.reshape(gathered, [batch, channels * block * block, rows, columns]);
}

export const rearrangements: Readonly<Record<string, Lowering>> = {
  Split: split,
  Tile: tile,
  DepthToSpace: depthToSpace,
  SpaceToDepth: spaceToDepth,
};
