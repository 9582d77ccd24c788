/** Lowers one operator: on what is known already by arithmetic, on anything else into the IR. */
import { ShapeError } from '../graph/ops/definition.ts';
import { type Carried, carriedBy } from './carried.ts';
import { hostOf, isHost, type ReadValue } from './host-value.ts';
import { MOST_COMPUTED, MOST_ELEMENTS, shapeFault } from './limits.ts';
import type { Lowering, LoweringContext } from './lowering.ts';
import { ModelError } from './model-error.ts';
import { movedConstant } from './moved-constants.ts';
import { hostOperators } from './operators/host.ts';
import { operators } from './operators/table.ts';
import { qualified } from './proto.ts';
import type { Outcome, Results } from './scope.ts';

export function lowerOperator(
  context: LoweringContext,
  operands: readonly (ReadValue | undefined)[],
  kinds: readonly Carried[],
): Outcome {
  const { proto: node, where } = context;
  try {
    const result = evaluated(context, qualified(node), operands) ?? lowered(context, where);
    const computed = isList(result) ? result : [result];
    for (const value of computed) expectComputable(value, where);
    const results = computed.map((value) => settled(context, value));
    const kind = carriedResult(context, node.opType, operands, kinds);
    return { results, carried: results.map(() => kind) };
  } catch (cause) {
    if (!(cause instanceof ShapeError) && !(cause instanceof RangeError)) throw cause;
    throw new ShapeError(`${where}: ${cause.message}`, { cause });
  }
}

function expectComputable(value: ReadValue | undefined, where: string): void {
  if (!value) return;
  const held = !isHost(value) && value.op === 'constant';
  const fault = shapeFault(
    isHost(value) ? value.dims : value.shape,
    held ? MOST_ELEMENTS : MOST_COMPUTED,
  );
  if (fault) throw new ModelError(fault.reason, `${where}: ${fault.what}`);
}

function lowered(context: LoweringContext, where: string): ReturnType<Lowering> {
  const op = qualified(context.proto);
  const lowering = operators.get(op);
  if (lowering) return lowering(context);
  throw new ModelError(
    'unsupported',
    `the operator ${op} (node ${where}) is not supported: rewrite it in supported operators (FEATURES.md lists them) or ask for it`,
  );
}

/** Whole numbers moved out of constants are a constant themselves. */
function settled({ b }: LoweringContext, value: ReadValue | undefined): ReadValue | undefined {
  if (!value || isHost(value) || value.op === 'constant') return value;
  const moved = movedConstant(b, value);
  return moved ? b.constant(moved) : value;
}

function isList(result: ReadValue | Results): result is Results {
  return Array.isArray(result);
}

/** What the results are in the file's words. Throws where the operator minds what its operands are. */
function carriedResult(
  context: LoweringContext,
  opType: string,
  operands: readonly (ReadValue | undefined)[],
  kinds: readonly Carried[],
): Carried {
  const given = kinds.filter((_, i) => operands[i] !== undefined);
  const kind = carriedBy(opType, given, context.castTo());
  const minds = operands.some(
    (value, i) => value && !isHost(value) && value.op !== 'constant' && kinds[i] !== 'real',
  );
  if (kind === undefined && minds) {
    throw context.unsupported('it computes with whole numbers or truth values made of the input');
  }
  return kind ?? 'real';
}

/** The result of an operator on whole numbers that are all known already. */
function evaluated(
  context: LoweringContext,
  opType: string,
  operands: readonly (ReadValue | undefined)[],
): ReadValue | undefined {
  const rule = hostOperators.get(opType);
  if (!rule) return undefined;
  const known = operands.map((operand) => operand && hostOf(operand));
  const present = known.filter((value) => value !== undefined);
  if (present.length === 0 || present.length !== operands.length) return undefined;
  const value = rule(context, present);
  if (value) context.listable(value.elements.length);
  return value;
}
