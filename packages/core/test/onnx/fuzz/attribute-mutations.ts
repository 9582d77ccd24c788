/** Mutations of attributes: absurd numbers, lists of the wrong length, wrong kinds, foreign ones. */
import { create } from '@bufbuild/protobuf';
import {
  type AttributeProto,
  AttributeProto_AttributeType as AttributeType,
  AttributeProtoSchema,
  type ModelProto,
  type NodeProto,
} from 'onnx-buf';
import { nodesOf } from '../../../src/onnx/proto.ts';
import type { Draw } from '../../generators/draw.ts';
import { hostileCount, hostileFloat, hostileInt, hostileText, type Mutation } from './hostile.ts';

const lists = [
  'axes',
  'pads',
  'strides',
  'dilations',
  'kernel_shape',
  'perm',
  'output_shape',
  'output_padding',
  'split',
  'starts',
  'ends',
  'steps',
  'shape',
  'value_ints',
  'classlabels_ints',
];
const numbers = [
  'group',
  'axis',
  'keepdims',
  'allowzero',
  'to',
  'num_outputs',
  'num_groups',
  'blocksize',
  'ceil_mode',
  'count_include_pad',
  'batch_dims',
  'start',
  'end',
  'k',
  'largest',
  'sorted',
  'p',
  'upper',
  'exclusive',
  'reverse',
  'transA',
  'transB',
  'noop_with_empty_axes',
  'select_last_index',
  'training_mode',
  'output_dtype',
  'value_int',
  'fmod',
  'antialias',
];
const reals = ['alpha', 'beta', 'epsilon', 'gamma', 'min', 'max', 'value', 'ratio', 'value_float'];
const texts = ['auto_pad', 'mode', 'coordinate_transformation_mode', 'nearest_mode', 'reduction'];

const ints = (draw: Draw): bigint[] =>
  Array.from({ length: hostileCount(draw) }, () => hostileInt(draw));

function toAttribute(change: (draw: Draw, attribute: AttributeProto) => void): Mutation {
  return (draw, proto) => {
    const all = [...nodesOf(proto)].flatMap(({ attribute }) => attribute);
    if (all.length === 0) return false;
    change(draw, draw.pick(all));
    return true;
  };
}

const value = toAttribute((draw, attribute) => {
  if (attribute.ints.length > 0) {
    attribute.ints[draw.integer(0, attribute.ints.length - 1)] = hostileInt(draw);
  } else if (attribute.floats.length > 0) {
    attribute.floats[draw.integer(0, attribute.floats.length - 1)] = hostileFloat(draw);
  } else if (attribute.type === AttributeType.FLOAT) attribute.f = hostileFloat(draw);
  else if (attribute.type === AttributeType.STRING) {
    attribute.s = new TextEncoder().encode(hostileText(draw));
  } else attribute.i = hostileInt(draw);
});

const length = toAttribute((draw, attribute) => {
  if (draw.chance(0.5)) attribute.ints.splice(draw.integer(0, attribute.ints.length), 1);
  else attribute.ints = ints(draw);
});

const kind = toAttribute((draw, attribute) => {
  attribute.type = draw.integer(0, 14);
  if (draw.chance(0.5)) attribute.ints = [];
  if (draw.chance(0.5)) delete attribute.t;
  if (draw.chance(0.5)) delete attribute.g;
});

const renamed = toAttribute((draw, attribute) => {
  attribute.name = draw.pick([...lists, ...numbers, ...reals, ...texts, '']);
});

const references = toAttribute((draw, attribute) => {
  attribute.refAttrName = draw.pick(['axis', 'nowhere', attribute.name]);
});

function made(draw: Draw): AttributeProto {
  const own = (name: string, type: AttributeType): AttributeProto =>
    create(AttributeProtoSchema, { name, type });
  const which = draw.integer(0, 3);
  if (which === 0) {
    return Object.assign(own(draw.pick(lists), AttributeType.INTS), { ints: ints(draw) });
  }
  if (which === 1) {
    return Object.assign(own(draw.pick(numbers), AttributeType.INT), { i: hostileInt(draw) });
  }
  if (which === 2) {
    return Object.assign(own(draw.pick(reals), AttributeType.FLOAT), { f: hostileFloat(draw) });
  }
  const s = new TextEncoder().encode(hostileText(draw));
  return Object.assign(own(draw.pick(texts), AttributeType.STRING), { s });
}

function nodesIn(proto: ModelProto): NodeProto[] {
  return [...nodesOf(proto)];
}

const added: Mutation = (draw, proto) => {
  const nodes = nodesIn(proto);
  if (nodes.length === 0) return false;
  const node = draw.pick(nodes);
  const attribute = made(draw);
  // The first of two attributes of a name counts.
  node.attribute = draw.chance(0.5)
    ? [attribute, ...node.attribute.filter(({ name }) => name !== attribute.name)]
    : [...node.attribute, attribute];
  return true;
};

const dropped: Mutation = (draw, proto) => {
  const nodes = nodesIn(proto).filter(({ attribute }) => attribute.length > 0);
  if (nodes.length === 0) return false;
  const { attribute } = draw.pick(nodes);
  attribute.splice(draw.integer(0, attribute.length - 1), 1);
  return true;
};

export const attributeMutations: Readonly<Record<string, Mutation>> = {
  value,
  length,
  kind,
  renamed,
  references,
  added,
  dropped,
};
