/**
 * What a run means, as plain data: the document that `--json` prints and that reporters read
 * (schema glacis/run/1). Keys are a contract: they are added to, never renamed. `null` means "not
 * run" or "not found". Fractions are of all samples; radii are in the units of the user's input.
 */

export type NormName = 'linf' | 'l2' | 'l1' | 'l0';

/**
 * What counts as broken: a wrong class, a class that an attacker wants (of all inputs, or of each by its
 * index in the data), any answer but the label and a class that rejects, a probability of the label that falls to `below`, or a prediction that is off its
 * target by `above`.
 */
export type Criterion =
  | { readonly kind: 'misclassified' }
  | { readonly kind: 'target'; readonly class: number | readonly number[] }
  | { readonly kind: 'rejected'; readonly class: number }
  | { readonly kind: 'confidence'; readonly below: number }
  | { readonly kind: 'error'; readonly above: number };

/** In the document; with a target for each input the class is null, and `samples` say it. */
export type CriterionRecord =
  | Exclude<Criterion, { readonly kind: 'target' }>
  | { readonly kind: 'target'; readonly class: number | null };

export type Verdict = 'certified' | 'falsified' | 'unknown' | 'timeout' | 'error' | 'misclassified';

export const verdicts: readonly Verdict[] = [
  'certified',
  'falsified',
  'unknown',
  'timeout',
  'error',
  'misclassified',
];

/** `float32`: any float32 evaluation order of the file. `real`: the network over the reals. */
export type Semantics = 'float32' | 'real';

/** One input's ledger row. */
export interface SampleRecord {
  /** Index of the input in the data file. */
  readonly index: number;
  /** Classes; of a regression, the target and the values. */
  readonly label: number;
  /** The class that an attacker wants of it; null where any other class will do. */
  readonly target: number | null;
  readonly prediction: number;
  /** The original file's answer on the stored adversarial input. */
  readonly adversarialPrediction: number | null;
  readonly verdict: Verdict;
  /** Largest radius proven safe; 0 when nothing is proven. */
  readonly lower: number | null;
  readonly lowerMethod: string | null;
  /** Smallest radius broken (float64 distance of the stored adversarial input). */
  readonly upper: number | null;
  /** The attack that found it; `non-finite` where the file answers it with a number that is not finite. */
  readonly upperMethod: string | null;
  /** Proven lower bound of the margin at the run's ε. */
  readonly marginLower: number | null;
  /** First-order estimate |margin| / ‖∇margin‖ in the dual norm: neither bound, a tick between them. */
  readonly estimate: number | null;
  /** By how much the criterion is missed at the clean input: z_label − max other logit. */
  readonly margin: number | null;
  /** Whether noise of the run's ε (worst of the draws) changed the answer. */
  readonly noiseBroken: boolean | null;
  readonly forwards: number;
  readonly gradients: number;
  readonly seconds: number;
  /** Why the verdict is `error`, in words. */
  readonly error: string | null;
}

/** What one method did and cost over the whole run. */
export interface MethodRecord {
  readonly id: string;
  readonly side: 'attack' | 'proof' | 'noise';
  /** Inputs it was asked about, and inputs it decided at the run's ε. */
  readonly asked: number;
  readonly decided: number;
  readonly forwards: number;
  readonly gradients: number;
  readonly seconds: number;
  /** Accuracy left once this method and those before it had run; for noise, under noise alone. */
  readonly accuracy: number | null;
}

export type Fraction = number | null;
export type Interval = readonly [number, number] | null;

export interface AccuracyRecord<T> {
  readonly clean: T;
  readonly noise: T;
  readonly robustUpper: T;
  readonly certifiedLower: T;
}

export interface CurvePoint {
  readonly eps: number;
  readonly noise: Fraction;
  readonly robustUpper: Fraction;
  readonly certifiedLower: Fraction;
}

export interface IndicatorRecord {
  readonly id: string;
  readonly fired: boolean;
  readonly value: number | null;
  readonly threshold: number | null;
  readonly evidence: string;
  readonly meaning: string;
  readonly advice: string;
}

