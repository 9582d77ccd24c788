/** Files of Resize and Upsample: every mode exporters use, up and down, by scales and by sizes. */
import { floats } from '../../src/tensor/tensor.ts';
import { type Attribute, type Case, ints, one, type OneOperator } from './hand-made.ts';

const image = ['n', 2, 4, 6];
/** Up by a whole and a fractional factor, down by halves and by thirds. */
const scales = { up: [1, 1, 2, 1.6], down: [1, 1, 0.5, 0.34], mixed: [1, 1, 1.5, 0.5] };

const coordinateModes = [
  'half_pixel',
  'pytorch_half_pixel',
  'align_corners',
  'asymmetric',
] as const;

const byScales = (list: readonly number[]): NonNullable<OneOperator['operands']> => ({
  r: floats([]),
  s: floats(list),
});

/** Operands that are not given could only be empty in opset 11. */
const absent = (opset: number): ReturnType<typeof floats> | undefined =>
  opset === 11 ? floats([]) : undefined;

function resized(
  what: string,
  opset: number,
  operands: OneOperator['operands'],
  attributes: Record<string, Attribute>,
  x: OneOperator['x'] = image,
): Case {
  return one('Resize', what, { opset, x, operands: operands ?? {}, attributes });
}

const everyMode = coordinateModes.flatMap((coordinate_transformation_mode) => [
  ...Object.entries(scales).map(([way, list]) =>
    resized(`linear, ${way}, ${coordinate_transformation_mode}`, 13, byScales(list), {
      mode: 'linear',
      coordinate_transformation_mode,
    }),
  ),
  ...['round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil'].flatMap((nearest_mode) =>
    Object.entries(scales).map(([way, list]) =>
      resized(
        `nearest, ${way}, ${coordinate_transformation_mode}, ${nearest_mode}`,
        11,
        byScales(list),
        { mode: 'nearest', coordinate_transformation_mode, nearest_mode },
      ),
    ),
  ),
]);

const bySizes = [11, 13, 18, 19].flatMap((opset) =>
  ['nearest', 'linear'].map((mode) =>
    resized(
      `${mode}, to sizes`,
      opset,
      { r: absent(opset), s: absent(opset), z: ints(1, 2, 7, 3) },
      { mode, coordinate_transformation_mode: 'asymmetric' },
      [1, 2, 4, 6],
    ),
  ),
);

const further: readonly Case[] = [
  resized('of some axes, counted from the back', 18, byScales([2, 0.5]), {
    axes: [-1, 2],
    mode: 'nearest',
  }),
  resized('symmetric about the centre', 19, byScales(scales.up), {
    mode: 'linear',
    coordinate_transformation_mode: 'half_pixel_symmetric',
  }),
  resized('nearest as TensorFlow does', 11, byScales(scales.mixed), {
    coordinate_transformation_mode: 'tf_half_pixel_for_nn',
    nearest_mode: 'floor',
  }),
  resized(
    'to one column',
    13,
    { r: floats([]), s: floats([]), z: ints(1, 2, 1, 1) },
    {
      mode: 'linear',
      coordinate_transformation_mode: 'pytorch_half_pixel',
    },
    [1, 2, 4, 6],
  ),
  ...['nearest', 'linear'].flatMap((mode) => [
    ...Object.entries(scales).map(([way, list]) =>
      resized(`${mode}, ${way}`, 10, { s: floats(list) }, { mode }),
    ),
    one('Upsample', mode, {
      opset: 7,
      x: image,
      attributes: { mode, scales: { floats: [1, 1, 2, 1.5] } },
    }),
    one('Upsample', mode, {
      opset: 9,
      x: [1, 2, 4, 6],
      operands: { s: floats([1, 1, 3, 2]) },
      attributes: { mode },
    }),
  ]),
];

/** Scales that the file works out from a shape, in floating point, and an exponent from two constants. */
const workedOut: readonly Case[] = [
  {
    what: 'Upsample-9: by a size over the size before',
    opset: 9,
    inputs: { x: ['n', 2, 4, 6] },
    outputs: ['y'],
    nodes: [
      { op: 'Shape', inputs: ['x'], outputs: ['shape'] },
      {
        op: 'Slice',
        inputs: ['shape'],
        outputs: ['sizes'],
        attributes: { axes: [0], starts: [2], ends: [4] },
      },
      { op: 'Cast', inputs: ['sizes'], outputs: ['before'], attributes: { to: 1 } },
      { op: 'Div', inputs: ['after', 'before'], outputs: ['scales'] },
      { op: 'Concat', inputs: ['ones', 'scales'], outputs: ['all'], attributes: { axis: 0 } },
      { op: 'Upsample', inputs: ['x', 'all'], outputs: ['y'], attributes: { mode: 'nearest' } },
    ],
    initializers: { after: floats([8, 18]), ones: floats([1, 1]) },
  },
  {
    what: 'Pow-13: of a computed constant',
    opset: 13,
    inputs: { x: ['n', 3] },
    outputs: ['y'],
    nodes: [
      { op: 'Add', inputs: ['one', 'one'], outputs: ['two'] },
      { op: 'Pow', inputs: ['x', 'two'], outputs: ['y'] },
    ],
    initializers: { one: floats([1], []) },
  },
];

export const resizeCases: readonly Case[] = [...everyMode, ...bySizes, ...further, ...workedOut];
