/** The public face of @glacis/core. */
export * from './tensor/tensor.ts';
export { RandomBlock } from './tensor/random.ts';
export { roundDown, roundUp } from './tensor/float32.ts';
export * from './audit/run.ts';
export { type Model, readAgain, readModel, type ReadOptions } from './onnx/read.ts';
export { declaredInputs, type DeclaredInputs, declaredPorts } from './onnx/declared-inputs.ts';
export type { ClassLabels } from './onnx/class-labels.ts';
export { surveyModel } from './onnx/parse.ts';
export { countsSamples, hostTypeOf, type OpenSize, type Port } from './onnx/ports.ts';
export type { RandomInput } from './onnx/randomness.ts';
export type { ExternalFiles } from './onnx/external-data.ts';
export { replaceInitializers } from './onnx/replace-initializers.ts';
export { writeModel } from './onnx/write.ts';
export { type FileOutline, type Layer, outlineModel } from './onnx/layers.ts';
export { type Normalisation, normaliseInput } from './onnx/normalise.ts';
export { preprocessInput } from './onnx/preprocess.ts';
export { ModelError } from './onnx/model-error.ts';
export { Builder } from './graph/builder.ts';
export type { Graph, Node, OpAttributes, OpName } from './graph/graph.ts';
export { opNames } from './graph/ops/table.ts';
export type { ConvGeometry } from './graph/ops/convolutions.ts';
export { Threat, type ThreatOptions, linf, l2, l1, l0 } from './threats/threat.ts';
export { refusalOf } from './runtime/refusal.ts';
export {
  type OnnxRuntime,
  ortRuntime,
  type Runtime,
  type Session,
  type SessionOptions,
} from './runtime/runtime.ts';
export type { Classifier } from './runtime/classifier.ts';
export { rowsAtOnce } from './runtime/rows.ts';
export { batchOf, type Network, openNetwork, type OpenNetwork } from './runtime/network.ts';
export { type ClassifierOptions, openClassifier } from './runtime/open-classifier.ts';
export {
  answerFor,
  type Judgement,
  ownAnswer,
  scoreMargin,
  shownAnswer,
} from './runtime/judgement.ts';
export { AGREEMENT, STEPPED_AGREEMENT } from './runtime/agreement.ts';
export { fedAs } from './runtime/original.ts';
export type { FixedRows } from './runtime/side-inputs.ts';
export { fgsm } from './attacks/fgsm.ts';
export { noise } from './attacks/noise.ts';
export { pgd } from './attacks/pgd.ts';
export type { Bound } from './bounds/bound.ts';
export { crown, crownIbp } from './bounds/crown.ts';
export { interval } from './bounds/interval.ts';
export type { BoundName } from './bounds/methods.ts';
export type { Ends, SetFeed } from './bounds/layerwise.ts';
export { OutputBounder, type OutputBounds, type OutputBoundsOptions } from './bounds/outputs.ts';
export { alphaCrown } from './bounds/alpha-crown.ts';
export { marginBoundGraph } from './bounds/margin-graph.ts';
export { lipschitz } from './bounds/lipschitz.ts';
export { constantMargins, type ConstantMarginsOptions } from './bounds/constant-margins.ts';
export {
  globalLipschitz,
  type GlobalLipschitz,
  type LayerConstants,
} from './bounds/global-lipschitz.ts';
export type { LipschitzConstants } from './bounds/layer-norms.ts';
export {
  type ConstantPairs,
  localLipschitz,
  type LocalLipschitz,
} from './bounds/local-lipschitz.ts';
export {
  certifySmoothed,
  type Smoothed,
  type SmoothedInputs,
  type SmoothingOptions,
  type SmoothingOutcome,
  type SmoothingRun,
} from './bounds/smoothing.ts';
export { square, type SquareOptions } from './attacks/square.ts';
export {
  surrogateMismatch,
  transfer,
  transferFrom,
  type TransferOptions,
} from './attacks/transfer.ts';
export { freeName, gradientOf } from './transforms/gradient.ts';
export { audit, type AuditOptions, type AuditProgress } from './audit/audit.ts';
export type { AuditData } from './audit/data.ts';
export { type AuditPart, joinParts, type SampleTrace } from './audit/part.ts';
export { countVerdicts, curveAt, curveRadii, summarise, wilson } from './audit/summary.ts';
export { ContradictionError, NON_FINITE } from './audit/ledger.ts';
export { replay, type ReplayOptions, type ReplayOutcome, type ReplayPart } from './audit/replay.ts';
export { cleanEntries, labelsOf } from './audit/stages.ts';
export {
  defaultPlan,
  exactPlan,
  splitPlan,
  onlyProving,
  splitting,
  type ExactPlan,
  type Plan,
  type Proof,
} from './audit/plan.ts';
export { type AttackName, attackTable } from './attacks/table.ts';
export type { Attack, AttackContext, AttackOutcome } from './attacks/attack.ts';
export type { LossTrace } from './attacks/trace.ts';
export { type CancelSignal, Stopped, stopSignal } from './runtime/cancel.ts';
export { gradientWith, pullBack } from './transforms/gradient.ts';
export { replayLowered } from './transforms/lowering.ts';
export { BATCH, isSymbolic } from './graph/dimension.ts';
export { margin, marginOf, oneHotRows } from './transforms/margin.ts';
export { crossEntropy, type LossName, losses } from './attacks/losses.ts';
export { stepGraph } from './attacks/programs.ts';
export { featuresDocument, opSupport, readableOperators } from './onnx/support.ts';
export { propagateIntervals } from './transforms/interval.ts';
export type { InputSet } from './transforms/input-set.ts';
export { roundingModel } from './transforms/rounding.ts';
export {
  ancestors,
  dependents,
  inputNamed,
  inputNodes,
  nodeAt,
  outputNamed,
} from './graph/graph.ts';
export { definitionOf } from './graph/ops/table.ts';
export { RuleMissing, ShapeError } from './graph/ops/definition.ts';
export { splitRefusal } from './audit/split-stage.ts';
export { exactRefusal, ReluNetworkReader } from './bounds/exact/relu-network.ts';
export { isProvable, requireProvable } from './bounds/provable.ts';
export { parseVnnlib } from './vnnlib/parse.ts';
export {
  type Contradiction,
  type Disjunct,
  type Problem,
  problemOf,
  type ProblemOptions,
} from './vnnlib/problem.ts';
export {
  type Equivalence,
  nameOf,
  type Query,
  type QueryNetwork,
  type QueryTensor,
  tensorsOf,
} from './vnnlib/query.ts';
export type { Row } from './vnnlib/constraint.ts';
export { type Box, LOWER_OPEN, UPPER_OPEN } from './vnnlib/box.ts';
export { fileOf, hiddenOf, type NetworkInterface, requireNetworks } from './vnnlib/interface.ts';
export { differenceWithin, type InputPair, inputPairs } from './vnnlib/pairs.ts';
export { holds } from './vnnlib/holds.ts';
export {
  type AssignedTensor,
  assignmentOf,
  type Outcome,
  printOutcome,
  serialiseAssignment,
  writeResult,
} from './vnnlib/assignment.ts';
export { type Decision, verify, type VerifyOptions } from './verify/verify.ts';
export { openQueryNetwork } from './verify/query-network.ts';
export { QueryHelper } from './verify/query-helper.ts';
export type { BoxList } from './verify/box-store.ts';
export type { Closed, DomainsOf, Help, Helpers } from './verify/sharing.ts';
export type { Domain } from './verify/domain.ts';
export type { Refinement } from './verify/tightening.ts';
export { semanticsOf } from './verify/semantics.ts';
export { capabilities, type Capability } from './verify/capabilities.ts';
export { OutOfTime, tickUntil, withDeadline } from './runtime/deadline.ts';
export type { Augmentation } from './defend/augment.ts';
export type { Checkpoint, EpochReport, Kept, Vectors } from './defend/checkpoint.ts';
export { Diverged } from './defend/diverged.ts';
export { type FreshNetwork, freshNetwork } from './defend/fresh-network.ts';
export { type Labelled, samplesAt } from './defend/labelled.ts';
export { type Kernel, Layers } from './defend/layers.ts';
export type { Certificate } from './defend/lipschitz/linear-certificate.ts';
export { fitLinear, type LinearFit, type LinearFitOptions } from './defend/lipschitz/linear-fit.ts';
export type { LinearLossName } from './defend/lipschitz/linear-loss.ts';
export { fitLinearNetwork, isLinear } from './defend/lipschitz/linear-network.ts';
export { TrainableNetwork } from './defend/network.ts';
export { holdOut, type Split } from './defend/split.ts';
export { trainedRadius } from './defend/method.ts';
export { type TrainingMethodName, trainingMethods } from './defend/methods/table.ts';
export type { OptimiserName } from './defend/optimisers/table.ts';
export type { ScheduleName } from './defend/schedules.ts';
export {
  type StepReport,
  train,
  type Trained,
  trained,
  type TrainOptions,
} from './defend/train.ts';
export type { Validated } from './defend/validation.ts';
export { VnnlibError } from './vnnlib/vnnlib-error.ts';
export { type GradientAlignment, gradientAlignment } from './diagnose/alignment.ts';
export {
  diagnose,
  type Diagnosis,
  type DiagnosisOptions,
  type Discovery,
} from './diagnose/diagnose.ts';
export type { Evidence, Trial, Trials } from './diagnose/evidence.ts';
export { indicators } from './diagnose/indicators.ts';
export type { Indicator } from './diagnose/indicator.ts';