/** The margin on a plane through an input: rows of `side` points from −reach to reach, in radii. */
export interface LandscapeRecord {
  readonly index: number;
  readonly label: number;
  readonly side: number;
  readonly reach: number;
  /** Row by row; the first coordinate is that in which the gradient says the margin falls. */
  readonly margins: readonly number[];
  /** How far each point is from the input, in radii, valid or not: within ε up to 1. */
  readonly distances: readonly number[];
  /** Where iterated gradient steps went. */
  readonly path: readonly (readonly [number, number])[];
}

/** Margins at one step of the attack, in units of that at the start: 10 %, 50 % and 90 % of the inputs lie below. */
export interface ClimbRecord {
  readonly step: number;
  readonly low: number;
  readonly middle: number;
  readonly high: number;
}

/** An input, the gradient of the margin there, and that of a surrogate. */
export interface GradientMap {
  readonly index: number;
  readonly shape: readonly number[];
  readonly input: readonly number[];
  readonly own: readonly number[];
  readonly other: readonly number[] | null;
}

/** Mean widths of the bounds of a layer around one input. */
export interface LoosenessRecord {
  readonly layer: string;
  readonly interval: Fraction;
  readonly crown: Fraction;
  readonly alphaCrown: Fraction;
}

/** What a report draws of a diagnosis. */
export interface MaskingFigures {
  /** Shares of all inputs that iterated gradients, and all attacks, leave standing. */
  readonly curve: readonly {
    readonly eps: number;
    readonly gradient: number;
    readonly all: number;
  }[];
  readonly climb: readonly ClimbRecord[];
  readonly landscape: LandscapeRecord | null;
  readonly gradients: readonly GradientMap[];
  readonly looseness: readonly LoosenessRecord[];
}

export interface MaskingRecord {
  readonly verdict: 'none' | 'suspected' | 'confirmed';
  /** What the worst of all attacks leaves standing. */
  readonly credibleUpper: Fraction;
  /** What the attacks that ran before the diagnosis left standing. */
  readonly measuredUpper: Fraction;
  /** What iterated gradients alone leave standing, by the inputs that were examined. */
  readonly gradientUpper: Fraction;
  readonly indicators: readonly IndicatorRecord[];
  /** null: none were made. */
  readonly figures: MaskingFigures | null;
}

export interface PortRecord {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly (number | string)[];
}

export interface Run {
  readonly schema: 'glacis/run/1';
  readonly glacis: string;
  readonly seed: number;
  readonly command: readonly string[];
  readonly model: {
    readonly path: string;
    readonly sha256: string;
    readonly inputs: readonly PortRecord[];
    readonly outputs: readonly PortRecord[];
    readonly parameters: number;
  };
  readonly data: { readonly path: string; readonly sha256: string; readonly samples: number };
  readonly threat: {
    readonly norm: NormName;
    readonly eps: number;
    readonly clip: readonly [number, number] | null;
    /** Per-feature weights and frozen features, when given: ‖δ / weights‖ ≤ ε, frozen δ = 0. */
    readonly weights: readonly number[] | null;
    readonly frozen: readonly number[] | null;
    /** Whether adversarial inputs are multiples of 1/255 of the valid range. */
    readonly eightBit: boolean;
  };
  /** What counts as broken. */
  readonly criterion: CriterionRecord;
  readonly semantics: Semantics;
  readonly accuracy: AccuracyRecord<Fraction>;
  readonly intervals: AccuracyRecord<Interval>;
  readonly verdicts: Readonly<Record<Verdict, number>>;
  readonly curve: readonly CurvePoint[];
  readonly samples: readonly SampleRecord[];
  readonly masking: MaskingRecord | null;
  readonly methods: readonly MethodRecord[];
  /** Things the reader should know: what was assumed, matched, stripped or left out. */
  readonly notes: readonly string[];
  /** True while the run is unfinished (interrupted or out of time). */
  readonly partial: boolean;
  readonly environment: Readonly<Record<string, string>>;
  readonly seconds: Readonly<Record<string, number>> & { readonly total: number };
}
